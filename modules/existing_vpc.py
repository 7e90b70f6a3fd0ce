"""A VPC that was there before this project."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from constructs import Construct


class ExistingVpc(Construct):
    """Looks an existing VPC and its subnets up, so that a wrong id fails in the plan and nothing in it is changed.

    The private subnets must route to the internet through NAT, the public ones through an internet gateway.
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
        self.vpc_id = DataAwsVpc(self, "vpc", id=vpc_id).id
        public = self._look_up("public", public_subnet_ids)
        private = self._look_up("private", private_subnet_ids)
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.private_zones = [subnet.availability_zone for subnet in private]

    def _look_up(self, kind: str, ids: Sequence[str]) -> list[DataAwsSubnet]:
        return [DataAwsSubnet(self, f"{kind}-{number}", id=id_, vpc_id=self.vpc_id) for number, id_ in enumerate(ids)]
