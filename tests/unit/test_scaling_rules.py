"""What Application Auto Scaling refuses, the embedded AWS refuses."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws

CLUSTER = "scaling"
SERVICE = f"service/{CLUSTER}/web"
OTHER = "app/other/0123456789abcdef"
REQUESTS = "ALBRequestCountPerTarget"
METRIC = {"Metric": {"Namespace": "Langfuse", "MetricName": "jobs"}, "Stat": "Maximum"}


class Web(NamedTuple):
    """A service behind a load balancer, and what scales it."""

    scaling: Any
    balancer: str
    targets: str

    @property
    def label(self) -> str:
        return f"{self.balancer.partition(':loadbalancer/')[2]}/{self.targets.rpartition(':')[2]}"

    def register(self, **capacities: int) -> None:
        self.scaling.register_scalable_target(**_identity(), **capacities)

    def track(self, name: str = "requests", resource: str = SERVICE, **specification: object) -> None:
        self.scaling.put_scaling_policy(
            **_identity(resource),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, **specification},
        )

    def track_requests(self, label: str | None, metric: str = REQUESTS) -> None:
        labelled = {"ResourceLabel": label} if label else {}
        self.track(PredefinedMetricSpecification={"PredefinedMetricType": metric, **labelled})

    def step(
        self, *bounds: tuple[float | None, float | None], adjustment: int = 1, kind: str = "ChangeInCapacity"
    ) -> None:
        names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")
        steps = [{name: value for name, value in zip(names, both, strict=True) if value is not None} for both in bounds]
        self.scaling.put_scaling_policy(
            **_identity(),
            PolicyName="steps",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": kind,
                "StepAdjustments": [{**each, "ScalingAdjustment": adjustment} for each in steps],
            },
        )


def _identity(resource: str = SERVICE) -> dict[str, str]:
    return {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": resource}


@pytest.fixture
def web(aws: EmbeddedAws) -> Iterator[Web]:
    elb, ecs, scaling = (
        aws.session().client(name, endpoint_url=aws.url) for name in ("elbv2", "ecs", "application-autoscaling")
    )
    targets = elb.create_target_group(Name=CLUSTER, Protocol="HTTP", Port=80, VpcId="vpc-0123456789abcdef0")
    targets_arn = targets["TargetGroups"][0]["TargetGroupArn"]
    subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    balancer = elb.create_load_balancer(Name=CLUSTER, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "forward", "TargetGroupArn": targets_arn}
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(family="scaling", containerDefinitions=[{"name": "web", "image": "web"}])
    ecs.create_service(
        cluster=CLUSTER,
        serviceName="web",
        taskDefinition="scaling",
        desiredCount=0,
        loadBalancers=[{"targetGroupArn": targets_arn, "containerName": "web", "containerPort": 80}],
    )
    yield Web(scaling, balancer, targets_arn)
    for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        scaling.deregister_scalable_target(**_identity(target["ResourceId"]))
    ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    ecs.delete_cluster(cluster=CLUSTER)
    elb.delete_listener(ListenerArn=listener["Listeners"][0]["ListenerArn"])
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    elb.delete_target_group(TargetGroupArn=targets_arn)


@pytest.fixture
def scaled(web: Web) -> Web:
    web.register(MinCapacity=1, MaxCapacity=4)
    return web


def refused(message: str, code: str = "ValidationException") -> Any:
    """Expects AWS's error."""
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


def test_a_target_needs_a_service_and_two_capacities(web: Web) -> None:
    with refused("ECS service doesn't exist: service/scaling/none"):
        web.scaling.register_scalable_target(**_identity("service/scaling/none"), MinCapacity=1, MaxCapacity=4)
    with refused("MinCapacity and MaxCapacity must both be specified"):
        web.register(MinCapacity=1)
    with refused("Maximum capacity cannot be less than minimum capacity"):
        web.register(MinCapacity=5, MaxCapacity=4)
    web.register(MinCapacity=1, MaxCapacity=4)
    web.register(MaxCapacity=6)
    with refused("Maximum capacity cannot be less than minimum capacity"):
        web.register(MinCapacity=7)


def test_a_policy_needs_a_target_and_goes_with_it(web: Web) -> None:
    with refused("No scalable target registered", "ObjectNotFoundException"):
        web.track_requests(web.label)
    web.register(MinCapacity=1, MaxCapacity=4)
    web.track_requests(web.label)
    web.scaling.deregister_scalable_target(**_identity())
    assert web.scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []


