"""How to delete, by hand, what AWS has twice."""

from collections.abc import Iterable, Iterator

from ops.environment import Environment
from ops.existing import state_import_id
from ops.recovery.lookups import look_up
from ops.recovery.stack_copy import StackCopy
from ops.review.references import HOLDS_DATA

DELETE = {
    "aws_acm_certificate": "acm delete-certificate --certificate-arn",
    "aws_backup_plan": "backup delete-backup-plan --backup-plan-id",
    "aws_ebs_volume": "ec2 delete-volume --volume-id",
    "aws_eip": "ec2 release-address --allocation-id",
    "aws_flow_log": "ec2 delete-flow-logs --flow-log-ids",
    "aws_instance": "ec2 terminate-instances --instance-ids",
    "aws_internet_gateway": "ec2 delete-internet-gateway --internet-gateway-id",
    "aws_nat_gateway": "ec2 delete-nat-gateway --nat-gateway-id",
    "aws_route53_zone": "route53 delete-hosted-zone --id",
    "aws_route_table": "ec2 delete-route-table --route-table-id",
    "aws_s3_bucket": "s3 rb --force s3://",
    "aws_subnet": "ec2 delete-subnet --subnet-id",
    "aws_vpc": "ec2 delete-vpc --vpc-id",
    "aws_vpc_endpoint": "ec2 delete-vpc-endpoints --vpc-endpoint-ids",
}
"""The AWS CLI's command for each type whose names AWS allows twice, up to the ID."""
FIRST = {
    "aws_vpc": "after all that is in it",
    "aws_internet_gateway": "after `aws ec2 detach-internet-gateway`",
}


def further(environment: Environment, stack: StackCopy, taken: set[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """The addresses of what is in the stack's state, and the IDs of what AWS has besides under the same tags.

    Args:
        environment: the environment.
        stack: the copy of the stack, with what was found in its state.
        taken: the type and import ID of what is in the stack's state, under whatever address.
    """
    known = {
        address: instance["attributes"]
        for address, instance in stack.instances()
        if address.partition(".")[0] in DELETE
    }
    for address, answer in look_up(environment, known).items():
        type_ = address.partition(".")[0]
        ids = [id_ for id_ in answer.ids if (type_, id_) not in taken]
        if ids and state_import_id(environment.settings, type_, known[address]) in answer.ids:
            yield address, ids


def how_to_delete(address: str, ids: Iterable[str], region: str) -> str:
    """What to do by hand with resources of an address that are one too many."""
    type_ = address.partition(".")[0]
    command = DELETE.get(type_)
    if command is None:
        return f"delete what is not needed of {', '.join(ids)}"
    commands = ", ".join(f"`aws {_with_id(command, id_)} --region {region}`" for id_ in ids)
    if type_ in HOLDS_DATA:
        return f"look at what is in it first; if it is not needed: {commands}"
    return f"delete what is not needed{' (' + FIRST[type_] + ')' if type_ in FIRST else ''}: {commands}"


def _with_id(command: str, id_: str) -> str:
    return f"{command}{id_}" if command.endswith("/") else f"{command} {id_}"
