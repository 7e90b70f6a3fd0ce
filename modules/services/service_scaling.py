"""Autoscaling of a Fargate service.

Every policy is a target tracking policy. AWS recommends it for a metric that falls as tasks are added, which each of
these is (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-stepscaling.html). Application
Auto Scaling computes the number of tasks from how far the metric is above its target, so there are no steps to choose:

- It adds tasks if any policy wants more, and takes the largest number that one wants.
- It removes tasks only if all policies want fewer. A step scaling policy would not wait for the others, so a worker
  that is busy, or has jobs waiting, could lose tasks and get them again.
- Without data of a metric it removes nothing. ECS and the load balancer publish nothing of a service without tasks, and
  Langfuse nothing of a queue without a worker, so missing data never counts as an idle service.
- It never goes below ``size.min_tasks``, which is 1 or more.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html

Its alarms look at 3 minutes before they add tasks, and at 15 before they remove any, 10 % below the target. Langfuse
Cloud adds tasks after one minute, by step scaling, when a task gets 30 % more requests than the target
(langfuse/langfuse, .agents/skills/infra-scaling). Here tasks are added later but from a lower number of requests.
tests/unit/test_scaling_simulation.py drives the policies with loads, and shows how late they are.
"""

from collections.abc import Mapping

from cdktf import TerraformResourceLifecycle
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

TWO_VCPUS = 2048
"""CPU units that a task makes use of. Node.js runs Langfuse's code in one thread, so Langfuse Cloud gives each task two
vCPUs, one for that thread and one for the rest (langfuse/langfuse, .agents/skills/infra-scaling). A larger task does
not serve more requests or jobs, and never comes to a high CPU utilization."""
CPU_PERCENT = 50
"""Of two vCPUs, for web and worker: https://langfuse.com/self-hosting/configuration/scaling."""
REQUESTS_PER_VCPU = 500
"""Requests in a minute. Langfuse Cloud's targets for ingestion are 490, 1,300, 1,700 and 2,000 for a task of two vCPUs,
by Region, as of May 2026. Requests that cost more are the other policy's, which follows the CPU utilization."""
WAITING_JOBS_PER_VCPU = 100
"""An estimate. A worker takes 20 jobs of ingestion and 5 of OpenTelemetry's at a time (worker/src/env.ts), each of some tenths of a
second, so it has work of a few seconds waiting. If more wait for minutes, it does not keep up."""
MOST_TIMES = 2
"""A queue of a million jobs says that tasks are missing, and an empty one that there are enough, but neither how many.
So the number is at most doubled or halved at a time."""
REPORTS_A_MINUTE = 2
"""How often each worker publishes the metrics of its queues."""
SCALE_OUT_COOLDOWN_SECONDS = 180
"""A new task counts in the metrics after that: it starts in 60 to 90 s, the load balancer waits for two health checks
in 60 s, and CloudWatch has the minute after it. With less, the next alarm would add tasks for the same load again."""
SCALE_IN_COOLDOWN_SECONDS = 300
"""Langfuse Cloud's, and Application Auto Scaling's default."""
DIMENSION = "ecs:service:DesiredCount"


