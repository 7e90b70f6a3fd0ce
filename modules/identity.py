"""How the resources of the stacks are recognized in AWS without Terraform's state: one row per resource type.

A row says which AWS call lists the existing resources under a resource's own name, or under its tags and what it belongs
to, and how their Terraform import IDs follow from the answer. ``ops recover`` imports what a broken deploy has left,
``ops doctor`` finds what has disappeared.

Sources: the AWS API reference of each operation for the answers, and the section "Import" of each resource's page at
https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs for the import IDs.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Call(NamedTuple):
    """An AWS call, and a JMESPath of what is wanted of its answer. Both may have placeholders, see ``Identity``.

    Besides the standard functions of JMESPath there is ``after(text, separator)``: what follows the last separator.
    """

    operation: str
    arguments: Mapping[str, Any]
    path: str


class Identity(NamedTuple):
    """How a resource type is recognized.

    A placeholder, ``{tags.Name}`` or ``{alias.0.name}``, stands for an attribute of the resource in Terraform, and
    ``{region}`` for the environment's region. In a JMESPath, an attribute that is null is an empty text.

    Args:
        service: boto3's name of the service.
        existing: the call that lists the resources; its path gives their import IDs. What is being deleted, or is kept
            for a while after its deletion, is left out.
        import_id: the import ID by the attributes that a resource has in the state.
        confirm: where ``existing`` does not show tags, a call for each import ID, the placeholder ``{import_id}``,
            whose path gives true if the tags are the environment's.
        made_again: the resource has no import ID, or a second one is harmless: a deploy makes it without an error.
        instead_of_import: for a type that must not be imported, since its value would then be in the plan and in the
            state in clear text, and the next deploy would replace it by a new value: these attributes, beside those
            that a plan shows, are put into the state, with the import ID as ``id``.
    """

    service: str
    existing: Call
    import_id: str = "{id}"
    confirm: Call | None = None
    made_again: bool = False
    instead_of_import: Mapping[str, Any] | None = None


def _tagged(*filters: tuple[str, str]) -> list[dict[str, Any]]:
    """EC2's filters for the environment's resource of this name.

    Tags that are given with the request that creates a resource are there as soon as the resource is.
    """
    tags = [(f"tag:{tag}", f"{{tags_all.{tag}}}") for tag in ("Name", "Environment", "Project")]
    return _filters(*tags, *filters)


def _filters(*filters: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in filters]


def _security_group_rule(is_egress: str) -> Identity:
    """AWS refuses a second rule of the same group, direction, protocol, ports and peer."""
    return Identity(
        "ec2",
        Call(
            "describe_security_group_rules",
            {"Filters": _filters(("group-id", "{security_group_id}"))},
            f"SecurityGroupRules[?IsEgress==`{is_egress}` && IpProtocol=='{{ip_protocol}}'"
            " && to_string(FromPort)=='{from_port}' && to_string(ToPort)=='{to_port}'"
            " && (CidrIpv4=='{cidr_ipv4}' || PrefixListId=='{prefix_list_id}'"
            " || ReferencedGroupInfo.GroupId=='{referenced_security_group_id}')].SecurityGroupRuleId",
        ),
    )


NETWORK: dict[str, Identity] = {
    "aws_vpc": Identity("ec2", Call("describe_vpcs", {"Filters": _tagged()}, "Vpcs[].VpcId")),
    "aws_subnet": Identity(
        "ec2",
        Call("describe_subnets", {"Filters": _tagged(("vpc-id", "{vpc_id}"))}, "Subnets[].SubnetId"),
    ),
    # Without the VPC: an interrupted deploy may not have attached it yet.
    "aws_internet_gateway": Identity(
        "ec2",
        Call("describe_internet_gateways", {"Filters": _tagged()}, "InternetGateways[].InternetGatewayId"),
    ),
    "aws_route_table": Identity(
        "ec2",
        Call("describe_route_tables", {"Filters": _tagged(("vpc-id", "{vpc_id}"))}, "RouteTables[].RouteTableId"),
    ),
    "aws_route": Identity(
        "ec2",
        Call(
            "describe_route_tables",
            {"RouteTableIds": ["{route_table_id}"]},
            "RouteTables[].Routes[?DestinationCidrBlock=='{destination_cidr_block}'][]"
            ".join('_', ['{route_table_id}', DestinationCidrBlock])",
        ),
        import_id="{route_table_id}_{destination_cidr_block}",
    ),
    "aws_route_table_association": Identity(
        "ec2",
        Call(
            "describe_route_tables",
            {"RouteTableIds": ["{route_table_id}"]},
            "RouteTables[].Associations[?SubnetId=='{subnet_id}' && AssociationState.State!='disassociated'][]"
            ".join('/', [SubnetId, RouteTableId])",
        ),
        import_id="{subnet_id}/{route_table_id}",
    ),
    "aws_eip": Identity("ec2", Call("describe_addresses", {"Filters": _tagged()}, "Addresses[].AllocationId")),
    "aws_nat_gateway": Identity(
        "ec2",
        Call(
            "describe_nat_gateways",
            {"Filter": _tagged(("subnet-id", "{subnet_id}"))},
            "NatGateways[?State=='pending' || State=='available'].NatGatewayId",
        ),
    ),
    "aws_vpc_endpoint": Identity(
        "ec2",
        Call(
            "describe_vpc_endpoints",
            {"Filters": _tagged(("vpc-id", "{vpc_id}"), ("service-name", "{service_name}"))},
            "VpcEndpoints[?!contains(['deleting', 'deleted', 'failed'], State)].VpcEndpointId",
        ),
    ),
    "aws_flow_log": Identity(
        "ec2",
        Call("describe_flow_logs", {"Filter": _tagged(("resource-id", "{vpc_id}"))}, "FlowLogs[].FlowLogId"),
    ),
    "aws_default_security_group": Identity(
        "ec2",
        Call(
            "describe_security_groups",
            {"Filters": _filters(("vpc-id", "{vpc_id}"), ("group-name", "default"))},
            "SecurityGroups[].GroupId",
        ),
    ),
    "aws_security_group": Identity(
        "ec2",
        Call(
            "describe_security_groups",
            {"Filters": _filters(("vpc-id", "{vpc_id}"), ("group-name", "{name}"))},
            "SecurityGroups[].GroupId",
        ),
    ),
    "aws_vpc_security_group_ingress_rule": _security_group_rule(is_egress="false"),
    "aws_vpc_security_group_egress_rule": _security_group_rule(is_egress="true"),
}

IDENTITIES: Mapping[str, Identity] = {**NETWORK}
