"""What AWS refuses because of other resources, the embedded AWS refuses with the same error code."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import running

REGION = "us-east-1"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
IMAGE = "ami-0c2023a1b2c3d4e5f"
number = count()

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Makes the boto3 client of a service."""
    with running(REGION) as aws:
        session = aws.session()

        @cache
        def client(service: str, region: str = REGION) -> Any:
            return session.client(service, region, endpoint_url=aws.url)  # type: ignore[call-overload]

        yield client


@pytest.fixture
def ec2(client: Client) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    id_: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return id_


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    return new_subnet(ec2, vpc, "b")


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    return new_group(ec2, vpc, "web")


def new_subnet(ec2: Any, vpc: str, zone: str) -> str:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{next(number)}.0/24", AvailabilityZone=f"{REGION}{zone}")
    id_: str = subnet["Subnet"]["SubnetId"]
    return id_


def new_group(ec2: Any, vpc: str, name: str) -> str:
    id_: str = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    return id_


def name() -> str:
    return f"langfuse-{next(number)}"


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the error with which AWS refuses the call."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def test_a_security_group_that_a_rule_names(ec2: Any, vpc: str, group: str) -> None:
    from_group = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}]
    other = new_group(ec2, vpc, "database")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_group)  # Its own rules don't count.
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=from_group)
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=from_group)
    ec2.delete_security_group(GroupId=group)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_security_group_rule_that_exists(ec2: Any, group: str, direction: str) -> None:
    authorize = getattr(ec2, f"authorize_security_group_{direction}")

    def https(**peer: str) -> list[dict[str, Any]]:
        return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [peer]}]

    authorize(GroupId=group, IpPermissions=https(CidrIp="10.1.0.0/16"))
    authorize(GroupId=group, IpPermissions=https(CidrIp="10.2.0.0/16"))
    again = https(CidrIp="10.1.0.0/16", Description="another description")
    assert refused(authorize, GroupId=group, IpPermissions=again) == "InvalidPermission.Duplicate"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_security_group_has_60_rules_of_each_direction(ec2: Any, group: str, direction: str) -> None:
    """Each new group lets everything out, which is a rule."""
    authorize = getattr(ec2, f"authorize_security_group_{direction}")
    present = {"ingress": 0, "egress": 1}[direction]
    ranges = [{"CidrIp": f"10.1.{number}.0/24"} for number in range(61 - present)]

    def https(ranges: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}]

    too_many = "RulesPerSecurityGroupLimitExceeded"
    assert refused(authorize, GroupId=group, IpPermissions=https(ranges)) == too_many
    authorize(GroupId=group, IpPermissions=https(ranges[1:]))
    assert refused(authorize, GroupId=group, IpPermissions=https(ranges[:1])) == too_many


def instance(client: Client, _vpc: str, subnet: str, group: str) -> Callable[[], Any]:
    ec2 = client("ec2")
    run = ec2.run_instances(
        MinCount=1, MaxCount=1, ImageId=IMAGE, InstanceType="t4g.large", SubnetId=subnet, SecurityGroupIds=[group]
    )
    return lambda: ec2.terminate_instances(InstanceIds=[run["Instances"][0]["InstanceId"]])


