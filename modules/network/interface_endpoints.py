"""Interface VPC endpoints for AWS's services."""

from collections.abc import Iterable

from cdktf import Token
from cdktf_cdktf_provider_aws.data_aws_vpc_endpoint_service import DataAwsVpcEndpointService
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from modules.network.vpc import Vpc
from settings.interface_endpoints import service_name


class InterfaceEndpoints(Construct):
    """An interface endpoint for each service, in every private subnet, with the service's own name in the VPC's DNS.

    A zone that a service lacks gets no network interface, since AWS would refuse the endpoint: what runs there uses
    those of the other zones. https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html

    Args:
        name: what the endpoints' Name tags start with.
        region: the AWS region.
        services: the services: ``ecr.api``, for example.
        vpc: the VPC.
        security_group_id: who may connect to the endpoints.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        services: Iterable[str],
        vpc: Vpc,
        security_group_id: str,
    ) -> None:
        super().__init__(scope, id_)
        subnet_by_zone = f"zipmap([{', '.join(vpc.private_availability_zones)}], [{', '.join(vpc.private_subnet_ids)}])"
        for service in services:
            offer = DataAwsVpcEndpointService(
                self, f"{service}-service", service_name=service_name(region, service), service_type="Interface"
            )
            VpcEndpoint(
                self,
                service,
                vpc_id=vpc.id,
                service_name=service_name(region, service),
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=Token.as_list(
                    f"${{[for zone, id in {subnet_by_zone} : id if contains({offer.fqn}.availability_zones, zone)]}}"
                ),
                security_group_ids=[security_group_id],
                tags={"Name": f"{name}-{service}"},
            )
