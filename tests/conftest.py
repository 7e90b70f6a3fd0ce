"""Fixtures for all tests."""

import os
import signal

import pytest
from hypothesis import settings

# A shell starts background jobs with SIGINT ignored, and the programs that tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline of milliseconds fails on a machine that is busy.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_developer() -> None:
    """Removes settings of the developer's shell, so that each test names its environment."""
    for name in [name for name in os.environ if name.startswith("LANGFUSE_")]:
        del os.environ[name]
