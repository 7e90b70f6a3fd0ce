"""``python -m local``: deploys all stacks onto an embedded AWS and keeps it running until Ctrl-C."""

import entry_point


def _run() -> int:
    from local.command import main

    return main()


if __name__ == "__main__":
    entry_point.run("local", _run)
