"""A Fargate service of one container: its log group, its execution role, its task definition, its deployments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition, EcsTaskDefinitionRuntimePlatform
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.log_group import log_group
from modules.roles import ExecutionRole, TaskRole
from settings.model import Service

GRACE_SECONDS = 900
"""The first start migrates both databases before it answers."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What runs in each task. ``health_path`` answers 200 on ``port`` while the container is well."""

    image: str
    port: int
    health_path: str
    variables: Mapping[str, str]
    secret_arns: Mapping[str, str]
    log_stream_prefix: str


class FargateService(Construct):
    """A service on ARM64 in private subnets, whose failed deployments roll back by themselves.

    It starts with one task, or none if not ``running``, and Terraform waits until it is steady; from there on
    autoscaling and operators change the number, and Terraform leaves it alone. When ``running`` changes, Terraform
    replaces the service, so the new one again starts with one: Langfuse's migrations must not run twice at a time
    (langfuse/langfuse#13321).

    ``after`` must be in place first. With ``target_group_arn`` the load balancer sends requests.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        cluster_arn: str,
        container: Container,
        size: Service,
        running: bool,
        subnet_ids: Sequence[str],
        security_group_id: str,
        task_role: TaskRole,
        log_group_name: str,
        log_retention_days: int,
        after: Sequence[ITerraformDependable],
        target_group_arn: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        logs = log_group(self, "logs", name=log_group_name, retention_days=log_retention_days)
        self.log_group_name = logs.name
        execution_role = ExecutionRole(
            self,
            "execution-role",
            name=f"{name}-execution",
            secret_arns=sorted(set(container.secret_arns.values())),
            log_group_arn=logs.arn,
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
            task_role_arn=task_role.arn,
            container_definitions=_container_definitions(name, region, container, logs.name),
        )
        accept_findings(definition, {"CKV_AWS_336": "Next.js and Prisma write their caches beside Langfuse's code"})
        # Not cdktf.DataResource: it runs ``terraform version`` at every synth, 0.1 s a time.
        gate = TerraformResource(self, "gate", terraform_resource_type="terraform_data")
        gate.add_override("input", {"running": running})
        self.service = EcsService(
            self,
            "service",
            name=name,
            cluster=cluster_arn,
            task_definition=definition.arn,
            desired_count=1 if running else 0,
            launch_type="FARGATE",
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=list(subnet_ids), security_groups=[security_group_id], assign_public_ip=False
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
            # After the loss of a zone, tasks spread again once it is back.
            availability_zone_rebalancing="ENABLED",
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(enable=True, rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=True,
            depends_on=[execution_role.ready, task_role.ready, *after],
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["desired_count"],
                replace_triggered_by=[f"{gate.terraform_resource_type}.{gate.friendly_unique_id}"],
            ),
        )


def _container_definitions(name: str, region: str, container: Container, log_group_name: str) -> str:
    probe = f"wget -q -O /dev/null 'http://127.0.0.1:{container.port}{container.health_path}' || exit 1"
    return json.dumps(
        [
            {
                "name": name,
                "image": container.image,
                "essential": True,
                "portMappings": [{"containerPort": container.port, "hostPort": container.port, "protocol": "tcp"}],
                "environment": [{"name": key, "value": value} for key, value in sorted(container.variables.items())],
                "secrets": [{"name": key, "valueFrom": arn} for key, arn in sorted(container.secret_arns.items())],
                "healthCheck": {
                    "command": ["CMD-SHELL", probe],
                    "interval": 30,
                    "timeout": 10,
                    "retries": 3,
                    # the most that ECS allows
                    "startPeriod": 300,
                },
                # the most that Fargate allows: web serves 110 seconds more, the worker drains its jobs
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
        ]
    )
