"""The load balancer in front of web."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.lb import Lb, LbAccessLogs
from cdktf_cdktf_provider_aws.lb_listener import (
    LbListener,
    LbListenerDefaultAction,
    LbListenerDefaultActionRedirect,
)
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.metric import Metric
from modules.services.web_targets import NAMESPACE, unhealthy_targets, web_targets
from settings.sections.ingress import Ingress

if TYPE_CHECKING:
    from modules.services.access_logs_bucket import AccessLogsBucket

# For a year, browsers open the domain by HTTPS only. Not its subdomains, nor with "preload", which is a promise for all
# of the domain above it too: both would reach sites that are not Langfuse's.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
HSTS = "max-age=31536000"


class LoadBalancer(Construct):
    """An Application Load Balancer with web's target group.

    Args:
        name: its name, and what its target group's name starts with.
        settings: whether it is internal, its kinds of addresses and its idle timeout.
        vpc_id: the VPC.
        subnet_ids: subnets of two Availability Zones or more: public ones, or private ones if it is internal.
        security_group_id: who may connect.
        base_path: the path that web serves at, without a slash at its end; empty for all paths.
        deletion_protection: whether Terraform and AWS refuse to delete it.
        certificate_arn: a certificate to serve HTTPS with; HTTP then redirects there. With None, it serves HTTP.
        access_logs_bucket: where it logs every request. With None, it does not log.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Ingress,
        vpc_id: str,
        subnet_ids: Sequence[str],
        security_group_id: str,
        base_path: str,
        deletion_protection: bool,
        certificate_arn: str | None,
        access_logs_bucket: "AccessLogsBucket | None",
    ) -> None:
        super().__init__(scope, id_)
        balancer = Lb(
            self,
            "balancer",
            name=name,
            load_balancer_type="application",
            internal=settings.internal,
            ip_address_type="dualstack" if settings.ip_address_type == "dualstack" else None,
            subnets=list(subnet_ids),
            security_groups=[security_group_id],
            idle_timeout=settings.idle_timeout_seconds,
            # Only old SDKs lose headers by it (x_langfuse_sdk_name), and Langfuse nothing but their name:
            # docs/differences.md.
            drop_invalid_header_fields=True,
            enable_deletion_protection=deletion_protection,
            access_logs=_logs_in(access_logs_bucket) if access_logs_bucket else None,
            # Elastic Load Balancing tries at once whether it may write there.
            depends_on=[access_logs_bucket.policy] if access_logs_bucket else None,
            # AWS refuses only after Terraform has deleted the services behind it.
            lifecycle=TerraformResourceLifecycle(prevent_destroy=deletion_protection),
        )
        accept_findings(
            balancer,
            {
                "CKV_AWS_91": "Whether every request is logged is the environment's choice: ingress.access_logs",
                "CKV_AWS_150": "Whether it is protected is the environment's choice: deletion_protection",
                "CKV2_AWS_20": "It redirects to HTTPS as soon as the environment has a domain",
                "CKV2_AWS_28": "Whether it has a web ACL is the environment's choice: ingress.waf",
            },
        )
        self.balancer = balancer
        self.arn = balancer.arn
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.targets = targets = web_targets(self, "targets", name=f"{name}-web", vpc_id=vpc_id, base_path=base_path)
        dimensions = {"LoadBalancer": balancer.arn_suffix}
        self.requests = Metric(NAMESPACE, "RequestCount", dimensions)
        self.response_time_seconds = Metric(NAMESPACE, "TargetResponseTime", dimensions)
        self.target_errors = Metric(NAMESPACE, "HTTPCode_Target_5XX_Count", dimensions)
        self.own_errors = Metric(NAMESPACE, "HTTPCode_ELB_5XX_Count", dimensions)
        self.unhealthy_targets = unhealthy_targets(balancer, targets)
        forward = LbListenerDefaultAction(type="forward", target_group_arn=targets.arn)
        https = None
        if certificate_arn:
            https = LbListener(
                self,
                "https",
                load_balancer_arn=balancer.arn,
                port=443,
                protocol="HTTPS",
                # TLS 1.3 and 1.2: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
                ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
                routing_http_response_strict_transport_security_header_value=HSTS,
                certificate_arn=certificate_arn,
                default_action=[forward],
            )
        http = LbListener(
            self,
            "http",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_action=[_to_https() if https else forward],
            # Otherwise it would redirect to a closed port while the other listener is made.
            depends_on=[https] if https else None,
        )
        without_domain = "Without a domain there is no certificate; with one, this listener only redirects"
        accept_findings(http, {"CKV_AWS_2": without_domain, "CKV_AWS_103": without_domain})
        # A service depends on it: ECS refuses a target group that no listener forwards to.
        self.forwarding_listener = https or http


def _logs_in(bucket: "AccessLogsBucket") -> LbAccessLogs:
    return LbAccessLogs(bucket=bucket.name, prefix=bucket.load_balancer_prefix, enabled=True)


def _to_https() -> LbListenerDefaultAction:
    return LbListenerDefaultAction(
        type="redirect",
        redirect=LbListenerDefaultActionRedirect(port="443", protocol="HTTPS", status_code="HTTP_301"),
    )
