"""An environment whose deploys and destroys are interrupted, and what they leave."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import embedded_aws
from local.deployment import CDKTF, Deployment
from local.progress import LINE
from settings import Settings
from tests.command_line import ops
from tests.e2e.conftest import REGION
from tests.e2e.inventory import inventory
from tests.environments import load
from tests.faults.accidents import Accident
from tests.faults.moments import Moment
from tests.faults.secret_values import secret_values
from tests.faults.terminal import Terminal

RECOVER = "docs/recover.md"
SHOWN_LINES = 30
SHORTEST_SECRET = 32
Things = set[tuple[str, str, str]]


class NotSurvivedError(Exception):
    """A command fails, or what an interrupted one has left is not as it must be. The message ends with its output."""


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """How an interrupted command has ended.

    Args:
        moment: when it was interrupted.
        exit_code: negative if a signal has ended it.
        said: what it has printed.
        lines_before: how many lines of that were before. None if its terminal was closed.
        left: the processes that still run.
    """

    moment: Moment
    exit_code: int
    said: Sequence[str]
    lines_before: int | None
    left: Sequence[str]

    def check(self) -> None:
        """Checks that it has failed, has said where and what to do if it was changing something, and that nothing runs.

        Raises:
            NotSurvivedError: if that is not so.
        """
        _check(self.exit_code != 0, "the exit code is 0", self.said)
        _check(not self.left, f"processes are left: {self.left}", self.said)
        if self.moment.changes and self.lines_before is not None and self.exit_code > 0:
            answer = " ".join(self.said[self.lines_before :])
            names = (self.moment.stack, RECOVER)
            _check(all(name in answer for name in names), f"the answer does not name {names}", self.said)


@dataclasses.dataclass(frozen=True)
class Interruptible:
    """An environment on an embedded AWS of its own.

    Args:
        deployment: its stacks.
        before: what the embedded AWS had before the first deploy.
    """

    deployment: Deployment
    before: Things

    def interrupt(self, command: str, moments: Sequence[Moment], accident: Accident) -> Interrupted | None:
        """Runs ``cdktf`` until it prints the first line of one of the moments. Then the accident happens.

        Returns:
            How that ended, or None if the command has ended well before any moment.

        Raises:
            NotSurvivedError: if the command fails before any moment.
        """
        said: list[str] = []
        cdktf = [str(CDKTF), command, "*", "--auto-approve", "--skip-provider-lock", "--output", str(self._folder)]
        with Terminal(cdktf, self.deployment.environment) as terminal:
            lines = self._read(terminal, said)
            moment = next((found for stack, text in lines if (found := _moment(stack, text, moments))), None)
            if moment is None:
                _check(terminal.process.wait() == 0, f"cdktf {command} fails", said)
                return None
            lines_before = len(said)
            accident.happens(terminal)
            for _ in lines:
                pass
            left = terminal.left()
            return Interrupted(moment, terminal.process.wait(), said, lines_before if terminal.is_open else None, left)

    def _read(self, terminal: Terminal, said: list[str]) -> Iterator[tuple[str, str]]:
        """Yields the stack and Terraform's text for each line."""
        stack = ""
        for line in terminal.lines():
            said.append(line)
            self.deployment.report(line)
            if parts := LINE.fullmatch(line):
                stack = parts["stack"] or stack
                yield stack, parts["text"] or ""

    def repair(self, accident: Accident, command: str) -> None:
        """Does what docs/recover.md tells.

        Terraform's provider cancels the requests in progress when Terraform is interrupted. AWS carries some of them
        out, even later, and Terraform takes what it was waiting for as tainted: without ``ops recover``, a deploy then
        fails on the protected ones.

        Raises:
            NotSurvivedError: if a command fails, a lock or something unknown is left, or a secret has changed.
        """
        secrets = self.secrets()
        if accident.terraform_is_killed:
            self._ops("unlock", "--apply")
        _check(not self.locks(), f"locks are left: {self.locks()}")
        if command == "deploy":
            self._ops("recover", "--apply")
        _check(not self.unknown(), f"not in the state: {self.unknown()}")
        _check(self.secrets() == secrets, "secrets have changed")
        _check(not self.leaked(), f"values of secrets are in a state: {self.leaked()}")

    def deploy(self) -> None:
        """Deploys undisturbed.

        Raises:
            NotSurvivedError: if the deploy fails.
        """
        said: list[str] = []
        _check(dataclasses.replace(self.deployment, report=said.append).deploy() == 0, "the deploy fails", said)

    def check_after(self, command: str) -> None:
        """Checks what is there after a command that was not interrupted.

        Raises:
            NotSurvivedError: if a plan after a deploy shows a change, if AWS has what no state knows, or if a destroy
                has left something.
        """
        if command == "destroy":
            left = inventory(self.deployment.aws) - self.before
            _check(not left, f"the destroy has left {left}")
            return
        planned = json.loads(self._ops("plan", "--json"))["stacks"]
        _check(not any(sum(changes.values()) for changes in planned.values()), f"the second plan: {planned}")
        _check(not self.unknown(), f"not in the state: {self.unknown()}")

    def locks(self) -> list[str]:
        """The keys of the locks on the states."""
        return [key for key in self._keys() if key.endswith(".tflock")]

    def unknown(self) -> Things:
        """What AWS has and no stack's state knows: it was lost, or is doubled."""
        known = {text for key in self._keys() if key.endswith(".tfstate") for text in _texts(self._state(key))}
        known |= self._made_by_aws()
        things = inventory(self.deployment.aws) - self.before
        return {thing for thing in things if thing[2].removeprefix("/hostedzone/") not in known}

    def secrets(self) -> dict[str, str]:
        """The values of the secrets that have one, by name."""
        return secret_values(self._client("secretsmanager"))

    def leaked(self) -> set[str]:
        """The names of the secrets whose values are in a version of a state."""
        client, bucket = self._client("s3"), self._settings.state.bucket
        # Short ones are addresses, names and placeholders.
        values = {name: value for name, value in self.secrets().items() if len(value) >= SHORTEST_SECRET}
        found: set[str] = set()
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []):
                stored = client.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
                text = stored["Body"].read().decode()
                found |= {name for name, value in values.items() if value in text}
        return found

    def _made_by_aws(self) -> set[str]:
        """The main route table and the default security group of each VPC, and the root volumes of instances.

        Of an instance that an interrupted deploy has started, the state does not have the volume yet.
        """
        ec2 = self._client("ec2")
        tables = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])["RouteTables"]
        groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
        volumes = ec2.describe_volumes()["Volumes"]
        roots = {
            volume["VolumeId"]
            for volume in volumes
            if any(attachment.get("DeleteOnTermination") for attachment in volume["Attachments"])
        }
        return {table["RouteTableId"] for table in tables} | {group["GroupId"] for group in groups} | roots

    def _keys(self) -> list[str]:
        listed = self._client("s3").list_objects_v2(Bucket=self._settings.state.bucket)
        return [item["Key"] for item in listed.get("Contents", [])]

    def _state(self, key: str) -> object:
        return json.load(self._client("s3").get_object(Bucket=self._settings.state.bucket, Key=key)["Body"])

    def _client(self, service: str) -> Any:
        aws = self.deployment.aws
        return aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]

    def _ops(self, *arguments: str) -> str:
        outdir = {"CDKTF_OUTDIR": str(self._folder / "ops")}
        ran = ops(*arguments, environment={**self.deployment.environment, **outdir})
        _check(ran.returncode == 0, f"ops {' '.join(arguments)}", [*ran.stdout.splitlines(), *ran.stderr.splitlines()])
        return ran.stdout

    @property
    def _folder(self) -> Path:
        return self.deployment.folder

    @property
    def _settings(self) -> Settings:
        return load(self.deployment.variables["LANGFUSE_ENV"], self.deployment.variables)


@contextmanager
def new_environment(folder: Path, report: Any, **variables: str) -> Iterator[Interruptible]:
    """An environment that has never been deployed, on an embedded AWS of its own."""
    folder.mkdir()
    with embedded_aws.running(REGION) as aws:
        deployment = Deployment(aws, folder, {"LANGFUSE_ENV": "dev", **variables}, report)
        assert deployment.bootstrap() == 0
        yield Interruptible(deployment, inventory(aws))


def _moment(stack: str, text: str, moments: Sequence[Moment]) -> Moment | None:
    return next((moment for moment in moments if moment.matches(stack, text)), None)


def _texts(value: object) -> Iterator[str]:
    """Yields every text in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _check(holds: bool, problem: str, said: Sequence[str] = ()) -> None:
    if not holds:
        raise NotSurvivedError("\n".join([problem, *said[-SHOWN_LINES:]]))
