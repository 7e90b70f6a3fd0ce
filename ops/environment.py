"""The environment that a command is about: its settings, its AWS account, and the outputs of its stacks."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

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
from ops.errors import OpsError as OpsError  # the commands take it from here
from ops.state.states import NoBucketError, States
from ops.terraform_state import StateResource
from settings import Settings, load_or_exit
from settings.secret_variables import secret_name_output
from settings.sections.service_size import SERVICES

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

    def __init__(self, stack: str, environment: "Environment", values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._stack = stack
        self._environment = environment

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        value = super().__getitem__(name)
        if not isinstance(value, str):
            raise self._environment.states.error(self._stack, f"has an output {name} that is not a text")
        return value

    def __missing__(self, name: str) -> NoReturn:
        raise OpsError(f"the stack {self._stack} has no output {name}: run {self._environment.deploy_command}")


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

    @cached_property
    def states(self) -> States:
        """The states of the stacks."""
        return States(self.session.client("s3"), self.settings)

    def outputs(self, stack: str) -> Outputs:
        """The outputs of a stack's last deploy, without those that are only for other stacks.

        Raises:
            OpsError: if there is no state bucket, something is wrong with the state, or the stack is not deployed.
        """
        if stack not in self._outputs:
            values = self._read_outputs(stack)
            if not values:
                raise OpsError(f"the stack {stack} of {self.name} is not deployed: run {self.deploy_command}")
            self._outputs[stack] = Outputs(stack, self, values)
        return self._outputs[stack]

    def all_outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of every stack that is deployed, by the stack's name.

        Raises:
            OpsError: if there is no state bucket, something is wrong with a state, or no stack is deployed.
        """
        outputs = {stack: self._read_outputs(stack) for stack in self.states.stacks()}
        deployed = {stack: values for stack, values in outputs.items() if values}
        if not deployed:
            raise OpsError(f"{self.name} is not deployed: run {self.deploy_command}")
        return deployed

    @cached_property
    def resources(self) -> list[StateResource]:
        """The resources in the states of all stacks, also of a deploy that failed half-way.

        Raises:
            OpsError: if something is wrong with a state.
        """
        try:
            states = [self.states.read(stack) for stack in self.states.stacks()]
        except NoBucketError:
            return []
        return [resource for state in states if state for resource in state.resources]

    def _read_outputs(self, stack: str) -> dict[str, Any]:
        state = self.states.read(stack)
        outputs = state.outputs if state else {}
        return {name: value for name, value in outputs.items() if not name.startswith("cross-stack-output")}

    @property
    def services(self) -> list[str]:
        """The services that the last deploy made, or was to make, in the order in which it starts them."""
        outputs = self.outputs("services")
        return [each.name for each in SERVICES.values() if not each.is_split or f"{each.name}_service_name" in outputs]

    @property
    def services_to_come(self) -> list[str]:
        """The services of the settings that no deploy has made yet."""
        return [name for name in self.settings.services if name not in self.services]

    def check_service(self, name: str) -> None:
        """Refuses the name of a service that the environment does not have.

        Raises:
            OpsError: if it does not have it.
        """
        if name in self.services_to_come:
            raise OpsError(f"{name} is not deployed yet: run {self.deploy_command}")
        if name not in self.services:
            raise OpsError(
                f"{self.name} has no service {name}, but {', '.join(self.services)}: [{name}] in"
                f" environments/{self.name}.toml and {self.deploy_command} make it (docs/split-services.md)"
            )

    def service_name(self, service: str) -> str:
        """The name of a service in ECS."""
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
