"""An existing VPC."""

from collections.abc import Sequence

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from constructs import Construct


class ExistingVpc(Construct):
    """Looks up a VPC and its subnets, and changes nothing in them. A wrong id fails in the plan.

    So does a VPC without DNS: in it, neither the databases' names nor a private hosted zone's can be resolved.
    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html

    Args:
        vpc_id: the VPC.
        public_subnet_ids: subnets that route to the internet through an internet gateway.
        private_subnet_ids: subnets that route to the internet through NAT, or whose VPC has endpoints for AWS instead.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc_id: str,
        public_subnet_ids: Sequence[str],
        private_subnet_ids: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        resolves_names = Postcondition(
            condition="${self.enable_dns_support && self.enable_dns_hostnames}",
            error_message=f"{vpc_id} does not resolve names: enable its DNS resolution and its DNS hostnames.",
        )
        vpc = DataAwsVpc(self, "vpc", id=vpc_id, lifecycle=TerraformResourceLifecycle(postcondition=[resolves_names]))
        self.id = vpc.id
        public = self._look_up("public", public_subnet_ids)
        private = self._look_up("private", private_subnet_ids)
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.private_availability_zones = [subnet.availability_zone for subnet in private]

    def _look_up(self, kind: str, ids: Sequence[str]) -> list[DataAwsSubnet]:
        return [DataAwsSubnet(self, f"{kind}-{number}", id=id_, vpc_id=self.id) for number, id_ in enumerate(ids)]