class ServiceScaling(Construct):
    """Keeps a service's number of tasks between ``size.min_tasks`` and ``size.max_tasks``.

    ``follow_cpu``, ``follow_requests`` and ``follow_queues`` add what the number depends on. The tasks that the service
    starts with are healthy when this raises the number to the minimum: web starts with one, since two that migrate the
    databases at the same time leave them dirty (langfuse/langfuse#13321).

    Args:
        service: the service.
        size: the minimum, the maximum, and the CPU units of each task.
    """

    def __init__(self, scope: Construct, id_: str, service: FargateService, *, size: ServiceSize) -> None:
        super().__init__(scope, id_)
        self._service = service
        self._used_cpu = min(size.cpu, TWO_VCPUS)
        self._cpu_percent = CPU_PERCENT * self._used_cpu / size.cpu
        self._target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="ecs",
            scalable_dimension=DIMENSION,
            resource_id=f"service/{service.cluster_name}/{service.name}",
            min_capacity=size.min_tasks,
            max_capacity=size.max_tasks,
            depends_on=[service.rollout],
            # AWS deletes it with the service (hashicorp/terraform-provider-aws#14254), and its policies with it.
            lifecycle=TerraformResourceLifecycle(replace_triggered_by=[service.arn_reference]),
        )

    def follow_cpu(self) -> None:
        """Adds tasks while the average CPU utilization is above 50 %; of a larger task, above half of two vCPUs."""
        self._track(
            "cpu",
            self._cpu_percent,
            predefined_metric_specification=PredefinedMetric(predefined_metric_type="ECSServiceAverageCPUUtilization"),
        )

    def follow_requests(self, *, load_balancer_arn_suffix: str, target_group_arn_suffix: str) -> None:
        """Adds tasks while each gets more than 500 requests a minute for each of at most two vCPUs.

        Args:
            load_balancer_arn_suffix: the load balancer, as in the dimensions of its metrics: ``app/…``.
            target_group_arn_suffix: the target group of the service: ``targetgroup/…``.
        """
        self._track(
            "requests",
            self._for_vcpus(REQUESTS_PER_VCPU),
            predefined_metric_specification=PredefinedMetric(
                predefined_metric_type="ALBRequestCountPerTarget",
                resource_label=f"{load_balancer_arn_suffix}/{target_group_arn_suffix}",
            ),
        )

    def follow_queues(self, queues: Mapping[str, Metric]) -> None:
        """Adds tasks while more than 100 jobs wait in all ``queues`` for each running worker and vCPU, at most two.

        It is a better measure than the CPU utilization alone: a worker that waits for its databases is idle while the
        queue grows. A minute counts if workers have published the first queue in it, and as many workers run as have:
        so there is no data, rather than an empty queue, while none does. A version of Langfuse that lacks a queue
        publishes nothing of it, which is 0.

        Args:
            queues: the number of jobs that wait in each queue that the service takes jobs from. Nine at most, since an
                alarm has ten metrics at most
                (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html). The first is
                one that every supported version of Langfuse has.
        """
        waiting = [_query(queue, metric, "Maximum") for queue, metric in queues.items()]
        total = " + ".join(f"FILL({queue}, 0)" for queue in queues)
        target = self._for_vcpus(WAITING_JOBS_PER_VCPU)
        least, most = target / MOST_TIMES, target * MOST_TIMES
        self._track(
            "queues",
            target,
            customized_metric_specification=CustomMetric(
                metrics=[
                    *waiting,
                    _query("reports", next(iter(queues.values())), "SampleCount"),
                    Query(
                        id="per_worker",
                        label="Waiting jobs per worker",
                        expression=f"({total}) / CEIL(reports / {REPORTS_A_MINUTE})",
                        return_data=False,
                    ),
                    Query(
                        id="limited",
                        label=f"Waiting jobs per worker, from {least:g} to {most:g}",
                        expression=(
                            f"IF(per_worker > {most:g}, {most:g}, IF(per_worker < {least:g}, {least:g}, per_worker))"
                        ),
                        return_data=True,
                    ),
                ]
            ),
        )

    def _for_vcpus(self, number: int) -> float:
        return number * self._used_cpu / 1024

    def _track(
        self,
        name: str,
        target: float,
        *,
        predefined_metric_specification: PredefinedMetric | None = None,
        customized_metric_specification: CustomMetric | None = None,
    ) -> None:
        AppautoscalingPolicy(
            self,
            name,
            name=f"{self._service.name}-{name}",
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            lifecycle=TerraformResourceLifecycle(replace_triggered_by=[self._service.arn_reference]),
            target_tracking_scaling_policy_configuration=TargetTracking(
                target_value=target,
                predefined_metric_specification=predefined_metric_specification,
                customized_metric_specification=customized_metric_specification,
                scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
                scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
            ),
        )


def _query(id_: str, metric: Metric, statistic: str) -> Query:
    """A metric under the name ``id_``, for use in an expression."""
    dimensions = [Dimension(name=name, value=value) for name, value in metric.dimensions.items()]
    stat_metric = StatMetric(namespace=metric.namespace, metric_name=metric.name, dimensions=dimensions or None)
    return Query(id=id_, metric_stat=Stat(metric=stat_metric, stat=statistic), return_data=False)
