"""Fixtures for all tests."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from hypothesis import settings

# A shell starts background jobs with SIGINT ignored, and nohup its command with SIGHUP. The programs that tests
# interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A deadline of milliseconds fails on a machine that is busy.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_developer() -> None:
    """Removes settings of the developer's shell, so that each test names its environment."""
    for name in [name for name in os.environ if name.startswith("LANGFUSE_")]:
        del os.environ[name]


@pytest.fixture(autouse=True, scope="session")
def _botocore_reads_its_files_once() -> Iterator[None]:
    """Shares what a session of botocore reads among all sessions of the process. Each command makes one of its own,
    which otherwise takes two thirds of the time of a command that runs in the tests' process."""
    read: dict[object, Any] = {}

    def sharing(search_path: str | None = None) -> Loader:
        loader = create_loader(search_path)
        loader._cache = read  # type: ignore[attr-defined]
        return loader

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(botocore.session, "create_loader", sharing)
        yield
