"""Gives ``terraform init`` the provider's checksums, which the repository keeps in ``.terraform.lock.hcl``."""

import shutil
from pathlib import Path

from setup import LOCK_FILE


def lock_provider(outdir: str) -> None:
    """Puts the lock file beside the JSON of each stack in ``outdir``, where Terraform looks for it."""
    for folder in Path(outdir, "stacks").iterdir():
        shutil.copy(LOCK_FILE, folder)
