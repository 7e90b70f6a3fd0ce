"""What an environment is: a tree of values read from ``environments/<name>.toml`` and the process's environment.

Nothing here imports cdktf or calls AWS, so a wrong value is told in milliseconds, before anything is synthesized.
"""

from settings.load import SettingsError, load, load_or_exit
from settings.model import Settings

__all__ = ["Settings", "SettingsError", "load", "load_or_exit"]
