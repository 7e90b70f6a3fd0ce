"""The values of the secrets that a deploy, which may have been interrupted, has made."""

from contextlib import suppress
from typing import Any


def secret_values(secretsmanager: Any) -> dict[str, str]:
    """The values of the secrets that have one, by name. ``secretsmanager`` is boto3's client."""
    values = {}
    for secret in secretsmanager.get_paginator("list_secrets").paginate().search("SecretList[].Name"):
        with suppress(secretsmanager.exceptions.ResourceNotFoundException):
            values[secret] = secretsmanager.get_secret_value(SecretId=secret)["SecretString"]
    return values
