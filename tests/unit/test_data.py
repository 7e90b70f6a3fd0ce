"""Tests of the data stack: PostgreSQL, Redis, the bucket, the secrets and the alarms."""

import json
import re

import pytest
from cdktf import Testing as CdktfTesting

from tests.environments import ENVIRONMENTS
from tests.synthesis import app

SECRETS = {
    "database-password",
    "database-url",
    "nextauth-secret",
    "salt",
    "encryption-key",
    "clickhouse-url",
    "clickhouse-user",
    "clickhouse-password",
    "clickhouse-migration-url",
    "clickhouse-db",
    "clickhouse-migration-ssl",
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_postgres_is_private_encrypted_and_version_15(environment: str) -> None:
    database = app(environment)["data"].resource("aws_db_instance")
    assert database["engine"] == "postgres"
    assert database["engine_version"] == "15"
    assert database["publicly_accessible"] is False
    assert database["storage_encrypted"] is True
    parameters = app(environment)["data"].resource("aws_db_parameter_group")
    assert parameters["family"] == "postgres15"
    assert parameters["parameter"] == [{"name": "rds.force_ssl", "value": "1", "apply_method": "pending-reboot"}]


def test_postgres_is_upgraded_at_once_with_a_parameter_group_of_its_own() -> None:
    data = app("dev", {"LANGFUSE_AWS__POSTGRES__VERSION": "16"})["data"]
    parameters = data.resource("aws_db_parameter_group")
    assert (parameters["name"], parameters["family"]) == ("langfuse-dev-postgres-16", "postgres16")
    assert parameters["lifecycle"] == {"create_before_destroy": True}
    database = data.resource("aws_db_instance")
    assert database["allow_major_version_upgrade"] is True
    assert database["apply_immediately"] is True


@pytest.mark.parametrize(("version", "automatic"), [("15", True), ("15.19", False)])
def test_rds_upgrades_the_minor_version_unless_it_is_chosen(version: str, automatic: bool) -> None:
    database = app("dev", {"LANGFUSE_AWS__POSTGRES__VERSION": version})["data"].resource("aws_db_instance")
    assert database["auto_minor_version_upgrade"] is automatic


def test_the_final_snapshot_of_each_instance_has_another_name() -> None:
    data = app("prod")["data"]
    ((unique, _),) = data.resources("terraform_data").items()
    name = data.resource("aws_db_instance")["final_snapshot_identifier"]
    assert name == f"langfuse-prod-postgres-final-${{substr(terraform_data.{unique}.id, 0, 8)}}"


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prod", True)])
def test_protection_moves_together(environment: str, protected: bool) -> None:
    stacks = app(environment)
    database = stacks["data"].resource("aws_db_instance")
    assert database["deletion_protection"] is protected
    assert database["skip_final_snapshot"] is not protected
    assert stacks["data"].resource("aws_s3_bucket")["force_destroy"] is not protected
    balancer = stacks["services"].resource("aws_lb")
    assert balancer["enable_deletion_protection"] is protected
    for resource in (database, balancer):
        assert resource["lifecycle"]["prevent_destroy"] is protected


@pytest.mark.parametrize(("environment", "nodes"), [("dev", 1), ("prod", 2)])
def test_redis_never_evicts_and_speaks_tls(environment: str, nodes: int) -> None:
    data = app(environment)["data"]
    group = data.resource("aws_elasticache_replication_group")
    assert group["num_cache_clusters"] == nodes
    assert group["automatic_failover_enabled"] is (nodes > 1)
    assert group["transit_encryption_enabled"] is True
    assert group["at_rest_encryption_enabled"] == "true"
    assert CdktfTesting.to_have_resource_with_properties(
        data.text,
        "aws_elasticache_parameter_group",
        {"family": "redis7", "parameter": [{"name": "maxmemory-policy", "value": "noeviction"}]},
    )


@pytest.mark.parametrize(
    ("settings", "version", "family"),
    [
        ({}, "7.1", "redis7"),
        ({"LANGFUSE_AWS__REDIS__ENGINE": "valkey"}, "8.2", "valkey8"),
        ({"LANGFUSE_AWS__REDIS__ENGINE": "valkey", "LANGFUSE_AWS__REDIS__VERSION": "7.2"}, "7.2", "valkey7"),
    ],
)
def test_each_engine_has_a_default_version_and_a_parameter_family(
    settings: dict[str, str], version: str, family: str
) -> None:
    data = app("dev", settings)["data"]
    assert data.resource("aws_elasticache_replication_group")["engine_version"] == version
    assert data.resource("aws_elasticache_parameter_group")["family"] == family


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bucket_is_private_versioned_and_tls_only(environment: str) -> None:
    data = app(environment)["data"]
    block = data.resource("aws_s3_bucket_public_access_block")
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [block[switch] for switch in switches] == [True] * 4
    assert data.resource("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    (statement,) = json.loads(data.resource("aws_s3_bucket_policy")["policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_events_and_exports_expire_but_media_never(environment: str) -> None:
    rules = app(environment)["data"].resource("aws_s3_bucket_lifecycle_configuration")["rule"]
    expiring = {rule["filter"][0]["prefix"]: rule["expiration"][0]["days"] for rule in rules if "expiration" in rule}
    assert expiring == {"events/": 30, "exports/": 7}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_listed_secret_is_there(environment: str) -> None:
    secrets = app(environment)["data"].resources("aws_secretsmanager_secret").values()
    assert {secret["name"] for secret in secrets} == {f"langfuse-{environment}/{name}" for name in SECRETS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_value_is_write_only(environment: str) -> None:
    data = app(environment)["data"]
    for version in data.resources("aws_secretsmanager_secret_version").values():
        assert "secret_string" not in version
        assert version["secret_string_wo_version"] >= 1
    database = data.resource("aws_db_instance")
    assert "password" not in database
    assert "manage_master_user_password" not in database
    assert database["password_wo"].startswith("${ephemeral.")


def test_the_encryption_key_is_64_hex_digits() -> None:
    generators = app()["data"].json["ephemeral"]["aws_secretsmanager_random_password"]
    assert generators["application_encryption_key_value"] == {
        "password_length": 64,
        "exclude_punctuation": True,
        "exclude_uppercase": True,
        "exclude_characters": "ghijklmnopqrstuvwxyz",
        "require_each_included_type": False,
    }


def test_generated_secrets_need_no_escaping_in_urls() -> None:
    for generator in app()["data"].json["ephemeral"]["aws_secretsmanager_random_password"].values():
        assert generator["exclude_punctuation"] is True


def test_the_database_password_is_stored_before_it_is_used() -> None:
    data = app()["data"]
    read = data.json["ephemeral"]["aws_secretsmanager_secret_version"]["postgres_password_read"]
    # Its ARN is unknown until it is there, also if the secret is there already.
    assert re.fullmatch(r"\${aws_secretsmanager_secret_version\.postgres_password_version_\w+\.arn}", read["secret_id"])
    value = "${ephemeral.aws_secretsmanager_secret_version.postgres_password_read.secret_string}"
    assert data.resource("aws_db_instance")["password_wo"] == value
    url = next(
        version["secret_string_wo"]
        for name, version in data.resources("aws_secretsmanager_secret_version").items()
        if name.startswith("postgres_url")
    )
    assert url.startswith(f"postgresql://langfuse:{value}@${{aws_db_instance.")
    assert url.endswith("/langfuse?sslmode=require")


def test_a_raised_version_rotates_password_and_url_together() -> None:
    data = app("prod", {"LANGFUSE_AWS__SECRETS__DATABASE_PASSWORD_VERSION": "2"})["data"]
    raised = {
        name.rsplit("_", 2)[0]
        for name, version in data.resources("aws_secretsmanager_secret_version").items()
        if version["secret_string_wo_version"] == 2
    }
    assert raised == {"postgres_password", "postgres_url"}
    assert data.resource("aws_db_instance")["password_wo_version"] == 2


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_alarm_notifies_the_topic(environment: str) -> None:
    data = app(environment)["data"]
    alarms = data.resources("aws_cloudwatch_metric_alarm").values()
    assert alarms
    (topic,) = data.resources("aws_sns_topic")
    for alarm in alarms:
        assert alarm["alarm_actions"][:1] == alarm["ok_actions"] == [f"${{aws_sns_topic.{topic}.arn}}"]


def test_an_address_subscribes_to_the_alarms() -> None:
    assert not app()["data"].resources("aws_sns_topic_subscription")
    data = app("dev", {"LANGFUSE_AWS__ALARMS__EMAIL": "on-call@example.com"})["data"]
    assert data.resource("aws_sns_topic_subscription")["endpoint"] == "on-call@example.com"
