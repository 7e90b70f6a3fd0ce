"""Day-2 operations of a deployed environment: ``python -m ops --help``. One command a file, its work beside it."""
