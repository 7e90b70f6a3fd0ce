"""Tests of docs/security.md: what it claims that no other test shows. The tests that any document names exist."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from stacks.access import DEPLOY_SECONDS
from tests.command_line import PROJECT
from tests.environments import DOMAIN, EC2, ENVIRONMENTS, EXTERNAL
from tests.synthesis import app

PAGE = (PROJECT / "docs/security.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NAMED = {named for page in PROJECT.glob("docs/**/*.md") for named in TEST.findall(page.read_text())}
WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
CREDENTIALS = "aws-actions/configure-aws-credentials"


def functions(path: str) -> set[str]:
    """Returns the names of the functions of a Python file."""
    nodes = ast.walk(ast.parse((PROJECT / path).read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_every_test_that_a_document_names_exists() -> None:
    assert TEST.findall(PAGE)
    missing = [f"{path}::{name}" for path, name in NAMED if name not in functions(path)]
    assert missing == []


def test_each_section_of_claims_names_tests() -> None:
    """Only the overview and the list of what is missing have none."""
    sections = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
    without = [title for title, text in sections.items() if "::test_" not in text]
    assert without == ["Threats", "Who may do what", "Not least privilege yet"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tasks_and_the_database_have_no_public_address(environment: str) -> None:
    stacks = app(environment)
    for service in stacks["services"].resources("aws_ecs_service").values():
        assert service["network_configuration"]["assign_public_ip"] is False
    assert stacks["data"].resource("aws_db_instance")["publicly_accessible"] is False
    for name, subnet in stacks["network"].resources("aws_subnet").items():
        assert not subnet.get("map_public_ip_on_launch"), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_task_has_a_shell(environment: str) -> None:
    for service in app(environment)["services"].resources("aws_ecs_service").values():
        assert not service.get("enable_execute_command")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("clickhouse", [EC2, EXTERNAL])
def test_each_role_is_for_one_service_of_aws(environment: str, clickhouse: dict[str, str]) -> None:
    for stack in app(environment, clickhouse).values():
        for role in stack.resources("aws_iam_role").values():
            (statement,) = json.loads(role["assume_role_policy"])["Statement"]
            assert list(statement["Principal"]) == ["Service"]
            assert re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", statement["Principal"]["Service"])


def test_tasks_can_not_delete_old_versions_of_objects() -> None:
    policies = app("prod")["services"].resources("aws_iam_role_policy")
    (policy,) = [policy for name, policy in policies.items() if name.startswith("task-role")]
    actions = {action for statement in json.loads(policy["policy"])["Statement"] for action in statement["Action"]}
    assert {action for action in actions if action.startswith("s3:")} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
    }


def test_the_load_balancer_takes_tls_1_2_and_1_3_only() -> None:
    https = app("dev", DOMAIN)["services"].resource("aws_lb_listener", port=443)
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_load_balancer_drops_headers_with_invalid_names(environment: str) -> None:
    assert app(environment)["services"].resource("aws_lb")["drop_invalid_header_fields"] is True


def test_dependabot_waits_a_week() -> None:
    updates = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"pip", "npm", "github-actions"}
    assert {(update["schedule"]["interval"], update["cooldown"]["default-days"]) for update in updates} == {
        ("weekly", 7)
    }


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the jobs of all workflows, by ``<workflow>/<job>``. Without permissions of their own, they have none."""
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            yield f"{file.stem}/{name}", job


def test_only_jobs_that_plan_or_apply_can_assume_a_role() -> None:
    assert [name for name, job in jobs() if "id-token" in job["permissions"]] == [
        "deploy-environment/plan",
        "deploy-environment/apply",
        "deploy/dev",
        "deploy/prod",
        "drift/prod",
        "pull-request/plan",
    ]


def test_only_apply_is_in_a_github_environment() -> None:
    """In the one that the deploy role trusts."""
    in_environment = {name: job["environment"] for name, job in jobs() if "environment" in job}
    assert in_environment == {"deploy-environment/apply": "${{ inputs.environment }}"}
    assert "branches: [main]" in (PROJECT / ".github/workflows/deploy.yml").read_text()


def _steps(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    """What the steps of a job that use an action have as its inputs."""
    return [step["with"] for step in job.get("steps", []) if step.get("uses", "").startswith(f"{action}@")]


def test_what_is_applied_is_the_plan_that_was_shown() -> None:
    known = dict(jobs())
    plan, apply = known["deploy-environment/plan"], known["deploy-environment/apply"]
    assert apply["needs"] == "plan"
    ((uploaded,), (downloaded,)) = _steps(plan, "actions/upload-artifact"), _steps(apply, "actions/download-artifact")
    assert (downloaded["name"], downloaded["path"]) == (uploaded["name"], "cdktf.out")
    assert "cdktf.out/stacks/*/saved.tfplan" in uploaded["path"]


def test_a_session_lasts_as_long_as_the_job_that_applies() -> None:
    apply = dict(jobs())["deploy-environment/apply"]
    (credentials,) = _steps(apply, CREDENTIALS)
    assert credentials["role-duration-seconds"] == 60 * apply["timeout-minutes"] == DEPLOY_SECONDS


def test_a_session_has_the_name_of_its_run() -> None:
    """So that CloudTrail tells who deployed."""
    assumed = [given for _, job in jobs() for given in _steps(job, CREDENTIALS)]
    assert {given["role-session-name"] for given in assumed} == {"run-${{ github.run_id }}-${{ github.run_attempt }}"}


def test_a_fork_is_not_planned() -> None:
    plan = dict(jobs())["pull-request/plan"]
    assert plan["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


def test_each_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for _, job in jobs() for step in job.get("steps", []) if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []
