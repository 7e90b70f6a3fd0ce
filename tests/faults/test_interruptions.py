"""Tests that deploys and destroys survive being interrupted, at any moment and in any way."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import scratch, terraform  # noqa: F401
from tests.faults.accidents import ACCIDENTS
from tests.faults.conftest import TRIED
from tests.faults.interruptible import Interruptible, NotSurvivedError, new_environment
from tests.faults.moments import MOMENTS, Moment
from tests.progress import report_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

UPDATE = {
    "LANGFUSE_AWS__TAGS": '{"Round": "2"}',
    "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT": '{"LANGFUSE_LOG_LEVEL": "debug"}',
    "LANGFUSE_AWS__WEB_INGESTION": "{}",
}
"""It changes resources of each stack, starts new tasks, and gives a service a part of web's paths."""


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize("phase", MOMENTS)
def test_interruptions_are_survived(
    phase: str,
    accident: str,
    terraform: str,  # noqa: ARG001, F811
    scratch: Path,  # noqa: F811
    record_property: Callable[[str, object], None],
) -> None:
    """Interrupts a command at a moment, repairs, runs it again until the next moment, and so on until it ends.

    What an environment does not survive counts against its last moment. A new one is then interrupted at the others.
    """
    tried: list[Moment] = []
    problems: list[str] = []
    ended = False
    while not ended and (left := [moment for moment in MOMENTS[phase] if moment not in tried]):
        with new_environment(scratch / str(len(problems)), report_of(f"{phase}-{accident}")) as fresh:
            tried_before = len(tried)
            try:
                environment, command = _prepared(fresh, phase)
                while interrupted := environment.interrupt(command, left, ACCIDENTS[accident]):
                    left.remove(interrupted.moment)
                    tried.append(interrupted.moment)
                    interrupted.check()
                    environment.repair(ACCIDENTS[accident], command)
                environment.check_after(command)
                ended = True
            except NotSurvivedError as problem:
                problems.append(f"{tried[-1] if tried else phase}: {problem}")
                print(f"NOT SURVIVED: {problems[-1]}")  # noqa: T201  pytest shows it
                ended = len(tried) == tried_before
    record_property(TRIED, (phase, accident, len(tried), len(tried) - len(problems)))
    assert not problems, "\n\n".join(problems)
    assert len(tried) >= len(MOMENTS[phase]) / 2


def _prepared(fresh: Interruptible, phase: str) -> tuple[Interruptible, str]:
    """Returns the environment as it is before the phase, and the command of ``cdktf`` to interrupt."""
    if phase == "first-deploy":
        return fresh, "deploy"
    fresh.deploy()
    if phase == "destroy":
        return fresh, "destroy"
    deployment = dataclasses.replace(fresh.deployment, variables={**fresh.deployment.variables, **UPDATE})
    return dataclasses.replace(fresh, deployment=deployment), "deploy"
