"""ClickHouse inside the VPC: instance, volume, DNS name, backups and alarms."""

from constructs import Construct

from modules.data.clickhouse.alarms import ClickhouseAlarms
from modules.data.clickhouse.instance import ClickhouseInstance
from modules.data.clickhouse.private_dns_record import PrivateDnsRecord
from modules.data.clickhouse.volume import ClickhouseVolume
from modules.data.clickhouse.volume_backups import VolumeBackups
from modules.network.existing_vpc import ExistingVpc
from modules.network.vpc import Vpc
from settings.sections.clickhouse import Clickhouse


class ClickhouseServer(Construct):
    """One ClickHouse server in the first subnet. Its data outlives its instance.

    Args:
        name: what the names of its resources start with.
        role_name: the name of the instance's role and profile; that of the backups' role starts with it.
        settings: version, instance type, volume and snapshots.
        environment: the environment's name, a dimension of the metrics.
        region: the AWS region.
        deletion_protection: whether the data volume and the snapshots are protected from Terraform.
        vpc: the VPC.
        public: whether the instance is in a public subnet, with a public address, or else in a private one. The volume
            stays where it is: the first subnets of both kinds are in the same Availability Zone.
        security_group_id: who may connect.
        dns_name: the name that it has inside the VPC.
        user: the ClickHouse user that Langfuse connects as.
        password_secret_arn: the secret with that user's password.
        topic_arn: the SNS topic that the alarms notify.
        kms_key_arn: the KMS key that encrypts the volumes, the snapshots and the password's secret, or None for AWS's
            own keys.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        role_name: str,
        settings: Clickhouse,
        environment: str,
        region: str,
        deletion_protection: bool,
        vpc: Vpc | ExistingVpc,
        public: bool,
        security_group_id: str,
        dns_name: str,
        user: str,
        password_secret_arn: str,
        topic_arn: str,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        volume = ClickhouseVolume(
            self,
            "volume",
            name=name,
            settings=settings,
            availability_zone=vpc.private_availability_zones[0],
            deletion_protection=deletion_protection,
            kms_key_arn=kms_key_arn,
        )
        VolumeBackups(
            self,
            "backups",
            name=f"{name}-backups",
            role_name=f"{role_name}-backups",
            region=region,
            volume_arn=volume.arn,
            retention_days=settings.snapshot_retention_days,
            force_destroy=not deletion_protection,
            kms_key_arn=kms_key_arn,
        )
        instance = ClickhouseInstance(
            self,
            "instance",
            name=name,
            role_name=role_name,
            settings=settings,
            environment=environment,
            region=region,
            subnet_id=(vpc.public_subnet_ids if public else vpc.private_subnet_ids)[0],
            public=public,
            security_group_id=security_group_id,
            volume_id=volume.id,
            user=user,
            password_secret_arn=password_secret_arn,
            kms_key_arn=kms_key_arn,
        )
        self.instance_id = instance.id
        self.private_ip = instance.private_ip
        self.disk_used_percent = instance.disk_used_percent
        PrivateDnsRecord(self, "name", vpc_id=vpc.id, name=dns_name, address=instance.private_ip)
        ClickhouseAlarms(self, "alarms", instance, name=name, region=region, topic_arn=topic_arn)
