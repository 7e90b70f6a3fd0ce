"""The embedded AWS refuses what AWS refuses in a VPC and of another partition, and accepts what the stacks have."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_ec2.type_defs import FilterTypeDef, IpPermissionTypeDef, PrefixListIdTypeDef
from mypy_boto3_iam import IAMClient

from local.embedded_aws import EmbeddedAws, running
from tests.synthesis import app

CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"


@pytest.fixture(scope="module", params=["cn-north-1", "us-gov-west-1", "ap-northeast-1"])
def aws(request: pytest.FixtureRequest) -> Iterator[EmbeddedAws]:
    with running(request.param) as aws:
        yield aws


@pytest.fixture
def iam(aws: EmbeddedAws) -> IAMClient:
    return aws.session().client("iam", endpoint_url=aws.url)


@pytest.fixture
def ec2(aws: EmbeddedAws) -> EC2Client:
    return aws.session().client("ec2", endpoint_url=aws.url)


def test_the_roles_and_their_policies_are_of_the_partition(aws: EmbeddedAws, iam: IAMClient) -> None:
    data = app("dev", {"LANGFUSE_AWS__REGION": aws.environment["AWS_REGION"]})["data"]
    for name, role in data.resources("aws_iam_role").items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=role["assume_role_policy"])
    policies = data.resources("aws_iam_role_policy").values()
    assert len(policies) == 2
    for policy in policies:
        iam.put_role_policy(RoleName=name, PolicyName=policy["name"], PolicyDocument=policy["policy"])


def test_a_managed_policy_of_another_partition_is_refused(aws: EmbeddedAws, iam: IAMClient) -> None:
    other = "aws" if aws.environment["AWS_REGION"].startswith(("cn-", "us-gov-")) else "aws-cn"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName="any", PolicyArn=f"arn:{other}:iam::aws:policy/AmazonSSMManagedInstanceCore")


def test_cloudfront_may_connect_to_one_port_only(ec2: EC2Client) -> None:
    """CloudFront's prefix list counts as 55 rules of the 60 that a security group has."""
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group_id = ec2.create_security_group(GroupName="load-balancer", Description="x", VpcId=vpc_id)["GroupId"]
    named: FilterTypeDef = {"Name": "prefix-list-name", "Values": [CLOUDFRONT]}
    (prefixes,) = ec2.describe_managed_prefix_lists(Filters=[named])["PrefixLists"]

    def allow(port: int) -> None:
        cloudfront: PrefixListIdTypeDef = {"PrefixListId": prefixes["PrefixListId"]}
        rule: IpPermissionTypeDef = {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "PrefixListIds": [cloudfront],
        }
        ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[rule])

    allow(80)
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    assert prefixes["PrefixListId"] in {rule.get("PrefixListId") for rule in rules["SecurityGroupRules"]}
    with pytest.raises(ClientError, match="RulesPerSecurityGroupLimitExceeded"):
        allow(443)


@pytest.mark.parametrize("aws", ["ap-northeast-1"], indirect=True)
def test_a_zone_without_nat_gateways_refuses_one(ec2: EC2Client) -> None:
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = {zone["ZoneId"]: zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]

    def make(zone_id: str, block: str) -> None:
        subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zones[zone_id])["Subnet"]
        ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)

    make("apne1-az1", "10.0.1.0/24")
    with pytest.raises(ClientError, match="NotAvailableInZone"):
        make("apne1-az3", "10.0.3.0/24")
