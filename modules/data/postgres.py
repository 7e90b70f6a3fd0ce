"""The PostgreSQL database, with its password and its connection string."""

from collections.abc import Sequence

from cdktf import Fn, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.log_group import log_group
from modules.metric import Metric
from modules.secret import Secret, random_letters_and_digits
from settings.sections.postgres import Postgres as PostgresSettings
from settings.sections.secrets import Secrets

USER = "langfuse"
DATABASE = "langfuse"
LOGS = ("postgresql", "upgrade")


class Postgres(Construct):
    """An encrypted RDS instance in private subnets that accepts only connections with TLS. Its logs go to CloudWatch.

    Changes are made at once, not in the maintenance window: until then, every plan would show them again.

    The password is stored in Secrets Manager first and read back from there, so that an apply that was interrupted
    continues with the same password. ``url_secret`` holds the DATABASE_URL that Langfuse connects with.

    Args:
        name: what the names of the instance (``<name>-postgres``) and of its secrets (``<name>/…``) start with.
        settings: version, size, storage and backups.
        secrets: the password's version, and how long a deleted secret can be restored.
        subnet_ids: the subnets of two Availability Zones or more.
        security_group_id: who may connect.
        log_retention_days: how long CloudWatch keeps the logs.
        deletion_protection: whether Terraform and RDS refuse to delete the instance. RDS makes a final snapshot once it
            may.
        kms_key_arn: the KMS key that encrypts the instance, its logs and its secrets, or None for AWS's own keys.
            Another one replaces the instance.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: PostgresSettings,
        secrets: Secrets,
        subnet_ids: Sequence[str],
        security_group_id: str,
        log_retention_days: int,
        deletion_protection: bool,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        identifier = f"{name}-postgres"
        password = Secret(
            self,
            "password",
            name=f"{name}/database-password",
            description="PostgreSQL's master password",
            value=random_letters_and_digits(self, "password-value", length=32),
            version=secrets.database_password_version,
            recovery_window_days=secrets.recovery_window_days,
            kms_key_arn=kms_key_arn,
        ).read()
        subnets = DbSubnetGroup(self, "subnets", name=identifier, subnet_ids=list(subnet_ids))
        major = settings.version.split(".")[0]
        parameters = DbParameterGroup(
            self,
            "parameters",
            name=f"{identifier}-{major}",
            family=f"postgres{major}",
            # It is the default from PostgreSQL 15 on, which RDS always returns with this method.
            parameter=[DbParameterGroupParameter(name="rds.force_ssl", value="1", apply_method="pending-reboot")],
            # A new major version needs its own group before the old group can be deleted.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        # Under the names that RDS writes to: RDS would create them itself, to be kept for ever.
        logs = [
            log_group(
                self,
                f"{log}-logs",
                name=f"/aws/rds/instance/{identifier}/{log}",
                retention_days=log_retention_days,
                kms_key_arn=kms_key_arn,
            )
            for log in LOGS
        ]
        # A snapshot outlives the instance, and its name stays taken. Not cdktf.DataResource: see fargate_service.py.
        unique = TerraformResource(self, "final-snapshot", terraform_resource_type="terraform_data")
        instance = DbInstance(
            self,
            "instance",
            identifier=identifier,
            engine="postgres",
            engine_version=settings.version,
            # Terraform could not undo the upgrade of a chosen minor version.
            auto_minor_version_upgrade="." not in settings.version,
            allow_major_version_upgrade=True,
            apply_immediately=True,
            instance_class=settings.instance_class,
            db_name=DATABASE,
            username=USER,
            password_wo=password,
            password_wo_version=secrets.database_password_version,
            allocated_storage=settings.storage_gib,
            max_allocated_storage=settings.max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=kms_key_arn,
            multi_az=settings.multi_az,
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[security_group_id],
            publicly_accessible=False,
            backup_retention_period=settings.backup_retention_days,
            copy_tags_to_snapshot=True,
            deletion_protection=deletion_protection,
            skip_final_snapshot=not deletion_protection,
            final_snapshot_identifier=f"{identifier}-final-{Fn.substr(unique.get_string_attribute('id'), 0, 8)}",
            enabled_cloudwatch_logs_exports=list(LOGS),
            depends_on=logs,
            # RDS refuses only after Terraform has deleted the secrets beside it.
            lifecycle=TerraformResourceLifecycle(prevent_destroy=deletion_protection),
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
        self.id = instance.identifier
        self.endpoint = instance.endpoint
        dimensions = {"DBInstanceIdentifier": instance.identifier}
        self.cpu = Metric("AWS/RDS", "CPUUtilization", dimensions)
        self.free_storage_bytes = Metric("AWS/RDS", "FreeStorageSpace", dimensions)
        self.freeable_memory_bytes = Metric("AWS/RDS", "FreeableMemory", dimensions)
        self.url_secret = Secret(
            self,
            "url",
            name=f"{name}/database-url",
            description="How Langfuse reaches PostgreSQL: DATABASE_URL",
            value=f"postgresql://{USER}:{password}@{instance.endpoint}/{DATABASE}?sslmode=require",
            version=secrets.database_password_version,
            recovery_window_days=secrets.recovery_window_days,
            kms_key_arn=kms_key_arn,
        )
