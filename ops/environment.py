"""The environment that a command is about: its settings, its AWS account, and the outputs of its stacks."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError
from botocore.utils import is_valid_endpoint_url

from entry_point import one_line
from settings import Settings, load_or_exit
from settings.model import STATE_SUFFIX
from settings.secret_variables import secret_name_output

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVICES = ("web", "worker")
ATTEMPTS = 3
"""A laptop without a network should say so within seconds, not minutes."""
BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class OpsError(Exception):
    """What went wrong and what to do next, in one line."""


def reason(error: Exception) -> str:
    """An error of AWS's or this project's in one line, with the next step where there is one."""
    if isinstance(error, (NoCredentialsError, SSOError, TokenRetrievalError)):
        return "there are no valid AWS credentials: set AWS_PROFILE, or run `aws sso login`"
    if isinstance(error, ClientError):
        answer = error.response["Error"]
        if answer["Code"] in BAD_CREDENTIALS:
            return f"AWS does not accept the credentials ({answer['Code']}): set AWS_PROFILE, or run `aws sso login`"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        words = ": ".join(filter(None, [answer["Code"] or f"status {status}", answer["Message"]]))
        return one_line(f"AWS refused {error.operation_name}: {words}")
    if isinstance(error, CredentialRetrievalError):
        # Without the text, which is what the profile's credential_process printed.
        return f"there are no valid AWS credentials: {error.kwargs['provider']} failed"
    if type(error) is HTTPClientError:
        # Without the text, which can be a part of a proxy's password.
        return "the request can't be made: check HTTP_PROXY and HTTPS_PROXY, whose passwords have / # ? as %2F %23 %3F"
    if isinstance(error, ResponseParserError):
        # Without the answer, which is part of the message.
        return "the answer is none of AWS's: is there a proxy in between, or a wrong AWS_ENDPOINT_URL?"
    return one_line(str(error))


AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)


class Outputs(dict[str, Any]):
    """A stack's outputs by name. One that is missing is of a newer release than the one that was deployed."""

    def __init__(self, stack: str, environment: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._deploy = f"the stack {stack} has no output {{name}}: run `make deploy ENV={environment}`"

    def __missing__(self, name: str) -> NoReturn:
        raise OpsError(self._deploy.format(name=name))


class StateResource(NamedTuple):
    """A resource in Terraform's state: its type, ``aws_vpc`` for example, its attributes, and its address."""

    type: str
    attributes: Mapping[str, Any]
    address: str


@dataclass(frozen=True)
class Environment:
    """An environment. ``session`` has the credentials that the AWS CLI would use, and the environment's region."""

    settings: Settings
    session: boto3.Session
    _outputs: dict[str, Outputs] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The environment's name, ``prod`` for example."""
        return self.settings.name

    @property
    def deploy_command(self) -> str:
        """The command that deploys it, to be shown as the next step."""
        return f"`make deploy ENV={self.name}`"

    def outputs(self, stack: str) -> Outputs:
        """The outputs of a stack's last deploy, without those that are only for other stacks.

        Raises:
            OpsError: if there is no state bucket, or the stack is not deployed.
        """
        if stack not in self._outputs:
            values = self._read_outputs(stack)
            if not values:
                raise OpsError(f"the stack {stack} of {self.name} is not deployed: run {self.deploy_command}")
            self._outputs[stack] = Outputs(stack, self.name, values)
        return self._outputs[stack]

    def all_outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of every stack that is deployed, by the stack's name.

        Raises:
            OpsError: if there is no state bucket, or no stack is deployed.
        """
        outputs = {stack: self._read_outputs(stack) for stack in self._stacks_with_state()}
        deployed = {stack: values for stack, values in outputs.items() if values}
        if not deployed:
            raise OpsError(f"{self.name} is not deployed: run {self.deploy_command}")
        return deployed

    def _stacks_with_state(self) -> list[str]:
        prefix = self.settings.state_key_prefix
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            keys = [state["Key"] for page in pages for state in page.get("Contents", ())]
        except self._s3.exceptions.NoSuchBucket:
            raise self._no_bucket from None
        return [key.removeprefix(prefix).removesuffix(STATE_SUFFIX) for key in keys if key.endswith(STATE_SUFFIX)]

    @cached_property
    def resources(self) -> list[StateResource]:
        """The resources in the states of all stacks, also of a deploy that failed half-way."""
        try:
            stacks = self._stacks_with_state()
        except OpsError:
            # There is no state bucket.
            return []
        return [
            StateResource(resource["type"], instance["attributes"], f"{resource['type']}.{resource['name']}")
            for stack in stacks
            for resource in self._read_state(stack)["resources"]
            if resource["mode"] == "managed"
            for instance in resource["instances"]
        ]

    def _read_outputs(self, stack: str) -> dict[str, Any]:
        return {
            name: output["value"]
            for name, output in self._read_state(stack)["outputs"].items()
            if not name.startswith("cross-stack-output")
        }

    def _read_state(self, stack: str) -> dict[str, Any]:
        """Without outputs and resources if the stack was never deployed, or was destroyed."""
        try:
            state = self._s3.get_object(Bucket=self._bucket, Key=self.settings.state_key(stack))["Body"]
        except self._s3.exceptions.NoSuchBucket:
            raise self._no_bucket from None
        except self._s3.exceptions.NoSuchKey:
            return {"outputs": {}, "resources": []}
        try:
            content: dict[str, Any] = {"outputs": {}, "resources": [], **json.loads(state.read())}
            # Refuses what is no state before it is used.
            if not all(isinstance(output, dict) and "value" in output for output in content["outputs"].values()):
                raise ValueError
        except (ValueError, TypeError, AttributeError, RecursionError):
            where = f"s3://{self._bucket}/{self.settings.state_key(stack)}"
            raise OpsError(f"{where} is not a state of Terraform's: restore its previous version") from None
        return content

    @cached_property
    def _s3(self) -> "S3Client":
        return self.session.client("s3")

    @property
    def _bucket(self) -> str:
        return self.settings.state.bucket

    @property
    def _no_bucket(self) -> OpsError:
        return OpsError(f"there is no state bucket {self._bucket}: run `ops bootstrap --apply`")

    def service_name(self, service: str) -> str:
        """The ECS name of ``web`` or ``worker``."""
        return str(self.outputs("services")[f"{service}_service_name"])

    def secret_name(self, variable: str) -> str:
        """The name of the secret that a variable of the containers comes from."""
        return str(self.outputs("data")[secret_name_output(variable)])

    @property
    def cluster(self) -> str:
        """The ECS cluster's name."""
        return str(self.outputs("services")["cluster_name"])

    @property
    def database_id(self) -> str:
        """The RDS instance's identifier."""
        return str(self.outputs("data")["database_id"])

    @property
    def redis_id(self) -> str:
        """The ElastiCache replication group's id."""
        return str(self.outputs("data")["redis_id"])


def aws_session(region: str, *, attempts: int = ATTEMPTS) -> boto3.Session:
    """A session with the credentials that the AWS CLI would use. Its clients send a request ``attempts`` times.

    Raises:
        OpsError: if a variable that names an endpoint has no URL.
    """
    for name, url in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and url and not is_valid_endpoint_url(url):
            raise OpsError(f"{name}: must be a URL, such as https://s3.eu-central-1.amazonaws.com")
    core = botocore.session.Session()
    core.set_default_client_config(Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": attempts}))
    return boto3.Session(region_name=region, botocore_session=core)


def load_environment() -> Environment:
    """The environment that ``LANGFUSE_ENV`` names.

    Raises:
        OpsError: if the credentials are of an account that the settings do not allow.
    """
    settings = load_or_exit()
    session = aws_session(settings.region)
    if settings.allowed_account_ids:
        account = session.client("sts").get_caller_identity()["Account"]
        if account not in settings.allowed_account_ids:
            allowed = ", ".join(settings.allowed_account_ids)
            raise OpsError(
                f"the credentials are of account {account}, {settings.name} is in {allowed}: set AWS_PROFILE"
            )
    return Environment(settings, session)
