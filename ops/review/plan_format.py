"""The parts of Terraform's JSON of a plan that a review reads, and what Terraform can't have written in them.

A plan in a pull request comes from whoever wrote the request. What is not understood is refused: a review that left it
out would say less than the plan does.

https://developer.hashicorp.com/terraform/internals/json-format
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

KINDS = {
    ("no-op",): "none",
    ("create",): "add",
    ("update",): "change",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("delete",): "destroy",
    ("forget",): "forget",
    ("create", "forget"): "replace",
}
"""The kind of a change, by Terraform's actions."""
EXISTS_BEFORE = {"none", "change", "replace", "destroy", "forget"}
EXISTS_AFTER = {"none", "add", "change", "replace"}
OF_DATA_SOURCES = (["read"], ["no-op"])


class Part(BaseModel):
    """A part of a plan. Fields of newer versions are left out; every other type than Terraform's is refused."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Record(Part):
    """Values before and after a change; where they are known only later, and where they are sensitive."""

    actions: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    after_unknown: dict[str, Any] | Literal[False] = False
    before_sensitive: dict[str, Any] | bool = False
    after_sensitive: dict[str, Any] | bool = False
    replace_paths: list[list[str | int]] = []


class Change(Part):
    """A change of a resource, or of a data source."""

    address: str
    mode: Literal["managed", "data"]
    type: str
    change: Record
    action_reason: str = ""
    previous_address: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        place = re.search(rf"(?:^|\.)(data\.)?{re.escape(self.type)}\.", self.address)
        if not self.type or place is None or bool(place[1]) != (self.mode == "data"):
            raise ValueError("its address, mode and type do not agree")
        record = self.change
        if self.mode == "data":
            if record.actions not in OF_DATA_SOURCES:
                raise ValueError("a data source has actions other than read and no-op")
            return self
        kind = KINDS.get(tuple(record.actions))
        if kind is None:
            raise ValueError("its actions are unknown; known are those of Terraform 1.11, such as update")
        missing = kind in EXISTS_AFTER and record.after is None
        if missing or (kind in EXISTS_BEFORE) != (record.before is not None):
            raise ValueError("its actions do not agree with what is before and after")
        if kind == "none" and record.before != record.after:
            raise ValueError("it is a no-op that changes something")
        # Terraform says it of a resource that is added, too, if what would trigger its replacement changes.
        added_by_trigger = kind == "add" and self.action_reason == "replace_by_triggers"
        says_why = self.action_reason.startswith("replace_") and not added_by_trigger
        if kind != "replace" and (record.replace_paths or says_why):
            raise ValueError("it says why the resource is replaced, and does not replace it")
        return self

    @property
    def kind(self) -> str:
        """``add``, ``change``, ``replace``, ``destroy``, ``forget`` or ``none``."""
        return KINDS[tuple(self.change.actions)]

    @property
    def before(self) -> Mapping[str, Any]:
        """The arguments and attributes before the change, none if it is added."""
        return self.change.before or {}

    @property
    def after(self) -> Mapping[str, Any]:
        """Those that are known after the change, none if it is gone."""
        return self.change.after or {}

    def hides(self, argument: str) -> bool:
        """Whether Terraform marks the argument, or a part of it, as sensitive before or after the change."""
        masks = (self.change.before_sensitive, self.change.after_sensitive)
        return any(marks(mask.get(argument) if isinstance(mask, dict) else mask) for mask in masks)

    @property
    def unknown(self) -> Mapping[str, Any]:
        """Where values are known only after the apply."""
        return self.change.after_unknown or {}


def marks(mask: Any) -> bool:  # noqa: ANN401
    """Whether the mask marks something."""
    if isinstance(mask, dict | list):
        return any(map(marks, mask.values() if isinstance(mask, dict) else mask))
    return mask is True


class OutputChange(Part):
    """A change of an output."""

    actions: list[str]

    @field_validator("actions")
    @classmethod
    def _is_known(cls, actions: list[str]) -> list[str]:
        if KINDS.get(tuple(actions)) is None:
            raise ValueError("its actions are unknown; known are those of Terraform 1.11, such as update")
        return actions


class Resource(Part):
    """A resource of the state."""

    address: str
    mode: Literal["managed", "data"]


class Module(Part):
    """A module of the state."""

    resources: list[Resource] = []
    child_modules: list["Module"] = []

    def managed(self) -> Iterator[str]:
        """The addresses of the resources in this module and those below."""
        yield from (resource.address for resource in self.resources if resource.mode == "managed")
        for module in self.child_modules:
            yield from module.managed()


class Values(Part):
    """The values of a state."""

    root_module: Module = Module()


class State(Part):
    """The state that the plan starts from."""

    values: Values = Values()


class Configured(Part):
    """A resource or a data source in the configuration."""

    address: str
    # OpenTofu lists ephemeral resources too, which Terraform leaves out.
    mode: Literal["managed", "data", "ephemeral"] = "managed"
    type: str
    expressions: dict[str, Any] = {}


class ConfiguredOutput(Part):
    """An output in the configuration."""

    expression: Any = None


class ConfiguredModule(Part):
    """The root module of the configuration."""

    resources: list[Configured] = []
    outputs: dict[str, ConfiguredOutput] = {}


class Configuration(Part):
    """The configuration: what each argument refers to, and the arguments of the providers."""

    root_module: ConfiguredModule = ConfiguredModule()
    provider_config: dict[str, Any] = {}


class Plan(Part):
    """A plan of a stack."""

    format_version: str
    planned_values: Values = Values()
    resource_changes: list[Change] = []
    output_changes: dict[str, OutputChange] = {}
    prior_state: State = State()
    configuration: Configuration = Configuration()
    # What a newer Terraform may do in addition.
    deferred_changes: list[dict[str, Any]] = Field(default=[], max_length=0)
    action_invocations: list[dict[str, Any]] = Field(default=[], max_length=0)
    complete: Literal[True] = True
    errored: Literal[False] = False

    @field_validator("format_version")
    @classmethod
    def _is_known(cls, version: str) -> str:
        if not re.fullmatch(r"1\.[0-9]{1,9}", version):
            raise ValueError("only the versions 1.x are known, such as 1.2")
        return version

    @field_validator("complete", "errored", mode="before")
    @classmethod
    def _is_whole(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name == "errored" and value is True:
            raise ValueError("this is a plan that failed")
        if info.field_name == "complete" and value is False:
            raise ValueError("this is a plan of a part only: plan the whole stack, without -target")
        return value

    @model_validator(mode="after")
    def _lists_all(self) -> Self:
        """Terraform lists every resource that is there before or after, changed or not."""
        listed = {address for change in self.resource_changes for address in (change.address, change.previous_address)}
        for values in (self.prior_state.values, self.planned_values):
            if not listed.issuperset(values.root_module.managed()):
                raise ValueError("resource_changes lacks resources of prior_state or planned_values")
        return self


class Waiting(Part):
    """What ``ops plan`` writes of a stack that can be planned only once other stacks have been applied."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    waits_for: list[str] = Field(min_length=1)
    configuration: Configuration | None = None
