"""Day-2 operations of a deployed environment: ``python -m ops --help``. One command per file."""
