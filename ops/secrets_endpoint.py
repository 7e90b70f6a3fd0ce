"""An endpoint of Secrets Manager that gives no secret's value, for Terraform while it plans.

A plan holds no value of a secret, so whoever plans need not be allowed to read one. But Terraform asks for them: AWS
provider 5.100 refreshes each ``aws_secretsmanager_secret_version`` with GetSecretValue, also where the value is
write-only (hashicorp/terraform-provider-aws#42383), and an ephemeral resource, the database's password here, is read
during a plan too, for write-only arguments that a plan leaves out. This endpoint answers GetSecretValue by what
ListSecretVersionIds says, as provider 6 does for write-only versions (hashicorp/terraform-provider-aws#44876), with a
made-up value. Drift is found as before. An apply reads the ephemeral resources again, from AWS.

Nothing simpler does the same. ``-refresh=false`` hides all drift; ``-target`` can't leave the versions out, since the
database depends on them; ``-exclude`` is OpenTofu's alone, and leaves out the database as well. Terraform reads an
ephemeral resource later only where an argument is unknown or a dependency changes, which no empty plan has. The
provider has no option for it, and provider 6 reads ephemeral resources as 5.100 does.
"""

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError

from ops.environment import AWS_ERRORS, Environment, OpsError, reason

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

VARIABLE = "AWS_ENDPOINT_URL_SECRETS_MANAGER"
"""https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
EXCLUDE_ENDPOINTS = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_DUALSTACK_ENDPOINT")
READS = ("Describe", "Get", "List")
"""How the operations start that are passed on. A plan changes nothing. BatchGetSecretValue would give values away."""
MADE_UP = "made up by ops plan, which reads no secret/ "
"""What a value is made of, for whoever looks whether it is in a plan."""
NO_VALUE = MADE_UP * 1600
"""Longer than the 65,536 bytes that Secrets Manager takes, and RDS takes no password with a slash or of more than 128
characters: AWS would refuse it wherever it was applied."""
DELETED = "You can't perform this operation on the secret because it was marked for deletion."
NOT_FOUND = "Secrets Manager can't find the specified secret value for"
"""The provider takes both for a version that is gone."""

Parameters = Mapping[str, Any]


@contextmanager
def endpoint_without_values(environment: Environment) -> Iterator[dict[str, str]]:
    """Runs the endpoint during the ``with`` block, on 127.0.0.1. Gives the environment variable that names it.

    Whatever it does not answer itself it asks AWS for, through boto3: with the credentials of ``environment``, its
    Region, and the endpoint that is configured, if any. The variable has a secret in its path, so that other users of
    the machine can't use these credentials. A signature could not take its place: Terraform's session of a role has
    keys of its own.

    Raises:
        OpsError: if Terraform would ignore the variable, or refuse it, because of the caller's configuration.
    """
    configuration = botocore.session.Session()
    for variable in EXCLUDE_ENDPOINTS:
        name = variable.removeprefix("AWS_").lower()
        if configuration.get_config_variable(name):
            raise OpsError(
                f"{variable}, or {name} of the AWS profile: must not be true for `ops plan`, which gives Terraform an"
                " endpoint of its own for Secrets Manager"
            )
    with _Server(environment.session.client("secretsmanager")) as server:
        # A short interval, since the end waits for it.
        Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        try:
            yield {VARIABLE: f"http://127.0.0.1:{server.server_port}{server.path}"}
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    """Answers requests at ``path``."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = client
        self.path = f"/{secrets.token_urlsafe(32)}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        # Terraform closes its connections as it ends, and one that is killed does so at any moment.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if not compare_digest(self.path.rstrip("/").encode(), self.server.path.encode()):
            self.close_connection = True
            return self._send(403, {"__type": "AccessDeniedException", "message": "This endpoint is Terraform's."})
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        return self._send(*_answer(self.server.client, operation, json.loads(body)))

    def _send(self, status: int, answer: Parameters) -> None:
        about = answer.get("ResponseMetadata", {})
        content = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        # Times are numbers of seconds in this protocol.
        body = json.dumps(content, default=datetime.timestamp).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", about.get("RequestId", ""))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged."""


def _answer(client: "SecretsManagerClient", operation: str, parameters: Parameters) -> tuple[int, Parameters]:
    """The status and the content of the answer to a request."""
    try:
        if operation == "GetSecretValue":
            return 200, _version_without_value(client, parameters)
        method = xform_name(operation)
        # A client has methods beside those that call AWS, such as get_paginator.
        is_known = client.meta.method_to_api_mapping.get(method) == operation
        if not is_known or not operation.startswith(READS):
            raise _error("AccessDeniedException", f"A plan must not call {operation}.")
        return 200, getattr(client, method)(**parameters)
    except ClientError as error:
        metadata, detail = error.response.get("ResponseMetadata", {}), error.response["Error"]
        content = {"__type": detail["Code"], "message": detail["Message"], "ResponseMetadata": metadata}
        return metadata.get("HTTPStatusCode", 400), content
    except AWS_ERRORS as error:
        # Not 500 or more, after which Terraform would try again for minutes: boto3 has tried often enough.
        return 400, {"__type": type(error).__name__, "message": reason(error)}


def _version_without_value(client: "SecretsManagerClient", parameters: Parameters) -> Parameters:
    """What GetSecretValue answers, apart from the value.

    Raises:
        ClientError: as GetSecretValue does if there is no such version, or the secret is scheduled for deletion, or
            as the operations do that it takes.
    """
    secret = parameters["SecretId"]
    # The versions of a secret that is scheduled for deletion are listed as before.
    described = client.describe_secret(SecretId=secret)
    if "DeletedDate" in described:
        raise _error("InvalidRequestException", DELETED)
    id_ = parameters.get("VersionId")
    stage = parameters.get("VersionStage", None if id_ else "AWSCURRENT")
    for version in _versions(client, secret):
        if (not id_ or version["VersionId"] == id_) and (not stage or stage in version.get("VersionStages", ())):
            return {"ARN": described["ARN"], "Name": described["Name"], **version, "SecretString": NO_VALUE}
    which = f"VersionId: {id_}" if id_ else f"staging label: {stage}"
    raise _error("ResourceNotFoundException", f"{NOT_FOUND} {which}")


def _versions(client: "SecretsManagerClient", secret: str) -> Iterator[Parameters]:
    """All versions of a secret: GetSecretValue finds those without a label too, by their IDs."""
    page = client.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)
    yield from page["Versions"]
    while "NextToken" in page:
        page = client.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True, NextToken=page["NextToken"])
        yield from page["Versions"]


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetSecretValue")
