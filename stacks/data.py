"""What holds data: it outlives every release of the services."""

from constructs import Construct

from modules.alarm_topic import AlarmTopic
from modules.application_secrets import ApplicationSecrets
from modules.clickhouse_secrets import ClickhouseSecrets, connection_inside_vpc, unknown_connection
from modules.clickhouse_volume import forget_volume
from modules.events_bucket import EventsBucket
from modules.postgres import Postgres
from modules.postgres_alarms import PostgresAlarms
from modules.redis import Redis
from modules.redis_alarms import RedisAlarms
from settings import Settings
from stacks.base import LangfuseStack
from stacks.network import NetworkStack

CLICKHOUSE_HOST = "clickhouse"
CLICKHOUSE_USER = "langfuse"
CLICKHOUSE_SECRETS_VERSION = {"external": 1, "ec2": 2}
"""Differs, so that the next deploy rewrites the secrets when ``clickhouse.mode`` changes."""


class DataStack(LangfuseStack):
    """PostgreSQL, Redis, the events bucket, ClickHouse on EC2, every secret, and their alarms."""

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, network: NetworkStack) -> None:
        super().__init__(scope, id_, settings)
        groups = network.firewall.ids
        subnet_ids = network.vpc.private_subnet_ids

        self.alarm_topic = AlarmTopic(self, "alarms", name=f"{settings.prefix}-alarms", email=settings.alarms.email)
        self.postgres = Postgres(
            self, "postgres", settings=settings, subnet_ids=subnet_ids, security_group_id=groups["postgres"]
        )
        PostgresAlarms(
            self,
            "postgres-alarms",
            instance_id=self.postgres.instance_id,
            storage_gib=settings.postgres.storage_gib,
            topic_arn=self.alarm_topic.arn,
        )
        self.redis = Redis(
            self,
            "redis",
            name=f"{settings.prefix}-redis",
            settings=settings.redis,
            subnet_ids=subnet_ids,
            security_group_id=groups["redis"],
        )
        RedisAlarms(self, "redis-alarms", node_ids=self.redis.node_ids, topic_arn=self.alarm_topic.arn)
        self.events_bucket = EventsBucket(
            self,
            "events-bucket",
            name_prefix=f"{settings.prefix}-events-",
            settings=settings.storage,
            force_destroy=not settings.deletion_protection,
        )
        application = ApplicationSecrets(self, "application", name=settings.prefix, settings=settings.secrets)
        clickhouse_secrets, clickhouse_outputs = self._clickhouse(settings, network)
        self.secrets_by_variable = {
            "DATABASE_URL": self.postgres.url_secret,
            "NEXTAUTH_SECRET": application.nextauth_secret,
            "SALT": application.salt,
            "ENCRYPTION_KEY": application.encryption_key,
            **clickhouse_secrets.by_variable,
        }
        self.add_outputs(
            {
                "events_bucket_name": self.events_bucket.name,
                "redis_endpoint": self.redis.endpoint,
                "database_endpoint": self.postgres.endpoint,
                "database_url_secret_name": self.postgres.url_secret.name,
                "nextauth_secret_name": application.nextauth_secret.name,
                "salt_secret_name": application.salt.name,
                "encryption_key_secret_name": application.encryption_key.name,
                **{
                    f"{variable.lower()}_secret_name": secret.name
                    for variable, secret in clickhouse_secrets.by_variable.items()
                },
                **clickhouse_outputs,
            }
        )

    def _clickhouse(
        self, settings: Settings, network: NetworkStack
    ) -> tuple[ClickhouseSecrets, dict[str, str | list[str]]]:
        """The six secrets and, with ``ec2``, the server that they lead to; the outputs are the server's."""
        zone_name = f"{settings.prefix}.internal"
        inside = settings.clickhouse.mode == "ec2"
        host = f"{CLICKHOUSE_HOST}.{zone_name}"
        secrets = ClickhouseSecrets(
            self,
            "clickhouse",
            name=settings.prefix,
            connection=connection_inside_vpc(self, host=host, user=CLICKHOUSE_USER) if inside else unknown_connection(),
            version=CLICKHOUSE_SECRETS_VERSION[settings.clickhouse.mode],
            recovery_window_days=settings.secrets.recovery_window_days,
        )
        if not inside:
            forget_volume(self)
            return secrets, {}
        # Imported here: what most environments do without need not slow their synth.
        from modules.clickhouse import Clickhouse

        security_group_id = network.firewall.ids["clickhouse"]
        server = Clickhouse(
            self,
            "clickhouse-server",
            settings=settings,
            host=CLICKHOUSE_HOST,
            zone_name=zone_name,
            vpc_id=network.vpc.vpc_id,
            subnet_id=network.vpc.private_subnet_ids[0],
            availability_zone=network.vpc.private_zones[0],
            security_group_id=security_group_id,
            user=CLICKHOUSE_USER,
            password_secret_arn=secrets.by_variable["CLICKHOUSE_PASSWORD"].arn,
            alarm_topic_arn=self.alarm_topic.arn,
        )
        return secrets, {
            "clickhouse_host": host,
            "clickhouse_private_ip": server.private_ip,
            "clickhouse_security_group_id": security_group_id,
        }
