"""The CloudWatch dashboard. ``ops status --html`` draws its graphs too."""

import json
from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from modules.data.postgres import Postgres
from modules.data.redis import Redis
from modules.metric import Metric
from modules.services.fargate_service import RUNNING_TASKS, FargateService
from modules.services.load_balancer import LoadBalancer

WIDTH, HEIGHT, COLUMNS = 8, 6, 3


class Dashboard(Construct):
    """A dashboard of requests, tasks, queues, Redis, PostgreSQL and ClickHouse, from the users' side down.

    A graph without any metric is left out. A title ends with the unit in brackets, unless the graph counts something.

    Args:
        name: its name.
        region: the AWS region.
        load_balancer: the load balancer.
        services: the Fargate services.
        dropped_rows: the number of batches of rows that the worker has dropped.
        queues: the number of jobs that wait, by the name of the queue.
        redis: the Redis replication group.
        postgres: the PostgreSQL instance.
        clickhouse_disk: how full ClickHouse's data volume is, if it is in the VPC.
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
        clickhouse_disk: Metric | None,
        blocked_requests: Metric | None,
    ) -> None:
        super().__init__(scope, id_)
        blocked = {"blocked": blocked_requests} if blocked_requests else {}
        clickhouse = {"ClickHouse": clickhouse_disk} if clickhouse_disk else {}
        errors = {
            "web": load_balancer.target_errors,
            "load balancer": load_balancer.own_errors,
            "dropped rows": dropped_rows,
        }
        graphs: list[tuple[str, str, Mapping[str, Metric]]] = [
            ("Requests", "Sum", {"requests": load_balancer.requests}),
            ("Response time (s)", "p95", {"95th percentile": load_balancer.response_time_seconds}),
            ("Errors", "Sum", errors),
            ("Task CPU (%)", "Average", {service.name: service.cpu for service in services}),
            ("Task memory (%)", "Maximum", {service.name: service.memory for service in services}),
            ("Tasks", RUNNING_TASKS, {service.name: service.cpu for service in services}),
            ("Waiting jobs", "Maximum", queues),
            ("Redis memory (%)", "Maximum", {node.id: node.memory for node in redis.nodes}),
            ("PostgreSQL CPU (%)", "Average", {"PostgreSQL": postgres.cpu}),
            ("PostgreSQL free storage (bytes)", "Minimum", {"PostgreSQL": postgres.free_storage_bytes}),
            ("ClickHouse disk (%)", "Maximum", clickhouse),
            ("Requests blocked by the web ACL", "Sum", blocked),
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
                                "metrics": [_row(label, metric) for label, metric in metrics.items()],
                            },
                        }
                        for number, (title, statistic, metrics) in enumerate(shown)
                    ]
                }
            ),
        )


def _row(label: str, metric: Metric) -> list[str | dict[str, str]]:
    """The metric as a row of a widget: namespace, name, name and value of each dimension, then label and Region."""
    elsewhere = {"region": metric.region} if metric.region else {}
    dimensions = (text for dimension in metric.dimensions.items() for text in dimension)
    return [metric.namespace, metric.name, *dimensions, {"label": label, **elsewhere}]
