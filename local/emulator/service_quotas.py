"""Service Quotas, which ministack 1.5 lacks: what ``ops preflight`` asks, answered as for a new account.

Remove it when ministack has the service.

Sources: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html for Fargate,
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html for EC2, and
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html for the VPC.
"""

from collections.abc import Set

from local.emulator.json_service import Request, Response, ServiceError, add_json_service

DEFAULTS = {
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 6.0),
    ("fargate", "L-36FBB829"): ("Fargate Spot vCPU resource count", 6.0),
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
}
APPLIED = {("fargate", "L-3032A538"), ("fargate", "L-36FBB829"), ("ec2", "L-1216C47A")}
"""Of the others, Service Quotas has no value of the account: they have the default."""


def add_service_quotas() -> None:
    """Makes ministack answer requests for Service Quotas."""
    actions = {
        "GetServiceQuota": lambda request: _quota(request, APPLIED),
        "GetAWSDefaultServiceQuota": lambda request: _quota(request, DEFAULTS.keys()),
    }
    add_json_service("servicequotas", "ServiceQuotasV20190624", actions)


def _quota(request: Request, known: Set[tuple[str, str]]) -> Response:
    quota = (request["ServiceCode"], request["QuotaCode"])
    if quota not in known:
        raise ServiceError("NoSuchResourceException", f"there is no quota {quota[1]}")
    name, value = DEFAULTS[quota]
    return {"Quota": {**request, "QuotaName": name, "Value": value, "Adjustable": True}}
