"""One page that shows how Langfuse is doing."""

import json
from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS

WIDTH, HEIGHT, COLUMNS = 8, 6, 3

Metric = tuple[str, str, Mapping[str, str]]
"""Namespace, metric, dimensions."""


class Dashboard(Construct):
    """A CloudWatch dashboard from the users' side down: requests, tasks, queues, Redis, PostgreSQL."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        load_balancer: str,
        cluster_name: str,
        service_names: Sequence[str],
        database_id: str,
        redis_node_ids: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        balancer = {"LoadBalancer": load_balancer}
        services = [{"ClusterName": cluster_name, "ServiceName": service} for service in service_names]
        database = {"DBInstanceIdentifier": database_id}
        nodes = [{"CacheClusterId": node} for node in redis_node_ids]
        alb, ecs, rds, redis = "AWS/ApplicationELB", "AWS/ECS", "AWS/RDS", "AWS/ElastiCache"
        graphs: list[tuple[str, str, list[Metric]]] = [
            ("Requests", "Sum", [(alb, "RequestCount", balancer)]),
            ("Response time (s)", "p95", [(alb, "TargetResponseTime", balancer)]),
            (
                "Errors",
                "Sum",
                [(alb, "HTTPCode_Target_5XX_Count", balancer), (alb, "HTTPCode_ELB_5XX_Count", balancer)],
            ),
            ("Task CPU (%)", "Average", [(ecs, "CPUUtilization", service) for service in services]),
            ("Task memory (%)", "Maximum", [(ecs, "MemoryUtilization", service) for service in services]),
            ("Tasks", "Average", [("ECS/ContainerInsights", "RunningTaskCount", service) for service in services]),
            ("Waiting jobs", "Maximum", [(METRIC_NAMESPACE, depth, {}) for depth in QUEUE_DEPTHS.values()]),
            ("Redis memory (%)", "Maximum", [(redis, "DatabaseMemoryUsagePercentage", node) for node in nodes]),
            ("PostgreSQL CPU (%)", "Average", [(rds, "CPUUtilization", database)]),
        ]
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=name,
            dashboard_body=json.dumps(
                {
                    "widgets": [
                        {
                            "type": "metric",
                            "x": number % COLUMNS * WIDTH,
                            "y": number // COLUMNS * HEIGHT,
                            "width": WIDTH,
                            "height": HEIGHT,
                            "properties": {
                                "title": title,
                                "region": region,
                                "stat": statistic,
                                "period": 60,
                                "metrics": [_row(metric) for metric in metrics],
                            },
                        }
                        for number, (title, statistic, metrics) in enumerate(graphs)
                    ]
                }
            ),
        )


def _row(metric: Metric) -> list[str]:
    namespace, name, dimensions = metric
    return [namespace, name, *(part for dimension in dimensions.items() for part in dimension)]
