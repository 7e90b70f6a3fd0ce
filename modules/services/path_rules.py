"""Which paths the load balancer forwards to another service than web, and the listener rules that do so."""

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
    LbListenerRuleConditionPathPattern,
    LbListenerRuleConditionSourceIp,
)
from constructs import Construct

from modules.services.fargate_service import FargateService
from modules.services.load_balancer import LoadBalancer
from modules.services.web_targets import unhealthy_targets, web_targets
from settings.sections.service_size import Service

PATHS = {
    "web_ingestion": ("/api/public/ingestion*", "/api/public/otel*", "/api/public/media*"),
    "web_api": (
        "/api/public/traces*",
        "/api/public/observations*",
        "/api/public/v2/observations*",
        "/api/public/metrics*",
        "/api/public/v2/metrics*",
        "/api/public/sessions*",
        "/api/public/scores*",
        "/api/public/v2/scores*",
        "/api/public/v3/scores*",
        "/api/public/experiment*",
    ),
}
"""By service, the paths that the load balancer forwards to it; web gets all others. ``*`` stands for any characters.

``web_ingestion``: what SDKs send, as in https://langfuse.com/self-hosting/configuration/scaling. ``web_api``: the reads
of the public API that query ClickHouse, in web/src/pages/api/public of Langfuse 4.16.0. docs/split-services.md says of
each path why it is here or is not.
"""
FIRST_PRIORITIES = {"web_ingestion": 100, "web_api": 200}
"""By service, the priority of its first rule. No path is in two rules, so that only uniqueness matters."""
PATTERNS_PER_RULE = 3
"""What AWS allows in a condition: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html.
A rule may have five values and five wildcards in all its conditions."""
NOBODYS_ADDRESS = "192.0.2.1/32"
"""An address for documentation, which no host has: https://www.rfc-editor.org/rfc/rfc5737."""


class PathRules(Construct):
    """The target group of a service that serves a part of web's paths, and the rules that forward to it.

    No request is lost when the service comes or goes. ECS refuses a target group that no listener forwards to, and the
    load balancer answers 503 for one without healthy targets. So ``attachment``, which the service depends on, is a
    rule that forwards no request: it waits for an address that no client has. ``forward`` makes the rules with the
    paths once the service's tasks are healthy, and Terraform deletes them before it deletes or replaces the service;
    meanwhile, web serves the paths.

    Args:
        load_balancer: the load balancer.
        service: the service.
        prefix: what the target group's name starts with.
        vpc_id: the VPC.
        base_path: the path that web serves at, without a slash at its end; empty for all paths.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        load_balancer: LoadBalancer,
        *,
        service: Service,
        prefix: str,
        vpc_id: str,
        base_path: str,
    ) -> None:
        super().__init__(scope, id_)
        self._listener_arn = load_balancer.forwarding_listener.arn
        self._priority = FIRST_PRIORITIES[service.name]
        self._patterns = [f"{base_path}{path}" for path in PATHS[service.name]]
        # AWS allows 32 characters: langfuse-<environment>-ingestion, without "web".
        name = f"{prefix}-{service.id.removeprefix('web-')}"
        self.targets = web_targets(self, "targets", name=name, vpc_id=vpc_id, base_path=base_path)
        self.unhealthy_targets = unhealthy_targets(load_balancer.balancer, self.targets)
        nobody = LbListenerRuleCondition(source_ip=LbListenerRuleConditionSourceIp(values=[NOBODYS_ADDRESS]))
        self.attachment = self._rule("attachment", self._priority, nobody)

    def forward(self, service: FargateService) -> None:
        """Forwards the paths to the service, once its first tasks are healthy."""
        for number, start in enumerate(range(0, len(self._patterns), PATTERNS_PER_RULE), start=1):
            patterns = self._patterns[start : start + PATTERNS_PER_RULE]
            self._rule(
                f"paths-{number}",
                self._priority + number,
                LbListenerRuleCondition(path_pattern=LbListenerRuleConditionPathPattern(values=patterns)),
                depends_on=[service.rollout],
                # Its ARN, which only a replacement changes: a new deployment of the service leaves the rules alone.
                lifecycle=TerraformResourceLifecycle(replace_triggered_by=[service.arn_reference]),
            )

    def _rule(
        self,
        id_: str,
        priority: int,
        condition: LbListenerRuleCondition,
        *,
        depends_on: Sequence[ITerraformDependable] | None = None,
        lifecycle: TerraformResourceLifecycle | None = None,
    ) -> LbListenerRule:
        return LbListenerRule(
            self,
            id_,
            listener_arn=self._listener_arn,
            priority=priority,
            action=[LbListenerRuleAction(type="forward", target_group_arn=self.targets.arn)],
            condition=[condition],
            depends_on=depends_on,
            lifecycle=lifecycle,
        )
