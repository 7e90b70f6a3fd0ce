"""Gives ``terraform init`` the checksums of the AWS provider, which the repository keeps in ``.terraform.lock.hcl``."""

import shutil
from pathlib import Path

from setup import LOCK_FILE
from synth.manifest import stacks_in_order


def lock_provider(outdir: str) -> None:
    """Copies the lock file beside the JSON of each stack in ``outdir``, where Terraform looks for it."""
    for stack in stacks_in_order(Path(outdir)):
        shutil.copy(LOCK_FILE, stack.folder)
