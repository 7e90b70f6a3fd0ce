"""The Redis or Valkey cache."""

from typing import Annotated, Literal

from pydantic import Field

from settings import versions
from settings.aws_names import (
    CacheNodeType,
)
from settings.field_types import (
    RedisVersion,
)
from settings.section import Section


class Redis(Section):
    """The ElastiCache replication group, which holds Langfuse's queues and caches."""

    engine: Literal["redis", "valkey"] = "redis"
    """Cache engine: Redis OSS, or Valkey, the open-source fork of it. Langfuse supports both. A change to ``valkey``
    keeps the data and the address; ElastiCache interrupts connections for some seconds, and without a replica for some
    minutes. A change back to ``redis`` replaces the group: the jobs in the queues are lost."""
    version: RedisVersion | None = None
    """Version of the engine: ``7.0`` or ``7.1`` of Redis, ``7.2``, ``8.0``, ``8.1``, ``8.2``, ``9.0`` or ``9.1`` of
    Valkey. By default, ``7.1`` of Redis or ``8.2`` of Valkey. Langfuse 3 needs 7.0 or newer, Langfuse 4 needs 7.0 or
    newer. A newer version is installed in place, with an interruption as for ``engine``. An older one replaces the
    group: the jobs in the queues are lost."""
    node_type: CacheNodeType = "cache.t4g.small"
    """Memory of each node. The default has 1.4 GiB, which Langfuse states as the minimum. A change keeps the data and
    interrupts connections for some seconds, without a replica for some minutes."""
    nodes: Annotated[int, Field(ge=1, le=6)] = 1
    """Number of nodes: the primary and its replicas. With two or more, a replica in another Availability Zone takes
    over when the primary fails. By default, there is no replica. A change does not restart the primary."""
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = 1
    """Number of days that ElastiCache keeps its daily snapshots. ``0`` turns snapshots off. ElastiCache deletes the
    snapshots together with the group."""

    @property
    def engine_version(self) -> str:
        """The version in use: ``version``, or the engine's default."""
        return versions.DEFAULT_REDIS_VERSION[self.engine] if self.version is None else self.version
