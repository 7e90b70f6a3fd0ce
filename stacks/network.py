"""Where everything runs and who may reach whom. Changes rarely, and everything else stands on it."""

from constructs import Construct

from modules.existing_vpc import ExistingVpc
from modules.firewall import Firewall
from modules.flow_logs import FlowLogs
from modules.vpc import Vpc
from settings import Settings
from stacks.base import LangfuseStack


class NetworkStack(LangfuseStack):
    """The VPC with its subnets, the log of refused traffic, every security group and rule."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_, settings)
        chosen = settings.network
        self.vpc: Vpc | ExistingVpc
        if chosen.vpc_id:
            self.vpc = ExistingVpc(
                self,
                "vpc",
                vpc_id=chosen.vpc_id,
                public_subnet_ids=chosen.public_subnet_ids,
                private_subnet_ids=chosen.private_subnet_ids,
            )
        else:
            self.vpc = Vpc(self, "vpc", name=settings.prefix, region=settings.region, settings=chosen)
            FlowLogs(
                self,
                "flow-logs",
                name=f"{settings.prefix}-flow-logs",
                vpc_id=self.vpc.vpc_id,
                retention_days=settings.log_retention_days,
            )
        self.firewall = Firewall(
            self,
            "firewall",
            name=settings.prefix,
            vpc_id=self.vpc.vpc_id,
            cloudfront=settings.domain.cloudfront,
            external_clickhouse=settings.clickhouse.mode == "external",
        )
        self.add_outputs(
            {
                "vpc_id": self.vpc.vpc_id,
                "public_subnet_ids": self.vpc.public_subnet_ids,
                "private_subnet_ids": self.vpc.private_subnet_ids,
            }
        )
