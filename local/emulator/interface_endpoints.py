"""Interface VPC endpoints with their network interfaces, security groups and private DNS, which ministack 1.5 drops."""

import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2

from local.emulator.ministack_gaps import Answer, Handler, Parameters, wraps

POLICY = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}'
"""The policy of an endpoint that is made without one."""


def private_name(service: str) -> str:
    """The name of a service in the DNS: ``api.ecr.us-east-1.amazonaws.com`` of ``com.amazonaws.us-east-1.ecr.api``."""
    return ".".join([*reversed(service.split(".")[3:]), get_region(), "amazonaws.com"])


@wraps(ec2, "CreateVpcEndpoint")
def complete_endpoints(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateVpcEndpoint in ministack 1.5 makes no network interfaces, and keeps a part of what it is given."""
    before = set(ec2._vpc_endpoints)
    answer = create(params)
    if ec2._p(params, "VpcEndpointType") == "Interface":
        (id_,) = set(ec2._vpc_endpoints) - before
        endpoint = ec2._vpc_endpoints[id_]
        endpoint["Groups"] = ec2._parse_member_list(params, "SecurityGroupId")
        endpoint["PrivateDnsEnabled"] = ec2._p(params, "PrivateDnsEnabled") == "true"
        endpoint["Interfaces"] = {}
        _place(endpoint)
        fields = ec2._vpce_fields_xml(endpoint, tag="vpcEndpoint")
        answer = ec2._xml(200, "CreateVpcEndpointResponse", fields)
    return answer


@wraps(ec2, "ModifyVpcEndpoint")
def changed_endpoints(modify: Handler, params: Parameters) -> Answer:
    """EC2 ModifyVpcEndpoint in ministack 1.5 changes neither the security groups nor the private DNS."""
    answer = modify(params)
    endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"), {})
    if "Interfaces" in endpoint:
        removed = ec2._parse_member_list(params, "RemoveSecurityGroupId")
        kept = [group for group in endpoint["Groups"] if group not in removed]
        endpoint["Groups"] = [*kept, *ec2._parse_member_list(params, "AddSecurityGroupId")]
        if enabled := ec2._p(params, "PrivateDnsEnabled"):
            endpoint["PrivateDnsEnabled"] = enabled == "true"
        _place(endpoint)
    return answer


@wraps(ec2, "DeleteVpcEndpoints")
def deleted_endpoints(delete: Handler, params: Parameters) -> Answer:
    """The network interfaces of an endpoint are deleted with it."""
    for id_ in ec2._parse_member_list(params, "VpcEndpointId"):
        endpoint = ec2._vpc_endpoints.get(id_, {})
        if "Interfaces" in endpoint:
            endpoint["SubnetIds"] = []
            _place(endpoint)
    return delete(params)


def _place(endpoint: dict[str, Any]) -> None:
    """Gives the endpoint a network interface in each of its subnets, and in no other, with its security groups."""
    interfaces = endpoint["Interfaces"]
    for subnet in set(interfaces) - set(endpoint["SubnetIds"]):
        del ec2._network_interfaces[interfaces.pop(subnet)]
    for subnet in set(endpoint["SubnetIds"]) - set(interfaces):
        description = f"VPC Endpoint Interface {endpoint['VpcEndpointId']}"
        _, _, body = ec2._create_network_interface({"SubnetId": subnet, "Description": description})
        interfaces[subnet] = re.findall(r"<networkInterfaceId>(.*?)<", body.decode())[0]
    for id_ in interfaces.values():
        ec2._network_interfaces[id_]["Groups"] = [
            {"GroupId": group, "GroupName": ec2._security_groups.get(group, {}).get("GroupName", group)}
            for group in endpoint["Groups"]
        ]


@wraps(ec2, "DescribeNetworkInterfaces")
def filtered_interfaces(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeNetworkInterfaces in ministack 1.5 ignores the filters: a load balancer would have the endpoints'."""
    filters = ec2._parse_filters(params)
    names = {"description": "Description", "subnet-id": "SubnetId", "vpc-id": "VpcId"}
    matching = [
        id_
        for id_, interface in ec2._network_interfaces.items()
        if all(name in names and interface[names[name]] in values for name, values in filters.items())
    ]
    chosen = {f"NetworkInterfaceId.{number}": [id_] for number, id_ in enumerate(matching or ["none"], start=1)}
    return describe({**params, **chosen}) if filters else describe(params)


@wraps(ec2, "_vpce_fields_xml")
def described_endpoints(to_xml: Callable[..., str], endpoint: dict[str, Any], tag: str = "item") -> str:
    """EC2 DescribeVpcEndpoints in ministack 1.5 does not return what the functions above keep."""
    xml = to_xml(endpoint, tag)
    if "Interfaces" not in endpoint:
        return xml
    host = private_name(endpoint["ServiceName"])
    hosts = [f"{endpoint['VpcEndpointId']}.{host}", *([host] if endpoint["PrivateDnsEnabled"] else [])]
    groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint["Groups"])
    interfaces = "".join(f"<item>{id_}</item>" for id_ in endpoint["Interfaces"].values())
    names = "".join(f"<item><dnsName>{name}</dnsName><hostedZoneId>Z1</hostedZoneId></item>" for name in hosts)
    more = (
        f"<groupSet>{groups}</groupSet><networkInterfaceIdSet>{interfaces}</networkInterfaceIdSet>"
        f"<privateDnsEnabled>{str(endpoint['PrivateDnsEnabled']).lower()}</privateDnsEnabled>"
        f"<dnsEntrySet>{names}</dnsEntrySet><ipAddressType>ipv4</ipAddressType>"
        "<dnsOptions><dnsRecordIpType>ipv4</dnsRecordIpType></dnsOptions><requesterManaged>false</requesterManaged>"
        f"<policyDocument>{endpoint.get('PolicyDocument', POLICY)}</policyDocument>"
    )
    return f"{xml.rstrip().removesuffix(f'</{tag}>')}{more}</{tag}>"
