"""The Fargate services of Langfuse: what each runs, what it waits for, how it is scaled and watched."""

from collections.abc import Mapping, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from modules.langfuse import (
    INGESTION_QUEUES,
    OTHER_QUEUES,
    Container,
    LangfuseConfiguration,
    web_container,
    worker_container,
)
from modules.metric import Metric
from modules.services.fargate_service import FargateService, Platform
from modules.services.load_balancer import LoadBalancer
from modules.services.load_balancer_alarms import unhealthy_alarm
from modules.services.service_alarms import ServiceAlarms
from modules.services.service_scaling import ServiceScaling
from settings import Settings
from settings.sections.service_size import SERVICES, Service, ServiceSize
from settings.variables.consumers import INGESTION_CONSUMERS, other_consumers

WEB, WORKER, WORKER_INGESTION = (SERVICES[name] for name in ("web", "worker", "worker_ingestion"))


class LangfuseServices:
    """The services that the settings have: ``by_name``, in the order in which a deploy starts them.

    - Web starts first, and alone, since it migrates the databases.
    - The other services with web's image serve some of its paths, once their tasks are healthy. ``targets_by_name``
      has their target groups.
    - The worker leaves the queues of ingestion to ``worker_ingestion``, if there is one, once that consumes them.

    They are made in ``scope`` itself, so that the addresses of web and worker in Terraform are those of all releases.

    Args:
        platform: what they share.
        settings: the settings of the environment.
        configuration: the configuration of their containers.
        vpc_id: the VPC.
        load_balancer: the load balancer.
        security_group_ids: the security groups by name. Those of web and worker are for all services with their image.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(
        self,
        scope: Construct,
        platform: Platform,
        *,
        settings: Settings,
        configuration: LangfuseConfiguration,
        vpc_id: str,
        load_balancer: LoadBalancer,
        security_group_ids: Mapping[str, str],
        topic_arn: str,
    ) -> None:
        self._scope = scope
        self._platform = platform
        self._settings = settings
        self._configuration = configuration
        self._load_balancer = load_balancer
        self._security_group_ids = security_group_ids
        self._topic_arn = topic_arn
        self.by_name: dict[str, FargateService] = {}
        self.targets_by_name: dict[str, LbTargetGroup] = {}
        self._add_web()
        for service in SERVICES.values():
            if service.image == WEB.name and service.is_split and service.name in settings.services:
                self._add_part_of_web(service, vpc_id)
        self._add_workers()

    @property
    def workers(self) -> list[FargateService]:
        """The services with the worker's image."""
        return [service for name, service in self.by_name.items() if SERVICES[name].image == WORKER.name]

    def _add_web(self) -> None:
        container = web_container(self._configuration, self._settings.web)
        balancer = self._load_balancer
        self._add(WEB, container, [balancer.forwarding_listener], targets=balancer.targets)

    def _add_part_of_web(self, part: Service, vpc_id: str) -> None:
        # Most environments do without it, and synth is faster so.
        from modules.services.path_rules import PathRules

        rules = PathRules(
            self._scope,
            f"{part.id}-rules",
            self._load_balancer,
            service=part,
            prefix=self._settings.prefix,
            vpc_id=vpc_id,
            base_path=self._configuration.base_path,
        )
        self.targets_by_name[part.name] = rules.targets
        container = web_container(self._configuration, self._settings.services[part.name], migrates=False)
        depends_on = [rules.attachment, self.by_name[WEB.name].rollout]
        service = self._add(part, container, depends_on, targets=rules.targets)
        # Without tasks, the paths stay with web, which may start before the service does.
        if self._platform.enabled:
            rules.forward(service)
        unhealthy_alarm(
            rules,
            rules.unhealthy_targets,
            name=service.name,
            section=f"{part.id}-unhealthy",
            task=f"A task of {service.name}",
            topic_arn=self._topic_arn,
        )

    def _add_workers(self) -> None:
        # A worker that starts before web has migrated stays wrong (langfuse/langfuse#5818).
        rollouts: list[ITerraformDependable] = [self.by_name[WEB.name].rollout]
        if not (size := self._settings.worker_ingestion):
            everything = worker_container(self._configuration, self._settings.worker)
            self._add(WORKER, everything, rollouts, queues=INGESTION_QUEUES | OTHER_QUEUES)
            return
        consumers_off = other_consumers(self._configuration.variables)
        ingestion = worker_container(self._configuration, size, consumers_off=consumers_off)
        rollouts.append(self._add(WORKER_INGESTION, ingestion, rollouts, queues=INGESTION_QUEUES).rollout)
        others = worker_container(self._configuration, self._settings.worker, consumers_off=INGESTION_CONSUMERS)
        self._add(WORKER, others, rollouts, queues=OTHER_QUEUES)

    def _add(
        self,
        of: Service,
        container: Container,
        depends_on: Sequence[ITerraformDependable],
        *,
        targets: LbTargetGroup | None = None,
        queues: Mapping[str, Metric] | None = None,
    ) -> FargateService:
        id_, size = of.id, self._settings.services[of.name]
        self.by_name[of.name] = service = FargateService(
            self._scope,
            id_,
            self._platform,
            name=f"{self._settings.prefix}-{id_}",
            execution_role_name=f"{self._settings.global_prefix}-{id_}-execution",
            container=container,
            size=size,
            security_group_id=self._security_group_ids[of.image],
            log_group_name=f"/langfuse/{self._settings.name}/{id_}",
            depends_on=depends_on,
            target_group_arn=targets.arn if targets else None,
            # What takes over work that is there starts in full size. Web migrates first, alone.
            first_tasks=size.min_tasks if of.is_split else 1,
        )
        if self._platform.enabled:
            self._scale(id_, service, size, targets, queues)
        ServiceAlarms(
            self._scope,
            f"{id_}-alarms",
            service,
            min_tasks=size.min_tasks if self._platform.enabled else 0,
            topic_arn=self._topic_arn,
        )
        return service

    def _scale(
        self,
        id_: str,
        service: FargateService,
        size: ServiceSize,
        targets: LbTargetGroup | None,
        queues: Mapping[str, Metric] | None,
    ) -> None:
        scaling = ServiceScaling(self._scope, f"{id_}-scaling", service, size=size)
        scaling.follow_cpu()
        if targets:
            scaling.follow_requests(
                load_balancer_arn_suffix=self._load_balancer.balancer.arn_suffix,
                target_group_arn_suffix=targets.arn_suffix,
            )
        if queues and self._configuration.publishes_metrics:
            scaling.follow_queues(queues)
