"""The volume that ClickHouse's data lives on. It outlives every instance."""

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.ebs_volume import EbsVolume
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from settings.model import Clickhouse

LOGICAL_ID = "clickhouse_data"
"""Fixed, because docs/restore.md and ``forget_volume`` name it."""


class ClickhouseVolume(Construct):
    """An encrypted gp3 volume.

    With ``protected``, Terraform refuses to destroy or replace it, and should it go all the same, a snapshot stays.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, availability_zone: str, settings: Clickhouse, protected: bool
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
            final_snapshot=protected,
            tags={"Name": name},
            lifecycle=TerraformResourceLifecycle(prevent_destroy=protected),
        )
        volume.override_logical_id(LOGICAL_ID)
        accept_findings(volume, {"CKV_AWS_189": AWS_KEY_SUFFICES})
        self.id = volume.id
        self.arn = volume.arn


def forget_volume(stack: TerraformStack) -> None:
    """For stacks without the volume: one that was there is let go of, never destroyed.

    Otherwise, switching ``clickhouse.mode`` away from ``ec2`` would delete every trace.
    https://developer.hashicorp.com/terraform/language/block/removed
    """
    stack.add_override("removed", [{"from": f"aws_ebs_volume.{LOGICAL_ID}", "lifecycle": {"destroy": False}}])
