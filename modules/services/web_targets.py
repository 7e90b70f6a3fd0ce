"""The target groups that tasks of web's image register in."""

from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.langfuse import WEB_PORT, WEB_READY_PATH
from modules.metric import Metric

NAMESPACE = "AWS/ApplicationELB"


def web_targets(scope: Construct, id_: str, *, name: str, vpc_id: str, base_path: str) -> LbTargetGroup:
    """Makes a target group for web's container.

    Args:
        scope: the construct that it is part of.
        id_: its id there.
        name: its name, of at most 32 characters.
        vpc_id: the VPC.
        base_path: the path that web serves at, without a slash at its end; empty for all paths.
    """
    targets = LbTargetGroup(
        scope,
        id_,
        name=name,
        vpc_id=vpc_id,
        target_type="ip",
        protocol="HTTP",
        port=WEB_PORT,
        deregistration_delay="30",
        health_check=LbTargetGroupHealthCheck(
            path=f"{base_path}{WEB_READY_PATH}",
            matcher="200",
            interval=30,
            timeout=10,
            healthy_threshold=2,
            unhealthy_threshold=3,
        ),
    )
    accept_findings(targets, {"CKV_AWS_378": "Langfuse's container speaks HTTP; only the load balancer reaches it"})
    return targets


def unhealthy_targets(balancer: Lb, targets: LbTargetGroup) -> Metric:
    """The number of targets in the group that fail their health checks."""
    dimensions = {"LoadBalancer": balancer.arn_suffix, "TargetGroup": targets.arn_suffix}
    return Metric(NAMESPACE, "UnHealthyHostCount", dimensions)
