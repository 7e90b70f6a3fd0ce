"""The settings tree. A field's default suits most users; its docstring says what the default does."""

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from settings import fargate, versions
from settings.secret_variables import WEB_SECRETS
from settings.section import Section, refuse

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
VpcId = Annotated[str, Field(pattern=r"^vpc-[0-9a-f]+$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]
SecretArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$")]
VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Version = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]
Days = Annotated[int, Field(ge=1)]

SECRET_NAME = re.compile(r"(PASSWORD|SECRET|SECRET_KEY|API_KEY|PRIVATE_KEY|ENCRYPTION_KEY|TOKEN|_AUTH|SALT)$")
PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")

SMALLEST_PREFIX, LARGEST_PREFIX = 24, 16
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
"""All that CloudWatch Logs knows: see PutRetentionPolicy in its API reference."""


STATE_SUFFIX = ".tfstate"
"""What the keys of the states end with."""


def name_prefix(environment: str) -> str:
    """What every name in AWS of an environment starts with."""
    return f"langfuse-{environment}"


def _check_log_retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}")
    return days


LogRetentionDays = Annotated[int, AfterValidator(_check_log_retention)]


def _check_vpc_cidr(cidr: str) -> str:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 block: {error}") from None
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, so that 8 subnets fit")
    if not network.is_private:
        raise ValueError("must be a private block (RFC 1918)")
    return cidr


class State(Section):
    """Where Terraform keeps its state."""

    bucket: BucketName
    """The S3 bucket, which must exist before the first deploy. S3 names are global, so there is no default."""
    kms_key_id: str | None = None
    """The ARN of the KMS key that encrypts the state. By default, S3's own key does."""


class Network(Section):
    """The VPC: a new one, or an existing one when ``vpc_id`` is set."""

    cidr: Annotated[str, AfterValidator(_check_vpc_cidr)] = "10.0.0.0/16"
    """The new VPC's address block, /16 to /24."""
    availability_zones: Annotated[int, Field(ge=2, le=4)] = 2
    """Over how many zones the subnets spread. RDS and the load balancer need two."""
    nat_gateways: Annotated[int, Field(ge=1)] = 1
    """1 is cheapest; one per zone survives the loss of a zone."""
    vpc_id: VpcId | None = None
    """An existing VPC to use. By default a VPC is made from the three settings above."""
    public_subnet_ids: tuple[SubnetId, ...] = ()
    """With ``vpc_id``: two or more subnets that reach an internet gateway, for the load balancer."""
    private_subnet_ids: tuple[SubnetId, ...] = ()
    """With ``vpc_id``: two or more subnets that reach the internet through NAT, for everything else."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.nat_gateways > self.availability_zones:
            allowed = f"must be 1 to availability_zones ({self.availability_zones})"
            refuse("nat_gateways", self.nat_gateways, allowed)
        subnets = {"public_subnet_ids": self.public_subnet_ids, "private_subnet_ids": self.private_subnet_ids}
        for key, ids in subnets.items():
            if self.vpc_id and len(ids) < 2:
                refuse(key, ids, "with vpc_id, two subnets or more are needed")
            if ids and not self.vpc_id:
                refuse(key, ids, "is for an existing VPC: set vpc_id too")
        return self


class Postgres(Section):
    """The RDS PostgreSQL instance that holds users, projects and prompts."""

    version: Version = "15"
    """A major version, of which RDS takes the newest minor one."""
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$")] = "db.t4g.medium"
    """2 vCPU and 4 GiB, Langfuse's stated minimum."""
    multi_az: bool = False
    """A standby in another zone, at twice the price. By default there is none."""
    storage_gib: Annotated[int, Field(ge=20)] = 20
    """The disk at first."""
    max_storage_gib: Annotated[int, Field(ge=22)] = 100
    """RDS grows the disk by itself up to this size."""
    backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """How far back a point-in-time restore reaches."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max_storage_gib * 10 < self.storage_gib * 11:
            allowed = f"must exceed storage_gib ({self.storage_gib}) by a tenth or more"
            refuse("max_storage_gib", self.max_storage_gib, allowed)
        return self


class Redis(Section):
    """The ElastiCache replication group that holds queues and caches."""

    engine: Literal["redis", "valkey"] = "redis"
    """Langfuse works with either; Valkey is the open fork of Redis."""
    version: Version = "7.1"
    """Of that engine, checked against what Langfuse needs."""
    node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9-]+\.[a-z0-9]+$")] = "cache.t4g.small"
    """1.4 GiB, Langfuse's stated minimum."""
    nodes: Annotated[int, Field(ge=1, le=6)] = 1
    """With two or more, a replica in another zone takes over when the primary fails."""
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = 1
    """Daily snapshots kept; 0 makes none."""


class Storage(Section):
    """The S3 bucket of events, media and exports. Media never expire: traces show them for ever."""

    events_expiration_days: Days = 30
    """Raw events are read again only for replays."""
    exports_expiration_days: Days = 7
    """Batch exports are downloads for a moment."""
    deleted_retention_days: Days = 7
    """How long a deleted or overwritten object can be brought back."""


