"""The checks of ``ops doctor``. Each is a function that takes the environment and yields its findings."""
