"""``python -m settings`` validates the settings of the environment that ``LANGFUSE_ENV`` names.

The exit code is 0 if they are valid, and 2 after one line on stderr that says what is wrong.
"""

import sys

import entry_point


def _run() -> int:
    from settings import load_or_exit

    if len(sys.argv) > 1:
        sys.stderr.write("settings: takes no arguments: LANGFUSE_ENV names the environment to validate\n")
        return 2
    load_or_exit()
    return 0


if __name__ == "__main__":
    entry_point.run("settings", _run)
