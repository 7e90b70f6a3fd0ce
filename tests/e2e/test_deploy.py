"""Tests of real deployments: outputs, an empty second plan, no secrets, a restore, and a switch of ClickHouse."""

import json
import zipfile
from collections.abc import Iterator

import pytest
from mypy_boto3_ec2.type_defs import VolumeTypeDef

from local.deployment import CDKTF, Deployment
from local.embedded_aws import EmbeddedAws
from modules.data.clickhouse.kept import KEPT
from settings.secret_variables import PLACEHOLDER
from synth.manifest import stacks_in_order
from tests.command_line import PROJECT
from tests.e2e.conftest import REGION, SWITCHED, Planned, run
from tests.e2e.inventory import inventory
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, SECURED, UPGRADED, load

pytestmark = pytest.mark.e2e

BACKUPS = "langfuse-dev-clickhouse-backups"
"""Name of the vault of ClickHouse's snapshots, and of its role."""
SECRET = {
    "database-password",
    "database-url",
    "nextauth-secret",
    "salt",
    "encryption-key",
    "clickhouse-password",
    "first-user-password",
    "first-project-secret-key",
}
"""Names of the secrets whose values are confidential."""


every_deployment = pytest.mark.parametrize("deployment", [*ENVIRONMENTS, *SECURED], indirect=True)


def test_every_output_is_real(deployment: Deployment) -> None:
    outputs = deployment.outputs()
    flat = {name: value for values in outputs.values() for name, value in values.items()}
    made = {id_ for _, _, id_ in inventory(deployment.aws)}
    assert set(outputs) == set(stacks(deployment))
    assert flat["vpc_id"] in made
    assert set(flat["public_subnet_ids"] + flat["private_subnet_ids"]) <= made
    assert flat["events_bucket_name"] in made
    assert {value for name, value in flat.items() if name.endswith("_secret_name")} <= made
    assert {flat["web_log_group_name"], flat["worker_log_group_name"]} <= made
    assert flat["alb_url"] == f"http://{flat['alb_dns_name']}"
    assert flat["task_role_arn"].endswith("-task")
    assert {flat["database_id"], flat["redis_id"], flat["target_group_arn"], flat["alb_arn"]} <= made
    assert flat.get("clickhouse_instance_id", flat["vpc_id"]) in made
    assert flat["redis_endpoint"].endswith(":6379")
    assert flat["database_endpoint"].endswith(":5432")
    ecs = deployment.aws.session().client("ecs", endpoint_url=deployment.aws.url)
    described = ecs.describe_services(
        cluster=flat["cluster_name"], services=[flat["web_service_name"], flat["worker_service_name"]]
    )
    assert [service["status"] for service in described["services"]] == ["ACTIVE", "ACTIVE"]


def stacks(deployment: Deployment) -> list[str]:
    """Returns the names of the deployed stacks."""
    return [stack.name for stack in stacks_in_order(deployment.folder)]


@every_deployment
def test_the_second_plan_is_empty(deployment: Deployment, second_plan: Planned) -> None:
    plans = {plan.stem: changes(plan.read_text()) for plan in (second_plan.folder / "plans").iterdir()}
    assert plans == {stack: {} for stack in stacks(deployment)}


