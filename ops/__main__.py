"""``python -m ops``, which is also installed as ``.venv/bin/ops``."""

import entry_point


def main() -> None:
    """Runs the command."""
    entry_point.run("ops", _run)


def _run() -> int:
    from ops.commands import run

    return run()


if __name__ == "__main__":
    main()
