"""The settings of an environment, read from ``environments/<name>.toml`` and from environment variables.

docs/settings.md describes each of them. This package neither imports cdktf nor calls AWS, so a wrong value is reported
before anything is synthesized.
"""

from settings.load import SettingsError, load, load_or_exit
from settings.model import Settings

__all__ = ["Settings", "SettingsError", "load", "load_or_exit"]
