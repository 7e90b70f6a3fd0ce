"""The settings of an environment, as a tree of pydantic models.

The docstrings here, and the types' descriptions and examples, are the operators' manual: ``make docs`` writes them to
docs/settings.md. A rule between fields is stated in the docstring of each of them.
"""

from typing import Annotated, NoReturn, Self

from pydantic import Field, model_validator

from settings import roles, ses, versions
from settings.arns import Place, PolicyArn
from settings.aws_names import (
    AccountIds,
    EnvironmentName,
    Region,
)
from settings.egress import needed_ports, open_ports
from settings.field_types import (
    LogRetentionDays,
    Tags,
    check_secrets,
)
from settings.images import registry_port
from settings.isolation import unreachable_services, unreachable_sources
from settings.partition import CLOUDFRONT_REGION, OPT_IN_REGIONS, partition_of
from settings.ports import HTTPS
from settings.section import Section, refuse
from settings.sections.access import Access
from settings.sections.alarms import Alarms
from settings.sections.clickhouse import Clickhouse
from settings.sections.domain import Domain
from settings.sections.encryption import Encryption
from settings.sections.first import First
from settings.sections.ingress import Ingress
from settings.sections.langfuse import Langfuse
from settings.sections.mail import Mail
from settings.sections.network import Network
from settings.sections.postgres import Postgres
from settings.sections.redis import Redis
from settings.sections.secrets import Secrets
from settings.sections.service_size import SERVICES, OptionalService, ServiceSize
from settings.sections.sign_in import SignIn
from settings.sections.state import State
from settings.sections.storage import Storage
from settings.variables.checks import lacking
from settings.variables.consumers import INGESTION_CONSUMERS
from settings.variables.filled import encrypted_by_the_stacks
from settings.variables.groups import has_single_sign_on
from settings.variables.rules import wrong_value

CLOUDFRONT_READ_SECONDS = 120
"""How long CloudFront waits for an origin's answer, at most and unless AWS raises the account's quota:
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html"""
OWN_TAGS = ("Project", "Environment")
"""The keys of the tags that every resource has."""
STATE_SUFFIX = ".tfstate"
"""What the keys of the states end with."""


