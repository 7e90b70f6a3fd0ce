"""``.venv/bin/ops``: ``python -m ops`` from any folder, and under the name that the shell completes."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # Run by its path, a program finds only its own folder.
    sys.path.insert(0, str(PROJECT))
    from ops.__main__ import main

    main()
