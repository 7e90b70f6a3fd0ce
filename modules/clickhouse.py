"""ClickHouse inside the VPC: instance, volume, name, backups and alarms."""

from constructs import Construct

from modules.clickhouse_alarms import ClickhouseAlarms
from modules.clickhouse_instance import ClickhouseInstance
from modules.clickhouse_volume import ClickhouseVolume
from modules.private_name import PrivateName
from modules.volume_backups import VolumeBackups
from settings import Settings


class Clickhouse(Construct):
    """One ClickHouse server whose data survives it, reachable as ``<host>.<zone_name>`` inside the VPC."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        host: str,
        zone_name: str,
        vpc_id: str,
        subnet_id: str,
        availability_zone: str,
        security_group_id: str,
        user: str,
        password_secret_arn: str,
        alarm_topic_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        name = f"{settings.prefix}-clickhouse"
        volume = ClickhouseVolume(
            self,
            "volume",
            name=name,
            availability_zone=availability_zone,
            settings=settings.clickhouse,
            protected=settings.deletion_protection,
        )
        VolumeBackups(
            self,
            "backups",
            name=f"{name}-backups",
            volume_arn=volume.arn,
            retention_days=settings.clickhouse.snapshot_retention_days,
            force_destroy=not settings.deletion_protection,
        )
        instance = ClickhouseInstance(
            self,
            "instance",
            name=name,
            settings=settings,
            subnet_id=subnet_id,
            security_group_id=security_group_id,
            volume_id=volume.id,
            user=user,
            password_secret_arn=password_secret_arn,
        )
        self.private_ip = instance.private_ip
        PrivateName(self, "name", vpc_id=vpc_id, zone_name=zone_name, host=host, address=instance.private_ip)
        ClickhouseAlarms(
            self,
            "alarms",
            name=name,
            environment=settings.name,
            region=settings.region,
            instance_id=instance.id,
            topic_arn=alarm_topic_arn,
        )
