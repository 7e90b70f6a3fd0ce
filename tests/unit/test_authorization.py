"""The embedded AWS refuses what the policies of a role do not allow, and nothing else."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws, running

ACCOUNT = "000000000000"
GITHUB = "token.actions.githubusercontent.com"
DEPLOY = "repo:acme/langfuse:environment:production"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ENVIRONMENT = {"Key": "Environment", "Value": "dev"}
DEV_IS_REQUESTED = {"StringEquals": {"aws:RequestTag/Environment": "dev"}}
IS_OF_DEV = {"StringEquals": {"aws:ResourceTag/Environment": "dev"}}
Statement = Mapping[str, Any]
_numbers = count()


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with running("us-east-1") as aws:
        client(aws, "iam").create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"])
        yield aws


def client(aws: EmbeddedAws, service: str) -> Any:
    return aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(*actions: str, on: str = "*", when: Mapping[str, Any] | None = None) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": on, **({"Condition": when} if when else {})}


def new_role(aws: EmbeddedAws, *statements: Statement, boundary: str | None = None) -> str:
    """Makes a role that production's workflow may assume; returns its ARN."""
    iam = client(aws, "iam")
    name = f"role-{next(_numbers)}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{GITHUB}:sub": DEPLOY, f"{GITHUB}:aud": "sts.amazonaws.com"}},
    }
    limits = {"PermissionsBoundary": boundary} if boundary else {}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), **limits)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    return str(arn)


def session(aws: EmbeddedAws, *statements: Statement, boundary: str | None = None) -> EmbeddedAws:
    """The session of a new role with one policy."""
    return aws.assume(new_role(aws, *statements, boundary=boundary), {"sub": DEPLOY})


def managed_policy(aws: EmbeddedAws, *statements: Statement) -> str:
    name = f"policy-{next(_numbers)}"
    arn: str = client(aws, "iam").create_policy(PolicyName=name, PolicyDocument=policy(*statements))["Policy"]["Arn"]
    return arn


def refused(call: Callable[[], object], code: str = "AccessDeniedException") -> str:
    """The message with which AWS refuses the call; the test fails if it does not."""
    with pytest.raises(ClientError) as refusal:
        call()
    assert refusal.value.response["Error"]["Code"] == code
    return str(refusal.value.response["Error"]["Message"])


