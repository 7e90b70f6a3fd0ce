"""What ECS, Elastic Load Balancing and IAM refuse, the embedded AWS refuses: the rules between their resources."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws

CLUSTER = "rules"
ANY_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)
ANY_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY_OF_AWS = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"


@pytest.fixture
def elb(aws: EmbeddedAws) -> Any:
    return aws.session().client("elbv2", endpoint_url=aws.url)


@pytest.fixture
def ecs(aws: EmbeddedAws) -> Iterator[Any]:
    client = aws.session().client("ecs", endpoint_url=aws.url)
    client.create_cluster(clusterName=CLUSTER)
    yield client
    for arn in client.list_services(cluster=CLUSTER)["serviceArns"]:
        client.delete_service(cluster=CLUSTER, service=arn, force=True)
    for arn in client.list_tasks(cluster=CLUSTER)["taskArns"]:
        client.stop_task(cluster=CLUSTER, task=arn)
    client.delete_cluster(cluster=CLUSTER)


@pytest.fixture
def iam(aws: EmbeddedAws) -> Any:
    return aws.session().client("iam", endpoint_url=aws.url)


@pytest.fixture
def policy(iam: Any) -> Iterator[str]:
    arn = iam.create_policy(PolicyName="rules", PolicyDocument=ANY_POLICY)["Policy"]["Arn"]
    yield arn
    iam.delete_policy(PolicyArn=arn)


@pytest.fixture
def definition(ecs: Any) -> str:
    answer = ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web"}])
    return str(answer["taskDefinition"]["taskDefinitionArn"])


@pytest.fixture
def targets(elb: Any) -> Iterator[str]:
    answer = elb.create_target_group(Name="rules", Protocol="HTTP", Port=80, VpcId="vpc-0123456789abcdef0")
    arn = answer["TargetGroups"][0]["TargetGroupArn"]
    yield arn
    elb.delete_target_group(TargetGroupArn=arn)


@pytest.fixture
def balancer(elb: Any, targets: str) -> Iterator[str]:  # noqa: ARG001  its listeners are deleted before the targets
    subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    arn = elb.create_load_balancer(Name="rules", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    yield arn
    for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        elb.delete_listener(ListenerArn=listener["ListenerArn"])
    elb.delete_load_balancer(LoadBalancerArn=arn)


@contextmanager
def refused(code: str, message: str) -> Iterator[None]:
    """Expects AWS's error."""
    with pytest.raises(ClientError) as raised:
        yield
    assert raised.value.response["Error"]["Code"] == code
    assert message in raised.value.response["Error"]["Message"]


def listen(elb: Any, balancer: str, targets: str, port: int = 80) -> str:
    action = {"Type": "forward", "TargetGroupArn": targets}
    answer = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[action])
    return str(answer["Listeners"][0]["ListenerArn"])


def create(ecs: Any, definition: str, **options: object) -> None:
    ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition=definition, desiredCount=1, **options)


def test_a_target_group_needs_a_listener(ecs: Any, elb: Any, definition: str, targets: str, balancer: str) -> None:
    load_balancers = [{"targetGroupArn": targets, "containerName": "web", "containerPort": 80}]
    redirect = {"Type": "redirect", "RedirectConfig": {"Port": "443", "StatusCode": "HTTP_301"}}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=81, DefaultActions=[redirect])
    with refused("InvalidParameterException", f"{targets} does not have an associated load balancer."):
        create(ecs, definition, loadBalancers=load_balancers)
    create(ecs, definition)
    with refused("InvalidParameterException", f"{targets} does not have an associated load balancer."):
        ecs.update_service(cluster=CLUSTER, service="web", loadBalancers=load_balancers)
    listen(elb, balancer, targets)
    ecs.update_service(cluster=CLUSTER, service="web", loadBalancers=load_balancers)


def test_a_service_needs_a_cluster_a_free_name_and_an_active_definition(ecs: Any, definition: str) -> None:
    with refused("ClusterNotFoundException", "Cluster not found."):
        ecs.create_service(cluster="none", serviceName="web", taskDefinition=definition)
    with refused("ClusterNotFoundException", "Cluster not found."):
        ecs.run_task(cluster="none", taskDefinition=definition)
    create(ecs, definition)
    with refused("InvalidParameterException", "Creation of service was not idempotent."):
        create(ecs, definition)
    ecs.deregister_task_definition(taskDefinition=definition)
    ecs.update_service(cluster=CLUSTER, service="web", forceNewDeployment=True)
    with refused("ClientException", "TaskDefinition is inactive"):
        ecs.update_service(cluster=CLUSTER, service="web", taskDefinition=definition)
    with refused("InvalidParameterException", "TaskDefinition is inactive"):
        ecs.run_task(cluster=CLUSTER, taskDefinition=definition)


