"""How the number of a service's tasks follows its load."""

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration as TargetTracking,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecification as CustomMetric,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetrics as Query,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStat as Stat,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStatMetric as Metric,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStatMetricDimensions as Dimension,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification as PredefinedMetric,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from modules.fargate_service import FargateService
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS
from settings.model import Service

WEB_CPU_PERCENT = 50
"""Langfuse's own advice for web."""
WAITING_JOBS_PER_WORKER = 200
SCALE_IN_COOLDOWN_SECONDS = 300
SCALE_OUT_COOLDOWN_SECONDS = 60
DIMENSION = "ecs:service:DesiredCount"


class ServiceScaling(Construct):
    """Keeps a service between ``size.min_tasks`` and ``size.max_tasks``; two functions below add what it follows.

    ``service`` must exist first: its first start, of one task, is over when this raises the number to the minimum.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        cluster_name: str,
        service: FargateService,
        size: Service,
    ) -> None:
        super().__init__(scope, id_)
        self._cluster_name = cluster_name
        self._service_name = service.name
        self._target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="ecs",
            scalable_dimension=DIMENSION,
            resource_id=f"service/{cluster_name}/{service.name}",
            min_capacity=size.min_tasks,
            max_capacity=size.max_tasks,
            depends_on=[service.service],
        )

    def follow_cpu(self) -> None:
        """Adds tasks while the average CPU is above half."""
        self._track(
            "cpu",
            TargetTracking(
                target_value=WEB_CPU_PERCENT,
                predefined_metric_specification=PredefinedMetric(
                    predefined_metric_type="ECSServiceAverageCPUUtilization"
                ),
                scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
                scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
            ),
        )

    def follow_queues(self) -> None:
        """Adds tasks while more than 200 jobs wait for each of the running ones.

        CPU would not do: a worker that waits for its databases is idle while the queue grows.
        """
        running = Metric(
            namespace="ECS/ContainerInsights",
            metric_name="RunningTaskCount",
            dimensions=[
                Dimension(name="ClusterName", value=self._cluster_name),
                Dimension(name="ServiceName", value=self._service_name),
            ],
        )
        waiting = [
            Query(
                id=queue,
                metric_stat=Stat(metric=Metric(namespace=METRIC_NAMESPACE, metric_name=name), stat="Maximum"),
                return_data=False,
            )
            for queue, name in QUEUE_DEPTHS.items()
        ]
        total = " + ".join(f"FILL({queue}, 0)" for queue in QUEUE_DEPTHS)
        self._track(
            "queues",
            TargetTracking(
                target_value=WAITING_JOBS_PER_WORKER,
                customized_metric_specification=CustomMetric(
                    metrics=[
                        *waiting,
                        Query(id="running", metric_stat=Stat(metric=running, stat="Average"), return_data=False),
                        Query(
                            id="per_worker",
                            label="Waiting jobs per worker",
                            expression=f"({total}) / running",
                            return_data=True,
                        ),
                    ]
                ),
                scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
                scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
            ),
        )

    def _track(self, name: str, configuration: TargetTracking) -> None:
        AppautoscalingPolicy(
            self,
            name,
            name=f"{self._service_name}-{name}",
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            target_tracking_scaling_policy_configuration=configuration,
        )
