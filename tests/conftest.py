"""What every test may rely on."""

import lazy_bindings  # noqa: F401

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_developer() -> None:
    """Tests say themselves which environment they mean."""
    for name in [name for name in os.environ if name.startswith("LANGFUSE_")]:
        del os.environ[name]
