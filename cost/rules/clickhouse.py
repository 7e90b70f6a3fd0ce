"""ClickHouse on EC2: the instance, its volume, and their snapshots."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources
from cost.usage import Usage

BASELINE_IOPS = 3_000
BASELINE_MIB = 125
OF_AWS = ("AWS/", "ECS/")
"""What the namespaces of the metrics start with that AWS's services publish."""
REQUESTS_A_MINUTE = 2
"""The agent and the timer of boot.sh each publish once a minute."""
LANGFUSE = "Langfuse"
"""The namespace of Langfuse's own metrics."""


def instance(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The instance, its root volume, its public address, and the metrics that it publishes."""
    type_ = resource.text("instance_type")
    yield Item("ClickHouse", type_, HOURS_A_MONTH, f"ec2/{type_}")
    root = resource.inner("root_block_device")
    yield Item("ClickHouse", "root volume", root.number("volume_size"), f"ebs-{root.text('volume_type', 'gp2')}-gb")
    if resource.flag("associate_public_ip_address"):
        yield Item("ClickHouse", "public address", HOURS_A_MONTH, "public-ipv4")
    if type_.startswith("t4g."):
        what = "CPU credits beyond the baseline"
        yield Item("ClickHouse", what, usage.burst_vcpu_hours, "ec2-credit", ("burst_vcpu_hours",))
    if metrics := _watched_metrics(resource, resources):
        yield Item("monitoring", "ClickHouse's metrics", metrics, "cloudwatch-metric")
        requests = REQUESTS_A_MINUTE * 60 * HOURS_A_MONTH / 1_000
        yield Item("monitoring", "requests that publish ClickHouse's metrics", requests, "cloudwatch-1k-requests")


def volume(resource: Resource, _: Resources, __: Usage) -> Iterator[Item]:
    """The volume, and what it has above the baseline of gp3."""
    size, type_ = resource.number("size"), resource.text("type", "gp2")
    yield Item("ClickHouse", f"volume of {size:g} GB", size, f"ebs-{type_}-gb")
    iops = resource.number("iops", BASELINE_IOPS) - BASELINE_IOPS
    if iops > 0:
        yield Item("ClickHouse", "IOPS above 3,000", iops, f"ebs-{type_}-iops")
    throughput = resource.number("throughput", BASELINE_MIB) - BASELINE_MIB
    if throughput > 0:
        yield Item("ClickHouse", "throughput above 125 MiB/s", throughput, f"ebs-{type_}-mib")


def snapshots(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The snapshots of the volumes, which hold what has changed since the one before."""
    size = sum(volume.number("size") for volume in resources.of("aws_ebs_volume", resource.stack))
    yield Item("ClickHouse", "snapshots", size * usage.snapshot_share, "ebs-snapshot-gb", ("snapshot_share",))


def _watched_metrics(resource: Resource, resources: Resources) -> int:
    """How many custom metrics the instance publishes. Each of them has an alarm, and the alarms name them."""
    return len(
        {
            (alarm.text("namespace"), alarm.text("metric_name"))
            for alarm in resources.of("aws_cloudwatch_metric_alarm", resource.stack)
            if not alarm.blocks("metric_query")
            if not alarm.text("namespace").startswith(OF_AWS)
            if alarm.text("namespace") != LANGFUSE
        }
    )
