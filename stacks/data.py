"""What holds data: it outlives every release of the services."""

from constructs import Construct

from modules.alarm_topic import AlarmTopic
from modules.application_secrets import ApplicationSecrets
from modules.clickhouse_secrets import UNKNOWN_CONNECTION, ClickhouseSecrets
from modules.events_bucket import EventsBucket
from modules.postgres import Postgres
from modules.postgres_alarms import PostgresAlarms
from modules.redis import Redis
from modules.redis_alarms import RedisAlarms
from settings import Settings
from stacks.base import LangfuseStack
from stacks.network import NetworkStack


class DataStack(LangfuseStack):
    """PostgreSQL, Redis, the events bucket, every secret, and their alarms."""

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
        clickhouse = ClickhouseSecrets(
            self,
            "clickhouse",
            name=settings.prefix,
            connection=UNKNOWN_CONNECTION,
            version=1,
            recovery_window_days=settings.secrets.recovery_window_days,
        )
        self.secrets_by_variable = {
            "DATABASE_URL": self.postgres.url_secret,
            "NEXTAUTH_SECRET": application.nextauth_secret,
            "SALT": application.salt,
            "ENCRYPTION_KEY": application.encryption_key,
            **clickhouse.by_variable,
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
                    for variable, secret in clickhouse.by_variable.items()
                },
            }
        )
