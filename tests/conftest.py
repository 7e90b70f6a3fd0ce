"""What every test may rely on."""

import os
import signal

import pytest

# A shell lets what it runs in the background ignore SIGINT, and the programs that tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_developer() -> None:
    """Tests say themselves which environment they mean."""
    for name in [name for name in os.environ if name.startswith("LANGFUSE_")]:
        del os.environ[name]
