"""The network: VPC, flow logs and security groups. It changes rarely, and every other stack depends on it."""

from constructs import Construct

from modules.network.existing_vpc import ExistingVpc
from modules.network.flow_logs import FlowLogs
from modules.network.security_groups import SecurityGroups
from modules.network.vpc import Vpc
from settings import Settings
from settings.interface_endpoints import called_services
from stacks.base import LangfuseStack


class NetworkStack(LangfuseStack):
    """A VPC with its flow logs, or an existing VPC; every security group and rule; and AWS's services, if isolated."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_, settings)
        self.kms_key_arn = self._kms_key_arn(settings)
        """The KMS key that encrypts what all stacks store, or None for AWS's own keys."""
        ipv6 = settings.ingress.ip_address_type == "dualstack"
        self.vpc = self._vpc(settings, ipv6=ipv6)
        self.security_groups = SecurityGroups(
            self,
            # Its id is part of the groups' addresses in Terraform.
            "firewall",
            name=settings.prefix,
            vpc_id=self.vpc.id,
            cloudfront=settings.domain.cloudfront,
            allowed_cidrs=settings.ingress.allowed_cidrs,
            ipv6=ipv6,
            external_clickhouse=settings.clickhouse.mode == "external",
            egress_ports=settings.open_egress_ports,
            isolated_in=settings.region if settings.network.isolated else None,
        )
        if isinstance(self.vpc, Vpc) and settings.network.isolated:
            # Imported here, since most environments do without it, and synth is faster so.
            from modules.network.interface_endpoints import InterfaceEndpoints

            InterfaceEndpoints(
                self,
                "endpoints",
                name=settings.prefix,
                region=settings.region,
                services=called_services(clickhouse_on_ec2=settings.clickhouse.mode == "ec2"),
                vpc=self.vpc,
                security_group_id=self.security_groups.ids["endpoints"],
            )
        self.add_outputs(
            {
                "vpc_id": self.vpc.id,
                "public_subnet_ids": self.vpc.public_subnet_ids,
                "private_subnet_ids": self.vpc.private_subnet_ids,
            }
        )

    def _kms_key_arn(self, settings: Settings) -> str | None:
        if settings.encryption.kms != "own":
            return settings.encryption.key_arn
        # Imported here, since most environments do without it, and synth is faster so.
        from modules.encryption_key import EncryptionKey

        key = EncryptionKey(
            self,
            "encryption",
            name=settings.prefix,
            region=settings.region,
            log_groups=settings.log_groups,
            deletion_protection=settings.deletion_protection,
        )
        self.add_outputs({"kms_key_arn": key.arn})
        return key.arn

    def _vpc(self, settings: Settings, *, ipv6: bool) -> Vpc | ExistingVpc:
        if settings.network.vpc_id:
            return ExistingVpc(
                self,
                "vpc",
                vpc_id=settings.network.vpc_id,
                public_subnet_ids=settings.network.public_subnet_ids,
                private_subnet_ids=settings.network.private_subnet_ids,
                ipv6=ipv6,
            )
        vpc = Vpc(self, "vpc", name=settings.prefix, region=settings.region, settings=settings.network, ipv6=ipv6)
        FlowLogs(
            self,
            "flow-logs",
            name=f"{settings.prefix}-flow-logs",
            role_name=f"{settings.global_prefix}-flow-logs",
            vpc_id=vpc.id,
            retention_days=settings.log_retention_days,
            kms_key_arn=self.kms_key_arn,
        )
        return vpc
