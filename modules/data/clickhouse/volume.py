"""The EBS volume for ClickHouse's data, which outlives every instance."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ebs_volume import EbsVolume
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from settings.sections.clickhouse import Clickhouse

LOGICAL_ID = "clickhouse_data"
"""The volume's name in Terraform: fixed, because docs/restore.md uses it."""


class ClickhouseVolume(Construct):
    """An encrypted gp3 volume.

    Args:
        name: its Name tag.
        settings: its size and its performance.
        availability_zone: where it is; only an instance there can use it.
        deletion_protection: whether Terraform refuses to destroy or replace it, and makes a final snapshot once it may.
        kms_key_arn: the KMS key that encrypts it, or None for the account's default for EBS. Another one replaces it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Clickhouse,
        availability_zone: str,
        deletion_protection: bool,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        volume = EbsVolume(
            self,
            "volume",
            availability_zone=availability_zone,
            type="gp3",
            size=settings.volume_gib,
            iops=settings.volume_iops,
            throughput=settings.volume_throughput_mib,
            encrypted=True,
            kms_key_id=kms_key_arn,
            final_snapshot=deletion_protection,
            tags={"Name": name},
            lifecycle=TerraformResourceLifecycle(prevent_destroy=deletion_protection),
        )
        volume.override_logical_id(LOGICAL_ID)
        accept_findings(volume, {"CKV_AWS_189": AWS_KEY_SUFFICES})
        self.id = volume.id
        self.arn = volume.arn