def load_balancer(client: Client, _vpc: str, subnet: str, group: str) -> Callable[[], Any]:
    elbv2 = client("elbv2")
    made = elbv2.create_load_balancer(Name=name(), Subnets=[subnet], SecurityGroups=[group])
    return lambda: elbv2.delete_load_balancer(LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"])


def database(client: Client, vpc: str, subnet: str, group: str) -> Callable[[], Any]:
    rds, id_ = client("rds"), name()
    subnets = [subnet, new_subnet(client("ec2"), vpc, "a")]
    rds.create_db_subnet_group(DBSubnetGroupName=id_, DBSubnetGroupDescription=id_, SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier=id_,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="langfuse",
        MasterUserPassword="not-a-secret",  # pragma: allowlist secret
        AllocatedStorage=20,
        DBSubnetGroupName=id_,
        VpcSecurityGroupIds=[group],
    )
    return lambda: rds.delete_db_instance(DBInstanceIdentifier=id_, SkipFinalSnapshot=True)


def redis(client: Client, _vpc: str, subnet: str, group: str) -> Callable[[], Any]:
    elasticache, id_ = client("elasticache"), name()
    elasticache.create_cache_subnet_group(CacheSubnetGroupName=id_, CacheSubnetGroupDescription=id_, SubnetIds=[subnet])
    elasticache.create_replication_group(
        ReplicationGroupId=id_,
        ReplicationGroupDescription=id_,
        Engine="redis",
        CacheNodeType="cache.t4g.micro",
        NumCacheClusters=1,
        CacheSubnetGroupName=id_,
        SecurityGroupIds=[group],
    )
    return lambda: elasticache.delete_replication_group(ReplicationGroupId=id_)


def tasks(client: Client, _vpc: str, subnet: str, group: str) -> Callable[[], Any]:
    ecs, id_ = client("ecs"), name()
    ecs.create_cluster(clusterName=id_)
    ecs.register_task_definition(family=id_, containerDefinitions=[{"name": "web", "image": "langfuse"}])
    ecs.create_service(
        cluster=id_,
        serviceName=id_,
        taskDefinition=id_,
        desiredCount=1,
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
    )
    return lambda: ecs.delete_service(cluster=id_, service=id_, force=True)


@pytest.mark.parametrize("user", [instance, load_balancer, database, redis, tasks], ids=lambda user: user.__name__)
def test_a_subnet_and_a_security_group_with_network_interfaces(
    client: Client, ec2: Any, vpc: str, subnet: str, group: str, user: Callable[..., Callable[[], Any]]
) -> None:
    delete_user = user(client, vpc, subnet, group)
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    delete_user()
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)


def test_the_address_the_subnet_and_the_internet_gateway_of_a_nat_gateway(ec2: Any, vpc: str, subnet: str) -> None:
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert refused(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    assert refused(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    assert refused(ec2.detach_internet_gateway, InternetGatewayId=internet, VpcId=vpc) == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.release_address(AllocationId=address)
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=internet) == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=internet)
    ec2.delete_subnet(SubnetId=subnet)


def test_the_internet_gateway_of_a_load_balancer(client: Client, ec2: Any, vpc: str, subnet: str, group: str) -> None:
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    delete_load_balancer = load_balancer(client, vpc, subnet, group)
    assert refused(ec2.detach_internet_gateway, InternetGatewayId=internet, VpcId=vpc) == "DependencyViolation"
    delete_load_balancer()
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)


def test_a_route_table_of_a_subnet(ec2: Any, vpc: str, subnet: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    assert refused(ec2.delete_route_table, RouteTableId=table) == "DependencyViolation"
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)


def interface_endpoint(vpc: str, subnets: list[str], group: str) -> dict[str, Any]:
    return {
        "VpcId": vpc,
        "ServiceName": f"com.amazonaws.{REGION}.kms",
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "SubnetIds": subnets,
        "SecurityGroupIds": [group],
    }


def test_an_interface_endpoint_with_its_subnet_and_security_group(ec2: Any, vpc: str, subnet: str, group: str) -> None:
    assert refused(ec2.create_vpc_endpoint, **interface_endpoint(vpc, [subnet], group)) == "InvalidParameter"
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    id_ = ec2.create_vpc_endpoint(**interface_endpoint(vpc, [subnet], group))["VpcEndpoint"]["VpcEndpointId"]
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[id_])["VpcEndpoints"]
    assert (endpoint["SubnetIds"], endpoint["PrivateDnsEnabled"]) == ([subnet], True)
    assert [one["GroupId"] for one in endpoint["Groups"]] == [group]
    # A load balancer is deleted once it has no network interfaces, by their description.
    described = {"Name": "description", "Values": ["ELB app/x/1"]}
    assert ec2.describe_network_interfaces(Filters=[described])["NetworkInterfaces"] == []
    # The service's name is taken in this VPC.
    assert refused(ec2.create_vpc_endpoint, **interface_endpoint(vpc, [subnet], group)) == "InvalidParameter"
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)


