"""Requests that IAM refuses because of what is of another partition than the Region."""

import json
import re

from ministack.core.responses import get_region

from local.emulator.rules.rule import Request, refuses
from settings.partition import partition_of

EC2 = re.compile(r"ec2\.amazonaws\.com(\.cn)?")


@refuses("iam", "AttachRolePolicy", code="NoSuchEntity")
def policy_of_another_partition(request: Request) -> str | None:
    """A partition has AWS's managed policies under ARNs of its own."""
    arn = request["PolicyArn"]
    same = arn.split(":")[1] == partition_of(get_region())
    return None if same else f"Policy {arn} does not exist or is not attachable."


@refuses("iam", "CreateRole", "UpdateAssumeRolePolicy", code="MalformedPolicyDocument")
def ec2_of_another_partition(request: Request) -> str | None:
    """EC2 has another service principal in China: aws/aws-cdk#1282, hashicorp/terraform-provider-aws#46209."""
    document = json.loads(request.get("AssumeRolePolicyDocument") or request["PolicyDocument"])
    in_china = partition_of(get_region()) == "aws-cn"
    for statement in document.get("Statement", []):
        service = str(statement.get("Principal", {}).get("Service"))
        if EC2.fullmatch(service) and service.endswith(".cn") != in_china:
            return f'Invalid principal in policy: "SERVICE":"{service}"'
    return None
