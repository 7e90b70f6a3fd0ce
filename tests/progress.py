"""A pytest plugin that reports running and failed tests while the end-to-end tests run in parallel."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from local.progress import Progress, minutes

FOLDER_VARIABLE = "TESTS_PROGRESS_FOLDER"
"""Variable with the folder to which test processes write the progress of their deployments. If unset, they do not."""
INTERVAL_SECONDS = 30


def pytest_configure(config: pytest.Config) -> None:
    """Registers the plugin in the process that prints, but not in the workers of pytest-xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(RunningTests(config))


class RunningTests:
    """Prints one line every 30 seconds and one per failed test, instead of one character per test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started_at = time.monotonic()
        self._running: dict[str, float] = {}
        self._passed = 0
        self._ended = threading.Event()

    def pytest_sessionstart(self) -> None:
        threading.Thread(target=self._tell, daemon=True).start()

    def pytest_sessionfinish(self) -> None:
        self._ended.set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._print(f"FAILED {report.nodeid} ({report.when})")
        elif report.when == "call" and report.passed:
            self._passed += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        if report.skipped:
            return None
        if report.failed:
            return ("failed", "", "FAILED") if report.when == "call" else ("error", "", "ERROR")
        return ("passed" if report.when == "call" else "", "", "PASSED")

    def _tell(self) -> None:
        while not self._ended.wait(INTERVAL_SECONDS):
            now = time.monotonic()
            running = [_describe(nodeid, now - since) for nodeid, since in sorted(self._running.items(), key=_group)]
            self._print(f"{minutes(now - self._started_at)}  {self._passed} passed; {'; '.join(running)}")

    def _print(self, text: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.ensure_newline()
            reporter.write_line(text)
            # What is piped is read while the tests run, too.
            reporter.flush()


def _group(running: tuple[str, float]) -> str:
    return running[0].rpartition("@")[2]


def _describe(nodeid: str, seconds: float) -> str:
    """Returns the test's group with its deployment's progress or, if there is none, the test's name and duration."""
    name, _, group = nodeid.partition("@")
    with suppress(KeyError, OSError):
        return f"{group}: {Path(os.environ[FOLDER_VARIABLE], group).read_text()}"
    test = f"{name.rpartition('::')[2].partition('[')[0]} {seconds:.0f} s"
    return f"{group}: {test}" if group else test


def report_of(group: str) -> Callable[[str], None]:
    """Returns a function that takes the lines that cdktf prints, and writes the deployment's progress to a file."""
    progress = Progress()
    folder = os.environ.get(FOLDER_VARIABLE)

    def report(line: str) -> None:
        print(line)  # noqa: T201  pytest shows it if the test fails
        progress.read(line)
        if folder:
            state = ", ".join(f"{stack.name} {stack.completed}/{stack.planned}" for stack in progress.in_work)
            file = Path(folder, group)
            file.write_text(state) if state else file.unlink(missing_ok=True)

    return report