def specification(kind: str, *tags: Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [{"ResourceType": kind, "Tags": list(tags)}]


def test_the_root_user_may_do_everything(aws: EmbeddedAws) -> None:
    client(aws, "logs").create_log_group(logGroupName="root")


def test_a_role_without_policies_may_only_ask_who_it_is(aws: EmbeddedAws) -> None:
    role = session(aws)
    assert ":assumed-role/role-" in client(role, "sts").get_caller_identity()["Arn"]
    message = refused(client(role, "ec2").describe_vpcs, "UnauthorizedOperation")
    assert "is not authorized to perform: ec2:DescribeVpcs on resource: *" in message
    assert "because no identity-based policy allows the ec2:DescribeVpcs action" in message


def test_a_resource_is_known_by_its_name(aws: EmbeddedAws) -> None:
    logs = client(session(aws, allow("logs:CreateLogGroup", on="arn:aws:logs:*:*:log-group:langfuse-dev-*")), "logs")
    logs.create_log_group(logGroupName="langfuse-dev-web")
    message = refused(lambda: logs.create_log_group(logGroupName="langfuse-prod-web"))
    assert ":log-group:langfuse-prod-web" in message


def test_the_arn_of_a_log_group_alone_allows_tags_only(aws: EmbeddedAws) -> None:
    """As it does on AWS: all other actions need the ARN with ``:*`` at its end."""
    name = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:exact"
    logs = client(session(aws, allow("logs:*", on=name)), "logs")
    refused(lambda: logs.create_log_group(logGroupName="exact"))
    client(aws, "logs").create_log_group(logGroupName="exact")
    assert logs.list_tags_for_resource(resourceArn=name)["tags"] == {}


def test_a_deny_wins(aws: EmbeddedAws) -> None:
    deny = {"Effect": "Deny", "Action": "logs:DeleteLogGroup", "Resource": "*"}
    logs = client(session(aws, EVERYTHING, deny), "logs")
    logs.create_log_group(logGroupName="kept")
    assert "with an explicit deny in an identity-based policy" in refused(
        lambda: logs.delete_log_group(logGroupName="kept")
    )


def test_attached_policies_count(aws: EmbeddedAws) -> None:
    role = new_role(aws)
    logs = client(aws.assume(role, {"sub": DEPLOY}), "logs")
    refused(logs.describe_log_groups)
    iam, name = client(aws, "iam"), role.rpartition("/")[2]
    attached = managed_policy(aws, allow("logs:DescribeLogGroups"))
    iam.attach_role_policy(RoleName=name, PolicyArn=attached)
    logs.describe_log_groups()
    # The next session has what the new default version of the policy allows.
    iam.create_policy_version(PolicyArn=attached, PolicyDocument=policy(allow("ec2:*")), SetAsDefault=True)
    refused(logs.describe_log_groups)


def test_managed_policies_of_aws_count(aws: EmbeddedAws) -> None:
    role = new_role(aws)
    client(aws, "iam").attach_role_policy(
        RoleName=role.rpartition("/")[2], PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    logs = client(aws.assume(role, {"sub": DEPLOY}), "logs")
    logs.describe_log_groups()
    refused(lambda: logs.create_log_group(logGroupName="readonly"))


@pytest.mark.parametrize(
    "tags", [[], [{"Key": "Environment", "Value": "prod"}], [{"Key": "environment2", "Value": "dev"}]]
)
def test_tags_of_the_request_decide(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> None:
    ec2 = client(session(aws, allow("ec2:CreateVpc", "ec2:CreateTags", when=DEV_IS_REQUESTED)), "ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc", ENVIRONMENT))
    specified = {"TagSpecifications": specification("vpc", *tags)} if tags else {}
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", **specified), "UnauthorizedOperation")


def test_tags_on_creation_need_their_own_action(aws: EmbeddedAws) -> None:
    when = {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}
    role = session(aws, allow("ec2:CreateVpc", "ec2:CreateSubnet"), allow("ec2:CreateTags", when=when))
    ec2 = client(role, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=specification("vpc", ENVIRONMENT))["Vpc"]["VpcId"]
    subnet = {"VpcId": vpc, "CidrBlock": "10.1.0.0/24"}
    ec2.create_subnet(**subnet)
    subnet["CidrBlock"] = "10.1.1.0/24"
    tagged = specification("subnet", ENVIRONMENT)
    message = refused(lambda: ec2.create_subnet(**subnet, TagSpecifications=tagged), "UnauthorizedOperation")
    assert f"ec2:CreateTags on resource: arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/*" in message
    refused(lambda: ec2.create_tags(Resources=[vpc], Tags=[ENVIRONMENT]), "UnauthorizedOperation")


def new_subnet(aws: EmbeddedAws, *tags: Mapping[str, str]) -> str:
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    specified = {"TagSpecifications": specification("subnet", *tags)} if tags else {}
    # Has the instance type of the tests.
    zone = {"AvailabilityZone": "us-east-1b"}
    subnet: str = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.0.0/24", **zone, **specified)["Subnet"]["SubnetId"]
    return subnet


def _new_secret(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"secret-{next(_numbers)}"
    client(aws, "secretsmanager").create_secret(Name=name, SecretString="x", Tags=tags)
    return lambda role: client(role, "secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _new_subnet(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    subnet = new_subnet(aws, *tags)
    return lambda role: client(role, "ec2").delete_subnet(SubnetId=subnet)


def _new_log_group(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"group-{next(_numbers)}"
    given = {"tags": {tag["Key"]: tag["Value"] for tag in tags}} if tags else {}
    client(aws, "logs").create_log_group(logGroupName=name, **given)
    return lambda role: client(role, "logs").delete_log_group(logGroupName=name)


def _new_topic(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    arn = client(aws, "sns").create_topic(Name=f"topic-{next(_numbers)}", Tags=tags)["TopicArn"]
    return lambda role: client(role, "sns").delete_topic(TopicArn=arn)


def _new_key(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    kms_tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    key = client(aws, "kms").create_key(Tags=kms_tags)["KeyMetadata"]["KeyId"]
    return lambda role: client(role, "kms").schedule_key_deletion(KeyId=key)


def _new_cluster(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"cluster-{next(_numbers)}"
    ecs_tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in tags]
    client(aws, "ecs").create_cluster(clusterName=name, tags=ecs_tags)
    return lambda role: client(role, "ecs").delete_cluster(cluster=name)


def _new_role(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"tagged-{next(_numbers)}"
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    client(aws, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tags)
    return lambda role: client(role, "iam").delete_role(RoleName=name)


def _new_target_group(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    vpc = client(aws, "ec2").create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    arn = client(aws, "elbv2").create_target_group(
        Name=f"targets-{next(_numbers)}", Protocol="HTTP", Port=80, VpcId=vpc, **({"Tags": tags} if tags else {})
    )["TargetGroups"][0]["TargetGroupArn"]
    return lambda role: client(role, "elbv2").delete_target_group(TargetGroupArn=arn)


def _new_parameter_group(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"parameters-{next(_numbers)}"
    client(aws, "rds").create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres15", Description="x", Tags=tags
    )
    return lambda role: client(role, "rds").delete_db_parameter_group(DBParameterGroupName=name)


def _new_cache_parameter_group(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"cache-{next(_numbers)}"
    client(aws, "elasticache").create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="x", Tags=tags
    )
    return lambda role: client(role, "elasticache").delete_cache_parameter_group(CacheParameterGroupName=name)


def _new_vault(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"vault-{next(_numbers)}"
    mapping = {tag["Key"]: tag["Value"] for tag in tags}
    client(aws, "backup").create_backup_vault(BackupVaultName=name, BackupVaultTags=mapping)
    return lambda role: client(role, "backup").delete_backup_vault(BackupVaultName=name)


def _new_alarm(aws: EmbeddedAws, tags: Sequence[Mapping[str, str]]) -> Callable[[EmbeddedAws], object]:
    name = f"alarm-{next(_numbers)}"
    client(aws, "cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="x",
        Namespace="x",
        Period=60,
        Statistic="Sum",
        Threshold=1,
        Tags=tags,
    )
    return lambda role: client(role, "cloudwatch").delete_alarms(AlarmNames=[name])


@pytest.mark.parametrize(
    "create",
    [
        _new_alarm,
        _new_cache_parameter_group,
        _new_cluster,
        _new_key,
        _new_log_group,
        _new_parameter_group,
        _new_role,
        _new_secret,
        _new_subnet,
        _new_target_group,
        _new_topic,
        _new_vault,
    ],
)
def test_tags_of_the_resource_decide(
    aws: EmbeddedAws, create: Callable[[EmbeddedAws, Sequence[Mapping[str, str]]], Callable[[EmbeddedAws], object]]
) -> None:
    role = session(aws, allow("*", when=IS_OF_DEV))
    for tags in ([], [{"Key": "Environment", "Value": "prod"}]):
        with pytest.raises(ClientError, match="is not authorized to perform"):
            create(aws, tags)(role)
    create(aws, [ENVIRONMENT])(role)


def test_a_key_that_aws_does_not_have_for_the_action_is_absent(aws: EmbeddedAws) -> None:
    """The tags of the request are not those of the VPC in which a subnet is made: AWS has no such key for it."""
    vpc = client(aws, "ec2").create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    call = {"VpcId": vpc, "CidrBlock": "10.4.0.0/24", "TagSpecifications": specification("subnet", ENVIRONMENT)}
    everywhere = allow("ec2:CreateSubnet", "ec2:CreateTags", when=DEV_IS_REQUESTED)
    message = refused(lambda: client(session(aws, everywhere), "ec2").create_subnet(**call), "UnauthorizedOperation")
    assert f":vpc/{vpc} " in message
    client(session(aws, everywhere, allow("ec2:CreateSubnet", on="arn:aws:ec2:*:*:vpc/*")), "ec2").create_subnet(**call)


@pytest.mark.parametrize("missing", ["image", "instance", "network-interface", "security-group", "subnet", "volume"])
def test_an_instance_needs_all_of_its_resources(aws: EmbeddedAws, missing: str) -> None:
    ec2 = client(aws, "ec2")
    subnet = new_subnet(aws)
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="x", Description="x", VpcId=vpc)["GroupId"]
    instance = {
        "ImageId": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "InstanceType": "t4g.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": subnet,
        "SecurityGroupIds": [group],
    }
    deny = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": f"arn:aws:ec2:*:*:{missing}/*"}
    message = refused(
        lambda: client(session(aws, EVERYTHING, deny), "ec2").run_instances(**instance), "UnauthorizedOperation"
    )
    assert f":{missing}/" in message
    client(session(aws, EVERYTHING), "ec2").run_instances(**instance)


def test_a_boundary_only_takes_away(aws: EmbeddedAws) -> None:
    boundary = managed_policy(aws, allow("logs:DescribeLogGroups", "ec2:DescribeVpcs"))
    role = session(aws, allow("logs:*"), boundary=boundary)
    client(role, "logs").describe_log_groups()
    message = refused(lambda: client(role, "logs").create_log_group(logGroupName="beyond"))
    assert "because no permissions boundary allows the logs:CreateLogGroup action" in message
    refused(client(role, "ec2").describe_vpcs, "UnauthorizedOperation")


def test_only_roles_with_the_boundary_can_be_made(aws: EmbeddedAws) -> None:
    boundary, other = managed_policy(aws, allow("logs:*")), managed_policy(aws, EVERYTHING)
    when = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    iam = client(session(aws, allow("iam:CreateRole", "iam:PutRolePolicy", when=when)), "iam")
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="bounded", PolicyName="x", PolicyDocument=policy(EVERYTHING))
    for limits in ({}, {"PermissionsBoundary": other}):
        name = f"unbounded-{next(_numbers)}"
        unbounded = {"RoleName": name, "AssumeRolePolicyDocument": trust, **limits}
        refused(partial(iam.create_role, **unbounded), "AccessDenied")
        client(aws, "iam").create_role(**unbounded)
        inline = {"RoleName": name, "PolicyName": "x", "PolicyDocument": policy(EVERYTHING)}
        refused(partial(iam.put_role_policy, **inline), "AccessDenied")


def test_only_the_policies_that_are_named_can_be_attached(aws: EmbeddedAws) -> None:
    when = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    iam = client(session(aws, allow("iam:AttachRolePolicy", when=when)), "iam")
    name = new_role(aws).rpartition("/")[2]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    administrator = {"RoleName": name, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    refused(lambda: iam.attach_role_policy(**administrator), "AccessDenied")


def test_roles_are_passed_to_the_services_only_that_the_condition_names(aws: EmbeddedAws) -> None:
    passed = new_role(aws)
    definition = {"family": "x", "taskRoleArn": passed, "containerDefinitions": [{"name": "x", "image": "x"}]}
    register = allow("ecs:RegisterTaskDefinition")
    ecs = client(session(aws, register), "ecs")
    assert f"iam:PassRole on resource: {passed}" in refused(lambda: ecs.register_task_definition(**definition))
    for service, allowed in (("ecs-tasks.amazonaws.com", True), ("ec2.amazonaws.com", False)):
        when = {"StringEquals": {"iam:PassedToService": service}}
        ecs = client(session(aws, register, allow("iam:PassRole", on=passed, when=when)), "ecs")
        if allowed:
            ecs.register_task_definition(**definition)
        else:
            refused(partial(ecs.register_task_definition, **definition))


def test_an_instance_gets_no_role_that_may_not_be_passed(aws: EmbeddedAws) -> None:
    iam = client(aws, "iam")
    role = new_role(aws).rpartition("/")[2]
    iam.create_instance_profile(InstanceProfileName=role)
    add = {"InstanceProfileName": role, "RoleName": role}
    limited = client(session(aws, allow("iam:AddRoleToInstanceProfile")), "iam")
    assert "iam:PassRole" in refused(lambda: limited.add_role_to_instance_profile(**add), "AccessDenied")
    iam.add_role_to_instance_profile(**add)
    run = {"ImageId": "ami-0c2023a1b2c3d4e5f", "InstanceType": "t4g.large", "MinCount": 1, "MaxCount": 1}
    ec2 = client(session(aws, allow("ec2:*")), "ec2")
    profile = {"Name": role}
    message = refused(lambda: ec2.run_instances(**run, IamInstanceProfile=profile), "UnauthorizedOperation")
    assert "iam:PassRole" in message


def test_a_key_of_the_account_is_used_only_through_the_service_that_the_condition_names(aws: EmbeddedAws) -> None:
    key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    for service, allowed in (("secretsmanager", True), ("rds", False)):
        when = {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}
        role = session(aws, allow("secretsmanager:*"), allow("kms:*", on=key, when=when))
        secret = {"Name": f"encrypted-for-{service}", "SecretString": "x", "KmsKeyId": key}
        if allowed:
            client(role, "secretsmanager").create_secret(**secret)
            client(role, "secretsmanager").get_secret_value(SecretId=secret["Name"])
        else:
            refused(partial(client(role, "secretsmanager").create_secret, **secret))
        refused(partial(client(role, "kms").encrypt, KeyId=key, Plaintext=b"x"))


def test_a_bucket_policy_denies_what_the_role_may(aws: EmbeddedAws) -> None:
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket="denied")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::denied/closed/*"}
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::denied", "arn:aws:s3:::denied/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="denied", Policy=policy(deny, tls))
    role = client(session(aws, allow("s3:*")), "s3")
    role.put_object(Bucket="denied", Key="open/x")
    message = refused(lambda: role.put_object(Bucket="denied", Key="closed/x"), "AccessDenied")
    assert "with an explicit deny in a resource-based policy" in message


def test_heads_of_objects_and_buckets_are_refused_by_their_status(aws: EmbeddedAws) -> None:
    client(aws, "s3").create_bucket(Bucket="headless")
    client(aws, "s3").put_object(Bucket="headless", Key="one")
    role = client(session(aws, allow("s3:GetObject", on="arn:aws:s3:::headless/one")), "s3")
    role.head_object(Bucket="headless", Key="one")
    refused(lambda: role.head_object(Bucket="headless", Key="two"), "403")
    refused(lambda: role.head_bucket(Bucket="headless"), "403")


def test_the_prefix_of_a_list_decides(aws: EmbeddedAws) -> None:
    client(aws, "s3").create_bucket(Bucket="prefixes")
    when = {"StringLike": {"s3:prefix": "dev/*"}}
    role = client(session(aws, allow("s3:ListBucket", on="arn:aws:s3:::prefixes", when=when)), "s3")
    role.list_objects_v2(Bucket="prefixes", Prefix="dev/x")
    refused(lambda: role.list_objects_v2(Bucket="prefixes", Prefix="prod/x"), "AccessDenied")
    refused(lambda: role.list_objects_v2(Bucket="prefixes"), "AccessDenied")


def test_an_operation_whose_action_is_not_known_is_refused(aws: EmbeddedAws) -> None:
    """To everyone but the root user: nobody knows what a role needs for it."""
    role = session(aws, EVERYTHING)
    bucket = {"Bucket": "root"}
    client(aws, "s3").create_bucket(**bucket)
    message = refused(lambda: client(role, "s3").list_bucket_metrics_configurations(**bucket), "AccessDenied")
    assert "s3:ListBucketMetricsConfigurations: the service authorization reference has no action" in message


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "repo:mallory/langfuse:environment:production"}, "AccessDenied"),
        ({"sub": "repo:acme/langfuse:environment:staging"}, "AccessDenied"),
        ({"sub": "repo:acme/langfuse:pull_request"}, "AccessDenied"),
        ({}, "AccessDenied"),
        ({"sub": DEPLOY, "aud": "https://github.com/acme"}, "InvalidIdentityToken"),
        ({"sub": DEPLOY, "iss": "https://gitlab.com"}, "InvalidIdentityToken"),
    ],
)
def test_the_trust_policy_decides_who_assumes_a_role(aws: EmbeddedAws, claims: Mapping[str, str], code: str) -> None:
    role = new_role(aws)
    refused(lambda: aws.assume(role, claims), code)
    assert aws.assume(role, {"sub": DEPLOY}).environment["AWS_SESSION_TOKEN"]


def test_a_session_is_as_long_as_the_role_allows(aws: EmbeddedAws) -> None:
    role = new_role(aws)
    client(aws, "iam").update_role(RoleName=role.rpartition("/")[2], MaxSessionDuration=7200)
    assert aws.assume(role, {"sub": DEPLOY}, seconds=7200)
    refused(lambda: aws.assume(role, {"sub": DEPLOY}, seconds=7201), "ValidationError")


def test_a_role_does_not_become_another_that_does_not_trust_it(aws: EmbeddedAws) -> None:
    other = new_role(aws, EVERYTHING)
    sts = client(session(aws, EVERYTHING), "sts")
    refused(lambda: sts.assume_role(RoleArn=other, RoleSessionName="session"), "AccessDenied")


def test_what_is_not_allowed_does_not_happen(aws: EmbeddedAws) -> None:
    refused(lambda: client(session(aws), "logs").create_log_group(logGroupName="never"))
    groups = client(aws, "logs").describe_log_groups(logGroupNamePrefix="never")["logGroups"]
    assert groups == []


def test_a_session_needs_its_token(aws: EmbeddedAws) -> None:
    role = session(aws, EVERYTHING)
    client(role, "logs").describe_log_groups()
    for token in (None, "made-up"):
        variables = {**role.environment, **({"AWS_SESSION_TOKEN": token} if token else {})}
        if token is None:
            del variables["AWS_SESSION_TOKEN"]
        refused(client(replace(role, environment=variables), "logs").describe_log_groups, "InvalidToken")


def test_an_access_key_that_nobody_has_is_refused(aws: EmbeddedAws) -> None:
    environment = {**aws.environment, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}  # pragma: allowlist secret
    stranger = replace(aws, environment=environment)
    refused(client(stranger, "logs").describe_log_groups, "UnrecognizedClientException")


def test_a_role_may_not_do_what_the_models_do_not_have(aws: EmbeddedAws) -> None:
    """Nobody knows what it needs: it is refused, before it could reach a part of ministack that does it."""
    for who, expected in ((aws, 400), (session(aws, EVERYTHING), 403)):
        key = who.environment["AWS_ACCESS_KEY_ID"]
        signed = f"AWS4-HMAC-SHA256 Credential={key}/20261127/us-east-1/ec2/aws4_request, Signature=0"
        request = Request(aws.url, b"Action=MadeUpOperation&Version=2016-11-15", {"Authorization": signed})  # noqa: S310
        with pytest.raises(HTTPError) as answer:
            urlopen(request, timeout=5)  # noqa: S310
        assert answer.value.code == expected


def test_controls_work_for_a_role_too(aws: EmbeddedAws) -> None:
    role = session(aws)
    aws.recorded()
    client(role, "sts").get_caller_identity()
    (call,) = role.recorded()
    assert (call.service, call.operation, call.refused) == ("sts", "GetCallerIdentity", False)
    assert replace(role, environment=aws.environment) == aws