def changes(plan: str) -> dict[str, list[str]]:
    """Returns the actions of a plan other than ``no-op`` and ``read``, by address."""
    return {
        change["address"]: change["change"]["actions"]
        for change in json.loads(plan)["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }


@every_deployment
def test_no_secret_is_in_json_plan_or_state(deployment: Deployment, second_plan: Planned) -> None:
    secrets = {name: value for name, value in secret_values(deployment.aws).items() if value != PLACEHOLDER}
    assert len(secrets) >= 5
    for place, text in written(deployment, second_plan):
        for name, value in secrets.items():
            assert value.encode() not in text, f"{name} is in {place}"


def secret_values(aws: EmbeddedAws) -> dict[str, str]:
    """Returns the confidential values, by the names of the secrets."""
    client = aws.session().client("secretsmanager", endpoint_url=aws.url)
    names = [
        secret["Name"] for page in client.get_paginator("list_secrets").paginate() for secret in page["SecretList"]
    ]
    secret = [name for name in names if name.partition("/")[2] in SECRET]
    return {name: client.get_secret_value(SecretId=name)["SecretString"] for name in secret}


def written(deployment: Deployment, second_plan: Planned) -> Iterator[tuple[str, bytes]]:
    """Yields everything that Terraform and CDKTF wrote: JSON, one plan per stack, every version of every state."""
    for file in deployment.folder.rglob("*.json"):
        yield str(file), file.read_bytes()
    # Not of a stack that is left to an administrator, unless it changes.
    for plan in sorted((second_plan.folder / "stacks").glob("*/saved.tfplan")):
        with zipfile.ZipFile(plan) as parts:
            for part in parts.namelist():
                yield f"{plan}:{part}", parts.read(part)
    s3 = deployment.aws.session().client("s3", endpoint_url=deployment.aws.url)
    bucket = load(deployment.variables["LANGFUSE_ENV"]).state.bucket
    states = [
        version
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in page.get("Versions", [])
    ]
    names = {version["Key"].rpartition("/")[2] for version in states}
    assert names >= {f"{stack}.tfstate" for stack in stacks(deployment)}
    for version in states:
        body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
        yield f"{version['Key']} {version['VersionId']}", body.read()


@pytest.mark.parametrize("deployment", ["dev-restored"], indirect=True)
def test_a_snapshot_takes_the_volumes_place(deployment: Deployment, terraform: str) -> None:
    """Follows docs/restore.md step by step."""
    ec2 = deployment.aws.session().client("ec2", endpoint_url=deployment.aws.url)
    (old,) = data_volumes(deployment.aws)
    snapshot_id = ec2.create_snapshot(VolumeId=old["VolumeId"])["SnapshotId"]
    new_id = ec2.create_volume(
        SnapshotId=snapshot_id,
        AvailabilityZone=old["AvailabilityZone"],
        VolumeType="gp3",
        Encrypted=True,
    )["VolumeId"]
    folder = deployment.folder / "stacks" / "data"
    address = "aws_ebs_volume.clickhouse_data"
    run(terraform, folder, "state", "rm", address, environment=deployment.environment)
    run(terraform, folder, "import", "-no-color", address, new_id, environment=deployment.environment)
    assert deployment.deploy() == 0
    volumes = {volume["VolumeId"]: volume for volume in data_volumes(deployment.aws)}
    assert volumes[old["VolumeId"]]["Attachments"] == []
    (attachment,) = volumes[new_id]["Attachments"]
    reservations = ec2.describe_instances(InstanceIds=[attachment["InstanceId"]])["Reservations"]
    address = reservations[0]["Instances"][0]["PrivateIpAddress"]
    assert deployment.outputs()["data"]["clickhouse_private_ip"] == address
    run(terraform, folder, "plan", "-no-color", "-out", "second.tfplan", environment=deployment.environment)
    shown = run(terraform, folder, "show", "-json", "second.tfplan", environment=deployment.environment)
    assert changes(shown) == {}
    ec2.delete_volume(VolumeId=old["VolumeId"])
    ec2.delete_snapshot(SnapshotId=snapshot_id)


@pytest.mark.timeout(1800)  # It deploys three times.
@pytest.mark.parametrize("deployment", [SWITCHED], indirect=True)
def test_a_switch_to_an_external_clickhouse_rewrites_the_secrets_and_keeps_the_data(
    deployment: Deployment, terraform: str
) -> None:
    """The same deploy rotates the database's password. Later deploys keep the values that an operator stores.

    At the end, the switch is undone as docs/restore.md says.
    """
    secrets = deployment.aws.session().client("secretsmanager", endpoint_url=deployment.aws.url)
    names = deployment.outputs()["data"]
    (volume,) = data_volumes(deployment.aws)
    recovery_point = back_up(deployment.aws, volume["VolumeId"])
    before = secret_values(deployment.aws)
    switched = Deployment(
        deployment.aws,
        deployment.folder,
        {
            **deployment.variables,
            **EXTERNAL,
            **UPGRADED,
            "LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "false",
            "LANGFUSE_AWS__SECRETS__DATABASE_PASSWORD_VERSION": "2",
        },
    )
    assert switched.deploy() == 0
    after = secret_values(deployment.aws)
    clickhouse_url = names["clickhouse_url_secret_name"]
    assert secrets.get_secret_value(SecretId=clickhouse_url)["SecretString"] == PLACEHOLDER
    assert [kept["VolumeId"] for kept in data_volumes(deployment.aws)] == [volume["VolumeId"]]
    changed = {name.partition("/")[2] for name in after if before[name] != after[name]}
    assert changed == {"database-password", "database-url", "clickhouse-password"}
    assert after["langfuse-dev/database-password"] in after["langfuse-dev/database-url"]
    assert recovery_points(deployment.aws) == [recovery_point]
    iam = deployment.aws.session().client("iam", endpoint_url=deployment.aws.url)
    assert iam.list_role_policies(RoleName=BACKUPS)["PolicyNames"]

    # Twice: then the version that Terraform wrote has no staging label, and AWS may delete it.
    for host in ("one", "two"):
        secrets.put_secret_value(SecretId=clickhouse_url, SecretString=f"https://{host}.example.com:8443")
    configured = Deployment(
        deployment.aws,
        deployment.folder,
        {**switched.variables, "LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true"},
    )
    assert configured.deploy() == 0
    assert secrets.get_secret_value(SecretId=clickhouse_url)["SecretString"] == "https://two.example.com:8443"

    back = Deployment(deployment.aws, deployment.folder, {**switched.variables, **EC2})
    options = ["--auto-approve", "--skip-provider-lock", "--output", str(back.folder)]
    run(str(CDKTF), PROJECT, "deploy", "network", *options, environment=back.environment)
    folder = back.folder / "stacks" / "data"
    run(terraform, folder, "init", "-no-color", environment=back.environment)
    for address, id_ in zip(KEPT, (volume["VolumeId"], BACKUPS, BACKUPS), strict=False):
        assert f"terraform import {address} " in (PROJECT / "docs" / "restore.md").read_text()
        run(terraform, folder, "import", "-no-color", address, id_, environment=back.environment)
    assert back.deploy() == 0
    (restored,) = data_volumes(deployment.aws)
    assert restored["VolumeId"] == volume["VolumeId"]
    assert restored["Attachments"]
    assert recovery_points(deployment.aws) == [recovery_point]


def back_up(aws: EmbeddedAws, volume_id: str) -> str:
    """Makes a snapshot of the volume as the backup plan does; returns the ARN of its recovery point."""
    backup = aws.session().client("backup", endpoint_url=aws.url)
    iam = aws.session().client("iam", endpoint_url=aws.url)
    role_arn = iam.get_role(RoleName=BACKUPS)["Role"]["Arn"]
    account = role_arn.split(":")[4]
    started = backup.start_backup_job(
        BackupVaultName=BACKUPS,
        ResourceArn=f"arn:aws:ec2:{REGION}:{account}:volume/{volume_id}",
        IamRoleArn=role_arn,
    )
    return str(started["RecoveryPointArn"])


def recovery_points(aws: EmbeddedAws) -> list[str]:
    """Returns the ARNs of the recovery points in ClickHouse's vault."""
    backup = aws.session().client("backup", endpoint_url=aws.url)
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=BACKUPS)
    return [point["RecoveryPointArn"] for point in listed["RecoveryPoints"]]


def data_volumes(aws: EmbeddedAws) -> list[VolumeTypeDef]:
    """Returns the volumes that are not deleted together with an instance."""
    ec2 = aws.session().client("ec2", endpoint_url=aws.url)
    volumes = ec2.describe_volumes()["Volumes"]
    return [
        volume
        for volume in volumes
        if not any(attachment["DeleteOnTermination"] for attachment in volume["Attachments"])
    ]