class Clickhouse(Section):
    """The analytics database that holds traces."""

    mode: Literal["external", "ec2"] = "external"
    """``external``: a ClickHouse of yours (ClickHouse Cloud, say), whose six secrets you fill after the deploy.
    ``ec2``: one instance that the stacks make, with its secrets, its volume and its backups."""
    version: Version = "26.4"
    """What runs there, checked against what Langfuse needs; with ``ec2``, the newest of that line is installed."""

    configured: bool = False
    """With ``external``: say ``true`` once the six secrets hold real values. Until then both services keep 0 tasks."""
    cluster_enabled: bool = False
    """With ``external``: ``true`` for a replicated cluster; Langfuse then creates its tables ``ON CLUSTER``."""

    instance_type: Annotated[str, Field(pattern=r"^[a-z0-9-]+g[a-z0-9]*\.[a-z0-9]+$")] = "m7g.large"
    """With ``ec2``: a Graviton type. By default 2 vCPU and 8 GiB, Langfuse's stated minimum."""
    volume_gib: Annotated[int, Field(ge=10, le=16384)] = 100
    """With ``ec2``: the data volume. It can grow later, never shrink."""
    volume_iops: Annotated[int, Field(ge=3000, le=16000)] = 3000
    """With ``ec2``: reads and writes per second. By default what gp3 includes in its price."""
    volume_throughput_mib: Annotated[int, Field(ge=125, le=1000)] = 125
    """With ``ec2``: MiB per second, at most a quarter of ``volume_iops``. By default what gp3's price includes."""
    snapshot_retention_days: Days = 14
    """With ``ec2``: how long a daily snapshot of the volume is kept."""

    @property
    def ready(self) -> bool:
        """Whether the six secrets hold, or will hold after this deploy, what Langfuse can start with."""
        return self.mode == "ec2" or self.configured

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.volume_throughput_mib * 4 > self.volume_iops:
            allowed = f"must be at most a quarter of volume_iops ({self.volume_iops})"
            refuse("volume_throughput_mib", self.volume_throughput_mib, allowed)
        if self.mode == "ec2" and self.cluster_enabled:
            refuse("cluster_enabled", True, 'is for mode = "external": one instance is no cluster')
        return self


class Langfuse(Section):
    """What both containers run."""

    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "4.16.0"
    """The tag of both images, always X.Y.Z: a moving tag would upgrade the database unasked."""
    environment: dict[VariableName, str] = {}
    """More environment variables for both containers, for example ``AUTH_DISABLE_SIGNUP``."""
    secrets: dict[VariableName, SecretArn] = {}
    """More variables for both containers, each with the ARN of a Secrets Manager secret that holds its value."""

    @field_validator("environment")
    @classmethod
    def _no_secrets(cls, environment: dict[str, str]) -> dict[str, str]:
        for name, value in environment.items():
            if SECRET_NAME.search(name) or PASSWORD_IN_URL.search(value):
                raise ValueError(f"the variable {name} is a secret: put its ARN in langfuse.secrets")
        return environment

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [*self.environment, *self.secrets]
        for name in given:
            if name in WEB_SECRETS:
                raise ValueError(f"the variable {name} is filled by the stacks")
        twice = sorted(set(self.environment) & set(self.secrets))
        if twice:
            raise ValueError(f"the variable {twice[0]} is set in both langfuse.environment and langfuse.secrets")
        initial = [name for name in given if name.startswith("LANGFUSE_INIT_")]
        if initial and "LANGFUSE_INIT_ORG_ID" not in given:
            # langfuse/langfuse#11116
            raise ValueError(f"without LANGFUSE_INIT_ORG_ID, Langfuse silently ignores {initial[0]}")
        return self


class Secrets(Section):
    """The generated secrets. A version raised by one makes the next apply generate a new value.

    SALT and ENCRYPTION_KEY have no version: with another value, stored keys and credentials become unreadable.
    """

    database_password_version: Annotated[int, Field(ge=1)] = 1
    """A new one reaches PostgreSQL in the same apply; the tasks read it with ``ops redeploy``."""
    nextauth_secret_version: Annotated[int, Field(ge=1)] = 1
    """A new one signs every user out, once the tasks read it with ``ops redeploy``."""
    recovery_window_days: Annotated[int, Field(ge=0, le=30)] = 30
    """How long a deleted secret can be restored: 7 to 30, or 0 to delete at once, so its name is free again."""

    @model_validator(mode="before")
    @classmethod
    def _never_rotate(cls, values: object) -> object:
        if isinstance(values, dict):
            for name in ("salt_version", "encryption_key_version"):
                if name in values:
                    refuse(name, values[name], "SALT and ENCRYPTION_KEY never rotate: stored data would be unreadable")
        return values

    @field_validator("recovery_window_days")
    @classmethod
    def _check_window(cls, days: int) -> int:
        if 0 < days < 7:
            raise ValueError("must be 0, or 7 to 30")
        return days


