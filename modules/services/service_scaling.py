"""Autoscaling of a Fargate service."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration as TargetTracking,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecification as CustomMetric,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetrics as Query,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStat as Stat,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStatMetric as StatMetric,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricsMetricStatMetricDimensions as Dimension,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification as PredefinedMetric,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from modules.metric import Metric
from modules.services.fargate_service import FargateService
from settings.sections.service_size import ServiceSize

WEB_CPU_PERCENT = 50
"""What Langfuse recommends for web."""
WAITING_JOBS_PER_WORKER = 200
SCALE_IN_COOLDOWN_SECONDS = 300
SCALE_OUT_COOLDOWN_SECONDS = 60
DIMENSION = "ecs:service:DesiredCount"


class ServiceScaling(Construct):
    """Keeps a service's number of tasks between ``size.min_tasks`` and ``size.max_tasks``.

    ``follow_cpu`` and ``follow_queues`` add what the number depends on. The one task that the service starts with is
    healthy when this raises the number to the minimum: two that migrate the databases at the same time leave them dirty
    (langfuse/langfuse#13321).

    Args:
        service: the service.
        size: the minimum and the maximum.
    """

    def __init__(self, scope: Construct, id_: str, service: FargateService, *, size: ServiceSize) -> None:
        super().__init__(scope, id_)
        self._service = service
        self._target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="ecs",
            scalable_dimension=DIMENSION,
            resource_id=f"service/{service.cluster_name}/{service.name}",
            min_capacity=size.min_tasks,
            max_capacity=size.max_tasks,
            depends_on=[service.rollout],
        )

    def follow_cpu(self) -> None:
        """Adds tasks while the average CPU utilization is above 50 %."""
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

    def follow_queues(self, queues: Mapping[str, Metric]) -> None:
        """Adds tasks while more than 200 jobs wait in all ``queues`` per running task.

        It is a better measure than the CPU utilization: a worker that waits for its databases is idle while the queue
        grows.
        """
        waiting = [_query(queue, metric, "Maximum") for queue, metric in queues.items()]
        total = " + ".join(f"FILL({queue}, 0)" for queue in queues)
        self._track(
            "queues",
            TargetTracking(
                target_value=WAITING_JOBS_PER_WORKER,
                customized_metric_specification=CustomMetric(
                    metrics=[
                        *waiting,
                        _query("running", self._service.running_tasks, "Average"),
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
            name=f"{self._service.name}-{name}",
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            target_tracking_scaling_policy_configuration=configuration,
        )


def _query(id_: str, metric: Metric, statistic: str) -> Query:
    """A metric under the name ``id_``, for use in an expression."""
    dimensions = [Dimension(name=name, value=value) for name, value in metric.dimensions.items()]
    stat_metric = StatMetric(namespace=metric.namespace, metric_name=metric.name, dimensions=dimensions or None)
    return Query(id=id_, metric_stat=Stat(metric=stat_metric, stat=statistic), return_data=False)
