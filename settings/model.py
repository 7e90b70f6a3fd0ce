"""The settings of an environment, as a tree of pydantic models.

The docstrings here, and the types' descriptions and examples, are the operators' manual: ``make docs`` writes them to
docs/settings.md. A rule between fields is stated in the docstring of each of them.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from settings import fargate, roles, versions
from settings.arns import CertificateArn, KeyArns, KmsKeyArn, Place, PolicyArn, PolicyArns
from settings.aws_names import (
    AccountIds,
    BucketName,
    CacheNodeType,
    DomainName,
    EmailAddress,
    EnvironmentName,
    GravitonInstanceType,
    HostedZoneId,
    RdsInstanceClass,
    Region,
    SubnetIds,
    VpcCidr,
    VpcId,
)
from settings.egress import needed_ports, open_ports
from settings.field_types import (
    ClickhouseVersion,
    Days,
    EgressPorts,
    HeapMib,
    LangfuseVersion,
    LogRetentionDays,
    PostgresVersion,
    RecoveryWindowDays,
    RedisVersion,
    SecretArns,
    Tags,
    TaskCpu,
    TaskMemoryMib,
    Tasks,
    Variables,
)
from settings.partition import partition_of
from settings.section import Section, refuse
from settings.variables.checks import conflict, lacking

STATE_SUFFIX = ".tfstate"
"""What the keys of the states end with."""


def name_prefix(environment: str) -> str:
    """The prefix of every name in AWS of an environment."""
    return f"langfuse-{environment}"


class State(Section):
    """The S3 backend of Terraform, which stores the state of every stack."""

    bucket: BucketName
    """Name of the bucket. It must exist in ``region`` before the first deploy: ``ops bootstrap --apply`` creates it.
    Bucket names are unique across all AWS accounts, so there is no default."""
    kms_key_id: KmsKeyArn | None = None
    """KMS key that encrypts the state, in the same Region, and in an account of ``allowed_account_ids`` if that is set.
    By default, S3 encrypts it with a key that S3 manages (SSE-S3)."""


class Network(Section):
    """The VPC that everything runs in: a new one, or an existing one if ``vpc_id`` is set."""

    cidr: VpcCidr = "10.0.0.0/16"
    """IPv4 address block of the new VPC, which is divided into eight subnets of equal size. Only used if ``vpc_id`` is
    not set."""
    availability_zones: Annotated[int, Field(ge=2, le=4)] = 2
    """Number of Availability Zones that the new VPC extends over, at least ``nat_gateways``, each with a public and a
    private subnet. RDS and the load balancer need at least two. Zones that lack Fargate or Graviton instances are left
    out. Only used if ``vpc_id`` is not set."""
    nat_gateways: Annotated[int, Field(ge=1)] = 1
    """Number of NAT gateways in the new VPC, at most ``availability_zones``. By default, all private subnets share one,
    which costs least. With one in each zone, a zone that fails does not cut the others off from the internet. Only used
    if ``vpc_id`` is not set."""
    vpc_id: VpcId | None = None
    """Existing VPC to deploy into, which requires ``public_subnet_ids`` and ``private_subnet_ids``. By default, a new
    VPC is created. Only a new one gets flow logs and an endpoint for S3."""
    public_subnet_ids: SubnetIds = ()
    """Subnets of the existing VPC for the load balancer: at least two, in different Availability Zones, with a route to
    an internet gateway. Required with ``vpc_id``, and not allowed without it."""
    private_subnet_ids: SubnetIds = ()
    """Subnets of the existing VPC for the services and databases: at least two, in different Availability Zones, with a
    route to the internet through NAT, and not in ``public_subnet_ids``. Required with ``vpc_id``, and not allowed
    without it."""
    egress_ports: EgressPorts = ()
    """TCP ports that web and worker may connect to, on any IPv4 address, besides 443 and those of the databases: for
    example 587 or 465 for mail by SMTP, 3128 for a proxy, or 8443 for an identity provider. By default, there are none,
    and the security groups close every other port. A variable of ``langfuse.environment`` with a URL that needs another
    port is refused. AWS blocks port 25 until it grants
    [a request](https://repost.aws/knowledge-center/ec2-port-25-throttle). The network ACLs of an existing VPC must
    allow the ports, and their answers to the ports 1024 to 65535; a new VPC's allow everything."""

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
        for id_ in self.private_subnet_ids:
            if id_ in self.public_subnet_ids:
                refuse(
                    "private_subnet_ids", self.private_subnet_ids, f"{id_} is in public_subnet_ids too: keep it in one"
                )
        return self


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


class Storage(Section):
    """The S3 bucket, which stores raw events, media and batch exports.

    Media are never deleted automatically, since traces refer to them for an unlimited time.
    """

    events_expiration_days: Days = 30
    """Number of days after which raw events are deleted. Langfuse stores them in ClickHouse when they arrive, and reads
    the raw ones again only to replay them."""
    exports_expiration_days: Days = 7
    """Number of days after which batch exports, the files that users download, are deleted. Langfuse offers each of
    them for 24 hours."""
    deleted_retention_days: Days = 7
    """Number of days that the previous version of a deleted or overwritten object is kept, to restore it."""


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
    """Whether the six secrets hold the real address and credentials. While it is ``false``, web and worker run no
    tasks. Only used if ``mode`` is ``external``."""
    cluster_enabled: bool = False
    """Whether ClickHouse is a replicated cluster of your own, in which Langfuse must create its tables ``ON CLUSTER``.
    Leave it ``false`` for ClickHouse Cloud, which replicates by itself. Not allowed if ``mode`` is ``ec2``."""

    instance_type: GravitonInstanceType = "m7g.large"
    """vCPUs and memory of the instance. The default has 2 vCPUs and 8 GiB, which Langfuse states as the minimum. A
    change stops the instance for about two minutes. Only used if ``mode`` is ``ec2``."""
    volume_gib: Annotated[int, Field(ge=10, le=16384)] = 100
    """Size of the data volume (gp3) in GiB. It can be raised later, but never lowered. AWS accepts four changes of a
    volume in 24 hours. ClickHouse uses the added space after the command of docs/scaling.md. Only used if ``mode`` is
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


class Langfuse(Section):
    """The version of Langfuse, and additional environment variables of its two containers, web and worker."""

    version: LangfuseVersion = "4.16.0"
    """Version of Langfuse, which is the tag of both images: 3.170.0 or newer, or any 4. Langfuse 3 before 3.170.0
    publishes no metrics of its queues, which autoscaling and alarms need. A tag such as ``4`` is not allowed, since it
    would upgrade Langfuse and migrate the databases whenever a task starts. ``postgres.version``, ``redis.version`` and
    ``clickhouse.version`` state which versions of them it needs.

    Run ``ops upgrade`` before you change it. [From Langfuse 3 to 4](upgrade-to-4.md) has steps of its own."""
    environment: Variables = {}
    """Additional environment variables of both containers, for example ``AUTH_DISABLE_SIGNUP = "true"``.
    ``LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__<NAME>`` sets a single variable. Names consist of capital letters, digits and
    underscores. Variables that Langfuse does not know are passed on too, for example ``HTTP_PROXY``.

    Not allowed are variables that the stacks fill, and those that would take effect in their place, for example
    ``NEXTAUTH_URL``, ``DATABASE_URL``, ``NODE_OPTIONS``, a bucket, or the host of Redis: the error names the setting to
    use instead. What looks like a secret belongs in ``secrets``: keys, tokens, passwords, and URLs with one of them.

    Values must be of the kind that Langfuse 4.16.0 states, unless ``version`` is newer: one of a list, a number, a
    URL. Variables that only work together must be set together, here or in ``secrets``: for example
    ``LANGFUSE_INIT_ORG_ID`` with every ``LANGFUSE_INIT_`` variable, the ID and secret of a provider of single sign-on,
    ``SMTP_CONNECTION_URL`` with ``EMAIL_FROM_ADDRESS``, or ``LANGFUSE_EE_LICENSE_KEY`` with what needs a licence.

    ``LANGFUSE_MIGRATION_V4_WRITE_MODE`` says to which tables Langfuse 4 writes: ``legacy``, ``dual`` or ``events_only``
    (Langfuse's default). [From Langfuse 3 to 4](upgrade-to-4.md) describes it, and the variables that each mode
    needs."""
    secrets: SecretArns = {}
    """Additional environment variables of both containers whose values are secret: the name of each variable, and the
    full ARN of the Secrets Manager secret that holds its value, in the same Region, and in an account of
    ``allowed_account_ids`` if that is set. A key of a JSON secret follows the ARN: ``…:secret:smtp-AbCdEf:url::``.
    ``LANGFUSE_AWS__LANGFUSE__SECRETS__<NAME>`` sets a single variable. Names consist of capital letters, digits and
    underscores. What ``environment`` says of names and of variables that belong together applies here too. A variable
    must not be in both."""
    policy_arns: PolicyArns = ()
    """Managed policies to attach to the task role of both containers, for what Langfuse uses of AWS beside its bucket,
    for example the models of Amazon Bedrock or mail with Amazon SES: policies of AWS, or of the account. By default,
    there are none."""
    kms_key_arns: KeyArns = ()
    """KMS keys of your own, in the same Region, that the secrets in ``secrets`` are encrypted with. The execution roles
    may then decrypt with them, through Secrets Manager only. Not needed for Secrets Manager's default key,
    ``aws/secretsmanager``. The policy of a key in another account must allow it too.

    The keys of the bucket's objects are not for this list: the task role may use what the variables
    ``LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID``, ``LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID`` and
    ``LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID`` in ``environment`` name, which must be ARNs of keys in the same
    Region."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if must := versions.unsupported(self.version):
            refuse("version", self.version, must)
        if wrong := conflict(self.version, self.environment, self.secrets):
            key, allowed = wrong
            refuse(key, None, allowed)
        return self


class Secrets(Section):
    """The secrets that are generated. When a version is raised by one, the next deploy generates a new value.

    ``SALT`` and ``ENCRYPTION_KEY`` have no version, since they must never change: with another value, stored API keys
    and credentials could not be read. ``salt_version`` and ``encryption_key_version`` are therefore not allowed.
    """

    database_password_version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    """Version of PostgreSQL's password. A new password is in effect after the deploy; run ``ops redeploy --apply``
    right after it, since the tasks read the password only when they start."""
    nextauth_secret_version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    """Version of the secret that signs user sessions. ``ops redeploy --apply`` makes the tasks read a new one, which
    signs every user out."""
    recovery_window_days: RecoveryWindowDays = 30
    """Number of days that a deleted secret can be restored. Until then its name is in use, and a new deploy of the same
    environment fails. ``0`` deletes secrets at once."""

    @model_validator(mode="before")
    @classmethod
    def _never_rotate(cls, values: object) -> object:
        if isinstance(values, dict):
            for name in ("salt_version", "encryption_key_version"):
                if name in values:
                    refuse(name, values[name], "SALT and ENCRYPTION_KEY never rotate: stored data would be unreadable")
        return values


class ServiceSize(Section):
    """The CPU, memory and number of tasks of a Fargate service. ``web`` and ``worker`` have the same settings."""

    cpu: TaskCpu = 2048
    """CPU units of each task; 1024 units are one vCPU. The values that ``memory_mib`` may have depend on it. The
    default is 2 vCPUs, which Langfuse states as the minimum."""
    memory_mib: TaskMemoryMib = 4096
    """Memory of each task in MiB, of the values that Fargate accepts with ``cpu``. The default is 4 GiB, which Langfuse
    states as the minimum."""
    heap_mib: HeapMib | None = None
    """Maximum heap of Node.js in each task, in MiB. It leaves at least a tenth of ``memory_mib`` to the rest of the
    process. By default, three quarters of ``memory_mib``."""
    min_tasks: Tasks = 1
    """Minimum number of tasks, at most ``max_tasks``. With two or more, the service goes on when a task or an
    Availability Zone fails."""
    max_tasks: Tasks = 4
    """Maximum number of tasks that autoscaling starts, at least ``min_tasks``."""

    @property
    def node_heap_mib(self) -> int:
        """The heap size in use: ``heap_mib``, or its default."""
        return self.memory_mib * 3 // 4 if self.heap_mib is None else self.heap_mib

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.cpu not in fargate.MEMORY_MIB_BY_CPU:
            refuse("cpu", self.cpu, f"must be one of {', '.join(map(str, fargate.MEMORY_MIB_BY_CPU))}")
        if self.memory_mib not in fargate.MEMORY_MIB_BY_CPU[self.cpu]:
            allowed = f"with cpu {self.cpu}, Fargate takes {fargate.allowed_memory_mib(self.cpu)}"
            refuse("memory_mib", self.memory_mib, allowed)
        if self.min_tasks > self.max_tasks:
            refuse("min_tasks", self.min_tasks, f"must be at most max_tasks ({self.max_tasks})")
        if not 256 <= self.node_heap_mib <= self.memory_mib * 9 // 10:
            # langfuse/langfuse#13287: Node.js needs memory beside its heap, or the task is killed.
            allowed = f"must be 256 to {self.memory_mib * 9 // 10}, nine tenths of memory_mib ({self.memory_mib})"
            refuse("heap_mib", self.node_heap_mib, allowed)
        return self


class Domain(Section):
    """The address of Langfuse. By default, it is the load balancer's own DNS name, without HTTPS.

    For HTTPS, set ``name`` if you have a domain, and ``cloudfront`` otherwise.
    """

    name: DomainName | None = None
    """Domain name of Langfuse, which it serves with HTTPS. Requires ``hosted_zone_id`` or ``certificate_arn``, or both.
    Conflicts with ``cloudfront``."""
    hosted_zone_id: HostedZoneId | None = None
    """Hosted zone of the domain, in which the record of ``name`` is created and, unless ``certificate_arn`` is set, a
    new ACM certificate is validated. By default, no record is created: make ``name`` a CNAME record that points to the
    output ``alb_dns_name`` or, in a zone of Route 53 elsewhere, an alias record, which also needs ``alb_zone_id``.
    Requires ``name``."""
    certificate_arn: CertificateArn | None = None
    """Existing certificate for ``name``, in the same Region, and in an account of ``allowed_account_ids`` if that is
    set. By default, a new one is issued, and validated in the zone of ``hosted_zone_id``. Requires ``name``."""
    cloudfront: bool = False
    """Whether users reach Langfuse through a CloudFront distribution, with HTTPS and CloudFront's own domain name. It
    is for deployments without a domain. Conflicts with ``name``, and not allowed in China and GovCloud."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name and not (self.hosted_zone_id or self.certificate_arn):
            refuse("name", self.name, "needs hosted_zone_id (to make a certificate) or certificate_arn beside it")
        for key, value in {"hosted_zone_id": self.hosted_zone_id, "certificate_arn": self.certificate_arn}.items():
            if value and not self.name:
                refuse(key, value, "needs name beside it")
        if self.name and not self.certificate_arn and len(self.name) > 64:
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
            refuse(
                "name", self.name, "must have at most 64 characters for a new certificate, such as langfuse.example.com"
            )
        if self.cloudfront and self.name:
            refuse("cloudfront", True, "is for deployments without a domain: leave name out")
        return self


class Alarms(Section):
    """Who is notified when an alarm changes its state, and whether Langfuse's queues are measured for alarms."""

    email: EmailAddress | None = None
    """Address that is subscribed to the SNS topic of all alarms; AWS first asks it to confirm. By default, nobody is
    subscribed."""
    queue_metrics: bool = True
    """Whether the worker publishes its metrics to CloudWatch, about 200 custom metrics for about 60 USD a month
    (docs/costs.md). Without them, the queues have no alarms and no graph, ``ops status`` does not show them, and
    autoscaling of the worker follows its CPU use."""


class Settings(Section):
    """The settings of an environment. Those of the top level come first in its file, above every ``[section]``."""

    name: EnvironmentName
    """Name of the environment: that of its file, without ``.toml``. It can't be set."""
    region: Region
    """Region to deploy into: of the partition ``aws``, ``aws-cn`` (China) or ``aws-us-gov`` (GovCloud). The bucket of
    Terraform's state must be in it too."""
    allowed_account_ids: AccountIds = ()
    """AWS accounts that the environment may be deployed to: Terraform and ``ops`` refuse the credentials of any other.
    By default, they accept every account."""
    permissions_boundary_arn: (
        Annotated[PolicyArn, Field(examples=["arn:aws:iam::aws:policy/PowerUserAccess"])] | None
    ) = None
    """Permissions boundary of every IAM role of all stacks: a managed policy of the account, or of AWS. A role may do
    only what both its own policies and the boundary allow. By default, the roles have none."""
    region_in_global_names: bool = False
    """Whether the names of IAM roles, of the instance profile and of the dashboard have the Region in them. AWS has one
    set of these names for all Regions of an account: set it in one of two environments that have the same name, in two
    Regions of an account (docs/several-environments.md). Set it before the first deploy."""
    tags: Tags = {}
    """Tags of every resource, in addition to ``Project`` and ``Environment``, which they may override. Keys that differ
    only in case are the same for IAM, and are refused."""
    deletion_protection: bool = True
    """Whether the PostgreSQL instance, the data volume of ClickHouse, the load balancer, and a bucket or backup vault
    that is not empty are protected from deletion. To destroy the environment, first set it to ``false`` and deploy.
    PostgreSQL, with its backups, and the data volume are then deleted without a final snapshot. What stays after a
    destroy: the secrets for ``secrets.recovery_window_days``, snapshots of PostgreSQL that you made or RDS made before
    a major upgrade, and final snapshots, ``<prefix>-postgres-final-…``, of instances that were deleted while this was
    ``true``."""
    allow_untested_versions: bool = False
    """Whether versions are accepted that this project does not know: a major version of Langfuse after 4, PostgreSQL
    after 18, ClickHouse after 26.9, and versions of Redis or Valkey that are not listed. By default, they are refused.
    Try them in an environment without users first. What is known not to work is refused in any case."""
    log_retention_days: LogRetentionDays = 30
    """Number of days that CloudWatch Logs keeps the logs of the containers and of PostgreSQL, and the VPC flow logs."""

    state: State
    network: Network = Network()
    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    storage: Storage = Storage()
    clickhouse: Clickhouse = Clickhouse()
    langfuse: Langfuse = Langfuse()
    secrets: Secrets = Secrets()
    web: ServiceSize = ServiceSize()
    """The service that users and SDKs connect to. Autoscaling adds tasks while their average CPU use is over 50 %."""
    worker: ServiceSize = ServiceSize()
    """The service that processes the queues. Autoscaling adds tasks while more than 200 jobs wait for each task or, if
    ``alarms.queue_metrics`` is ``false``, while their average CPU use is over 50 %."""
    domain: Domain = Domain()
    alarms: Alarms = Alarms()

    @property
    def prefix(self) -> str:
        """The prefix of every name in AWS that a Region has for itself."""
        return name_prefix(self.name)

    @property
    def global_prefix(self) -> str:
        """The prefix of the names that an account has once for all its Regions: IAM's, and those of dashboards.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
        """
        return f"{self.prefix}-{self.region}" if self.region_in_global_names else self.prefix

    @property
    def state_key_prefix(self) -> str:
        """The prefix of the keys of all stacks' states in the state bucket."""
        return f"langfuse/{self.name}/"

    def state_key(self, stack: str) -> str:
        """The key of a stack's state in the state bucket."""
        return f"{self.state_key_prefix}{stack}{STATE_SUFFIX}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        chosen = versions.Databases(self.clickhouse.version, self.postgres.version, self.redis.engine_version)
        for database, needed in versions.unfit(self.langfuse.version, chosen):
            allowed = f"Langfuse {self.langfuse.version} needs {needed}"
            refuse(f"{database}.version", getattr(chosen, database), allowed)
        if not self.allow_untested_versions:
            self._check_known(chosen)
        return self

    def _check_known(self, chosen: versions.Databases) -> None:
        """Refuses versions that are newer than those that are known, and engines' versions that ElastiCache lacks."""
        if must := versions.untested_langfuse(self.langfuse.version):
            refuse("langfuse.version", self.langfuse.version, must)
        if must := versions.untested_redis(self.redis.engine, self.redis.engine_version):
            refuse("redis.version", self.redis.engine_version, must)
        for database, must in versions.untested(chosen):
            refuse(f"{database}.version", getattr(chosen, database), must)

    @property
    def open_egress_ports(self) -> tuple[int, ...]:
        """The TCP ports that web and worker may connect to on the internet, sorted."""
        return open_ports(
            external_clickhouse=self.clickhouse.mode == "external", egress_ports=self.network.egress_ports
        )

    @model_validator(mode="after")
    def _check_egress_ports(self) -> Self:
        opened = set(self.open_egress_ports)
        closed = {
            name: missing
            for name, value in self.langfuse.environment.items()
            if (missing := needed_ports(name, value) - opened)
        }
        for name, missing in closed.items():
            ports = ", ".join(map(str, sorted(missing)))
            remedy = sorted(set(self.network.egress_ports).union(*closed.values()))
            allowed = f"connects to port {ports}, which the security groups close: set network.egress_ports = {remedy}"
            refuse(f"langfuse.environment.{name}", None, allowed)
        return self

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        partition = partition_of(self.region)
        if self.domain.cloudfront and partition != "aws":
            # GovCloud has no CloudFront. China's is another one, which serves no domain without an ICP filing.
            refuse("domain.cloudfront", True, f"is not possible from {self.region} ({partition}): set domain.name")
        place = Place(partition, self.region, self.allowed_account_ids)
        arns = {
            "state.kms_key_id": self.state.kms_key_id,
            "domain.certificate_arn": self.domain.certificate_arn,
            **{f"langfuse.secrets.{name}": arn for name, arn in self.langfuse.secrets.items()},
        }
        for key, arn in arns.items():
            if arn and (must := place.refusal(arn)):
                refuse(key, arn, must)
        return self

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        policies = [("langfuse.policy_arns", arn) for arn in self.langfuse.policy_arns]
        if self.permissions_boundary_arn:
            policies.append(("permissions_boundary_arn", self.permissions_boundary_arn))
        bucket_keys = roles.bucket_key_arns(self.langfuse.environment)
        keys = [
            *(("langfuse.kms_key_arns", arn) for arn in self.langfuse.kms_key_arns),
            *((f"langfuse.environment.{name}", arn) for name, arn in bucket_keys.items()),
        ]
        for misplaced in (
            *roles.misplaced_policies(policies, region=self.region, account_ids=self.allowed_account_ids),
            *roles.misplaced_keys(keys, region=self.region),
        ):
            refuse(*misplaced)
        return self

    @model_validator(mode="after")
    def _check_variable_groups(self) -> Self:
        # After all else: a variable that is wrong itself needs no others.
        if missing := lacking(self.langfuse.environment, self.langfuse.secrets):
            key, allowed = missing
            refuse(f"langfuse.{key}", None, allowed)
        return self