def name_prefix(environment: str) -> str:
    """The prefix of every name in AWS of an environment."""
    return f"langfuse-{environment}"


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
    """Permissions boundary of every IAM role of the stacks ``network``, ``data`` and ``services``: a managed policy of
    the account, or of AWS. A role may do only what both its own policies and the boundary allow. By default, the roles
    have that of the stack ``access`` if there is one (docs/access.md), or else none."""
    region_in_global_names: bool = False
    """Whether the names of IAM roles, of the instance profile and of the dashboard have the Region in them. AWS has one
    set of these names for all Regions of an account: set it in one of two environments that have the same name, in two
    Regions of an account (docs/several-environments.md). Set it before the first deploy."""
    tags: Tags = {}
    """Tags of every resource, in addition to ``Project`` and ``Environment``, which they may override. Keys that differ
    only in case are the same for IAM, and are refused. So are these two with ``access.repository``: its roles
    know by them what is of the environment."""
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
    """Number of days that CloudWatch Logs keeps the logs of the containers and of PostgreSQL, and the VPC flow logs,
    and S3 the access logs of ``ingress.access_logs``."""

    state: State
    network: Network = Network()
    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    storage: Storage = Storage()
    clickhouse: Clickhouse = Clickhouse()
    langfuse: Langfuse = Langfuse()
    secrets: Secrets = Secrets()
    web: ServiceSize = ServiceSize()
    """The service that users and SDKs connect to. Autoscaling adds tasks while each gets more than 500 requests a
    minute for each vCPU, or while their average CPU use is over 50 % (docs/scaling.md)."""
    worker: ServiceSize = ServiceSize()
    """The service that processes the queues. Autoscaling adds tasks while more than 100 jobs wait for each vCPU, unless
    ``alarms.queue_metrics`` is ``false``, or while their average CPU use is over 50 % (docs/scaling.md)."""
    web_ingestion: OptionalService | None = None
    """A service of web's image for what SDKs send: the load balancer forwards ``/api/public/ingestion``,
    ``/api/public/otel`` and ``/api/public/media`` to it. A burst of traces then does not slow down the user interface.
    By default, ``web`` serves these paths. docs/split-services.md describes all split services."""
    web_api: OptionalService | None = None
    """A service of web's image for the reads of the public API that take ClickHouse long: the load balancer forwards
    ``/api/public/traces``, ``/api/public/observations``, ``/api/public/metrics`` and others to it, which
    docs/split-services.md lists. By default, ``web`` serves these paths."""
    worker_ingestion: OptionalService | None = None
    """A service of the worker's image that processes the queues of ingestion and of OpenTelemetry ingestion. ``worker``
    then processes all other queues, so that evaluations and exports do not delay traces. By default, ``worker``
    processes every queue. With it, ``langfuse.environment`` may not have the variables that switch the consumers of
    these queues off, ``QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED`` and its like."""
    domain: Domain = Domain()
    ingress: Ingress = Ingress()
    encryption: Encryption = Encryption()
    first: First = First()
    sign_in: SignIn = SignIn()
    mail: Mail = Mail()
    alarms: Alarms = Alarms()
    access: Access = Access()

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
    def default_tags(self) -> dict[str, str]:
        """The tags of every resource."""
        return {"Project": "langfuse", "Environment": self.name, **self.tags}

    @property
    def account_id(self) -> str | None:
        """The account that the environment is in, or None if the settings do not say which one it is."""
        return self.allowed_account_ids[0] if len(self.allowed_account_ids) == 1 else None

    @property
    def roles_boundary_arn(self) -> str | None:
        """The permissions boundary of the roles of the stacks ``network``, ``data`` and ``services``, if any."""
        if self.permissions_boundary_arn or not self.access.is_set:
            return self.permissions_boundary_arn
        return f"arn:{partition_of(self.region)}:iam::{self.account_id}:policy/{self.boundary_name}"

    @property
    def boundary_name(self) -> str:
        """The name of the permissions boundary that the stack ``access`` makes."""
        return f"{self.global_prefix}-boundary"

    @property
    def services(self) -> dict[str, ServiceSize]:
        """The sizes of the services that the environment has, by name, in the order in which a deploy starts them."""
        sizes = {name: getattr(self, name) for name in SERVICES}
        return {name: size for name, size in sizes.items() if size is not None}

    @property
    def log_groups(self) -> tuple[str, ...]:
        """The names of all log groups of the environment; ``*`` stands for anything."""
        return (
            f"{self.prefix}-flow-logs",
            f"/langfuse/{self.name}/*",
            f"/aws/rds/instance/{self.prefix}-postgres/*",
        )

    @property
    def state_key_prefix(self) -> str:
        """The prefix of the keys of all stacks' states in the state bucket."""
        return f"langfuse/{self.name}/"

    def state_key(self, stack: str) -> str:
        """The key of a stack's state in the state bucket."""
        return f"{self.state_key_prefix}{stack}{STATE_SUFFIX}"

    @property
    def state_kms_key_id(self) -> str | None:
        """The KMS key that encrypts the states, or None for one that S3 manages."""
        return self.state.kms_key_id or self.encryption.key_arn

    @property
    def container_variables(self) -> dict[str, str]:
        """The variables that the settings add to every container, with their values."""
        return {
            **self.langfuse.environment,
            **self.first.variables,
            **self.sign_in.variables,
            **self.mail.variables(self.region),
        }

    @property
    def container_secrets(self) -> dict[str, str]:
        """The secret variables that the settings add to every container, with the ARNs of their secrets."""
        return {**self.langfuse.secrets, **self.sign_in.secrets, **self.mail.secrets}

    @property
    def foreign_secret_arns(self) -> list[str]:
        """The secrets that the containers read beside those of the data stack, sorted."""
        arns = [*self.container_secrets.values(), self.langfuse.ca_certificate_secret_arn]
        # In a task definition, a key of the secret may follow the ARN, after its seventh part; not in IAM.
        return sorted({":".join(arn.split(":")[:7]) for arn in arns if arn})

    @property
    def foreign_key_arns(self) -> list[str]:
        """The KMS keys of those secrets and of objects that Langfuse names, sorted."""
        return sorted({*self.langfuse.kms_key_arns, *roles.bucket_key_arns(self.langfuse.environment).values()})

    @model_validator(mode="after")
    def _check_set_once(self) -> Self:
        for section, own in self._names_by_section().items():
            for table in ("environment", "secrets"):
                for name in getattr(self.langfuse, table):
                    if name in own:
                        refuse(f"langfuse.{table}.{name}", None, f"is set by the section {section} too: leave it out")
        return self

    def _names_by_section(self) -> dict[str, set[str]]:
        """The names of the variables that sections beside ``langfuse`` stand for."""
        return {
            "first": {*self.first.variables, *self.first.generated_secrets},
            "sign_in": {*self.sign_in.variables, *self.sign_in.secrets},
            "mail": {*self.mail.variables(self.region), *self.mail.secrets},
        }

    def _refuse_variable(self, name: str, allowed: str) -> NoReturn:
        """Refuses a variable, wherever it is set."""
        for section, own in self._names_by_section().items():
            if name in own:
                refuse(section, None, f"{name} {allowed}")
        refuse(f"langfuse.{'secrets' if name in self.langfuse.secrets else 'environment'}.{name}", None, allowed)

    @model_validator(mode="after")
    def _check_consumers(self) -> Self:
        for name in INGESTION_CONSUMERS:
            if self.worker_ingestion and name in {*self.container_variables, *self.container_secrets}:
                self._refuse_variable(name, "is filled by the stacks, since worker_ingestion is set: leave it out")
        return self

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        try:
            check_secrets(self.container_secrets)
        except ValueError as error:
            refuse("langfuse.secrets", None, f"with those of other sections, {error}")
        return self

    @model_validator(mode="after")
    def _check_sign_in(self) -> Self:
        for name, value in self.sign_in.variables.items():
            if wrong := wrong_value(self.langfuse.version, name, value):
                self._refuse_variable(name, wrong)
        # Langfuse's own cloud alone has providers beside those of variables:
        # https://github.com/langfuse/langfuse/blob/v4.16.0/web/src/ee/features/multi-tenant-sso/multiTenantSsoAvailable.ts
        if has_single_sign_on({*self.container_variables, *self.container_secrets}):
            return self
        needs = "needs a provider in sign_in.providers: without one,"
        if not self.sign_in.password:
            refuse("sign_in.password", False, f"{needs} nobody can sign in")
        if self.sign_in.sso_domains:
            refuse("sign_in.sso_domains", list(self.sign_in.sso_domains), f"{needs} these users can't sign in")
        if self.langfuse.environment.get("AUTH_DISABLE_USERNAME_PASSWORD") == "true":
            refuse("langfuse.environment.AUTH_DISABLE_USERNAME_PASSWORD", None, f"{needs} nobody can sign in")
        return self

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        if not self.mail.uses_ses:
            return self
        if self.region in ses.REGIONS_WITHOUT_SES:
            allowed = f"needs smtp_secret_arn beside it, since there is no Amazon SES in {self.region}"
            refuse("mail.from_address", self.mail.from_address, allowed)
        if versions.as_numbers(self.langfuse.version) < versions.as_numbers(ses.OLDEST_LANGFUSE):
            allowed = f"needs smtp_secret_arn beside it, since Langfuse before {ses.OLDEST_LANGFUSE} can't use SES"
            refuse("mail.from_address", self.mail.from_address, allowed)
        return self

    @model_validator(mode="after")
    def _check_read_only_clickhouse(self) -> Self:
        # Read with the user, password and database of CLICKHOUSE_URL:
        # https://github.com/langfuse/langfuse/blob/v4.16.0/packages/shared/src/server/clickhouse/client.ts
        for name in ("CLICKHOUSE_READ_ONLY_URL", "CLICKHOUSE_EVENTS_READ_ONLY_URL"):
            if self.clickhouse.mode == "ec2" and self.container_variables.get(name):
                allowed = 'is for an external ClickHouse with several servers, and clickhouse.mode "ec2" has one'
                refuse(f"langfuse.environment.{name}", None, allowed)
        return self

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
        """The TCP ports that the services may connect to outside the VPC, sorted."""
        return open_ports(
            external_clickhouse=self.clickhouse.mode == "external",
            egress_ports=self.network.egress_ports,
            isolated=self.network.isolated,
        )

    @model_validator(mode="after")
    def _check_egress_ports(self) -> Self:
        opened = set(self.open_egress_ports)
        if "HTTPS_PROXY" in self.container_variables:
            opened.add(HTTPS)
        closed = {
            name: missing
            for name, value in self.container_variables.items()
            if (missing := needed_ports(name, value) - opened)
        }
        for name, missing in closed.items():
            ports = ", ".join(map(str, sorted(missing)))
            remedy = sorted(set(self.network.egress_ports).union(*closed.values()))
            allowed = f"connects to port {ports}, which the security groups close: set network.egress_ports = {remedy}"
            if self.network.isolated:
                allowed += " if a network that is connected to the VPC leads there: network.isolated has no other way"
            self._refuse_variable(name, allowed)
        return self

    @model_validator(mode="after")
    def _check_ingress(self) -> Self:
        ingress = self.ingress
        if self.network.vpc_id and not self.network.public_subnet_ids and not ingress.internal:
            refuse("network.public_subnet_ids", (), "with vpc_id, two subnets or more are needed")
        if self.network.public_tasks and ingress.ip_address_type == "dualstack":
            # In a subnet with IPv6, ECS gives tasks IPv6 addresses too, for which no security group has a rule.
            allowed = 'must be 1 or more with ingress.ip_address_type = "dualstack": the tasks have IPv4 alone'
            refuse("network.nat_gateways", 0, allowed)
        if not self.domain.cloudfront:
            return self
        if ingress.allowed_cidrs:
            allowed = "must be left out with domain.cloudfront: the load balancer sees CloudFront's addresses only"
            refuse("ingress.allowed_cidrs", ingress.allowed_cidrs, allowed)
        if ingress.internal:
            refuse("ingress.internal", True, "must be false with domain.cloudfront, which connects from the internet")
        if ingress.ip_address_type == "dualstack":
            allowed = 'must be "ipv4" with domain.cloudfront, which connects by IPv4 and serves IPv6 itself'
            refuse("ingress.ip_address_type", ingress.ip_address_type, allowed)
        if ingress.idle_timeout_seconds > CLOUDFRONT_READ_SECONDS:
            allowed = f"must be 1 to {CLOUDFRONT_READ_SECONDS} with domain.cloudfront, which waits no longer"
            refuse("ingress.idle_timeout_seconds", ingress.idle_timeout_seconds, allowed)
        return self

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        partition = partition_of(self.region)
        if self.domain.cloudfront and partition != "aws":
            # GovCloud has no CloudFront. China's is another one, which serves no domain without an ICP filing.
            refuse("domain.cloudfront", True, f"is not possible from {self.region} ({partition}): set domain.name")
        place = Place(partition, self.region, self.allowed_account_ids)
        certificate = self.domain.certificate_arn
        if self.domain.cloudfront:
            must = certificate and place.refusal(certificate, region=CLOUDFRONT_REGION, cause="cloudfront is true")
            if must:
                refuse("domain.certificate_arn", certificate, must)
            certificate = None
        arns = {
            "state.kms_key_id": self.state.kms_key_id,
            "domain.certificate_arn": certificate,
            "langfuse.ca_certificate_secret_arn": self.langfuse.ca_certificate_secret_arn,
            "encryption.kms": self.encryption.key_arn,
            "mail.smtp_secret_arn": self.mail.smtp_secret_arn,
            **{f"langfuse.secrets.{name}": arn for name, arn in self.langfuse.secrets.items()},
            **{
                f"sign_in.providers.{name}.client_secret_arn": provider.client_secret_arn
                for name, provider in self.sign_in.providers.items()
            },
        }
        for key, arn in arns.items():
            if arn and (must := place.refusal(arn)):
                refuse(key, arn, must)
        return self

    @model_validator(mode="after")
    def _check_registry(self) -> Self:
        arn = self.langfuse.web_image.ecr_repository_arn
        partition = partition_of(self.region)
        if arn and arn.split(":")[1] != partition:
            # A role has no credentials for another partition.
            refuse("langfuse.registry", self.langfuse.registry, f"must be of a Region in {partition}, as region is")
        port = registry_port(self.langfuse.registry)
        # An isolated network has endpoints for its registry.
        if not self.network.isolated and port not in self.open_egress_ports:
            allowed = f"is at port {port}, which the security groups close: add it to network.egress_ports"
            refuse("langfuse.registry", self.langfuse.registry, allowed)
        return self

    @model_validator(mode="after")
    def _check_bucket_encryption(self) -> Self:
        for table in ("environment", "secrets"):
            for name in getattr(self.langfuse, table):
                if self.encryption.kms != "aws" and (must := encrypted_by_the_stacks(name)):
                    refuse(f"langfuse.{table}.{name}", None, must)
        return self

    @model_validator(mode="after")
    def _check_access_logs(self) -> Self:
        if self.ingress.access_logs and self.domain.cloudfront and self.region in OPT_IN_REGIONS:
            allowed = f"is not possible with domain.cloudfront in {self.region}: CloudFront can't write its logs there"
            refuse("ingress.access_logs", True, allowed)
        return self

    @model_validator(mode="after")
    def _check_isolated(self) -> Self:
        if self.network.isolated:
            packages = self.clickhouse.package_repository if self.clickhouse.mode == "ec2" else None
            variables = [*self.container_variables, *self.container_secrets]
            for unreachable in (
                *unreachable_sources(self.region, self.langfuse.registry, packages),
                *unreachable_services(variables, self.open_egress_ports),
            ):
                refuse(*unreachable)
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
    def _check_access(self) -> Self:
        if not self.access.is_set:
            return self
        if self.account_id is None:
            there = len(self.allowed_account_ids)
            allowed = (
                f"needs exactly one account in allowed_account_ids (there are {there}): the roles' policies name it"
            )
            refuse("access.repository", self.access.repository, allowed)
        for key, value in self.tags.items():
            if key in OWN_TAGS:
                # Another environment with the same tags would be what the deploy role may change.
                allowed = "must be left out with access.repository: the roles know what is theirs by this tag"
                refuse(f"tags.{key}", value, allowed)
        provider = self.access.oidc_provider_arn
        here = f"arn:{partition_of(self.region)}:iam::{self.account_id}:"
        if provider and not provider.startswith(here):
            allowed = f'must start with "{here}", since region and allowed_account_ids say so'
            refuse("access.oidc_provider_arn", provider, allowed)
        if self.langfuse.policy_arns and not self.permissions_boundary_arn:
            allowed = (
                "needs permissions_boundary_arn beside access.repository: the boundary of the stack access can't know"
                " what these policies allow"
            )
            refuse("langfuse.policy_arns", list(self.langfuse.policy_arns), allowed)
        if (characters := roles.characters_in_a_policy(self.langfuse.policy_arns)) > roles.ATTACHED_CHARACTERS:
            allowed = (
                f"its ARNs have {characters} characters, and at most {roles.ATTACHED_CHARACTERS} fit into the policies"
                " of the deploy role: put what several policies allow into one"
            )
            refuse("langfuse.policy_arns", None, allowed)
        characters = roles.characters_in_a_policy({*self.foreign_secret_arns, *self.foreign_key_arns})
        if characters > roles.BOUNDARY_CHARACTERS and not self.permissions_boundary_arn:
            allowed = (
                f"with those of other sections and the keys, the ARNs have {characters} characters, and at most"
                f" {roles.BOUNDARY_CHARACTERS} fit into the boundary of the stack access: store values as JSON in one"
                " secret, and name the key behind its ARN, or set permissions_boundary_arn"
            )
            refuse("langfuse.secrets", None, allowed)
        return self

    @model_validator(mode="after")
    def _check_variable_groups(self) -> Self:
        # After all else: a variable that is wrong itself needs no others.
        if missing := lacking(self.container_variables, {*self.container_secrets, *self.first.generated_secrets}):
            self._refuse_variable(*missing)
        return self