def test_an_interface_endpoint_in_the_zones_of_its_service(ec2: Any, vpc: str, subnet: str, group: str) -> None:
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    of_same_zone, elsewhere, lacking = (new_subnet(ec2, vpc, zone) for zone in "bcd")
    assert (
        refused(ec2.create_vpc_endpoint, **interface_endpoint(vpc, [subnet, of_same_zone], group))
        == "DuplicateSubnetsInSameZone"
    )
    assert refused(ec2.create_vpc_endpoint, **interface_endpoint(vpc, [subnet, lacking], group)) == "InvalidParameter"
    id_ = ec2.create_vpc_endpoint(**interface_endpoint(vpc, [subnet, elsewhere], group))["VpcEndpoint"]["VpcEndpointId"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])


def test_a_vpc_with_a_route_table_and_an_endpoint(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    service = f"com.amazonaws.{REGION}.s3"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)["VpcEndpoint"]["VpcEndpointId"]
    ec2.delete_route_table(RouteTableId=table)
    assert refused(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert refused(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_vpc(VpcId=vpc)


def test_an_instance_in_the_zone_with_old_hosts(ec2: Any, vpc: str) -> None:
    zones = {zone["ZoneId"]: zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    subnet = new_subnet(ec2, vpc, zones["use1-az3"].removeprefix(REGION))
    parameters = {"MinCount": 1, "MaxCount": 1, "ImageId": IMAGE, "SubnetId": subnet}
    assert refused(ec2.run_instances, InstanceType="t4g.large", **parameters) == "Unsupported"
    assert ec2.run_instances(InstanceType="t2.large", **parameters)["Instances"]


def new_volume(ec2: Any, zone: str = "a", **parameters: int) -> dict[str, Any]:
    parameters = {"Size": 20, **parameters}
    id_ = ec2.create_volume(AvailabilityZone=f"{REGION}{zone}", VolumeType="gp3", **parameters)["VolumeId"]
    volume: dict[str, Any] = ec2.describe_volumes(VolumeIds=[id_])["Volumes"][0]
    return volume


def test_a_gp3_volume_out_of_proportion(ec2: Any) -> None:
    assert refused(new_volume, ec2=ec2, Iops=10001) == "InvalidParameterCombination"
    assert refused(new_volume, ec2=ec2, Iops=4000, Throughput=1001) == "InvalidParameterCombination"
    volume = new_volume(ec2, Iops=10000, Throughput=1000)
    assert (volume["Iops"], volume["Throughput"]) == (10000, 1000)
    assert refused(ec2.modify_volume, VolumeId=volume["VolumeId"], Iops=10001) == "InvalidParameterCombination"
    assert new_volume(ec2, Size=1)["Iops"] == 3000


def test_a_volume_made_smaller(ec2: Any) -> None:
    id_ = new_volume(ec2)["VolumeId"]
    assert refused(ec2.modify_volume, VolumeId=id_, Size=19) == "InvalidParameterValue"
    ec2.modify_volume(VolumeId=id_, Size=21, Throughput=250)
    volume = ec2.describe_volumes(VolumeIds=[id_])["Volumes"][0]
    assert (volume["Size"], volume["Throughput"]) == (21, 250)


def test_a_volume_that_is_still_being_modified(ec2: Any) -> None:
    id_ = new_volume(ec2)["VolumeId"]
    ec2.modify_volume(VolumeId=new_volume(ec2)["VolumeId"], Size=21)
    assert modifications(ec2, id_) == []
    ec2.modify_volume(VolumeId=id_, Size=21)
    assert refused(ec2.modify_volume, VolumeId=id_, Size=22) == "IncorrectModificationState"
    (modification,) = modifications(ec2, id_)
    assert (modification["OriginalSize"], modification["TargetSize"]) == (20, 21)
    wait_until_modified(ec2, id_)
    ec2.modify_volume(VolumeId=id_, Size=22)


def modifications(ec2: Any, id_: str) -> Any:
    filters = [{"Name": "volume-id", "Values": [id_]}]
    return ec2.describe_volumes_modifications(Filters=filters)["VolumesModifications"]


def wait_until_modified(ec2: Any, id_: str) -> None:
    while modifications(ec2, id_)[0]["ModificationState"] != "completed":
        pass


def test_a_volume_modified_for_the_fifth_time_in_a_day(ec2: Any) -> None:
    id_ = new_volume(ec2)["VolumeId"]
    for size in (21, 22, 23, 24):
        ec2.modify_volume(VolumeId=id_, Size=size)
        wait_until_modified(ec2, id_)
    assert refused(ec2.modify_volume, VolumeId=id_, Size=25) == "VolumeModificationRateExceeded"


def test_a_volume_attached_to_an_instance(ec2: Any, subnet: str) -> None:
    run = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=IMAGE, InstanceType="t4g.large", SubnetId=subnet)
    instance_id = run["Instances"][0]["InstanceId"]
    far, near = (new_volume(ec2, zone)["VolumeId"] for zone in "ab")
    attach = {"InstanceId": instance_id, "Device": "/dev/sdf"}
    assert refused(ec2.attach_volume, VolumeId=far, **attach) == "InvalidVolume.ZoneMismatch"
    ec2.attach_volume(VolumeId=near, **attach)
    assert refused(ec2.delete_volume, VolumeId=near) == "VolumeInUse"


def test_a_bucket_with_versions(client: Client) -> None:
    s3, bucket = client("s3"), name()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="event", Body=b"")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="event")["VersionId"]
    for id_ in (version, marker):
        assert refused(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
        s3.delete_object(Bucket=bucket, Key="event", VersionId=id_)
    s3.delete_bucket(Bucket=bucket)


def test_a_secret_in_its_recovery_window(client: Client) -> None:
    secrets, secret = client("secretsmanager"), name()
    created = {"Name": secret, "SecretString": "pepper"}  # pragma: allowlist secret
    secrets.create_secret(**created)
    assert refused(secrets.delete_secret, SecretId=secret, RecoveryWindowInDays=6) == "InvalidParameterException"
    secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    assert refused(secrets.create_secret, **created) == "InvalidRequestException"
    assert refused(secrets.put_secret_value, SecretId=secret, SecretBinary=b"salt") == "InvalidRequestException"
    assert refused(secrets.get_secret_value, SecretId=secret) == "InvalidRequestException"
    secrets.restore_secret(SecretId=secret)
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == created["SecretString"]
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    secrets.create_secret(**created)


def test_a_token_of_a_secrets_version_is_for_one_value(client: Client) -> None:
    """A token that is used again with the same value, as in a retry, is accepted, and in another secret too."""
    secrets, token = client("secretsmanager"), "0123456789-0123456789-0123456789"
    for secret in (name(), name()):
        secrets.create_secret(Name=secret, SecretString="salt")  # pragma: allowlist secret
        for _ in range(2):
            put = secrets.put_secret_value(SecretId=secret, SecretString="pepper", ClientRequestToken=token)
            assert put["VersionId"] == token
        again = {"SecretId": secret, "SecretString": "sugar", "ClientRequestToken": token}  # pragma: allowlist secret
        assert refused(secrets.put_secret_value, **again) == "ResourceExistsException"
        assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "pepper"  # pragma: allowlist secret


def test_a_name_that_is_taken_in_another_region(client: Client) -> None:
    """IAM and the dashboards have no Region."""
    role, dashboard = name(), name()
    client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=POLICY)
    elsewhere = client("iam", "eu-west-1")
    assert refused(elsewhere.create_role, RoleName=role, AssumeRolePolicyDocument=POLICY) == "EntityAlreadyExists"
    for region in (REGION, "eu-west-1"):
        client("cloudwatch", region).put_dashboard(
            DashboardName=dashboard, DashboardBody=f'{{"widgets": ["{region}"]}}'
        )
    body = client("cloudwatch").get_dashboard(DashboardName=dashboard)["DashboardBody"]
    assert "eu-west-1" in body


