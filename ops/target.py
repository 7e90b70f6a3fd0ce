"""What the commands work on: an environment's settings, its AWS account, and what its stacks say of themselves."""

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from settings import Settings, load_or_exit

SERVICES = ("web", "worker")
# A laptop behind a closed door should hear of it within seconds, not minutes.
CLIENT_CONFIG = Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": 3})
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
    """An error of AWS or of ours in one line, with the next step where there is one."""
    if isinstance(error, (NoCredentialsError, SSOError, TokenRetrievalError)):
        return "there are no valid AWS credentials: set AWS_PROFILE, or run `aws sso login`"
    if isinstance(error, ClientError):
        answer = error.response["Error"]
        if answer["Code"] in BAD_CREDENTIALS:
            return f"AWS does not accept the credentials ({answer['Code']}): set AWS_PROFILE, or run `aws sso login`"
        return f"AWS refused {error.operation_name}: {answer['Code']}: {answer['Message']}"
    return " ".join(str(error).split())


AWS_ERRORS = (BotoCoreError, ClientError)


class Outputs(dict[str, Any]):
    """A stack's outputs by name. One that is not there comes from a stack that was deployed before there was such."""

    def __init__(self, stack: str, environment: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._deploy = f"the stack {stack} has no output {{name}}: run `make deploy ENV={environment}`"

    def __missing__(self, name: str) -> NoReturn:
        raise OpsError(self._deploy.format(name=name))


@dataclass(frozen=True)
class Target:
    """An environment. ``session`` holds the credentials that the AWS CLI would use, and the environment's region."""

    settings: Settings
    session: boto3.Session
    _outputs: dict[str, Outputs] = field(default_factory=dict, repr=False)

    def outputs(self, stack: str) -> Outputs:
        """What the stack put out at its last deploy, without what is only for other stacks.

        Raises:
            OpsError: if there is no state bucket, or the stack is not deployed.
        """
        if stack not in self._outputs:
            self._outputs[stack] = Outputs(stack, self.settings.name, self._read_outputs(stack))
        return self._outputs[stack]

    def _read_outputs(self, stack: str) -> dict[str, Any]:
        name, bucket = self.settings.name, self.settings.state.bucket
        not_deployed = OpsError(f"the stack {stack} of {name} is not deployed: run `make deploy ENV={name}`")
        try:
            state = self.session.client("s3").get_object(Bucket=bucket, Key=f"langfuse/{name}/{stack}.tfstate")["Body"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchBucket":
                raise OpsError(f"there is no state bucket {bucket}: run `ops bootstrap --apply`") from None
            if code == "NoSuchKey":
                raise not_deployed from None
            raise
        outputs = {
            name: output["value"]
            for name, output in json.loads(state.read())["outputs"].items()
            if not name.startswith("cross-stack-output")
        }
        if not outputs:
            raise not_deployed
        return outputs

    def service_name(self, service: str) -> str:
        """The ECS name of ``web`` or ``worker``."""
        return str(self.outputs("services")[f"{service}_service_name"])

    @property
    def cluster(self) -> str:
        """The ECS cluster's name."""
        return str(self.outputs("services")["cluster_name"])

    @property
    def database_id(self) -> str:
        """The RDS instance's identifier."""
        return f"{self.settings.prefix}-postgres"

    @property
    def cache_id(self) -> str:
        """The ElastiCache replication group's id."""
        return f"{self.settings.prefix}-redis"


def target() -> Target:
    """The environment that ``LANGFUSE_ENV`` names.

    Raises:
        OpsError: if the credentials are of an account that the settings do not allow.
    """
    settings = load_or_exit()
    core = botocore.session.Session()
    core.set_default_client_config(CLIENT_CONFIG)
    session = boto3.Session(region_name=settings.region, botocore_session=core)
    if settings.allowed_account_ids:
        account = session.client("sts").get_caller_identity()["Account"]
        if account not in settings.allowed_account_ids:
            allowed = ", ".join(settings.allowed_account_ids)
            raise OpsError(
                f"the credentials are of account {account}, {settings.name} is in {allowed}: set AWS_PROFILE"
            )
    return Target(settings, session)
