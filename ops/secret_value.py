"""What secrets and the containers' variables hold."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef


class SecretReference(NamedTuple):
    """Where a variable of a container gets its value: a secret, or the value of a key in the secret's JSON."""

    arn: str
    key: str


def reference(value_from: str) -> SecretReference:
    """The reference that a task definition's ``valueFrom`` is: a key of the secret may follow the ARN's seventh part.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    parts = value_from.split(":")
    return SecretReference(":".join(parts[:7]), "".join(parts[7:8]))


def current_version(environment: Environment, secret: str) -> "GetSecretValueResponseTypeDef | None":
    """The current version of a secret by its name or ARN; None if it is absent, empty or scheduled for deletion."""
    client = environment.session.client("secretsmanager")
    try:
        return client.get_secret_value(SecretId=secret)
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException):
        return None


def secret_value(environment: Environment, secret: str) -> str | None:
    """The value of a secret by its name or ARN; None if the secret is absent, empty or scheduled for deletion."""
    version = current_version(environment, secret)
    return version.get("SecretString") if version else None


def referenced_value(environment: Environment, secret: SecretReference) -> str | None:
    """The value that a variable gets; None if the secret holds none, or not the key."""
    value = secret_value(environment, secret.arn)
    if value is None or not secret.key:
        return value
    try:
        return str(json.loads(value)[secret.key])
    except (ValueError, KeyError, TypeError):
        return None


def variable_value(environment: Environment, container: Any, variable: str) -> str | None:  # noqa: ANN401
    """The variable's value in the container; empty if it is a secret that holds none, None if it is not set."""
    for entry in container["environment"]:
        if entry["name"] == variable:
            return str(entry["value"])
    for entry in container["secrets"]:
        if entry["name"] == variable:
            return referenced_value(environment, reference(entry["valueFrom"])) or ""
    return None