def test_a_secret_name_with_other_characters(client: Client) -> None:
    secrets = client("secretsmanager")
    asked = {"Name": "langfuse salt", "SecretString": "pepper"}  # pragma: allowlist secret
    assert refused(secrets.create_secret, **asked) == "ValidationException"


def test_a_backup_vault_and_a_plan_in_use(client: Client) -> None:
    backup, vault, role = client("backup"), name(), "arn:aws:iam::000000000000:role/backup"
    backup.create_backup_vault(BackupVaultName=vault)
    rules = [{"RuleName": "daily", "TargetBackupVaultName": vault}]
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": vault, "Rules": rules})["BackupPlanId"]
    chosen = {"SelectionName": "volume", "IamRoleArn": role, "Resources": ["*"]}
    selection = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=chosen)["SelectionId"]
    assert refused(backup.delete_backup_plan, BackupPlanId=plan) == "InvalidRequestException"
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    backup.delete_backup_plan(BackupPlanId=plan)
    volume = f"arn:aws:ec2:{REGION}:000000000000:volume/vol-1"
    backup.start_backup_job(BackupVaultName=vault, ResourceArn=volume, IamRoleArn=role)
    assert refused(backup.delete_backup_vault, BackupVaultName=vault) == "InvalidRequestException"


def test_a_role_and_a_policy_in_use(client: Client) -> None:
    iam, role = client("iam"), name()
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=POLICY)
    iam.put_role_policy(RoleName=role, PolicyName="logs", PolicyDocument=POLICY)
    assert refused(iam.delete_role, RoleName=role) == "DeleteConflict"
    iam.delete_role_policy(RoleName=role, PolicyName="logs")
    policy = iam.create_policy(PolicyName=role, PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert refused(iam.delete_role, RoleName=role) == "DeleteConflict"
    assert refused(iam.delete_policy, PolicyArn=policy) == "DeleteConflict"
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName=role)
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    assert refused(iam.delete_role, RoleName=role) == "DeleteConflict"
    assert refused(iam.delete_instance_profile, InstanceProfileName=role) == "DeleteConflict"


