"""The error that every command of ``ops`` ends with."""


class OpsError(Exception):
    """What went wrong and what to do next, in one line."""
