"""The data: databases, bucket and secrets. It outlives every release of the services."""

from constructs import Construct

from modules.data.alarm_topic import AlarmTopic
from modules.data.application_secrets import ApplicationSecrets
from modules.data.clickhouse.kept import forget_kept
from modules.data.clickhouse.secrets import ClickhouseSecrets, connection_inside_vpc, unknown_connection
from modules.data.events_bucket import EventsBucket
from modules.data.postgres import Postgres
from modules.data.postgres_alarms import PostgresAlarms
from modules.data.redis import Redis
from modules.data.redis_alarms import RedisAlarms
from modules.metric import Metric
from modules.secret import Secret
from settings import Settings
from settings.partition import partition_of
from settings.secret_variables import secret_name_output
from stacks.base import LangfuseStack
from stacks.network import NetworkStack

CLICKHOUSE_USER = "langfuse"
CLICKHOUSE_SECRETS_VERSION = {"external": 1, "ec2": 2}
"""By ``clickhouse.mode``: another number stores the secrets again when the mode changes."""


class DataStack(LangfuseStack):
    """PostgreSQL, Redis, the events bucket, ClickHouse on EC2, every secret, and their alarms."""

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, network: NetworkStack) -> None:
        super().__init__(scope, id_, settings)
        security_group_ids = network.security_groups.ids
        subnet_ids = network.vpc.private_subnet_ids
        kms_key_arn = network.kms_key_arn

        self.alarm_topic = AlarmTopic(
            self,
            "alarms",
            name=f"{settings.prefix}-alarms",
            email=settings.alarms.email,
            kms_key_arn=kms_key_arn,
        )
        self.postgres = Postgres(
            self,
            "postgres",
            name=settings.prefix,
            settings=settings.postgres,
            secrets=settings.secrets,
            subnet_ids=subnet_ids,
            security_group_id=security_group_ids["postgres"],
            log_retention_days=settings.log_retention_days,
            deletion_protection=settings.deletion_protection,
            kms_key_arn=kms_key_arn,
        )
        PostgresAlarms(
            self,
            "postgres-alarms",
            self.postgres,
            storage_gib=settings.postgres.storage_gib,
            topic_arn=self.alarm_topic.arn,
        )
        self.redis = Redis(
            self,
            "redis",
            name=f"{settings.prefix}-redis",
            settings=settings.redis,
            subnet_ids=subnet_ids,
            security_group_id=security_group_ids["redis"],
            # ElastiCache takes no key of a customer's in GovCloud:
            # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
            kms_key_arn=None if partition_of(settings.region) == "aws-us-gov" else kms_key_arn,
        )
        RedisAlarms(self, "redis-alarms", self.redis, topic_arn=self.alarm_topic.arn)
        self.events_bucket = EventsBucket(
            self,
            "events-bucket",
            name_prefix=f"{settings.prefix}-events-",
            settings=settings.storage,
            force_destroy=not settings.deletion_protection,
            kms_key_arn=kms_key_arn,
        )
        application_secrets = ApplicationSecrets(
            self, "application", name=settings.prefix, settings=settings.secrets, kms_key_arn=kms_key_arn
        )
        self.clickhouse_disk: Metric | None = None
        """How full ClickHouse's data volume is, if it is in the VPC."""
        clickhouse_secrets = self._clickhouse(settings, network)
        secrets = {
            "DATABASE_URL": self.postgres.url_secret,
            "NEXTAUTH_SECRET": application_secrets.nextauth_secret,
            "SALT": application_secrets.salt,
            "ENCRYPTION_KEY": application_secrets.encryption_key,
            **clickhouse_secrets.by_variable,
            **self._first(settings, kms_key_arn),
        }
        self.secret_arns = {variable: secret.arn for variable, secret in secrets.items()}
        """By the name of Langfuse's variable."""
        self.add_outputs(
            {
                "events_bucket_name": self.events_bucket.name,
                "redis_id": self.redis.id,
                "redis_endpoint": self.redis.endpoint,
                "database_id": self.postgres.id,
                "database_endpoint": self.postgres.endpoint,
                **{secret_name_output(variable): secret.name for variable, secret in secrets.items()},
            }
        )

    def _first(self, settings: Settings, kms_key_arn: str | None) -> dict[str, Secret]:
        """The secrets of the first user and project, by variable, if there is one."""
        if not settings.first.is_set:
            return {}
        from modules.data.first_secrets import FirstSecrets

        return FirstSecrets(
            self,
            "first",
            name=settings.prefix,
            recovery_window_days=settings.secrets.recovery_window_days,
            kms_key_arn=kms_key_arn,
        ).by_variable

    def _clickhouse(self, settings: Settings, network: NetworkStack) -> ClickhouseSecrets:
        """The six secrets and, with ``clickhouse.mode = "ec2"``, the server that they lead to, with its outputs."""
        on_ec2 = settings.clickhouse.mode == "ec2"
        dns_name = f"clickhouse.{settings.prefix}.internal"
        secrets = ClickhouseSecrets(
            self,
            "clickhouse",
            name=settings.prefix,
            connection=(
                connection_inside_vpc(self, host=dns_name, user=CLICKHOUSE_USER) if on_ec2 else unknown_connection()
            ),
            version=CLICKHOUSE_SECRETS_VERSION[settings.clickhouse.mode],
            recovery_window_days=settings.secrets.recovery_window_days,
            kms_key_arn=network.kms_key_arn,
        )
        if not on_ec2:
            forget_kept(self)
            return secrets
        # Imported here, since most environments do without it, and synth is faster so.
        from modules.data.clickhouse.server import ClickhouseServer

        security_group_id = network.security_groups.ids["clickhouse"]
        server = ClickhouseServer(
            self,
            "clickhouse-server",
            name=f"{settings.prefix}-clickhouse",
            role_name=f"{settings.global_prefix}-clickhouse",
            settings=settings.clickhouse,
            environment=settings.name,
            region=settings.region,
            deletion_protection=settings.deletion_protection,
            vpc=network.vpc,
            public=settings.network.public_tasks,
            security_group_id=security_group_id,
            dns_name=dns_name,
            user=CLICKHOUSE_USER,
            password_secret_arn=secrets.by_variable["CLICKHOUSE_PASSWORD"].arn,
            topic_arn=self.alarm_topic.arn,
            kms_key_arn=network.kms_key_arn,
        )
        self.clickhouse_disk = server.disk_used_percent
        self.add_outputs(
            {
                "clickhouse_host": dns_name,
                "clickhouse_instance_id": server.instance_id,
                "clickhouse_private_ip": server.private_ip,
                "clickhouse_security_group_id": security_group_id,
            }
        )
        return secrets
