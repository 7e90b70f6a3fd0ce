"""Tests that the largest variables and secrets that the settings accept fit into what ECS and IAM take."""

import json

from settings.field_types import SECRETS_CHARACTERS, VARIABLES_BYTES
from tests.environments import IMAGES, RUNNING
from tests.synthesis import app

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s{:03}-AbCdEf"
SECRETS = {f"X{number}": ARN.format(number) for number in range(SECRETS_CHARACTERS // len(ARN.format(0)))}
# The limit is of the JSON with the name.
ENVIRONMENT = {"X": "x" * (VARIABLES_BYTES - 50)}
LARGEST = {
    **RUNNING,
    **IMAGES,
    "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT": json.dumps(ENVIRONMENT),
    "LANGFUSE_AWS__LANGFUSE__SECRETS": json.dumps({f"S{name}": arn for name, arn in SECRETS.items()}),
}


def test_the_largest_task_definition_is_accepted() -> None:
    definitions = app("prod", LARGEST)["services"].resources("aws_ecs_task_definition").values()
    sizes = [len(definition["container_definitions"].encode()) for definition in definitions]
    assert len(sizes) == 2
    assert max(sizes) > VARIABLES_BYTES
    # The other parts of a task definition have less than 1 KiB.
    assert max(sizes) < 63 * 1024


def test_the_largest_policy_is_accepted() -> None:
    policies = app("prod", LARGEST)["services"].resources("aws_iam_role_policy").values()
    sizes = [len("".join(policy["policy"].split())) for policy in policies]
    assert SECRETS_CHARACTERS < max(sizes) < 10_240
