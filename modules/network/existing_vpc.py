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
    So does a public subnet without IPv6 addresses if ``ipv6`` asks for them.

    Args:
        vpc_id: the VPC.
        public_subnet_ids: subnets that route to the internet through an internet gateway.
        private_subnet_ids: subnets that route to the internet through NAT, or whose VPC has endpoints for AWS instead.
        ipv6: whether the public subnets must have IPv6 addresses.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc_id: str,
        public_subnet_ids: Sequence[str],
        private_subnet_ids: Sequence[str],
        ipv6: bool,
    ) -> None:
        super().__init__(scope, id_)
        resolves_names = Postcondition(
            condition="${self.enable_dns_support && self.enable_dns_hostnames}",
            error_message=f"{vpc_id} does not resolve names: enable its DNS resolution and its DNS hostnames.",
        )
        vpc = DataAwsVpc(self, "vpc", id=vpc_id, lifecycle=TerraformResourceLifecycle(postcondition=[resolves_names]))
        self.id = vpc.id
        has_ipv6 = Postcondition(
            condition="${try(length(self.ipv6_cidr_block), 0) > 0}",
            error_message='${self.id} has no IPv6 block, which ingress.ip_address_type = "dualstack" needs: add one.',
        )
        public = self._look_up("public", public_subnet_ids, [has_ipv6] if ipv6 else [])
        private = self._look_up("private", private_subnet_ids)
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.private_availability_zones = [subnet.availability_zone for subnet in private]

    def _look_up(self, kind: str, ids: Sequence[str], conditions: Sequence[Postcondition] = ()) -> list[DataAwsSubnet]:
        lifecycle = TerraformResourceLifecycle(postcondition=list(conditions)) if conditions else None
        return [
            DataAwsSubnet(self, f"{kind}-{number}", id=id_, vpc_id=self.id, lifecycle=lifecycle)
            for number, id_ in enumerate(ids)
        ]
