"""Who has a public address in the embedded AWS, and what starts where nothing leads out of a subnet."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws

IMAGE = "ami-0c2023a1b2c3d4e5f"
CLUSTER = "ways-out"
DEADLINE_SECONDS = 20


@pytest.fixture
def ec2(aws: EmbeddedAws) -> Any:
    return aws.session().client("ec2", endpoint_url=aws.url)


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    answer = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24", AvailabilityZone="us-east-1b")
    return str(answer["Subnet"]["SubnetId"])


@pytest.fixture
def gateway(ec2: Any, vpc: str) -> str:
    id_ = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=vpc)
    return id_


def launch(ec2: Any, subnet: str, *, public: bool) -> str:
    interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": public}
    answer = ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        InstanceType="t4g.medium",
        NetworkInterfaces=[interface],
        MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    )
    return str(answer["Instances"][0]["InstanceId"])


def described(ec2: Any, instance: str) -> dict[str, Any]:
    return dict(ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0])


def test_an_instance_has_a_public_address_if_it_asks_for_one_and_while_it_runs(ec2: Any, subnet: str) -> None:
    public, private = (launch(ec2, subnet, public=asks) for asks in (True, False))
    assert "PublicIpAddress" in described(ec2, public)
    assert "PublicIpAddress" not in described(ec2, private)
    assert described(ec2, public)["SubnetId"] == described(ec2, private)["SubnetId"] == subnet
    ec2.stop_instances(InstanceIds=[public])
    assert "PublicIpAddress" not in described(ec2, public)
    ec2.start_instances(InstanceIds=[public])
    assert "PublicIpAddress" in described(ec2, public)
    ec2.terminate_instances(InstanceIds=[public, private])


def test_a_public_address_keeps_the_internet_gateway(ec2: Any, vpc: str, subnet: str, gateway: str) -> None:
    instance = launch(ec2, subnet, public=True)
    with pytest.raises(ClientError, match="mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


class Service:
    """The service web, in a subnet."""

    def __init__(self, ecs: Any, subnet: str) -> None:
        self._ecs, self._subnet = ecs, subnet

    def network(self, assign_public_ip: str) -> Any:
        return {"awsvpcConfiguration": {"subnets": [self._subnet], "assignPublicIp": assign_public_ip}}

    def create(self, assign_public_ip: str) -> None:
        definition = self._ecs.register_task_definition(
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            containerDefinitions=[{"name": "web", "image": "langfuse/langfuse:1"}],
        )["taskDefinition"]["taskDefinitionArn"]
        self._ecs.create_service(
            cluster=CLUSTER,
            serviceName="web",
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=self.network(assign_public_ip),
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )

    def move(self, assign_public_ip: str) -> None:
        self._ecs.update_service(cluster=CLUSTER, service="web", networkConfiguration=self.network(assign_public_ip))

    def deployments(self) -> list[dict[str, Any]]:
        return list(self._ecs.describe_services(cluster=CLUSTER, services=["web"])["services"][0]["deployments"])

    def until(self, state: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := self.deployments()[0]["rolloutState"]) != state:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def stopped_reason(self) -> str:
        (task, *_) = self._ecs.list_tasks(cluster=CLUSTER, serviceName="web", desiredStatus="STOPPED")["taskArns"]
        return str(self._ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"][0]["stoppedReason"])


@pytest.fixture
def service(aws: EmbeddedAws, subnet: str) -> Iterator[Service]:
    ecs: Any = aws.session().client("ecs", endpoint_url=aws.url)
    ecs.create_cluster(clusterName=CLUSTER)
    yield Service(ecs, subnet)
    ecs.delete_service(cluster=CLUSTER, service="web", force=True)


def route(ec2: Any, vpc: str, **target: str) -> None:
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", **target)


def test_a_task_without_a_way_out_does_not_start(service: Service) -> None:
    service.create("ENABLED")
    service.until("FAILED")
    assert service.stopped_reason().startswith("ResourceInitializationError: unable to pull secrets or registry auth")


def test_a_task_behind_an_internet_gateway_needs_a_public_address(
    ec2: Any, vpc: str, gateway: str, service: Service
) -> None:
    route(ec2, vpc, GatewayId=gateway)
    service.create("DISABLED")
    service.until("FAILED")
    service.move("ENABLED")
    service.until("COMPLETED")


def test_a_task_behind_a_nat_gateway_needs_none(ec2: Any, vpc: str, service: Service) -> None:
    route(ec2, vpc, NatGatewayId="nat-0123456789abcdef0")
    service.create("DISABLED")
    service.until("COMPLETED")


def test_another_network_configuration_is_a_new_deployment(ec2: Any, vpc: str, gateway: str, service: Service) -> None:
    route(ec2, vpc, GatewayId=gateway)
    service.create("ENABLED")
    service.until("COMPLETED")
    (before,) = service.deployments()
    service.move("ENABLED")
    assert [one["id"] for one in service.deployments()] == [before["id"]]
    # The old tasks stay: the new ones have no way out.
    service.move("DISABLED")
    assert service.deployments()[0]["id"] != before["id"]