def test_the_number_of_requests_needs_the_services_target_group_and_its_load_balancer(scaled: Web) -> None:
    balancer, targets = scaled.label[: scaled.label.index("/targetgroup")], scaled.targets.rpartition(":")[2]
    for label in (None, "targetgroup/web", f"{targets}/{balancer}", scaled.balancer):
        with refused("needs a ResourceLabel"):
            scaled.track_requests(label)
    with refused("is not registered with the target group"):
        scaled.track_requests(f"{balancer}/targetgroup/other/0123456789abcdef")
    with refused(f"is not attached to the load balancer {OTHER}"):
        scaled.track_requests(f"{OTHER}/{targets}")
    with refused(f"ResourceLabel can only be specified for {REQUESTS}"):
        scaled.track_requests(scaled.label, metric="ECSServiceAverageCPUUtilization")
    scaled.track_requests(scaled.label)


def test_a_policy_follows_one_metric_which_no_other_follows(scaled: Web) -> None:
    predefined = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    customized = {"MetricName": "jobs", "Namespace": "Langfuse", "Statistic": "Maximum"}
    for specifications in (
        {},
        {"PredefinedMetricSpecification": predefined, "CustomizedMetricSpecification": customized},
    ):
        with refused("must be specified, and only one"):
            scaled.track(**specifications)
    scaled.track("cpu", PredefinedMetricSpecification=predefined)
    scaled.track("cpu", PredefinedMetricSpecification=predefined)
    with refused("Only one TargetTrackingScaling policy for a given metric specification is allowed"):
        scaled.track("again", PredefinedMetricSpecification=predefined)
    scaled.track("jobs", CustomizedMetricSpecification=customized)
    with refused("needs StepScalingPolicyConfiguration, and only that"):
        scaled.scaling.put_scaling_policy(**_identity(), PolicyName="steps", PolicyType="StepScaling")


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([{"Id": "a", "MetricStat": METRIC}, {"Id": "a", "MetricStat": METRIC, "ReturnData": False}], "must be unique"),
        ([{"Id": "Jobs", "MetricStat": METRIC}], "after a lower-case letter"),
        ([{"Id": "a-b", "MetricStat": METRIC}], "after a lower-case letter"),
        ([{"Id": "a", "MetricStat": METRIC, "Expression": "b"}], "Expression or MetricStat, and only one"),
        ([{"Id": "a"}], "Expression or MetricStat, and only one"),
        ([{"Id": "a", "MetricStat": METRIC}, {"Id": "b", "Expression": "a / 2"}], "Exactly one query must return data"),
        ([{"Id": "a", "MetricStat": METRIC, "ReturnData": False}], "Exactly one query must return data"),
        ([{"Id": "a", "Expression": "CEIL(jobs / 2)"}], "use {'jobs'}, which no query is"),
        (
            [{"Id": f"a{number}", "MetricStat": METRIC, "ReturnData": False} for number in range(11)]
            + [{"Id": "total", "Expression": "SUM([a0, a10])"}],
            "An alarm can have 10 metrics at most",
        ),
    ],
)
def test_metric_math_that_is_none(scaled: Web, queries: list[dict[str, Any]], message: str) -> None:
    with refused(message):
        scaled.track(CustomizedMetricSpecification={"Metrics": queries})


def test_metric_math(scaled: Web) -> None:
    metrics = [{"Id": f"a{number}", "MetricStat": METRIC, "ReturnData": False} for number in range(10)]
    expressions = [
        {"Id": "total", "Expression": "FILL(a0, 0) + a9", "ReturnData": False},
        {"Id": "limited", "Expression": "IF(total > 400, 400, total)", "ReturnData": True},
    ]
    scaled.track(CustomizedMetricSpecification={"Metrics": [*metrics, *expressions]})


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ([(None, None)], "can't both be null"),
        ([(0, 10)], "one must have a null upper bound"),
        ([(-10, 0)], "one must have a null lower bound"),
        ([(0, None), (10, None)], "At most one step adjustment"),
        ([(0, 10), (20, None)], "can't overlap or have a gap"),
        ([(0, 10), (5, None)], "can't overlap or have a gap"),
        ([(10, 0), (0, None)], "can't overlap or have a gap"),
    ],
)
def test_step_adjustments_with_wrong_ranges(
    scaled: Web, bounds: list[tuple[float | None, float | None]], message: str
) -> None:
    with refused(message):
        scaled.step(*bounds)


def test_step_adjustments(scaled: Web) -> None:
    with refused("at least one step adjustment"):
        scaled.step()
    with refused("An exact capacity can't be negative"):
        scaled.step((0, None), adjustment=-1, kind="ExactCapacity")
    scaled.step((0, 10), (10, None))
    scaled.step((None, -10), (-10, 0), adjustment=-1)