CREATED_TWICE: dict[str, tuple[dict[str, Any], str]] = {
    "ec2.create_security_group": ({"GroupName": "taken", "Description": "web"}, "InvalidGroup.Duplicate"),
    "backup.create_backup_vault": ({"BackupVaultName": "taken"}, "AlreadyExistsException"),
    "iam.create_role": ({"RoleName": "taken", "AssumeRolePolicyDocument": POLICY}, "EntityAlreadyExists"),
    "iam.create_instance_profile": ({"InstanceProfileName": "taken"}, "EntityAlreadyExists"),
    "logs.create_log_group": ({"logGroupName": "taken"}, "ResourceAlreadyExistsException"),
    "secretsmanager.create_secret": ({"Name": "taken"}, "ResourceExistsException"),
    "elbv2.create_target_group": ({"Name": "taken", "Protocol": "HTTP", "Port": 80}, "DuplicateTargetGroupName"),
}


@pytest.mark.parametrize("operation", CREATED_TWICE)
def test_a_name_that_is_taken(client: Client, operation: str) -> None:
    service, _, action = operation.partition(".")
    parameters, code = CREATED_TWICE[operation]
    create = getattr(client(service), action)
    create(**parameters)
    assert refused(create, **parameters) == code


def test_the_name_of_a_bucket_that_is_taken(client: Client) -> None:
    """us-east-1 is the only region where a second CreateBucket of the same account succeeds."""
    s3 = client("s3", "eu-central-1")
    bucket = {"Bucket": "taken", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
    s3.create_bucket(**bucket)
    assert refused(s3.create_bucket, **bucket) == "BucketAlreadyOwnedByYou"
