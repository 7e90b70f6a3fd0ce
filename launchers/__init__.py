"""What starts the pinned command line tools: the launchers in ``.venv/bin``, and checkov's for ``make lint``."""