def test_a_service_with_tasks_is_not_deleted_and_a_deleted_one_not_updated(ecs: Any, definition: str) -> None:
    create(ecs, definition)
    with refused("InvalidParameterException", "while it is scaled above 0"):
        ecs.delete_service(cluster=CLUSTER, service="web")
    ecs.update_service(cluster=CLUSTER, service="web", desiredCount=0)
    ecs.delete_service(cluster=CLUSTER, service="web")
    with refused("ServiceNotActiveException", "Service was not ACTIVE."):
        ecs.update_service(cluster=CLUSTER, service="web", desiredCount=1)
    create(ecs, definition)


def test_a_cluster_in_use_is_not_deleted(ecs: Any, definition: str) -> None:
    create(ecs, definition)
    with refused("ClusterContainsServicesException", "while Services are active"):
        ecs.delete_cluster(cluster=CLUSTER)
    ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    ecs.run_task(cluster=CLUSTER, taskDefinition=definition)
    with refused("ClusterContainsTasksException", "while Tasks are active"):
        ecs.delete_cluster(cluster=CLUSTER)


SPOT = {"capacityProvider": "FARGATE_SPOT", "weight": 1}
ON_DEMAND = {"capacityProvider": "FARGATE", "weight": 1}


def put_providers(ecs: Any, *names: str) -> None:
    ecs.put_cluster_capacity_providers(cluster=CLUSTER, capacityProviders=names, defaultCapacityProviderStrategy=[])


def test_a_strategy_names_capacity_providers_of_the_cluster(ecs: Any, definition: str) -> None:
    with refused("InvalidParameterException", "a capacity provider that is not associated with the cluster"):
        create(ecs, definition, capacityProviderStrategy=[SPOT])
    with refused("InvalidParameterException", "a capacity provider that is not associated with the cluster"):
        ecs.run_task(cluster=CLUSTER, taskDefinition=definition, capacityProviderStrategy=[SPOT])
    put_providers(ecs, "FARGATE", "FARGATE_SPOT")
    with refused("InvalidParameterException", "both a launch type and capacity provider strategy"):
        create(ecs, definition, capacityProviderStrategy=[SPOT], launchType="FARGATE")
    with refused("InvalidParameterException", "with a weight above 0"):
        providers = [{"capacityProvider": "FARGATE"}, {"capacityProvider": "FARGATE_SPOT"}]
        create(ecs, definition, capacityProviderStrategy=providers)
    create(ecs, definition, capacityProviderStrategy=[SPOT])
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=ecs.list_tasks(cluster=CLUSTER)["taskArns"])["tasks"]
    assert task["capacityProviderName"] == "FARGATE_SPOT"


def test_another_strategy_needs_a_new_deployment(ecs: Any, definition: str) -> None:
    put_providers(ecs, "FARGATE", "FARGATE_SPOT")
    create(ecs, definition, launchType="FARGATE")
    for strategy in ([SPOT], [ON_DEMAND], []):
        change = {"cluster": CLUSTER, "service": "web", "capacityProviderStrategy": strategy}
        with refused("InvalidParameterException", "you must force a new deployment"):
            ecs.update_service(**change)
        ecs.update_service(**change, forceNewDeployment=True)
        # The same one is no change.
        ecs.update_service(**change)


def test_a_capacity_provider_in_use_stays_in_the_cluster(ecs: Any, definition: str) -> None:
    put_providers(ecs, "FARGATE_SPOT")
    create(ecs, definition, capacityProviderStrategy=[SPOT])
    with refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed."):
        put_providers(ecs)
    put_providers(ecs, "FARGATE_SPOT", "FARGATE")
    ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    ecs.run_task(cluster=CLUSTER, taskDefinition=definition, capacityProviderStrategy=[SPOT])
    put_providers(ecs, "FARGATE_SPOT")
    with refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed."):
        put_providers(ecs, "FARGATE")
    for task in ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=task)
    put_providers(ecs)


def test_what_scales_a_service_goes_with_it(aws: EmbeddedAws, ecs: Any, definition: str) -> None:
    """As hashicorp/terraform-provider-aws#14254 has it."""
    scaling = aws.session().client("application-autoscaling", endpoint_url=aws.url)
    service: Any = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    create(ecs, definition)
    scaling.register_scalable_target(**service, MinCapacity=1, MaxCapacity=2)
    tracking: Any = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    scaling.put_scaling_policy(
        **service, PolicyName="cpu", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )  # fmt: skip
    ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []


