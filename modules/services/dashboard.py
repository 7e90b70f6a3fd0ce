"""The CloudWatch dashboard."""

import json
from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from modules.data.postgres import Postgres
from modules.data.redis import Redis
from modules.metric import Metric
from modules.services.fargate_service import FargateService
from modules.services.load_balancer import LoadBalancer

WIDTH, HEIGHT, COLUMNS = 8, 6, 3


class Dashboard(Construct):
    """A dashboard of requests, tasks, queues, Redis and PostgreSQL, from the users' side down.

    A graph without any metric is left out.

    Args:
        name: its name.
        region: the AWS region.
        load_balancer: the load balancer.
        services: the Fargate services.
        dropped_rows: the number of batches of rows that the worker has dropped.
        queues: the number of jobs that wait, by the name of the queue.
        redis: the Redis replication group.
        postgres: the PostgreSQL instance.
        blocked_requests: the number of requests that the web ACL has blocked, if there is one.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        load_balancer: LoadBalancer,
        services: Sequence[FargateService],
        dropped_rows: Metric,
        queues: Mapping[str, Metric],
        redis: Redis,
        postgres: Postgres,
        blocked_requests: Metric | None,
    ) -> None:
        super().__init__(scope, id_)
        graphs = [
            ("Requests", "Sum", [load_balancer.requests]),
            ("Response time (s)", "p95", [load_balancer.response_time_seconds]),
            ("Errors", "Sum", [load_balancer.target_errors, load_balancer.own_errors, dropped_rows]),
            ("Task CPU (%)", "Average", [service.cpu for service in services]),
            ("Task memory (%)", "Maximum", [service.memory for service in services]),
            ("Tasks", "Average", [service.running_tasks for service in services]),
            ("Waiting jobs", "Maximum", list(queues.values())),
            ("Redis memory (%)", "Maximum", [node.memory for node in redis.nodes]),
            ("PostgreSQL CPU (%)", "Average", [postgres.cpu]),
            ("Requests blocked by the web ACL", "Sum", [blocked_requests] if blocked_requests else []),
        ]
        shown = [(title, statistic, metrics) for title, statistic, metrics in graphs if metrics]
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
                        for number, (title, statistic, metrics) in enumerate(shown)
                    ]
                }
            ),
        )


def _row(metric: Metric) -> list[str | dict[str, str]]:
    """The metric as a row of a widget: namespace, name, name and value of each dimension, and another Region."""
    elsewhere = [{"region": metric.region}] if metric.region else []
    dimensions = (text for dimension in metric.dimensions.items() for text in dimension)
    return [metric.namespace, metric.name, *dimensions, *elsewhere]
