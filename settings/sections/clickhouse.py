"""The ClickHouse database."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from settings.aws_names import (
    GravitonInstanceType,
)
from settings.field_types import (
    ClickhouseVersion,
    Days,
    PackageRepository,
)
from settings.section import Section, refuse

DEFAULT_PACKAGE_REPOSITORY = "https://packages.clickhouse.com/rpm/stable/"
"""As in ``modules/data/clickhouse/boot.sh``."""


class Clickhouse(Section):
    """The ClickHouse database, which stores traces, observations and scores."""

    mode: Literal["external", "ec2"] = "external"
    """Where ClickHouse runs.

    ``external``: outside this project, for example in ClickHouse Cloud. It must be reachable with TLS on the ports 8443
    and 9440. Its address and credentials are in six secrets, which ``ops clickhouse set --apply`` fills after the first
    deploy.

    ``ec2``: on one EC2 instance, which is deployed with its secrets, data volume and daily snapshots. It requires that
    ``cluster_enabled`` is ``false``. If the mode is changed to ``external`` later, the data volume and its snapshots
    are kept, but no longer managed by Terraform. docs/restore.md says how to go back to them."""
    version: ClickhouseVersion = "26.4"
    """ClickHouse version. If ``mode`` is ``ec2``, its newest release is installed, by an instance that replaces the old
    one: ClickHouse is down for about five minutes. If ``mode`` is ``external``, it must be the version that your
    ClickHouse runs. Langfuse 3 needs 24.3 or newer, Langfuse 4 needs 25.12 or newer.

    Langfuse 4 before 4.28.0 and Langfuse 3 before 3.225.7 need a version below 26.8. With a newer one, they lose every
    trace while all looks healthy (langfuse/langfuse#16858). A newer external ClickHouse behaves like 26.7 after
    ``ALTER USER <user> MODIFY SETTING compatibility = '26.7'`` for the user that Langfuse connects as: then set
    ``26.7`` here. ``ops doctor`` asks the server for both.

    Langfuse 3, and Langfuse 4 before 4.10.0, do not show scores with 26.5, 26.6 and 26.7 (langfuse/langfuse#14178).
    ClickHouse fixed that in 26.5.6.70, 26.6.2.108, 26.7.1.1334 and 26.7.2.11: name such a release in full if your
    external ClickHouse runs one. With ``mode = "ec2"``, at most three of the numbers can be named."""

    configured: bool = False
    """Whether the six secrets hold the real address and credentials. While it is ``false``, the services run no
    tasks. Only used if ``mode`` is ``external``."""
    package_repository: PackageRepository = DEFAULT_PACKAGE_REPOSITORY
    """Repository that the instance installs ClickHouse from: ClickHouse's own, or a mirror of it with its signed
    ``repodata``. The instance installs only what the key in ``repodata/repomd.xml.key`` there signed. It can be in S3
    ([how to fill it](isolated.md#a-mirror-of-clickhouses-packages)). A change replaces the instance: ClickHouse is down
    for about five minutes. Only used if ``mode`` is ``ec2``."""
    cluster_enabled: bool = False
    """Whether ClickHouse is a replicated cluster of your own, in which Langfuse must create its tables ``ON CLUSTER``.
    Leave it ``false`` for ClickHouse Cloud, which replicates by itself. Not allowed if ``mode`` is ``ec2``."""

    instance_type: GravitonInstanceType = "m7g.large"
    """vCPUs and memory of the instance. The default has 2 vCPUs and 8 GiB, which Langfuse states as the minimum. A
    change stops the instance for about two minutes. Only used if ``mode`` is ``ec2``."""
    volume_gib: Annotated[int, Field(ge=10, le=16384)] = 100
    """Size of the data volume (gp3) in GiB. It can be raised later, but never lowered. AWS accepts four changes of a
    volume in 24 hours. ClickHouse uses the added space after ``ops clickhouse grow --apply``. Only used if ``mode`` is
    ``ec2``."""
    volume_iops: Annotated[int, Field(ge=3000, le=16000)] = 3000
    """I/O operations per second of the data volume: at least four times ``volume_throughput_mib``, and at most
    500 times ``volume_gib``. The default is included in the price of the volume. A change does not restart
    ClickHouse. Only used if ``mode`` is ``ec2``."""
    volume_throughput_mib: Annotated[int, Field(ge=125, le=1000)] = 125
    """Throughput of the data volume in MiB per second, at most a quarter of ``volume_iops``. The default is included in
    the price of the volume. Only used if ``mode`` is ``ec2``."""
    snapshot_retention_days: Days = 14
    """Number of days that AWS Backup keeps its daily snapshots of the data volume. Only used if ``mode`` is ``ec2``."""

    @property
    def ready(self) -> bool:
        """Whether the six secrets hold, or will hold after this deploy, what Langfuse can start with."""
        return self.mode == "ec2" or self.configured

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.volume_throughput_mib * 4 > self.volume_iops:
            allowed = f"must be at most a quarter of volume_iops ({self.volume_iops})"
            refuse("volume_throughput_mib", self.volume_throughput_mib, allowed)
        if self.volume_iops > self.volume_gib * 500:
            # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
            allowed = f"must be at most 500 times volume_gib ({self.volume_gib})"
            refuse("volume_iops", self.volume_iops, allowed)
        if self.mode == "ec2" and self.version.count(".") > 2:
            # The boot script installs the package `clickhouse-server-<version>.*`.
            refuse("version", self.version, 'with mode = "ec2", must be one to three numbers, such as 26.4')
        if self.mode == "ec2" and self.cluster_enabled:
            refuse("cluster_enabled", True, 'is for mode = "external": one instance is no cluster')
        return self
