"""Gives ``terraform init`` the provider's checksums, which the repository keeps in ``.terraform.lock.hcl``."""

import shutil
from pathlib import Path

LOCK = Path(__file__).parent.parent / ".terraform.lock.hcl"


def lock_provider(outdir: str) -> None:
    """Puts the lock file beside the JSON of each stack in ``outdir``, where Terraform looks for it."""
    for folder in Path(outdir, "stacks").iterdir():
        shutil.copy(LOCK, folder)
