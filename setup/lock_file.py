"""Reads ``.terraform.lock.hcl``, which pins the AWS provider."""

import re
from typing import NamedTuple

from setup import LOCK_FILE


class LockedProvider(NamedTuple):
    """A provider of the lock file: its source address with the registry's host, and its version."""

    address: str
    version: str


def locked_provider() -> LockedProvider:
    """Returns the AWS provider that the lock file pins.

    Raises:
        ValueError: If the file names no AWS provider with a version.
    """
    locked = re.search(r'provider "([^"]+/hashicorp/aws)" \{\s+version\s+= "([^"]+)"', LOCK_FILE.read_text())
    if not locked:
        raise ValueError(f"{LOCK_FILE.name} names no AWS provider with a version")
    return LockedProvider(*locked.groups())
