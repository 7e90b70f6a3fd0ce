"""IPv6 on the embedded AWS: the blocks of VPCs and subnets, and what AWS refuses about them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws
from ops.environment import Environment
from ops.existing import existing_ids, state_import_id
from tests.environments import load


@pytest.fixture
def client(aws: EmbeddedAws) -> Callable[[str], Any]:
    return lambda service: aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


@pytest.fixture
def ec2(client: Callable[[str], Any]) -> Any:
    return client("ec2")


def associations(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the IPv6 blocks of a VPC or a subnet, and their state."""
    blocks = resource["Ipv6CidrBlockAssociationSet"]
    return [(block["Ipv6CidrBlock"], block["Ipv6CidrBlockState"]["State"]) for block in blocks]


def test_a_vpc_and_its_subnets_get_and_lose_blocks(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert associations(vpc) == []
    given = ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], AmazonProvidedIpv6CidrBlock=True)
    of_vpc = given["Ipv6CidrBlockAssociation"]
    assert of_vpc["Ipv6CidrBlock"].endswith("00::/56")
    named = {"Name": "ipv6-cidr-block-association.association-id", "Values": [of_vpc["AssociationId"]]}
    (found,) = ec2.describe_vpcs(Filters=[named])["Vpcs"]
    assert found["VpcId"] == vpc["VpcId"]
    block = of_vpc["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.0.0/24", Ipv6CidrBlock=block)["Subnet"]
    assert associations(subnet) == [(block, "associated")]
    with pytest.raises(ClientError, match=r"InvalidCidrBlock\.InUse.* currently has a subnet within CIDR block"):
        ec2.disassociate_vpc_cidr_block(AssociationId=of_vpc["AssociationId"])
    of_subnet = subnet["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    ec2.disassociate_subnet_cidr_block(AssociationId=of_subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=of_vpc["AssociationId"])
    assert associations(ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]) == []
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])


def test_a_load_balancer_has_ipv6_where_its_subnets_have(ec2: Any, client: Callable[[str], Any]) -> None:
    elbv2 = client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    ((block, _),) = associations(vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for number, zone in enumerate("bc")
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    wanted = {"Name": "dualstack", "Subnets": ids}
    with pytest.raises(ClientError, match=r"ValidationError.* subnets with an associated IPv6 CIDR block"):
        elbv2.create_load_balancer(**wanted, IpAddressType="dualstack")
    arn = elbv2.create_load_balancer(**wanted)["LoadBalancers"][0]["LoadBalancerArn"]
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="dualstack")
    given = [
        ec2.associate_subnet_cidr_block(SubnetId=id_, Ipv6CidrBlock=block.replace("00::/56", f"0{number}::/64"))
        for number, id_ in enumerate(ids)
    ]
    elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="dualstack")
    association = given[0]["Ipv6CidrBlockAssociation"]["AssociationId"]
    with pytest.raises(ClientError, match=r"InvalidCidrBlock\.InUse"):
        ec2.disassociate_subnet_cidr_block(AssociationId=association)
    elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")
    ec2.disassociate_subnet_cidr_block(AssociationId=association)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    for id_ in ids:
        ec2.delete_subnet(SubnetId=id_)
    ec2.delete_vpc(VpcId=vpc["VpcId"])


def test_a_security_group_has_60_rules_of_each_kind(ec2: Any) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups"""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="users", Description="users", VpcId=vpc)["GroupId"]
    https: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ipv4 = [{"CidrIp": f"203.0.113.{number}/32"} for number in range(60)]
    ipv6 = [{"CidrIpv6": f"2001:db8:{number}::/48"} for number in range(1, 61)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**https, "IpRanges": ipv4}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**https, "Ipv6Ranges": ipv6}])
    for more in ({"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}, {"Ipv6Ranges": [{"CidrIpv6": "2001:db8:ff::/48"}]}):
        with pytest.raises(ClientError, match="RulesPerSecurityGroupLimitExceeded"):
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**https, **more}])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


def test_routes_and_rules_for_ipv6_are_found_again(aws: EmbeddedAws, ec2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    prod = load("prod")
    environment = Environment(prod, aws.session())
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName="users", Description="users", VpcId=vpc)["GroupId"]
    ipv4 = {"route_table_id": table, "destination_cidr_block": "0.0.0.0/0", "destination_ipv6_cidr_block": None}
    ipv6 = {"route_table_id": table, "destination_cidr_block": None, "destination_ipv6_cidr_block": "::/0"}
    rule = {"security_group_id": group, "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": None}
    rule |= {"cidr_ipv6": "2001:db8::/32", "prefix_list_id": None, "referenced_security_group_id": None}

    def found(type_: str, values: dict[str, Any]) -> list[str] | None:
        return existing_ids(environment.session, prod, type_, values)

    try:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        assert (found("aws_route", ipv4), found("aws_route", ipv6)) == ([f"{table}_0.0.0.0/0"], [])
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
        assert (found("aws_route", ipv4), found("aws_route", ipv6)) == ([f"{table}_0.0.0.0/0"], [f"{table}_::/0"])
        in_state = {**ipv6, "destination_cidr_block": ""}
        assert state_import_id(prod, "aws_route", in_state) == f"{table}_::/0"
        assert found("aws_vpc_security_group_ingress_rule", rule) == []
        permission = {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
        }
        made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
        assert found("aws_vpc_security_group_ingress_rule", rule) == [made[0]["SecurityGroupRuleId"]]
        ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0")
        assert (found("aws_route", ipv4), found("aws_route", ipv6)) == ([f"{table}_0.0.0.0/0"], [])
    finally:
        ec2.delete_security_group(GroupId=group)
        ec2.delete_route_table(RouteTableId=table)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_vpc(VpcId=vpc)
