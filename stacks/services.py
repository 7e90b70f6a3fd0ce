"""What runs Langfuse: it can be destroyed and made again without losing anything."""

from constructs import Construct

from modules.cluster import Cluster
from modules.dashboard import Dashboard
from modules.entrance import Entrance
from modules.fargate_service import Container, FargateService
from modules.langfuse_environment import WEB_PORT, WORKER_PORT, web_variables, worker_variables
from modules.load_balancer_alarms import LoadBalancerAlarms
from modules.media_uploads import MediaUploads
from modules.queue_alarms import QueueAlarms
from modules.roles import TaskRole
from modules.service_alarms import ServiceAlarms
from modules.service_scaling import ServiceScaling
from settings import Settings
from settings.variables import WEB_SECRETS, WORKER_SECRETS
from stacks.base import LangfuseStack
from stacks.data import DataStack
from stacks.network import NetworkStack


class ServicesStack(LangfuseStack):
    """The cluster, the load balancer, web and worker with their roles, logs, scaling, alarms and dashboard."""

    def __init__(
        self, scope: Construct, id_: str, settings: Settings, *, network: NetworkStack, data: DataStack
    ) -> None:
        super().__init__(scope, id_, settings)
        groups = network.firewall.ids
        running = settings.clickhouse.ready
        secret_arns = {variable: secret.arn for variable, secret in data.secrets_by_variable.items()}

        entrance = Entrance(
            self,
            "entrance",
            settings=settings,
            vpc_id=network.vpc.vpc_id,
            subnet_ids=network.vpc.public_subnet_ids,
            security_group_id=groups["load-balancer"],
        )
        MediaUploads(self, "media-uploads", bucket_name=data.events_bucket.name, origin=entrance.url)
        cluster = Cluster(self, "cluster", name=settings.prefix)
        task_role = TaskRole(self, "task-role", name=f"{settings.prefix}-task", bucket_arn=data.events_bucket.arn)
        web = FargateService(
            self,
            "web",
            name=f"{settings.prefix}-web",
            region=settings.region,
            cluster_arn=cluster.arn,
            container=Container(
                image=f"langfuse/langfuse:{settings.langfuse.version}",
                port=WEB_PORT,
                health_path="/api/public/health",
                variables=web_variables(
                    settings,
                    url=entrance.url,
                    redis_url=data.redis.connection_string,
                    bucket_name=data.events_bucket.name,
                ),
                secret_arns={name: secret_arns[name] for name in WEB_SECRETS} | settings.langfuse.secrets,
                log_stream_prefix="LangfuseWeb",
            ),
            size=settings.web,
            running=running,
            subnet_ids=network.vpc.private_subnet_ids,
            security_group_id=groups["web"],
            task_role=task_role,
            log_group_name=f"/langfuse/{settings.name}/web",
            log_retention_days=settings.log_retention_days,
            target_group_arn=entrance.load_balancer.target_group_arn,
            after=[entrance.load_balancer.listener],
        )
        worker = FargateService(
            self,
            "worker",
            name=f"{settings.prefix}-worker",
            region=settings.region,
            cluster_arn=cluster.arn,
            container=Container(
                image=f"langfuse/langfuse-worker:{settings.langfuse.version}",
                port=WORKER_PORT,
                # Also fails when the queue of events no longer moves, so that ECS replaces the wedged worker.
                health_path="/api/health?failIfEventPropagationStuck=true",
                variables=worker_variables(
                    settings,
                    url=entrance.url,
                    redis_url=data.redis.connection_string,
                    bucket_name=data.events_bucket.name,
                ),
                secret_arns={name: secret_arns[name] for name in WORKER_SECRETS} | settings.langfuse.secrets,
                log_stream_prefix="LangfuseWorker",
            ),
            size=settings.worker,
            running=running,
            subnet_ids=network.vpc.private_subnet_ids,
            security_group_id=groups["worker"],
            task_role=task_role,
            log_group_name=f"/langfuse/{settings.name}/worker",
            log_retention_days=settings.log_retention_days,
            # Web migrates the databases that the worker then finds ready.
            after=[web.service],
        )
        if running:
            web_scaling = ServiceScaling(self, "web-scaling", cluster_name=cluster.name, service=web, size=settings.web)
            web_scaling.follow_cpu()
            worker_scaling = ServiceScaling(
                self, "worker-scaling", cluster_name=cluster.name, service=worker, size=settings.worker
            )
            worker_scaling.follow_queues()
        LoadBalancerAlarms(
            self,
            "load-balancer-alarms",
            name=settings.prefix,
            load_balancer=entrance.load_balancer.arn_suffix,
            target_group=entrance.load_balancer.target_group_arn_suffix,
            topic_arn=data.alarm_topic.arn,
        )
        for service, size in ((web, settings.web), (worker, settings.worker)):
            ServiceAlarms(
                self,
                f"{service.node.id}-alarms",
                cluster_name=cluster.name,
                service_name=service.name,
                min_tasks=size.min_tasks if running else 0,
                topic_arn=data.alarm_topic.arn,
            )
        QueueAlarms(self, "queue-alarms", name=settings.prefix, topic_arn=data.alarm_topic.arn)
        Dashboard(
            self,
            "dashboard",
            name=settings.prefix,
            region=settings.region,
            load_balancer=entrance.load_balancer.arn_suffix,
            cluster_name=cluster.name,
            service_names=[web.name, worker.name],
            database_id=data.postgres.instance_id,
            redis_node_ids=data.redis.node_ids,
        )
        self.add_outputs(
            {
                "alb_url": entrance.url,
                "cluster_name": cluster.name,
                "web_service_name": web.name,
                "worker_service_name": worker.name,
                "web_log_group_name": web.log_group_name,
                "worker_log_group_name": worker.log_group_name,
            }
        )