class ServiceSize(Section):
    """One of the two Fargate services."""

    cpu: int = 2048
    """CPU units; 1024 are one vCPU."""
    memory_mib: int = 4096
    """Each ``cpu`` allows a range of sizes. By default 4 GiB, Langfuse's stated minimum."""
    heap_mib: int | None = None
    """Node.js's heap. By default three quarters of ``memory_mib``."""
    min_tasks: Annotated[int, Field(ge=1)] = 1
    """How many run at least; two survive the loss of a zone."""
    max_tasks: Annotated[int, Field(ge=1)] = 4
    """How many autoscaling starts at most."""

    @property
    def node_heap_mib(self) -> int:
        """The heap in effect."""
        return self.heap_mib or self.memory_mib * 3 // 4

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.cpu not in fargate.MEMORY_MIB_BY_CPU:
            refuse("cpu", self.cpu, f"must be one of {', '.join(map(str, fargate.MEMORY_MIB_BY_CPU))}")
        if self.memory_mib not in fargate.MEMORY_MIB_BY_CPU[self.cpu]:
            refuse("memory_mib", self.memory_mib, fargate.allowed_memory_mib(self.cpu))
        if self.min_tasks > self.max_tasks:
            refuse("min_tasks", self.min_tasks, f"must be at most max_tasks ({self.max_tasks})")
        if not 256 <= self.node_heap_mib <= self.memory_mib * 9 // 10:
            # langfuse/langfuse#13287: Node.js needs memory beside its heap, or the task is killed.
            allowed = f"must be 256 to {self.memory_mib * 9 // 10}, nine tenths of memory_mib ({self.memory_mib})"
            refuse("heap_mib", self.node_heap_mib, allowed)
        return self


class Domain(Section):
    """The address users see. By default it is the load balancer's own, without HTTPS."""

    name: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")] | None = None
    """For example ``langfuse.example.com``. Needs one of the next two."""
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]+$")] | None = None
    """The Route 53 zone that gets the record and, without ``certificate_arn``, proves a new certificate."""
    certificate_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:acm:.+$")] | None = None
    """An existing ACM certificate in the same region."""
    cloudfront: bool = False
    """``true`` puts CloudFront in front: HTTPS on its own domain name, without a domain of yours."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name and not (self.hosted_zone_id or self.certificate_arn):
            refuse("name", self.name, "needs hosted_zone_id (to make a certificate) or certificate_arn beside it")
        for key, value in {"hosted_zone_id": self.hosted_zone_id, "certificate_arn": self.certificate_arn}.items():
            if value and not self.name:
                refuse(key, value, "needs name beside it")
        if self.cloudfront and self.name:
            refuse("cloudfront", True, "is for deployments without a domain: leave name out")
        return self


class Alarms(Section):
    """Who hears of trouble."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    """An address that the alarms' SNS topic writes to. By default nobody is subscribed."""


class Settings(Section):
    """One environment."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,11}$")]
    """The TOML file's name."""
    region: Region
    """The AWS region, for example ``eu-central-1``."""
    allowed_account_ids: tuple[AccountId, ...] = ()
    """Terraform refuses any other account. By default it takes the credentials' own."""
    tags: dict[str, str] = {}
    """On every resource, beside ``Project`` and ``Environment``."""
    deletion_protection: bool = True
    """Whether the database, the data volume, the load balancer and a bucket with content refuse to be deleted."""
    log_retention_days: LogRetentionDays = 30
    """How long CloudWatch keeps the logs of the containers, of PostgreSQL and of the VPC's flows."""

    state: State
    network: Network = Network()
    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    storage: Storage = Storage()
    clickhouse: Clickhouse = Clickhouse()
    langfuse: Langfuse = Langfuse()
    secrets: Secrets = Secrets()
    web: ServiceSize = ServiceSize()
    worker: ServiceSize = ServiceSize()
    domain: Domain = Domain()
    alarms: Alarms = Alarms()

    @property
    def prefix(self) -> str:
        """What every name in AWS starts with."""
        return name_prefix(self.name)

    def state_key(self, stack: str) -> str:
        """The key of a stack's state in the state bucket."""
        return f"{self.state_key_prefix}{stack}{STATE_SUFFIX}"

    @property
    def state_key_prefix(self) -> str:
        """What the keys of the states of all stacks start with."""
        return f"langfuse/{self.name}/"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if versions.as_numbers(self.langfuse.version)[0] not in versions.MINIMUM_BY_LANGFUSE_MAJOR:
            known = " or ".join(map(str, versions.MINIMUM_BY_LANGFUSE_MAJOR))
            refuse("langfuse.version", self.langfuse.version, f"must be of major version {known}")
        chosen = versions.Databases(self.clickhouse.version, self.postgres.version, self.redis.version)
        for database, least in versions.too_old(self.langfuse.version, chosen):
            allowed = f"Langfuse {self.langfuse.version} needs {least} or newer"
            refuse(f"{database}.version", getattr(chosen, database), allowed)
        return self
