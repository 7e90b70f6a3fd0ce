"""Requests that Secrets Manager refuses."""

import re

from ministack.services import secretsmanager

from local.emulator.rules.rule import Request, refuses

NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")


@refuses("secretsmanager", "CreateSecret", code="ValidationException")
def secret_name_invalid(request: Request) -> str | None:
    """A name has letters, digits and ``/_+=.@!-``, which the model does not say.

    See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html.
    """
    allowed = "alphanumeric characters, or any of the following: -/_+=.@!"
    return None if NAME.fullmatch(request["Name"]) else f"Invalid name. Must be a valid name containing {allowed}"


@refuses("secretsmanager", "PutSecretValue", code="ResourceExistsException")
def version_has_another_value(request: Request) -> str | None:
    """The token of a request is the version's id, and a version never changes its value.

    See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html.
    """
    _, secret = secretsmanager._resolve(request["SecretId"])
    version = (secret or {}).get("Versions", {}).get(request.get("ClientRequestToken"))
    if version is None or version["SecretString"] == request.get("SecretString"):
        return None
    return "You can't modify the existing version, you can only create a new version."


@refuses("secretsmanager", "CreateSecret", code="InvalidRequestException")
def secret_name_scheduled_for_deletion(request: Request) -> str | None:
    """The name of a deleted secret is taken until its recovery window ends.

    See https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html and
    hashicorp/terraform-provider-aws#4467.
    """
    if not secretsmanager._secrets.get(request["Name"], {}).get("DeletedDate"):
        return None
    return "You can't create this secret because a secret with this name is already scheduled for deletion."
