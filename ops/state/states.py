"""The states in the state bucket of one environment, each checked when it is read.

The bucket is versioned (``ops bootstrap``), so a state that was damaged, replaced or deleted is there still. What is
wrong is said with the way back to it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.terraform_state import DamagedStateError, State, StateResource, parse
from settings import Settings
from settings.load import known_environments
from settings.model import STATE_SUFFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OUTPUTS = {"network": "vpc_id", "data": "events_bucket_name", "services": "cluster_name"}
"""The stacks, each after those that it stands on, and an output that it always has and no other stack."""
RESTORED = "restored-version"
"""In the metadata of an object that ``ops state restore`` wrote: it differs from its previous version on purpose."""
NOT_ALLOWED = (403, 405, 501)
"""HTTP status codes of S3 for who may not list versions, and of S3-compatible stores that have none."""


class NoBucketError(OpsError):
    """There is no state bucket."""


class StateError(OpsError):
    """Something is wrong with a state: ``what``; and the way back."""

    def __init__(self, uri: str, stack: str, what: str, otherwise: str = "") -> None:
        super().__init__(f"{uri} {what}: run `ops state versions {stack}`, then `ops state restore VERSION`{otherwise}")
        self.what = what


class StateVersion(NamedTuple):
    """A version of a state's object, or a marker that it was deleted. ``size`` is in bytes; a marker has none."""

    stack: str
    id: str
    date: datetime
    latest: bool
    size: int | None

    @property
    def is_delete_marker(self) -> bool:
        """Whether it only says that the object was deleted."""
        return self.size is None


