"""Tests of ``ops plan-review`` on plans of the real provider for a small configuration."""

import copy
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.embedded_aws import EmbeddedAws
from setup import LOCK_FILE
from tests.command_line import Ran, ops_in_process
from tests.e2e.conftest import run

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reviews")]

Resources = dict[str, dict[str, dict[str, Any]]]
VALUE = "never-shown-to-anyone"


def policy(*actions: str, resource: str = "${aws_s3_bucket.events.arn}/*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)
RESOURCES: Resources = {
    "aws_vpc": {"main": {"cidr_block": "10.9.0.0/16"}},
    "aws_security_group": {"database": {"name": "plan-review", "vpc_id": "${aws_vpc.main.id}"}},
    "aws_vpc_security_group_ingress_rule": {
        "web": {
            "security_group_id": "${aws_security_group.database.id}",
            "cidr_ipv4": "10.9.1.0/24",
            "ip_protocol": "tcp",
            "from_port": 5432,
            "to_port": 5432,
        }
    },
    "aws_iam_role": {"task": {"name": "plan-review", "assume_role_policy": TRUST}},
    "aws_iam_role_policy": {
        "task": {"name": "bucket", "role": "${aws_iam_role.task.id}", "policy": policy("s3:GetObject", "s3:PutObject")}
    },
    "aws_s3_bucket": {"events": {"bucket": "plan-review-events"}},
    "aws_db_instance": {
        "postgres": {
            "identifier": "plan-review",
            "engine": "postgres",
            "instance_class": "db.t4g.micro",
            "allocated_storage": 20,
            "username": "langfuse",
            "password": VALUE,
            "skip_final_snapshot": True,
        }
    },
    "aws_secretsmanager_secret": {"salt": {"name": "plan-review-salt", "recovery_window_in_days": 0}},
    "aws_secretsmanager_secret_version": {
        "salt": {"secret_id": "${aws_secretsmanager_secret.salt.id}", "secret_string": VALUE}
    },
}


class Configuration:
    """A small Terraform configuration that is deployed, and whose changes are reviewed."""

    def __init__(self, terraform: str, aws: EmbeddedAws, folder: Path) -> None:
        self._terraform = terraform
        self._environment = {**os.environ, **aws.environment}
        self._folder = folder
        shutil.copy(LOCK_FILE, folder)
        self._write(RESOURCES)
        self._run("init", "-lockfile=readonly", "-no-color")
        self._run("apply", "-auto-approve", "-no-color")

    def _run(self, *arguments: str) -> str:
        return run(self._terraform, self._folder, *arguments, environment=self._environment)

    def _write(self, resources: Resources, *, left: Sequence[str] = ()) -> None:
        terraform = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}}
        document = {"terraform": terraform, "provider": {"aws": {}}, "resource": resources}
        if left:
            document["removed"] = [{"from": address, "lifecycle": {"destroy": False}} for address in left]
        (self._folder / "main.tf.json").write_text(json.dumps(document))

    def review(self, change: Callable[[Resources], object], *arguments: str, left: Sequence[str] = ()) -> Ran:
        """Runs ``ops plan-review`` on the plan for the changed configuration, as the plan of the stack ``data``.

        Args:
            change: Changes the resources in place.
            arguments: Other arguments of ``ops plan-review``.
            left: Addresses that are removed from the state while their resources stay on AWS.
        """
        resources = copy.deepcopy(RESOURCES)
        change(resources)
        self._write(resources, left=left)
        self._run("plan", "-out", "saved.tfplan", "-no-color")
        shown = self._folder / "data.json"
        shown.write_text(self._run("show", "-json", "saved.tfplan"))
        assert VALUE in shown.read_text()
        ran = ops_in_process("plan-review", str(shown), *arguments, environment={})
        assert VALUE not in ran.stdout + ran.stderr
        return ran

    def destroy(self) -> None:
        self._write(RESOURCES)
        self._run("destroy", "-auto-approve", "-no-color")


