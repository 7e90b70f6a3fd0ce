"""A Fargate service of Langfuse's container, with its log group, its execution role and its task definition."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cdktf import ITerraformDependable, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceCapacityProviderStrategy,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition, EcsTaskDefinitionRuntimePlatform
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.langfuse import Container
from modules.log_group import log_group
from modules.metric import Metric
from modules.services.cluster import Cluster
from modules.services.roles import ExecutionRole, TaskRole
from modules.services.rollout import Rollout
from settings.fargate import SPOT
from settings.sections.service_size import ServiceSize

GRACE_SECONDS = 900
"""The first start migrates both databases before it answers health checks."""
RUNNING_TASKS: Final = "SampleCount"
"""The statistic of ``FargateService.cpu`` that is the number of running tasks, in periods of a minute: each running
task publishes one sample a minute, and a service without any has no data. Container Insights, which publishes the
number as a metric of its own, costs more than all alarms together: docs/shapes.md#monitoring.

AWS documents what a service without running tasks publishes
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html); the number of samples it did
(https://github.com/awsdocs/amazon-ecs-developer-guide, doc_source/cloudwatch-metrics.md#cw_running_task_count), and
users count on it (aws/containers-roadmap#2718 of 2025-11). docs/unproved.md has the command that shows it."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What the services of an environment share.

    Args:
        cluster: the ECS cluster.
        region: the AWS region.
        subnet_ids: the subnets of the tasks.
        assign_public_ip: whether the tasks have public addresses of their own, which they need in public subnets: those
            have no NAT.
        task_role: the role of the code in the tasks.
        log_retention_days: how long CloudWatch keeps their logs.
        kms_key_arn: the KMS key that encrypts their logs, or None for CloudWatch's own.
        enabled: whether tasks may start. Until then, the services have none.
    """

    cluster: Cluster
    region: str
    subnet_ids: Sequence[str]
    assign_public_ip: bool
    task_role: TaskRole
    log_retention_days: int
    kms_key_arn: str | None
    enabled: bool


class FargateService(Construct):
    """A service on ARM64, by ``size.spot`` on Fargate Spot. ECS rolls failed deployments back.

    It starts with ``first_tasks``, or none unless enabled. Whatever depends on ``rollout`` waits until they are
    healthy. Afterwards autoscaling and operators change the number, and Terraform ignores it. When ``enabled`` changes,
    Terraform replaces the service, so that the new service starts with as many: Langfuse's migrations must not run
    twice at the same time (langfuse/langfuse#13321). The provider replaces it too when ``size.spot`` changes
    (hashicorp/terraform-provider-aws#43533, whose cure is not in 5.100).

    Args:
        platform: what it shares with the other services.
        name: the service's name.
        execution_role_name: the name of its execution role.
        container: the container of its tasks.
        size: CPU and memory of a task, and whether on Fargate Spot.
        security_group_id: whom the tasks may connect to, and who may connect to them.
        log_group_name: the log group.
        depends_on: what must be in place before it starts.
        target_group_arn: the target group that its tasks register in, or None.
        first_tasks: how many tasks it starts with: one, if they migrate the databases.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        platform: Platform,
        *,
        name: str,
        execution_role_name: str,
        container: Container,
        size: ServiceSize,
        security_group_id: str,
        log_group_name: str,
        depends_on: Sequence[ITerraformDependable],
        target_group_arn: str | None,
        first_tasks: int,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.cluster_name = platform.cluster.name
        dimensions = {"ClusterName": self.cluster_name, "ServiceName": name}
        self.cpu = Metric("AWS/ECS", "CPUUtilization", dimensions)
        self.memory = Metric("AWS/ECS", "MemoryUtilization", dimensions)
        logs = log_group(
            self,
            "logs",
            name=log_group_name,
            retention_days=platform.log_retention_days,
            kms_key_arn=platform.kms_key_arn,
        )
        self.log_group_name = logs.name
        definitions, volumes = [_definition(name, platform.region, container, logs.name)], []
        if container.ca_certificate_secret_arn:
            from modules.services import ca_certificates

            (langfuse,) = definitions
            writer = ca_certificates.writer(container, langfuse["logConfiguration"])
            definitions, volumes = [{**langfuse, **ca_certificates.reader()}, writer], [ca_certificates.volume()]
        execution_role = ExecutionRole(
            self,
            "execution-role",
            name=execution_role_name,
            secret_arns=list(
                dict.fromkeys(secret["valueFrom"] for definition in definitions for secret in definition["secrets"])
            ),
            kms_key_arns=container.secret_key_arns,
            log_group_arn=logs.arn,
            ecr_repository_arn=container.image.ecr_repository_arn,
            region=platform.region,
        )
        definition = EcsTaskDefinition(
            self,
            "tasks",
            family=name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(size.cpu),
            memory=str(size.memory_mib),
            runtime_platform=EcsTaskDefinitionRuntimePlatform(
                cpu_architecture="ARM64", operating_system_family="LINUX"
            ),
            execution_role_arn=execution_role.arn,
            task_role_arn=platform.task_role.arn,
            container_definitions=json.dumps(definitions),
            volume=volumes or None,
        )
        accept_findings(definition, {"CKV_AWS_336": "Next.js and Prisma write their caches beside Langfuse's code"})
        # Not cdktf.DataResource, which runs ``terraform version`` at every synth (0.1 s). Its id and its input keep the
        # names of earlier releases: others would replace every service.
        replacement = TerraformResource(self, "gate", terraform_resource_type="terraform_data")
        replacement.add_override("input", {"running": platform.enabled})
        service = EcsService(
            self,
            "service",
            name=name,
            cluster=platform.cluster.arn,
            task_definition=definition.arn,
            desired_count=first_tasks if platform.enabled else 0,
            launch_type=None if size.spot else "FARGATE",
            capacity_provider_strategy=(
                [EcsServiceCapacityProviderStrategy(capacity_provider=SPOT, weight=1)] if size.spot else None
            ),
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=list(platform.subnet_ids),
                security_groups=[security_group_id],
                assign_public_ip=platform.assign_public_ip,
            ),
            load_balancer=(
                [
                    EcsServiceLoadBalancer(
                        target_group_arn=target_group_arn, container_name=name, container_port=container.port
                    )
                ]
                if target_group_arn
                else None
            ),
            health_check_grace_period_seconds=GRACE_SECONDS if target_group_arn else None,
            # So that tasks spread again once a lost Availability Zone is back.
            availability_zone_rebalancing="ENABLED",
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(enable=True, rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            depends_on=[
                execution_role.policy,
                *platform.task_role.policies,
                *depends_on,
                *(platform.cluster.spot if size.spot else ()),
            ],
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["desired_count"],
                replace_triggered_by=[f"{replacement.terraform_resource_type}.{replacement.friendly_unique_id}"],
            ),
        )
        if platform.assign_public_ip:
            accept_findings(service, {"CKV_AWS_333": "Its security group lets the load balancer in, and nobody else"})
        self.arn_reference = f"{service.terraform_resource_type}.{service.friendly_unique_id}.id"
        """Another value for Terraform once the service is replaced: AWS deletes what belongs to the old one."""
        self.rollout = Rollout(
            self,
            "rollout",
            service,
            definition=definition,
            cluster_name=self.cluster_name,
            region=platform.region,
        )


def _definition(name: str, region: str, container: Container, log_group_name: str) -> dict[str, Any]:
    health_check = f"wget -q -O /dev/null 'http://127.0.0.1:{container.port}{container.health_path}' || exit 1"
    return {
        "name": name,
        "image": str(container.image),
        "essential": True,
        "portMappings": [{"containerPort": container.port, "hostPort": container.port, "protocol": "tcp"}],
        "environment": [{"name": key, "value": value} for key, value in sorted(container.variables.items())],
        "secrets": [{"name": key, "valueFrom": arn} for key, arn in sorted(container.secret_arns.items())],
        "healthCheck": {
            "command": ["CMD-SHELL", health_check],
            "interval": 30,
            "timeout": 10,
            "retries": 3,
            # the longest that ECS allows
            "startPeriod": 300,
        },
        # the longest that Fargate allows: web serves requests for 110 more seconds, the worker ends its jobs
        "stopTimeout": 120,
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group_name,
                "awslogs-region": region,
                "awslogs-stream-prefix": container.log_stream_prefix,
            },
        },
    }