@dataclass(frozen=True)
class States:
    """The states of an environment. ``s3`` is a client in the environment's Region."""

    s3: "S3Client"
    settings: Settings
    _read: dict[str, State | None] = field(default_factory=dict, repr=False)

    @property
    def bucket(self) -> str:
        """The state bucket's name."""
        return self.settings.state.bucket

    def uri(self, stack: str) -> str:
        """Where a stack's state is, for a message."""
        return f"s3://{self.bucket}/{self.settings.state_key(stack)}"

    def stacks(self) -> list[str]:
        """The stacks that have or had a state, and those that are to have one, in the order of their deploys.

        Raises:
            OpsError: if there is no state bucket.
        """
        found = self._listed() if self.versions is None else self.versions
        return list(dict.fromkeys([*OUTPUTS, *found]))

    def read(self, stack: str) -> State | None:
        """A stack's state, or None if there is none and never was one with resources.

        Raises:
            OpsError: if there is no state bucket, or something is wrong with the state.
        """
        if stack not in self._read:
            self._read[stack] = self._checked(stack)
        return self._read[stack]

    def body(self, stack: str, version: str | None = None) -> bytes | None:
        """The object of a stack's state, or an older version of it. None if there is none."""
        found = self._object(stack, version)
        return found["Body"].read() if found else None

    @cached_property
    def versions(self) -> Mapping[str, list[StateVersion]] | None:
        """The versions of each stack's object, newest first. None if these credentials may not list them.

        Raises:
            OpsError: if there is no state bucket.
        """
        found: dict[str, list[StateVersion]] = defaultdict(list)
        prefix = self.settings.state_key_prefix
        try:
            for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix):
                entries: Any = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                for entry in entries:
                    if stack := self._stack(entry["Key"]):
                        version = StateVersion(
                            stack, entry["VersionId"], entry["LastModified"], entry["IsLatest"], entry.get("Size")
                        )
                        found[stack].append(version)
        except self.s3.exceptions.NoSuchBucket:
            raise self._no_bucket from None
        except ClientError as error:
            if _is_not_allowed(error):
                return None
            raise
        for versions in found.values():
            # S3 lists them in this order, but boto3 returns versions and delete markers apart.
            versions.sort(key=lambda version: (version.latest, version.date), reverse=True)
        return found

    def foreign(self, stack: str, state: State) -> str | None:
        """Whose state it is, if not this stack's of this environment; the words follow its name."""
        own = OUTPUTS.get(stack)
        if own and own not in state.outputs:
            for other, output in OUTPUTS.items():
                if output in state.outputs:
                    return f"is the state of the stack {other}"
        # A tag of the settings may override that of the environment's name.
        if "Environment" in self.settings.tags:
            return None
        environments = set(_environments(state.resources))
        others = environments.intersection(known_environments())
        if others and self.settings.name not in environments:
            return f"is a state of the environment {min(others)}"
        return None

    def error(self, stack: str, what: str, otherwise: str = "") -> StateError:
        """An error that says what is wrong with a stack's state, and the way back; ``otherwise`` is another way."""
        return StateError(self.uri(stack), stack, what, otherwise)

    def _checked(self, stack: str) -> State | None:
        # Listed before the state is read: what is written in between would else look older than its previous version.
        history = (self.versions or {}).get(stack, [])
        found = self._object(stack)
        if found is None:
            self._check_absence(stack, history)
            return None
        try:
            state = parse(found["Body"].read())
        except DamagedStateError as error:
            raise self.error(stack, str(error)) from None
        restored = RESTORED in found.get("Metadata", {})
        if wrong := self.foreign(stack, state) or (None if restored else self._replaced(stack, state, history)):
            raise self.error(stack, wrong)
        return state

    def _check_absence(self, stack: str, history: list[StateVersion]) -> None:
        """Checks that nothing is lost where a stack has no state."""
        newest = next((version for version in history if not version.is_delete_marker), None)
        if newest and self._has_resources(stack, newest.id):
            raise self.error(stack, "is deleted, and its last version has resources")
        # What `terraform destroy` empties keeps its object, so that its resources are known to be gone.
        later = list(OUTPUTS)[list(OUTPUTS).index(stack) + 1 :] if stack in OUTPUTS else []
        for other in later:
            if self._has_resources(other):
                what = f"is missing, but the stack {other}, which stands on it, has resources"
                raise self.error(stack, what, "; if there is none, `ops recover`")

    def _has_resources(self, stack: str, version: str | None = None) -> bool:
        """Whether a state is known to have resources. A damaged one may have had some, an absent one has none."""
        try:
            body = self.body(stack, version)
            return body is not None and bool(parse(body).resources)
        except DamagedStateError:
            return True
        except ClientError as error:
            if _is_not_allowed(error):
                return False
            raise

    def _replaced(self, stack: str, state: State, history: list[StateVersion]) -> str | None:
        """Whether it is not what follows the version before it; the words follow its name."""
        older = takewhile(lambda version: not version.is_delete_marker, history)
        for version in older:
            if version.latest:
                continue
            try:
                body = self.body(stack, version.id)
                previous = parse(body or b"")
            except DamagedStateError:
                continue
            except ClientError as error:
                if _is_not_allowed(error):
                    return None
                raise
            if self.foreign(stack, previous):
                continue
            if previous.lineage != state.lineage:
                lost = "has another lineage than its previous version, which has resources"
                return lost if previous.resources else None
            if previous.serial > state.serial:
                return f"is older than its previous version: its serial is {state.serial}, not {previous.serial}"
            return None
        return None

    def _object(self, stack: str, version: str | None = None) -> Any:  # noqa: ANN401
        of_version: Any = {"VersionId": version} if version else {}
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=self.settings.state_key(stack), **of_version)
        except self.s3.exceptions.NoSuchBucket:
            raise self._no_bucket from None
        except self.s3.exceptions.NoSuchKey:
            return None

    def _listed(self) -> list[str]:
        prefix = self.settings.state_key_prefix
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        try:
            keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        except self.s3.exceptions.NoSuchBucket:
            raise self._no_bucket from None
        return [stack for key in keys if (stack := self._stack(key))]

    def _stack(self, key: str) -> str | None:
        """The stack whose state has this key. None for locks, and for what was put into a folder of its own."""
        name = key.removeprefix(self.settings.state_key_prefix)
        return name.removesuffix(STATE_SUFFIX) if name.endswith(STATE_SUFFIX) and "/" not in name else None

    @property
    def _no_bucket(self) -> NoBucketError:
        return NoBucketError(f"there is no state bucket {self.bucket}: run `ops bootstrap --apply`")


def _is_not_allowed(error: ClientError) -> bool:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] in NOT_ALLOWED


def _environments(resources: list[StateResource]) -> Iterator[str]:
    """The environments of resources: the tag that the provider gives all of them."""
    for resource in resources:
        tags = resource.attributes.get("tags_all")
        if isinstance(tags, dict) and isinstance(name := tags.get("Environment"), str):
            yield name
