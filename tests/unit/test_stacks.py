"""Tests of the properties that all stacks share, of their outputs, and of the resource addresses."""

import json

import pytest
from syrupy.assertion import SnapshotAssertion

from setup import LOCK_FILE
from tests.environments import RUNNING, SYNTHESIZED
from tests.synthesis import app

CLICKHOUSE = ["url", "user", "password", "migration_url", "db", "migration_ssl"]
OUTPUTS = {
    "network": ["vpc_id", "public_subnet_ids", "private_subnet_ids"],
    "data": [
        "events_bucket_name",
        "redis_id",
        "redis_endpoint",
        "database_id",
        "database_endpoint",
        "database_url_secret_name",
        "nextauth_secret_name",
        "salt_secret_name",
        "encryption_key_secret_name",
        *(f"clickhouse_{part}_secret_name" for part in CLICKHOUSE),
        "clickhouse_host",
        "clickhouse_instance_id",
        "clickhouse_private_ip",
        "clickhouse_security_group_id",
    ],
    "services": [
        "alb_url",
        "alb_arn",
        "alb_dns_name",
        "alb_zone_id",
        "target_group_arn",
        "task_role_arn",
        "cluster_name",
        "web_service_name",
        "worker_service_name",
        "web_log_group_name",
        "worker_log_group_name",
    ],
}


def test_the_stacks() -> None:
    """``OUTPUTS``, which parametrizes other tests, has all stacks."""
    assert list(app()) == list(OUTPUTS)


@pytest.mark.parametrize("environment", SYNTHESIZED)
@pytest.mark.parametrize("stack", OUTPUTS)
def test_addresses(environment: str, stack: str, snapshot: SnapshotAssertion) -> None:
    """Terraform destroys a resource whose address changes, and creates it again."""
    assert app(environment, RUNNING)[stack].addresses() == snapshot


@pytest.mark.parametrize("stack", OUTPUTS)
def test_outputs(stack: str) -> None:
    outputs = app()[stack].json["output"]
    named = [name for name in outputs if not name.startswith("cross-stack-output")]
    assert sorted(named) == sorted(OUTPUTS[stack])


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
DOMAIN = {
    "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
    "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": CERTIFICATE,
}


@pytest.mark.parametrize("domain", [{}, DOMAIN, {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"}])
def test_what_a_record_or_a_web_acl_elsewhere_needs_is_an_output(domain: dict[str, str]) -> None:
    """``alb_url`` has the load balancer's own name in the first case only. DNS may be elsewhere: aws/aws-cdk#11123."""
    services = app("dev", domain)["services"].json
    (balancer,) = services["resource"]["aws_lb"]
    for output, attribute in {"alb_arn": "arn", "alb_dns_name": "dns_name", "alb_zone_id": "zone_id"}.items():
        assert services["output"][output]["value"] == f"${{aws_lb.{balancer}.{attribute}}}"


def test_the_role_of_the_tasks_is_an_output() -> None:
    services = app()["services"].json
    definitions = services["resource"]["aws_ecs_task_definition"].values()
    assert {definition["task_role_arn"] for definition in definitions} == {services["output"]["task_role_arn"]["value"]}


@pytest.mark.parametrize("environment", SYNTHESIZED)
@pytest.mark.parametrize("stack", OUTPUTS)
def test_state_is_in_s3_encrypted_and_locked(environment: str, stack: str) -> None:
    terraform = app(environment)[stack].json["terraform"]
    assert terraform["backend"]["s3"] == {
        "bucket": f"langfuse-{environment}-terraform-state",
        "key": f"langfuse/{environment}/{stack}.tfstate",
        "region": "us-east-1",
        "encrypt": True,
        "use_lockfile": True,
    }
    assert terraform["required_version"] == ">= 1.11"


@pytest.mark.parametrize("stack", OUTPUTS)
def test_the_aws_provider_alone(stack: str) -> None:
    synthesized = app()[stack].json
    assert set(synthesized["terraform"]["required_providers"]) == {"aws"}
    (provider,) = synthesized["provider"]["aws"]
    assert provider["default_tags"] == [{"tags": {"Project": "langfuse", "Environment": "dev"}}]


def test_the_state_s_key_the_accounts_and_the_tags_are_settings() -> None:
    synthesized = app(
        "prod",
        {
            "LANGFUSE_AWS__STATE__KMS_KEY_ID": "arn:aws:kms:us-east-1:123456789012:alias/state",
            "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["123456789012"]',
            "LANGFUSE_AWS__TAGS": '{"Team": "ml"}',
        },
    )["data"].json
    assert synthesized["terraform"]["backend"]["s3"]["kms_key_id"].endswith(":alias/state")
    (provider,) = synthesized["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["123456789012"]
    assert provider["default_tags"][0]["tags"]["Team"] == "ml"


@pytest.mark.parametrize("stack", OUTPUTS)
def test_every_name_starts_with_the_environments_prefix(stack: str) -> None:
    """RDS sets the names of its log groups: the database's name after a prefix."""
    prefixes = ("langfuse-prod", "/langfuse/prod/", "/aws/rds/instance/langfuse-prod")
    for type_, resources in app("prod")[stack].json["resource"].items():
        for resource in resources.values():
            if "name" in resource and type_ not in ("aws_iam_role_policy",):
                assert resource["name"].startswith(prefixes)


@pytest.mark.parametrize(("consumer", "producers"), [("data", ["network"]), ("services", ["data", "network"])])
def test_values_cross_stacks_by_remote_state_alone(consumer: str, producers: list[str]) -> None:
    read = app()[consumer].json["data"]["terraform_remote_state"]
    assert sorted(read) == [f"cross-stack-reference-input-{producer}" for producer in producers]
    for state in read.values():
        assert state["backend"] == "s3"


@pytest.mark.parametrize("environment", SYNTHESIZED)
def test_no_token_is_left_unresolved(environment: str) -> None:
    for synthesized in app(environment, RUNNING).values():
        assert "TfToken" not in json.dumps(synthesized.json)
        assert "jsii" not in json.dumps(synthesized.json)


@pytest.mark.parametrize("stack", OUTPUTS)
def test_the_lock_file_has_the_checksums_of_the_provider_that_is_asked_for(stack: str) -> None:
    version = app()[stack].json["terraform"]["required_providers"]["aws"]["version"]
    assert f'"registry.terraform.io/hashicorp/aws" {{\n  version     = "{version}"\n' in LOCK_FILE.read_text()
