"""What ``make setup`` runs. Only the standard library: it runs before any package is installed."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCK_FILE = PROJECT / ".terraform.lock.hcl"
