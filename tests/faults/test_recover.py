"""Tests of ``ops recover``: a first deploy that is killed in every stack, a lost state, and a tainted database."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from ops.environment import Environment
from tests.command_line import Ran, assert_one_line, ops
from tests.e2e.conftest import REGION, plan, terraform  # noqa: F401
from tests.e2e.inventory import inventory
from tests.environments import RUNNING, load
from tests.faults.secret_values import secret_values
from tests.progress import report_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.xdist_group("dev-recovered")]

BUCKET = "langfuse-dev-terraform-state"
STACKS = ("network", "data", "services")


class Killed:
    """Kills Terraform when a line of its output has the text, as the system does if there is no memory left."""

    def __init__(self, deployment: Deployment, text: str) -> None:
        self._deployment = replace(deployment, report=self._report)
        self._shown = deployment.report
        self._text = text
        self.killed = False

    def _report(self, line: str) -> None:
        self._shown(line)
        if not self.killed and self._text in line:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    command = process.cmdline()
                    # Together with the CLI, which would go on with the next stack, and with the provider.
                    if {"apply", "deploy"} & set(command) or "terraform-provider-aws" in " ".join(command[:1]):
                        process.kill()
                        self.killed = True

    def deploy(self) -> None:
        """Deploys until Terraform is killed, and then deletes the lock that it has left."""
        self._deployment.deploy()
        assert self.killed
        s3 = client(self._deployment.aws, "s3")
        for stack in STACKS:
            s3.delete_object(Bucket=BUCKET, Key=f"langfuse/dev/{stack}.tfstate.tflock")


def client(aws: EmbeddedAws, service: str) -> Any:
    return aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


def state_versions(aws: EmbeddedAws) -> set[tuple[str, str]]:
    answer = client(aws, "s3").list_object_versions(Bucket=BUCKET)
    return {(version["Key"], version["VersionId"]) for version in answer.get("Versions", [])}


def recover(deployment: Deployment, *arguments: str) -> Ran:
    return ops("recover", *arguments, environment={**deployment.environment, "CDKTF_OUTDIR": str(deployment.folder)})


def findings(ran: Ran) -> list[dict[str, Any]]:
    assert ran.returncode == 0, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def steps(ran: Ran, stack: str) -> Counter[str]:
    return Counter(found["step"] for found in findings(ran) if found["stack"] == stack)


def assert_nothing_to_do(deployment: Deployment) -> None:
    planned = plan(deployment)
    assert planned.ran.returncode == 0, planned.ran.stderr
    assert planned.ran.stdout.startswith("### ✅ No changes\n"), planned.ran.stdout
    assert findings(recover(deployment, "--json")) == []


@pytest.fixture(scope="module")
def empty(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:  # noqa: ARG001, F811
    """An environment with its state bucket only. At the end, it is destroyed, and no resource may remain."""
    with embedded_aws.running(REGION) as aws:
        deployment = Deployment(
            aws, tmp_path_factory.mktemp("recovered"), {"LANGFUSE_ENV": "dev", **RUNNING}, report_of("dev-recovered")
        )
        assert deployment.bootstrap() == 0
        before = inventory(aws)
        yield deployment
        assert deployment.destroy() == 0
        assert inventory(aws) - before == set()


@pytest.fixture(scope="module")
def recovered(empty: Deployment) -> Deployment:
    """The environment after a first deploy that was killed in every stack, and recovered each time."""
    Killed(empty, "aws_nat_gateway.vpc_nat-gateway-0_128B402C: Creating").deploy()
    assert_one_line_at_the_end(plan(empty).ran, "no stack of dev has a state", "`ops recover`")
    before = state_versions(empty.aws), inventory(empty.aws)
    dry = recover(empty, "--json")
    assert (state_versions(empty.aws), inventory(empty.aws)) == before
    assert {"aws_vpc", "aws_subnet", "aws_eip", "aws_iam_role"} <= {
        found["address"].partition(".")[0] for found in findings(dry) if found["step"] == "import"
    }
    assert findings(recover(empty, "--json", "--apply")) == findings(dry)

    Killed(empty, "aws_elasticache_replication_group.redis_group_D692ECB6: Still creating").deploy()
    secrets = secret_values(client(empty.aws, "secretsmanager"))
    assert secrets
    assert steps(recover(empty, "--json", "--apply"), "data")["import"] > len(secrets)

    Killed(empty, "aws_ecs_service.web_service_10983F6A: Creating").deploy()
    assert steps(recover(empty, "--json", "--apply"), "services")["import"]
    assert empty.deploy() == 0
    now = secret_values(client(empty.aws, "secretsmanager"))
    assert {name: now[name] for name in secrets} == secrets
    return empty


def assert_one_line_at_the_end(ran: Ran, *parts: str) -> None:
    """Asserts that the command failed, and that the last line, after Terraform's own, has all ``parts``."""
    last = ran.stderr.splitlines()[-1]
    assert_one_line(Ran(ran.args, ran.returncode, ran.stdout, f"{last}\n"), *parts)


def test_a_first_deploy_that_was_killed_converges(recovered: Deployment) -> None:
    assert_nothing_to_do(recovered)


def test_a_lost_state_and_a_tainted_database(recovered: Deployment) -> None:
    s3 = client(recovered.aws, "s3")
    environment = Environment(load("dev"), recovered.aws.session())
    s3.delete_object(Bucket=BUCKET, Key=environment.settings.state_key("network"))
    key = environment.settings.state_key("data")
    state = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    (database,) = [resource for resource in state["resources"] if resource["type"] == "aws_db_instance"]
    database["instances"][0]["status"] = "tainted"
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps({**state, "serial": state["serial"] + 1}).encode())
    secrets, resources = secret_values(client(recovered.aws, "secretsmanager")), inventory(recovered.aws)

    assert_one_line_at_the_end(plan(recovered).ran, "network.tfstate is deleted", "`ops state versions network`")
    applied = recover(recovered, "--json", "--apply")
    assert steps(applied, "network").keys() == {"import"}
    assert [found["address"] for found in findings(applied) if found["step"] == "untaint"] == [
        "aws_db_instance.postgres_instance_919E2690"
    ]
    assert recovered.deploy() == 0
    assert (secret_values(client(recovered.aws, "secretsmanager")), inventory(recovered.aws)) == (secrets, resources)
    assert_nothing_to_do(recovered)
