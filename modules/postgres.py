"""The PostgreSQL database with its password and its connection string."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.log_group import log_group
from modules.secret import Secret, random_letters_and_digits
from settings import Settings

USER = "langfuse"
LOGS = ("postgresql", "upgrade")
DATABASE = "langfuse"


class Postgres(Construct):
    """An encrypted RDS instance in private subnets that takes TLS connections only.

    The password is stored in Secrets Manager first and read back from there, so an apply that dies half-way goes on
    with the same one. Its logs go to CloudWatch. ``url_secret`` holds the ``DATABASE_URL`` that Langfuse connects with.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        subnet_ids: Sequence[str],
        security_group_id: str,
    ) -> None:
        super().__init__(scope, id_)
        chosen = settings.postgres
        name = f"{settings.prefix}-postgres"
        password_version = settings.secrets.database_password_version
        password = Secret(
            self,
            "password",
            name=f"{settings.prefix}/database-password",
            description="PostgreSQL's master password",
            value=random_letters_and_digits(self, "password-value", length=32),
            version=password_version,
            recovery_window_days=settings.secrets.recovery_window_days,
        ).read()
        subnets = DbSubnetGroup(self, "subnets", name=name, subnet_ids=list(subnet_ids))
        major = chosen.version.split(".")[0]
        parameters = DbParameterGroup(
            self,
            "parameters",
            name=f"{name}-{major}",
            family=f"postgres{major}",
            parameter=[DbParameterGroupParameter(name="rds.force_ssl", value="1")],
        )
        # Under the names that RDS writes to; it would make them itself, and keep them for ever.
        logs = [
            log_group(
                self,
                f"{log}-logs",
                name=f"/aws/rds/instance/{name}/{log}",
                retention_days=settings.log_retention_days,
            )
            for log in LOGS
        ]
        instance = DbInstance(
            self,
            "instance",
            identifier=name,
            engine="postgres",
            engine_version=chosen.version,
            auto_minor_version_upgrade=True,
            instance_class=chosen.instance_class,
            db_name=DATABASE,
            username=USER,
            password_wo=password,
            password_wo_version=password_version,
            allocated_storage=chosen.storage_gib,
            max_allocated_storage=chosen.max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            multi_az=chosen.multi_az,
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[security_group_id],
            publicly_accessible=False,
            backup_retention_period=chosen.backup_retention_days,
            copy_tags_to_snapshot=True,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.deletion_protection,
            final_snapshot_identifier=f"{name}-final",
            enabled_cloudwatch_logs_exports=list(LOGS),
            depends_on=logs,
        )
        accept_findings(
            instance,
            {
                "CKV_AWS_118": "CloudWatch's metrics and the alarms on them suffice for what Langfuse keeps here",
                "CKV_AWS_157": "Whether there is a standby is the environment's choice: postgres.multi_az",
                "CKV_AWS_161": "Langfuse connects with a password only: DATABASE_URL",
                "CKV_AWS_293": "Whether it is protected is the environment's choice: deletion_protection",
                "CKV_AWS_353": "Langfuse's heavy queries run in ClickHouse, not here",
            },
        )
        self.instance_id = instance.identifier
        self.endpoint = instance.endpoint
        self.url_secret = Secret(
            self,
            "url",
            name=f"{settings.prefix}/database-url",
            description="How Langfuse reaches PostgreSQL: DATABASE_URL",
            value=f"postgresql://{USER}:{password}@{instance.endpoint}/{DATABASE}?sslmode=require",
            version=password_version,
            recovery_window_days=settings.secrets.recovery_window_days,
        )
