"""A real deploy of each environment: real outputs, an empty second plan, no secret anywhere, nothing left behind."""

import json
import zipfile
from collections.abc import Iterator

import pytest

from local import state_bucket
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from tests.e2e.conftest import run
from tests.e2e.inventory import inventory
from tests.synthesis import ENVIRONMENTS, RUNNING, STACKS, load

pytestmark = pytest.mark.e2e

SHORTEST_SECRET = 16
"""Shorter values (``default``, ``true``, ``PLACEHOLDER``) are no secrets."""


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def deployment(
    request: pytest.FixtureRequest, aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """One environment, deployed."""
    environment = request.param
    state_bucket.create(aws, load(environment).state.bucket)
    before = inventory(aws)
    deployed = Deployment(aws, tmp_path_factory.mktemp(environment), {"LANGFUSE_ENV": environment, **RUNNING})
    assert deployed.deploy() == 0
    yield deployed
    # Protected things have to be let go of first, as an operator would.
    unprotected = Deployment(
        aws,
        deployed.folder,
        {
            **deployed.variables,
            "LANGFUSE_AWS__DELETION_PROTECTION": "false",
            "LANGFUSE_AWS__SECRETS__RECOVERY_WINDOW_DAYS": "0",
        },
    )
    if environment == "prod":
        assert unprotected.deploy() == 0
    assert unprotected.destroy() == 0
    assert inventory(aws) == before


def test_every_output_is_real(deployment: Deployment) -> None:
    outputs = deployment.outputs()
    flat = {name: value for values in outputs.values() for name, value in values.items()}
    made = {id_ for _, _, id_ in inventory(deployment.aws)}
    assert set(outputs) == set(STACKS)
    assert flat["vpc_id"] in made
    assert set(flat["public_subnet_ids"] + flat["private_subnet_ids"]) <= made
    assert flat["events_bucket_name"] in made
    assert {value for name, value in flat.items() if name.endswith("_secret_name")} <= made
    assert {flat["web_log_group_name"], flat["worker_log_group_name"]} <= made
    assert flat["alb_url"].startswith("http://")
    assert flat["redis_endpoint"].endswith(":6379")
    assert flat["database_endpoint"].endswith(":5432")
    ecs = deployment.aws.session().client("ecs", endpoint_url=deployment.aws.url)
    described = ecs.describe_services(
        cluster=flat["cluster_name"], services=[flat["web_service_name"], flat["worker_service_name"]]
    )
    assert [service["status"] for service in described["services"]] == ["ACTIVE", "ACTIVE"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_second_plan_is_empty(deployment: Deployment, terraform: str, stack: str) -> None:
    folder = deployment.folder / "stacks" / stack
    run(terraform, folder, "plan", "-no-color", "-out", "second.tfplan", environment=deployment.environment)
    shown = run(terraform, folder, "show", "-json", "second.tfplan", environment=deployment.environment)
    changes = {
        change["address"]: change["change"]["actions"]
        for change in json.loads(shown)["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert changes == {}


def test_no_secret_is_in_json_plan_or_state(deployment: Deployment, terraform: str) -> None:
    secrets = secret_values(deployment.aws)
    assert {"database-password", "database-url", "nextauth-secret", "salt", "encryption-key"} <= {
        name.partition("/")[2] for name in secrets
    }
    for place, text in written(deployment, terraform):
        for name, value in secrets.items():
            assert value.encode() not in text, f"{name} is in {place}"


def secret_values(aws: EmbeddedAws) -> dict[str, str]:
    """The values of Secrets Manager, by the secrets' names."""
    client = aws.session().client("secretsmanager", endpoint_url=aws.url)
    names = [
        secret["Name"] for page in client.get_paginator("list_secrets").paginate() for secret in page["SecretList"]
    ]
    values = {name: client.get_secret_value(SecretId=name)["SecretString"] for name in names}
    return {name: value for name, value in values.items() if len(value) >= SHORTEST_SECRET}


def written(deployment: Deployment, terraform: str) -> Iterator[tuple[str, bytes]]:
    """All that Terraform and CDKTF wrote down: JSON, a fresh plan of each stack, every version of every state."""
    for file in deployment.folder.rglob("*.json"):
        yield str(file), file.read_bytes()
    for stack in STACKS:
        plan = deployment.folder / "stacks" / stack / "secrets.tfplan"
        run(terraform, plan.parent, "plan", "-no-color", "-out", str(plan), environment=deployment.environment)
        with zipfile.ZipFile(plan) as parts:
            for part in parts.namelist():
                yield f"{plan}:{part}", parts.read(part)
        shown = run(terraform, plan.parent, "show", "-json", str(plan), environment=deployment.environment)
        yield f"{plan} as JSON", shown.encode()
    s3 = deployment.aws.session().client("s3", endpoint_url=deployment.aws.url)
    bucket = load(deployment.variables["LANGFUSE_ENV"]).state.bucket
    states = [
        version
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in page.get("Versions", [])
    ]
    assert {version["Key"].rpartition("/")[2] for version in states} >= {f"{stack}.tfstate" for stack in STACKS}
    for version in states:
        body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
        yield f"{version['Key']} {version['VersionId']}", body.read()


@pytest.mark.parametrize("deployment", ["dev"], indirect=True)
def test_a_rotation_changes_the_password_alone_and_keeps_what_operators_stored(deployment: Deployment) -> None:
    client = deployment.aws.session().client("secretsmanager", endpoint_url=deployment.aws.url)
    clickhouse_url = deployment.outputs()["data"]["clickhouse_url_secret_name"]
    # Twice: AWS forgets a version that has lost its last label.
    for host in ("one", "two"):
        client.put_secret_value(SecretId=clickhouse_url, SecretString=f"https://{host}.example.com:8443")
    before = secret_values(deployment.aws)
    rotated = Deployment(
        deployment.aws,
        deployment.folder,
        {**deployment.variables, "LANGFUSE_AWS__SECRETS__DATABASE_PASSWORD_VERSION": "2"},
    )
    assert rotated.deploy() == 0
    after = secret_values(deployment.aws)
    assert after[clickhouse_url] == "https://two.example.com:8443"
    changed = {name.partition("/")[2] for name in before if before[name] != after[name]}
    assert changed == {"database-password", "database-url"}
    prefix = load(deployment.variables["LANGFUSE_ENV"]).prefix
    assert after[f"{prefix}/database-password"] in after[f"{prefix}/database-url"]
