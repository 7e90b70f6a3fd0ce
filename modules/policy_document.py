"""IAM policy documents, written as short Python."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from settings.partition import partition_of

VERSION = "2012-10-17"


class Allow(NamedTuple):
    """A statement that allows ``actions`` on ``resources``, if the request meets ``conditions``."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str | Sequence[str]]] = {}

    def statement(self) -> dict[str, object]:
        """The statement in IAM's own form."""
        statement: dict[str, object] = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return {**statement, "Condition": self.conditions} if self.conditions else statement


def policy_document(*statements: Allow) -> str:
    """A policy that allows what the statements allow."""
    return document(*(statement.statement() for statement in statements))


def decryption(key_arns: Sequence[str], *, region: str) -> Allow:
    """The statement that allows to read secrets that these KMS keys encrypt."""
    return Allow(actions=["kms:Decrypt"], resources=key_arns, conditions=only_through("secretsmanager", region=region))


def only_through(*services: str, region: str) -> dict[str, dict[str, list[str]]]:
    """The condition that a service such as ``s3`` uses a KMS key for the role, in ``region``.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    names = [f"{service}.{region}.amazonaws.com" for service in services]
    # China's endpoints have a suffix, and AWS's documentation does not say whether the services' names there have it.
    if partition_of(region) == "aws-cn":
        names += [f"{name}.cn" for name in names]
    return {"StringEquals": {"kms:ViaService": names}}


def trust_document(service: str) -> str:
    """A role's trust policy: only the AWS service, ``ecs-tasks.amazonaws.com`` for example, may assume the role."""
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def deny_plain_http(bucket_arn: str) -> dict[str, Any]:
    """The statement of a bucket's policy that refuses requests without TLS."""
    return {
        "Sid": "OnlyEncryptedConnections",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of statements in IAM's own form."""
    return json.dumps({"Version": VERSION, "Statement": statements})
