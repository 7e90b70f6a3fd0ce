"""The policies of the plan role and of the deploy role, by purpose."""

from collections.abc import Mapping
from typing import Any, Literal


def policies(role: Literal["plan", "deploy"], values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The IAM policy documents of a role, by what they are for.

    Args:
        role: the role.
        values: what the placeholders of the templates stand for.
    """
    read = ["s3:GetObject"] if role == "plan" else ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    partition, bucket, environment = values["partition"], values["state_bucket"], values["environment"]
    return {
        "state": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": read,
                    "Resource": [f"arn:{partition}:s3:::{bucket}/langfuse/{environment}/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket"],
                    "Resource": [f"arn:{partition}:s3:::{bucket}"],
                },
            ],
        },
        "roles": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["iam:GetRole"],
                    "Resource": [f"arn:{partition}:iam::{values['account']}:role/{values['global_prefix']}-*"],
                },
            ],
        },
    }
