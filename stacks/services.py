"""The services that run Langfuse. They can be destroyed and deployed again without any loss of data."""

from cdktf import TerraformProvider
from constructs import Construct

from modules.langfuse import QUEUES, LangfuseConfiguration
from modules.services.cluster import Cluster
from modules.services.dashboard import Dashboard
from modules.services.dropped_rows import DroppedRows
from modules.services.fargate_service import Platform
from modules.services.langfuse_services import LangfuseServices
from modules.services.load_balancer_alarms import LoadBalancerAlarms
from modules.services.media_uploads import MediaUploads
from modules.services.public_endpoint import PublicEndpoint
from modules.services.queue_alarms import QueueAlarms
from modules.services.roles import MailSender, TaskRole
from settings import Settings
from settings.partition import CLOUDFRONT_REGION, partition_of
from settings.roles import bucket_key_arns
from settings.sections.mail import Mail
from stacks.base import LangfuseStack
from stacks.data import DataStack
from stacks.network import NetworkStack


class ServicesStack(LangfuseStack):
    """The cluster, the load balancer, Langfuse's services with roles, logs, scaling and alarms, and the dashboard."""

    def __init__(
        self, scope: Construct, id_: str, settings: Settings, *, network: NetworkStack, data: DataStack
    ) -> None:
        super().__init__(scope, id_, settings)
        security_group_ids = network.security_groups.ids
        topic_arn = data.alarm_topic.arn
        enabled = settings.clickhouse.ready
        kms_key_arns = [network.kms_key_arn] if network.kms_key_arn else []
        queues = QUEUES if settings.alarms.queue_metrics else {}
        base_path = settings.langfuse.base_path or ""
        public_tasks = settings.network.public_tasks

        endpoint = PublicEndpoint(
            self,
            # Its id is part of the load balancer's address in Terraform.
            "entrance",
            name=settings.prefix,
            global_name=settings.global_prefix,
            settings=settings.domain,
            ingress=settings.ingress,
            region=settings.region,
            cloudfront_provider=self._cloudfront_provider(settings),
            vpc=network.vpc,
            security_group_id=security_group_ids["load-balancer"],
            base_path=base_path,
            deletion_protection=settings.deletion_protection,
            log_retention_days=settings.log_retention_days,
        )
        load_balancer = endpoint.load_balancer
        MediaUploads(self, "media-uploads", bucket_name=data.events_bucket.name, origin=endpoint.url)
        platform = Platform(
            cluster=Cluster(
                self,
                "cluster",
                name=settings.prefix,
                spot=any(size.spot for size in settings.services.values()),
                # Web waits for it anyway.
                spot_after=[load_balancer.forwarding_listener],
            ),
            region=settings.region,
            subnet_ids=network.vpc.public_subnet_ids if public_tasks else network.vpc.private_subnet_ids,
            assign_public_ip=public_tasks,
            task_role=TaskRole(
                self,
                "task-role",
                name=f"{settings.global_prefix}-task",
                bucket_arn=data.events_bucket.arn,
                bucket_key_arns=[*kms_key_arns, *sorted(set(bucket_key_arns(settings.langfuse.environment).values()))],
                publishes_metrics=settings.alarms.queue_metrics,
                policy_arns=settings.langfuse.policy_arns,
                mail_sender=self._mail_sender(settings.mail, settings.region),
                region=settings.region,
            ),
            log_retention_days=settings.log_retention_days,
            kms_key_arn=network.kms_key_arn,
            enabled=enabled,
        )
        langfuse = LangfuseConfiguration(
            web_image=settings.langfuse.web_image,
            worker_image=settings.langfuse.worker_image,
            base_path=base_path,
            ca_certificate_secret_arn=settings.langfuse.ca_certificate_secret_arn,
            variables=settings.container_variables,
            secrets=settings.container_secrets,
            secret_key_arns=[*kms_key_arns, *settings.langfuse.kms_key_arns],
            region=settings.region,
            url=endpoint.url,
            idle_timeout_seconds=settings.ingress.idle_timeout_seconds,
            redis_url=data.redis.connection_string,
            bucket_name=data.events_bucket.name,
            bucket_key_arn=network.kms_key_arn,
            clickhouse_cluster_enabled=settings.clickhouse.cluster_enabled,
            publishes_metrics=settings.alarms.queue_metrics,
            secret_arns=data.secret_arns,
        )
        services = LangfuseServices(
            self,
            platform,
            settings=settings,
            configuration=langfuse,
            vpc_id=network.vpc.id,
            load_balancer=load_balancer,
            security_group_ids=security_group_ids,
            topic_arn=topic_arn,
        )
        LoadBalancerAlarms(self, "load-balancer-alarms", load_balancer, name=settings.prefix, topic_arn=topic_arn)
        QueueAlarms(self, "queue-alarms", queues, name=settings.prefix, topic_arn=topic_arn)
        dropped_rows = DroppedRows(
            self, "dropped-rows", name=settings.prefix, workers=services.workers, topic_arn=topic_arn
        )
        Dashboard(
            self,
            "dashboard",
            name=settings.global_prefix,
            region=settings.region,
            load_balancer=load_balancer,
            services=list(services.by_name.values()),
            dropped_rows=dropped_rows.metric,
            queues=queues,
            redis=data.redis,
            postgres=data.postgres,
            clickhouse=data.clickhouse_metrics,
            blocked_requests=endpoint.blocked_requests,
        )
        self.add_outputs(
            {
                "alb_url": f"{endpoint.url}{base_path}",
                "alb_arn": load_balancer.arn,
                "alb_dns_name": load_balancer.dns_name,
                "alb_zone_id": load_balancer.zone_id,
                "target_group_arn": load_balancer.targets.arn,
                "task_role_arn": platform.task_role.arn,
                "cluster_name": platform.cluster.name,
                **{f"{name}_service_name": service.name for name, service in services.by_name.items()},
                **{f"{name}_log_group_name": service.log_group_name for name, service in services.by_name.items()},
                **{f"{name}_target_group_arn": targets.arn for name, targets in services.targets_by_name.items()},
            }
        )
        if endpoint.cloudfront_dns_name:
            self.add_outputs({"cloudfront_dns_name": endpoint.cloudfront_dns_name})

    def _cloudfront_provider(self, settings: Settings) -> TerraformProvider | None:
        """The provider for CloudFront's certificate and web ACL, if the stack is not in their Region.

        It is there while a setting is that may have made one of them. Terraform needs it to destroy them after
        ``domain.cloudfront`` is turned off, and then ends with "Provider configuration not present" without it.
        """
        possible = settings.domain.cloudfront or settings.domain.name or settings.ingress.waf
        if not possible or settings.region == CLOUDFRONT_REGION or partition_of(settings.region) != "aws":
            return None
        return self.add_provider("aws-cloudfront", region=CLOUDFRONT_REGION, alias=CLOUDFRONT_REGION)

    def _mail_sender(self, settings: Mail, region: str) -> MailSender | None:
        if not settings.uses_ses:
            return None
        # Most environments do without it, and synth is faster so.
        from modules.services.mail_identity import MailIdentity

        return MailIdentity(self, "mail", settings=settings, region=region).sender
