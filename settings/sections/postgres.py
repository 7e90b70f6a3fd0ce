"""The PostgreSQL database."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from settings.aws_names import (
    RdsInstanceClass,
)
from settings.field_types import (
    PostgresVersion,
)
from settings.section import Section, refuse


class Postgres(Section):
    """The RDS PostgreSQL instance, which stores users, projects and prompts."""

    version: PostgresVersion = "15"
    """PostgreSQL version. For a major version such as ``15``, RDS chooses the minor version and upgrades it in the
    maintenance window. A minor version such as ``15.19`` stays until you change it. Langfuse 3 needs 12 or newer,
    Langfuse 4 needs 15 or newer, and 18 is the newest known. A newer version is installed by the deploy, in place:
    PostgreSQL is down meanwhile,
    about two minutes for a minor version, ten or more for a major one. RDS makes a snapshot before a major upgrade.
    There is no way back to an older version, but to restore a snapshot."""
    instance_class: RdsInstanceClass = "db.t4g.medium"
    """vCPUs and memory of the instance. The default has 2 vCPUs and 4 GiB, which Langfuse states as the minimum. A
    change restarts PostgreSQL during the deploy: with ``multi_az`` it is down for about a minute, without for
    several."""
    multi_az: bool = False
    """Whether RDS keeps a standby in another Availability Zone, at twice the price. By default, there is none: Langfuse
    is down as long as the zone is. A change does not restart PostgreSQL."""
    storage_gib: Annotated[int, Field(ge=20, le=65536)] = 20
    """Size of the disk in GiB. It can be raised later, without a restart, but not again within six hours. RDS also
    enlarges the disk itself, and never shrinks it: a smaller value has no effect. ``max_storage_gib`` must exceed it by
    a tenth or more."""
    max_storage_gib: Annotated[int, Field(ge=22, le=65536)] = 100
    """Size in GiB up to which RDS enlarges the disk automatically. It must exceed ``storage_gib`` by a tenth or
    more."""
    backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Number of days that RDS keeps its daily backups. The database can be restored to any second of that time. They
    are deleted together with the instance."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max_storage_gib * 10 < self.storage_gib * 11:
            allowed = f"must exceed storage_gib ({self.storage_gib}) by a tenth or more"
            refuse("max_storage_gib", self.max_storage_gib, allowed)
        return self
