"""The set-up that ``make setup`` runs. It uses only the standard library: packages are not installed yet."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCK_FILE = PROJECT / ".terraform.lock.hcl"
