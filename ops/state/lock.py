"""Terraform's lock of a state in S3: an object beside it, which must not exist when it is taken.

https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statemgr/locker.go says what is in it.
"""

import getpass
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from botocore.exceptions import ClientError

from entry_point import one_line
from ops.errors import OpsError
from ops.state.states import States

SUFFIX = ".tflock"
LONGEST_TEXT = 100
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


class Lock(NamedTuple):
    """A lock that exists. The texts are what its holder wrote, empty if the object is none of Terraform's.

    Args:
        stack: the stack whose state is locked.
        body: the object's content.
        id: the lock's own.
        operation: what it was taken for, ``OperationTypeApply`` for example.
        who: ``user@host``.
        created: when.
    """

    stack: str
    body: bytes
    id: str
    operation: str
    who: str
    created: str

    @property
    def since(self) -> str:
        """When it was taken, and how long ago that is."""
        try:
            created = datetime.fromisoformat(self.created).astimezone(UTC)
            seconds = round((datetime.now(UTC) - created).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return self.created or "unknown"
        days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
        ago = f"{days} d {hours} h" if days > 0 else f"{hours} h {minutes} min" if hours > 0 else f"{minutes} min"
        return f"{created:%Y-%m-%d %H:%M:%SZ}, {ago} ago"

    @property
    def host(self) -> str:
        """The host of its holder."""
        return self.who.rpartition("@")[2]


def read(states: States, stack: str) -> Lock | None:
    """The lock of a stack's state. None if it is not locked."""
    try:
        body = states.s3.get_object(Bucket=states.bucket, Key=_key(states, stack))["Body"].read()
    except states.s3.exceptions.NoSuchKey:
        return None
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    known = content if isinstance(content, dict) else {}
    texts = [
        one_line(text)[:LONGEST_TEXT] if isinstance(text := known.get(name), str) else ""
        for name in ("ID", "Operation", "Who", "Created")
    ]
    return Lock(stack, body, *texts)


def remove(states: States, lock: Lock) -> bool:
    """Removes a lock, but not one that was taken meanwhile. Returns whether it is gone."""
    now = read(states, lock.stack)
    if now is None:
        return True
    if now.body != lock.body:
        return False
    states.s3.delete_object(Bucket=states.bucket, Key=_key(states, lock.stack))
    return True


@contextmanager
def held(states: States, stack: str, operation: str) -> Iterator[None]:
    """Locks a stack's state during the ``with`` block, as Terraform does.

    Raises:
        OpsError: if it is locked already: by whom.
    """
    info = {
        "ID": str(uuid4()),
        "Operation": operation,
        "Info": "",
        "Who": f"{user()}@{socket.gethostname()}",
        "Version": "ops",
        "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "Path": f"{states.bucket}/{states.settings.state_key(stack)}",
    }
    lock = Lock(stack, json.dumps(info).encode(), info["ID"], operation, info["Who"], info["Created"])
    try:
        _take(states, lock)
        yield
    finally:
        remove(states, lock)


def _take(states: States, lock: Lock) -> None:
    try:
        states.s3.put_object(
            Bucket=states.bucket,
            Key=_key(states, lock.stack),
            Body=lock.body,
            IfNoneMatch="*",
            ContentType="application/json",
            **encryption(states),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in TAKEN:
            raise
        holder = read(states, lock.stack)
        # boto3 repeats a request whose answer was lost.
        if holder and holder.body == lock.body:
            return
        by = f" by {holder.who or 'somebody'} since {holder.since}, {holder.operation or 'unknown'}" if holder else ""
        raise OpsError(
            f"{states.uri(lock.stack)} is locked{by}: wait until that has ended, or see `ops unlock`"
        ) from None


def encryption(states: States) -> Any:  # noqa: ANN401
    """The arguments with which Terraform stores objects, by the settings of the backend in stacks/base.py."""
    key = states.settings.state_kms_key_id
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {"ServerSideEncryption": "AES256"}


def user() -> str:
    """The user's name, as Terraform writes it into a lock."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container whose user has no name.
        return "unknown"


def _key(states: States, stack: str) -> str:
    return states.settings.state_key(stack) + SUFFIX
