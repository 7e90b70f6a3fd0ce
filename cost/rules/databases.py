"""PostgreSQL on RDS, and Redis or Valkey on ElastiCache."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources
from cost.usage import Usage

LARGE_DISK_GB = 400
"""From here on, RDS stripes a gp3 disk over four volumes, whose baseline is four times as high:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage"""
BASELINE_IOPS = {False: 3_000, True: 12_000}
BASELINE_MIB = {False: 125, True: 500}


def postgresql(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The instance, its disk, backups beyond the free part, and traffic of the databases between zones.

    A standby doubles the instance and the disk. AWS charges traffic between zones in each direction:
    https://aws.amazon.com/ec2/pricing/on-demand/
    """
    copies = 2 if resource.flag("multi_az") else 1
    class_, disk = resource.text("instance_class"), resource.number("allocated_storage")
    type_ = resource.text("storage_type", "gp2")
    standby = " with a standby" if copies == 2 else ""
    yield Item("PostgreSQL", f"{class_}{standby}", copies * HOURS_A_MONTH, f"rds/{class_}")
    yield Item("PostgreSQL", f"disk of {disk:g} GB{standby}", copies * disk, f"rds-{type_}-gb")
    large = disk >= LARGE_DISK_GB
    for argument, baseline, unit in (("iops", BASELINE_IOPS, "iops"), ("storage_throughput", BASELINE_MIB, "mib")):
        if (above := resource.number(argument, 0) - baseline[large]) > 0:
            yield Item("PostgreSQL", f"{argument} above the baseline", copies * above, f"rds-{type_}-{unit}")
    beyond = max(usage.database_backup_share - 1, 0) * disk
    yield Item("PostgreSQL", "backups beyond the free part", beyond, "rds-backup-gb", ("database_backup_share",))
    if class_.startswith("db.t4g."):
        credits_ = copies * usage.burst_vcpu_hours
        yield Item("PostgreSQL", "CPU credits beyond the baseline", credits_, "rds-credit", ("burst_vcpu_hours",))
    traffic = 2 * resources.share(resource, usage.zone_gb)
    yield Item("network", "traffic between Availability Zones", traffic, "zone-gb", ("zone_gb",))


def redis(resource: Resource, _: Resources, usage: Usage) -> Iterator[Item]:
    """Every node, replicas too, and each snapshot after the first."""
    type_, nodes = resource.text("node_type"), resource.number("num_cache_clusters", 1)
    key = f"elasticache-{resource.text('engine', 'redis')}/{type_}"
    yield Item("Redis", f"{nodes:g} × {type_}", nodes * HOURS_A_MONTH, key)
    snapshots = max(resource.number("snapshot_retention_limit", 0) - 1, 0)
    yield Item("Redis", "snapshots after the first", snapshots * usage.redis_gb, "elasticache-backup-gb", ("redis_gb",))
