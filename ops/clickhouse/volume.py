"""The EBS volume with ClickHouse's data."""

from typing import TYPE_CHECKING, Any

from ops.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import VolumeTypeDef


def data_volume(environment: Environment) -> "VolumeTypeDef | None":
    """The volume, which has a name; the instance's root volume has none. None if it is not attached."""
    instance_id = environment.outputs("data")["clickhouse_instance_id"]
    filters: Any = [
        {"Name": "attachment.instance-id", "Values": [instance_id]},
        {"Name": "tag:Name", "Values": [f"{environment.settings.prefix}-clickhouse"]},
    ]
    volumes = environment.session.client("ec2").describe_volumes(Filters=filters)["Volumes"]
    return volumes[0] if volumes else None
