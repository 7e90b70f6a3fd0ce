"""Tests that deploys survive AWS's errors, each other, a state that can't be written, and changes by hand.

They are of one environment, in this order.
"""

import dataclasses
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from setup.terraform import BIN
from synth.outdir_lock import UNSTORED_STATE
from tests.e2e.conftest import terraform  # noqa: F401
from tests.environments import load
from tests.faults.accidents import Accident
from tests.faults.interruptible import Interruptible, new_environment
from tests.faults.moments import Moment
from tests.faults.terminal import Terminal
from tests.progress import report_of

GROUP = "other-accidents"
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.xdist_group(GROUP)]

FAILING = 0.08
"""The share of the calls that AWS throttles or answers with an internal error."""


@pytest.fixture(scope="module")
def environment(terraform: str) -> Iterator[Interruptible]:  # noqa: ARG001, F811
    with TemporaryDirectory() as folder, new_environment(Path(folder, "first"), report_of(GROUP)) as fresh:
        yield fresh


def changed(environment: Interruptible, backup_retention_days: int, folder: str = "first") -> Interruptible:
    """The environment with another setting of PostgreSQL, which takes a while, in an output folder of this name."""
    deployment = environment.deployment
    variables = {**deployment.variables, "LANGFUSE_AWS__POSTGRES__BACKUP_RETENTION_DAYS": str(backup_retention_days)}
    deployment = dataclasses.replace(deployment, folder=deployment.folder.parent / folder, variables=variables)
    return dataclasses.replace(environment, deployment=deployment)


def fails(environment: Interruptible) -> str:
    """What a deploy prints that fails, in one line."""
    said: list[str] = []
    assert dataclasses.replace(environment.deployment, report=said.append).deploy() != 0
    return re.sub(r"[\s│╷╵]+", " ", " ".join(said))


def test_a_deploy_survives_throttling_and_internal_errors(environment: Interruptible) -> None:
    environment.deployment.aws.fail(rate=FAILING)
    environment.deploy()
    environment.deployment.aws.fail()
    environment.check_after("deploy")


def test_two_deploys_at_once(environment: Interruptible) -> None:
    """From two checkouts: the lock of the state refuses the second, and does not disturb the first."""
    first, second = changed(environment, 2), changed(environment, 2, folder="second")
    second.deployment.folder.mkdir()
    said: list[str] = []

    def deploy_second(terminal: Terminal) -> None:
        its_terraform = terminal.terraform()
        assert its_terraform is not None
        # Whichever is faster.
        its_terraform.suspend()
        said.append(fails(second))
        its_terraform.resume()

    modifying = Moment("data", r"aws_db_instance\.\S+: Modifying")
    at_once = first.interrupt("deploy", [modifying], Accident(deploy_second))
    assert "Error acquiring the state lock" in said[0]
    assert at_once is not None
    assert at_once.exit_code == 0
    first.check_after("deploy")


def test_a_state_that_cant_be_written_is_kept_and_stored_later(environment: Interruptible) -> None:
    """As the refusal of the next deploy tells."""
    after = changed(environment, 3)
    after.deployment.aws.fail(unwritable=load("dev").state_key("data"))
    assert UNSTORED_STATE in fails(after)
    after.deployment.aws.fail()
    assert after.unknown() == set()
    (told,) = re.findall(r"run `terraform (state push \S+)` in that folder, then delete the file", fails(after))
    folder = after.deployment.folder / "stacks" / "data"
    subprocess.run([BIN / "terraform", *told.split()], cwd=folder, env=after.deployment.environment, check=True)
    (folder / UNSTORED_STATE).unlink()
    after.deploy()
    after.check_after("deploy")


def test_changes_by_hand_are_undone(environment: Interruptible) -> None:
    after = changed(environment, 3)
    session, url = after.deployment.aws.session(), after.deployment.aws.url
    session.client("logs", endpoint_url=url).delete_log_group(logGroupName="/langfuse/dev/web")
    session.client("rds", endpoint_url=url).modify_db_instance(
        DBInstanceIdentifier="langfuse-dev-postgres", BackupRetentionPeriod=7, ApplyImmediately=True
    )
    after.deploy()
    after.check_after("deploy")
