"""Service Quotas, which ministack 1.5 lacks: what ``ops preflight`` asks, answered as for a new account.

Remove it when ministack has the service.

Sources: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html for Fargate,
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html for EC2, and
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html for the VPC.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.core.router import SERVICE_PATTERNS

from local.emulator.ministack_gaps import Answer

SERVICE = "servicequotas"
TARGET_PREFIX = "ServiceQuotasV20190624"
"""How the header ``X-Amz-Target`` starts; a dot and the action follow."""
DEFAULTS = {
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 6.0),
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
}
APPLIED = {("fargate", "L-3032A538"), ("ec2", "L-1216C47A")}
"""Of the others, Service Quotas has no value of the account: they have the default."""


def add_service_quotas() -> None:
    """Makes ministack answer requests for Service Quotas."""

    async def handle_request(
        _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: object
    ) -> Answer:
        action = headers["x-amz-target"].rpartition(".")[2]
        request: dict[str, Any] = json.loads(body)
        quota = (request["ServiceCode"], request["QuotaCode"])
        answer: Answer
        if action not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            answer = error_response_json("UnknownOperationException", action)
        elif quota in (APPLIED if action == "GetServiceQuota" else DEFAULTS):
            name, value = DEFAULTS[quota]
            answer = json_response({"Quota": {**request, "QuotaName": name, "Value": value, "Adjustable": True}})
        else:
            answer = error_response_json("NoSuchResourceException", f"there is no quota {quota[1]}")
        return answer

    # Without its pattern, ministack would load botocore's models of all services to recognize this one (3 s).
    SERVICE_PATTERNS[SERVICE] = {"target_prefixes": [TARGET_PREFIX]}
    app.SERVICE_HANDLERS[SERVICE] = handle_request