@pytest.fixture(scope="module")
def configuration(terraform: str, aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Any:
    deployed = Configuration(terraform, aws, tmp_path_factory.mktemp("plan-review"))
    yield deployed
    deployed.destroy()


def counts(ran: Ran) -> list[str]:
    """Returns the numbers in the stack's row of the table."""
    (row,) = [line for line in ran.stdout.splitlines() if line.startswith("| data |")]
    return row.strip("|").replace(" ", "").split("|")[1:6]


def test_no_change(configuration: Configuration) -> None:
    ran = configuration.review(lambda _: None)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("### ✅ No changes\n")
    assert counts(ran) == ["0", "0", "0", "0", "0"]


def test_add_only(configuration: Configuration) -> None:
    group = {"alarms": {"name": "plan-review"}}
    ran = configuration.review(lambda resources: resources.update(aws_cloudwatch_log_group=group))
    assert ran.returncode == 0, ran.stderr
    assert counts(ran) == ["1", "0", "0", "0", "0"]
    assert "- add `aws_cloudwatch_log_group.alarms`" in ran.stdout
    assert "**" not in ran.stdout


def test_in_place(configuration: Configuration) -> None:
    ran = configuration.review(lambda resources: resources["aws_s3_bucket"]["events"].update(tags={"Owner": "me"}))
    assert ran.returncode == 0, ran.stderr
    assert counts(ran) == ["0", "1", "0", "0", "0"]
    assert "- change `aws_s3_bucket.events`: tags.Owner none → me, tags_all.Owner none → me\n" in ran.stdout
    assert "**What users notice**\n- nothing: no downtime\n" in ran.stdout


def test_a_database_that_leaves_the_state(configuration: Configuration) -> None:
    ran = configuration.review(lambda resources: resources.pop("aws_db_instance"), left=["aws_db_instance.postgres"])
    assert ran.returncode == 3, ran.stderr
    assert "- `aws_db_instance.postgres` leaves the state, and stays on AWS\n" in ran.stdout


def test_a_role_that_leaves_the_state(configuration: Configuration) -> None:
    def remove(resources: Resources) -> None:
        del resources["aws_iam_role"]
        resources["aws_iam_role_policy"]["task"].update(role="plan-review", policy=policy("s3:GetObject"))

    ran = configuration.review(remove, left=["aws_iam_role.task"])
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("### ⚠️ Leaves resources on AWS")
    assert "**Stays on AWS, and leaves the state**\n- `aws_iam_role.task`\n" in ran.stdout


def test_a_replaced_database(configuration: Configuration) -> None:
    def rename(resources: Resources) -> None:
        resources["aws_db_instance"]["postgres"]["username"] = "other"

    ran = configuration.review(rename)
    assert ran.returncode == 3
    assert counts(ran) == ["0", "0", "1", "0", "0"]
    assert ran.stdout.startswith("### ⛔ Refused")
    assert "- `aws_db_instance.postgres` is replaced\n" in ran.stdout
    assert "- `aws_db_instance.postgres`, forced by `username` (langfuse → other)\n" in ran.stdout
    assert configuration.review(rename, "--allow", "aws_db_instance.postgre").returncode == 3
    allowed = configuration.review(rename, "--allow", "aws_db_instance.postgres")
    assert allowed.returncode == 0
    assert "is replaced (allowed)" in allowed.stdout


def test_an_opened_security_group(configuration: Configuration) -> None:
    ran = configuration.review(
        lambda resources: resources["aws_vpc_security_group_ingress_rule"]["web"].update(cidr_ipv4="0.0.0.0/0")
    )
    assert ran.returncode == 0
    assert "**Opened to the network**\n" in ran.stdout
    assert "- `aws_vpc_security_group_ingress_rule.web`: tcp 5432 from 0.0.0.0/0\n" in ran.stdout


def test_a_widened_policy(configuration: Configuration) -> None:
    ran = configuration.review(
        lambda resources: resources["aws_iam_role_policy"]["task"].update(policy=policy("s3:GetObject", "s3:Delete*"))
    )
    assert ran.returncode == 0
    assert "**Allowed to do more**\n" in ran.stdout
    resource = "arn:aws:s3:::plan-review-events/*"
    assert f"- `aws_iam_role_policy.task`: allows `s3:Delete*` on `{resource}`\n" in ran.stdout
    assert "GetObject" not in ran.stdout


def test_a_narrowed_policy_is_no_widening(configuration: Configuration) -> None:
    ran = configuration.review(
        lambda resources: resources["aws_iam_role_policy"]["task"].update(policy=policy("s3:GetObject"))
    )
    assert counts(ran) == ["0", "1", "0", "0", "0"]
    assert "Allowed to do more" not in ran.stdout


def test_a_destroyed_bucket(configuration: Configuration) -> None:
    def remove(resources: Resources) -> None:
        del resources["aws_s3_bucket"]
        resources["aws_iam_role_policy"]["task"]["policy"] = policy("s3:GetObject", resource="arn:aws:s3:::other/*")

    ran = configuration.review(remove)
    assert ran.returncode == 3
    assert "- `aws_s3_bucket.events` is destroyed\n" in ran.stdout
    answer = configuration.review(remove, "--json", "--allow", "aws_s3_bucket.events")
    found = json.loads(answer.stdout)
    # The bucket's storage and uploads.
    assert found.pop("usd_a_month")["data"]["usd"] < 0
    assert found == {
        "stacks": {"data": {"add": 0, "change": 1, "replace": 0, "destroy": 1, "forget": 0}},
        "refused": [],
        "allowed": ["aws_s3_bucket.events"],
        "warnings": [],
    }


def test_a_replaced_secret(configuration: Configuration) -> None:
    ran = configuration.review(
        lambda resources: resources["aws_secretsmanager_secret_version"]["salt"].update(secret_string=f"{VALUE}-2")
    )
    assert ran.returncode == 3
    assert "- `aws_secretsmanager_secret_version.salt`, forced by `secret_string`\n" in ran.stdout
