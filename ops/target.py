"""What the commands work on: an environment's settings, its AWS account, and what its stacks say of themselves."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from settings import Settings, load_or_exit

SERVICES = ("web", "worker")
# A laptop behind a closed door should hear of it within seconds, not minutes.
CLIENT_CONFIG = Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": 3})


class OpsError(Exception):
    """What went wrong and what to do next, in one line."""


@dataclass(frozen=True)
class Target:
    """An environment. ``session`` holds the credentials that the AWS CLI would use, and the environment's region."""

    settings: Settings
    session: boto3.Session
    _outputs: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def state_key(self) -> str:
        """Where the stacks' states are, with the stack's name left open."""
        return f"langfuse/{self.settings.name}/{{stack}}.tfstate"

    def outputs(self, stack: str) -> dict[str, Any]:
        """What the stack put out at its last deploy, without what is only for other stacks.

        Raises:
            OpsError: if there is no state bucket, or the stack is not deployed.
        """
        if stack not in self._outputs:
            self._outputs[stack] = self._read_outputs(stack)
        return self._outputs[stack]

    def _read_outputs(self, stack: str) -> dict[str, Any]:
        bucket, key = self.settings.state.bucket, self.state_key.format(stack=stack)
        try:
            body = self.session.client("s3", config=CLIENT_CONFIG).get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchBucket":
                raise OpsError(f"there is no state bucket {bucket}: run `ops bootstrap --apply`") from None
            if code == "NoSuchKey":
                raise OpsError(self._not_deployed(stack)) from None
            raise
        outputs: dict[str, Any] = {
            name: output["value"]
            for name, output in json.loads(body)["outputs"].items()
            if not name.startswith("cross-stack-output")
        }
        if not outputs:
            raise OpsError(self._not_deployed(stack))
        return outputs

    def _not_deployed(self, stack: str) -> str:
        name = self.settings.name
        return f"the stack {stack} of {name} is not deployed: run `make deploy ENV={name}`"

    def service_names(self) -> dict[str, str]:
        """The ECS services' names, by ``web`` and ``worker``."""
        outputs = self.outputs("services")
        return {service: outputs[f"{service}_service_name"] for service in SERVICES}

    @property
    def cluster(self) -> str:
        """The ECS cluster's name."""
        return str(self.outputs("services")["cluster_name"])


def target() -> Target:
    """The environment that ``LANGFUSE_ENV`` names.

    Raises:
        OpsError: if the credentials are of an account that the settings do not allow.
    """
    settings = load_or_exit()
    session = boto3.Session(region_name=settings.region)
    if settings.allowed_account_ids:
        account = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()["Account"]
        if account not in settings.allowed_account_ids:
            allowed = ", ".join(settings.allowed_account_ids)
            raise OpsError(
                f"the credentials are of account {account}, {settings.name} is in {allowed}: set AWS_PROFILE"
            )
    return Target(settings, session)