def test_a_target_group_in_use_is_not_deleted(elb: Any, balancer: str, targets: str) -> None:
    listen(elb, balancer, targets)
    with refused("ResourceInUse", f"'{targets}' is currently in use by a listener or a rule"):
        elb.delete_target_group(TargetGroupArn=targets)


def test_a_protected_load_balancer_is_not_deleted(elb: Any, balancer: str) -> None:
    def protect(value: str) -> None:
        attribute = {"Key": "deletion_protection.enabled", "Value": value}
        elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[attribute])

    protect("true")
    with refused("OperationNotPermitted", "because deletion protection is enabled"):
        elb.delete_load_balancer(LoadBalancerArn=balancer)
    protect("false")


def test_names_and_ports_are_taken_once(elb: Any, balancer: str, targets: str) -> None:
    with refused("DuplicateTargetGroupName", "rules"):
        elb.create_target_group(Name="rules", Protocol="HTTP", Port=81, VpcId="vpc-0123456789abcdef0")
    with refused("DuplicateLoadBalancerName", "rules"):
        elb.create_load_balancer(Name="rules", Subnets=["subnet-0123456789abcdef2"])
    listener = listen(elb, balancer, targets)
    with refused("DuplicateListener", "already exists on this port"):
        listen(elb, balancer, targets)
    elb.modify_listener(ListenerArn=listener, Port=80)
    other = listen(elb, balancer, targets, port=81)
    with refused("DuplicateListener", "already exists on this port"):
        elb.modify_listener(ListenerArn=other, Port=80)


def test_a_managed_policy_that_does_not_exist_can_not_be_attached(iam: Any, policy: str) -> None:
    iam.create_role(RoleName="rules", AssumeRolePolicyDocument=ANY_TRUST)
    for missing in (f"{POLICY_OF_AWS}s", f"{policy}s"):
        with refused("NoSuchEntity", f"Policy {missing} does not exist or is not attachable."):
            iam.attach_role_policy(RoleName="rules", PolicyArn=missing)
    for existing in (POLICY_OF_AWS, policy):
        iam.attach_role_policy(RoleName="rules", PolicyArn=existing)
        iam.detach_role_policy(RoleName="rules", PolicyArn=existing)
    iam.delete_role(RoleName="rules")


def test_a_permissions_boundary_that_does_not_exist_is_refused(iam: Any, policy: str) -> None:
    message = f"Scope ARN: {policy}s does not exist or is not attachable."
    with refused("NoSuchEntity", message):
        iam.create_role(RoleName="rules", AssumeRolePolicyDocument=ANY_TRUST, PermissionsBoundary=f"{policy}s")
    iam.create_role(RoleName="rules", AssumeRolePolicyDocument=ANY_TRUST, PermissionsBoundary=policy)
    with refused("NoSuchEntity", message):
        iam.put_role_permissions_boundary(RoleName="rules", PermissionsBoundary=f"{policy}s")
    iam.delete_role(RoleName="rules")


WRITER = {"name": "writer", "image": "a", "essential": False, "mountPoints": [{"sourceVolume": "v"}]}
READER = {"name": "web", "image": "a", "dependsOn": [{"containerName": "writer", "condition": "SUCCESS"}]}
ECR_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/langfuse:1"


@pytest.mark.parametrize(
    ("said", "wrong", "right"),
    [
        ("Unknown volume 'v'.", {"containerDefinitions": [WRITER, READER]}, {"volumes": [{"name": "v"}]}),
        (
            "can't be set on an essential container",
            {"containerDefinitions": [{**WRITER, "essential": True}, READER], "volumes": [{"name": "v"}]},
            {"containerDefinitions": [WRITER, READER]},
        ),
        (
            "execution role ARN to support ECR images",
            {"containerDefinitions": [{"name": "web", "image": ECR_IMAGE}], "requiresCompatibilities": ["FARGATE"]},
            {"executionRoleArn": "arn:aws:iam::000000000000:role/execution"},
        ),
    ],
)
def test_containers_of_a_task_definition(ecs: Any, said: str, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    with refused("ClientException", said):
        ecs.register_task_definition(family="rules", **wrong)
    arn = ecs.register_task_definition(family="rules", **{**wrong, **right})["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=arn)
