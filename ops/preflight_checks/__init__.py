"""The checks of ``ops preflight``. Each is a function that takes the environment and yields its findings."""
