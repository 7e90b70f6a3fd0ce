"""The modules of the stack ``access``."""
