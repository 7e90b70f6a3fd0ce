"""What ``.venv/bin`` runs: the pinned command line tools that are not Python programs."""
