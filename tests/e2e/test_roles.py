"""Tests that CI's roles can do what they are for on a deployed environment, and nothing else.

The fixture ``deployment`` deploys and destroys this environment with the deploy role, and plans it with the plan role.
Who may do what in general is in tests/unit/test_policies.py.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws
from tests.ci_roles import NOBODYS_CLAIMS, NOT_ASSUMED, CiDeployment, deploy_claims, plan_claims, settings_of
from tests.command_line import ops
from tests.e2e.conftest import plan

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("deployment", ["dev-secured"], indirect=True)]

ACCOUNT = "000000000000"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403"}
OTHER = "langfuse-prod"
"""What the names of another environment start with."""

Clients = Callable[[str], Any]
Request = Callable[["Place"], object]


class Place(NamedTuple):
    """A session, with what its requests name: the environment's and another one's."""

    client: Clients
    states: str
    bucket: str
    vpc_id: str
    other_vpc_id: str
    image_id: str


def clients(aws: EmbeddedAws) -> Clients:
    session = aws.session()
    return lambda service: session.client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def others(deployment: CiDeployment) -> Iterator[dict[str, str]]:
    """What another environment and an administrator have in the account."""
    administrator = clients(deployment.aws)
    secret = administrator("secretsmanager").create_secret(Name=f"{OTHER}/salt", SecretString="any")
    for name in ("admin", f"{OTHER}-task"):
        administrator("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    administrator("iam").create_instance_profile(InstanceProfileName="admin")
    administrator("iam").add_role_to_instance_profile(InstanceProfileName="admin", RoleName="admin")
    tags = [{"Key": "Project", "Value": "langfuse"}, {"Key": "Environment", "Value": "prod"}]
    vpc = administrator("ec2").create_vpc(
        CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )["Vpc"]["VpcId"]
    yield {"vpc": vpc}
    administrator("ec2").delete_vpc(VpcId=vpc)
    administrator("iam").remove_role_from_instance_profile(InstanceProfileName="admin", RoleName="admin")
    administrator("iam").delete_instance_profile(InstanceProfileName="admin")
    for name in ("admin", f"{OTHER}-task"):
        administrator("iam").delete_role(RoleName=name)
    administrator("secretsmanager").delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def place(deployment: CiDeployment, others: dict[str, str], credentials: dict[str, str]) -> Place:
    aws = EmbeddedAws(deployment.aws.url, {**deployment.aws.environment, **credentials})
    outputs = deployment.outputs()
    images = clients(deployment.aws)("ec2").describe_images()["Images"]
    return Place(
        clients(aws),
        settings_of(deployment).state.bucket,
        outputs["data"]["events_bucket_name"],
        outputs["network"]["vpc_id"],
        others["vpc"],
        images[0]["ImageId"],
    )


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def run_instance(at: Place) -> object:
    profile = {"Name": "admin"}
    return at.client("ec2").run_instances(ImageId=at.image_id, MinCount=1, MaxCount=1, IamInstanceProfile=profile)


def register(at: Place) -> object:
    return at.client("ecs").register_task_definition(
        family="langfuse-dev-web",
        taskRoleArn=role("admin"),
        containerDefinitions=[{"name": "any", "image": "any", "memory": 512}],
    )


WRITES: dict[str, Request] = {
    "a state": lambda at: at.client("s3").put_object(Bucket=at.states, Key="langfuse/dev/data.tfstate", Body=b"{}"),
    "a lock": lambda at: at.client("s3").put_object(
        Bucket=at.states, Key="langfuse/dev/data.tfstate.tflock", Body=b"{}"
    ),
    "an object": lambda at: at.client("s3").put_object(Bucket=at.bucket, Key="events/any", Body=b"{}"),
    "a secret": lambda at: at.client("secretsmanager").put_secret_value(
        SecretId="langfuse-dev/salt",  # pragma: allowlist secret
        SecretString="any",  # pragma: allowlist secret
    ),
    "a role": lambda at: at.client("iam").delete_role(RoleName="langfuse-dev-task"),
    "a service": lambda at: at.client("ecs").update_service(
        cluster="langfuse-dev", service="langfuse-dev-web", desiredCount=0
    ),
    "a database": lambda at: at.client("rds").delete_db_instance(
        DBInstanceIdentifier="langfuse-dev-postgres", SkipFinalSnapshot=True
    ),
    "a tag": lambda at: at.client("ec2").create_tags(Resources=[at.vpc_id], Tags=[{"Key": "Any", "Value": "any"}]),
    "a VPC": lambda at: at.client("ec2").delete_vpc(VpcId=at.vpc_id),
}
"""What the plan role must not do."""
READS: dict[str, Request] = {
    "the value of a secret": lambda at: at.client("secretsmanager").get_secret_value(SecretId="langfuse-dev/salt"),
    "the values of secrets": lambda at: at.client("secretsmanager").batch_get_secret_value(
        SecretIdList=["langfuse-dev/salt"]
    ),
    "an object": lambda at: at.client("s3").get_object(Bucket=at.bucket, Key="events/any"),
    "the objects": lambda at: at.client("s3").get_object(Bucket=at.states, Key="langfuse/prod/data.tfstate"),
    "a log": lambda at: at.client("logs").filter_log_events(logGroupName="/langfuse/dev/web"),
}
"""What the plan role must not read."""
FOREIGN: dict[str, Request] = {
    "a secret": lambda at: at.client("secretsmanager").get_secret_value(SecretId=f"{OTHER}/salt"),
    "a secret that goes": lambda at: at.client("secretsmanager").delete_secret(SecretId=f"{OTHER}/salt"),
    "a new secret": lambda at: at.client("secretsmanager").create_secret(Name="any", SecretString="any"),
    "a state": lambda at: at.client("s3").put_object(Bucket=at.states, Key="langfuse/prod/data.tfstate", Body=b"{}"),
    "the roles' state": lambda at: at.client("s3").put_object(
        Bucket=at.states, Key="langfuse/dev/access.tfstate", Body=b"{}"
    ),
    "the states' bucket": lambda at: at.client("s3").delete_bucket_policy(Bucket=at.states),
    "a role": lambda at: at.client("iam").delete_role(RoleName=f"{OTHER}-task"),
    "a VPC": lambda at: at.client("ec2").delete_vpc(VpcId=at.other_vpc_id),
    "a VPC's tags": lambda at: at.client("ec2").create_tags(
        Resources=[at.other_vpc_id], Tags=[{"Key": "Environment", "Value": "dev"}]
    ),
    "a subnet in a VPC": lambda at: at.client("ec2").create_subnet(VpcId=at.other_vpc_id, CidrBlock="10.1.0.0/24"),
    "a VPC without tags": lambda at: at.client("ec2").create_vpc(CidrBlock="10.2.0.0/16"),
    "a database": lambda at: at.client("rds").delete_db_instance(
        DBInstanceIdentifier=f"{OTHER}-postgres", SkipFinalSnapshot=True
    ),
    "a bucket": lambda at: at.client("s3").create_bucket(Bucket="langfuse-prod-events-1"),
    "a log group": lambda at: at.client("logs").delete_log_group(logGroupName="/langfuse/prod/web"),
    "a topic": lambda at: at.client("sns").delete_topic(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:{OTHER}-alarms"),
    "an alarm": lambda at: at.client("cloudwatch").delete_alarms(AlarmNames=[f"{OTHER}-web-running"]),
}
"""What is another environment's, or nobody's, which the deploy role must not touch."""
ESCALATIONS: dict[str, Request] = {
    "the boundary": lambda at: at.client("iam").create_policy_version(
        PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/langfuse-dev-boundary",
        PolicyDocument=json.dumps(ADMINISTRATOR),
        SetAsDefault=True,
    ),
    "a policy of its own": lambda at: at.client("iam").create_policy_version(
        PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/langfuse-dev-deploy-state",
        PolicyDocument=json.dumps(ADMINISTRATOR),
        SetAsDefault=True,
    ),
    "a new policy of its own": lambda at: at.client("iam").put_role_policy(
        RoleName="langfuse-dev-deploy", PolicyName="any", PolicyDocument=json.dumps(ADMINISTRATOR)
    ),
    "an attached policy": lambda at: at.client("iam").attach_role_policy(
        RoleName="langfuse-dev-deploy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "an attached policy of a task": lambda at: at.client("iam").attach_role_policy(
        RoleName="langfuse-dev-task", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "its trust": lambda at: at.client("iam").update_assume_role_policy(
        RoleName="langfuse-dev-deploy", PolicyDocument=json.dumps(TRUST)
    ),
    "an administrator's trust": lambda at: at.client("iam").update_assume_role_policy(
        RoleName="admin", PolicyDocument=json.dumps(TRUST)
    ),
    "no boundary": lambda at: at.client("iam").delete_role_permissions_boundary(RoleName="langfuse-dev-task"),
    "another boundary": lambda at: at.client("iam").put_role_permissions_boundary(
        RoleName="langfuse-dev-task", PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
    ),
    "a role without a boundary": lambda at: at.client("iam").create_role(
        RoleName="langfuse-dev-new", AssumeRolePolicyDocument=json.dumps(TRUST)
    ),
    "a role with another boundary": lambda at: at.client("iam").create_role(
        RoleName="langfuse-dev-task",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    "a user": lambda at: at.client("iam").create_user(UserName="any"),
    "a role for tasks": register,
    "a role for an instance": run_instance,
    "another role": lambda at: at.client("sts").assume_role(RoleArn=role("admin"), RoleSessionName="any"),
    "a shell": lambda at: at.client("ssm").start_session(Target="i-0123456789abcdef0"),
    "the identity provider": lambda at: at.client("iam").add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
        ClientID="any",
    ),
}
"""Ways to more rights: https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation and others."""


def refused(request: Request, at: Place) -> None:
    with pytest.raises(ClientError) as error:
        request(at)
    assert error.value.response["Error"]["Code"] in REFUSED, error.value
    assert "not authorized to perform" in str(error.value), error.value


@pytest.mark.parametrize("what", [*WRITES])
def test_the_plan_role_changes_nothing(deployment: CiDeployment, others: dict[str, str], what: str) -> None:
    refused(WRITES[what], place(deployment, others, dict(deployment.planning)))


@pytest.mark.parametrize("what", [*READS])
def test_the_plan_role_reads_no_secret_and_no_data(deployment: CiDeployment, others: dict[str, str], what: str) -> None:
    refused(READS[what], place(deployment, others, dict(deployment.planning)))


@pytest.mark.parametrize("what", [*FOREIGN])
def test_the_deploy_role_touches_nothing_else(deployment: CiDeployment, others: dict[str, str], what: str) -> None:
    refused(FOREIGN[what], place(deployment, others, dict(deployment.deploying)))


@pytest.mark.parametrize("what", [*ESCALATIONS])
def test_the_deploy_role_gets_no_further_right(deployment: CiDeployment, others: dict[str, str], what: str) -> None:
    refused(ESCALATIONS[what], place(deployment, others, dict(deployment.deploying)))


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        *(("deploy", claim) for claim in NOBODYS_CLAIMS.values()),
        ("plan", {"sub": "repo:evil/langfuse:pull_request"}),
        ("plan", {"sub": "repo:acme/langfuse-fork:pull_request"}),
        ("plan", {"sub": "repo:acme/langfuse:ref:refs/heads/any"}),
        ("plan", {"sub": "repo:acme/langfuse:environment:dev"}),
        ("plan", {"aud": "any"}),
    ],
)
def test_nobody_else_gets_a_role(deployment: CiDeployment, name: str, claim: dict[str, str]) -> None:
    """Each token differs in one claim from one that gets the role."""
    settings = settings_of(deployment)
    claims = {"deploy": deploy_claims, "plan": plan_claims}[name](settings)
    deployment.aws.assume(role(f"langfuse-dev-{name}"), claims)
    with pytest.raises(ClientError, match=NOT_ASSUMED):
        deployment.aws.assume(role(f"langfuse-dev-{name}"), {**claims, **claim})


def test_a_change_is_planned_by_one_role_and_applied_by_the_other(deployment: CiDeployment) -> None:
    """And then changed back, as the workflows do it."""
    for changes in ({"LANGFUSE_AWS__LOG_RETENTION_DAYS": "14", "LANGFUSE_AWS__WORKER__MAX_TASKS": "3"}, {}):
        planned = plan(deployment, "change", "--json", **changes)
        assert planned.ran.returncode == 0, planned.ran.stderr[-3000:]
        environment = {**deployment.environment, **changes, "CDKTF_OUTDIR": str(planned.folder)}
        applied = ops("apply", environment=environment)
        assert applied.returncode == 0, applied.stderr[-3000:]
