"""The containers of a task definition, as they are in a plan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ops.review.plan_format import Change
from ops.review.text import code, joined, word
from settings.images import Image, parse_image


class Part(BaseModel):
    """A part of a container definition. The review tells other fields only by their names."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class Variable(Part):
    """An environment variable of a container: its value, or where ECS reads it (``valueFrom``)."""

    name: str


class Container(Part):
    """A container.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """

    name: str = ""
    image: str = ""
    cpu: int | None = None
    memory: int | None = None
    memoryReservation: int | None = None  # noqa: N815
    environment: list[Variable] | None = None
    secrets: list[Variable] | None = None


CONTAINERS = TypeAdapter(list[Container])


def containers(definition: Mapping[str, Any]) -> list[Container]:
    """The containers of a task definition, none if they are known only after the apply.

    Raises:
        typer.BadParameter: if they are none that ECS takes.
    """
    text = definition.get("container_definitions")
    if text is None:
        return []
    try:
        return CONTAINERS.validate_json(text)
    except ValidationError:
        raise typer.BadParameter("a task definition has container definitions that ECS does not take") from None


def container_differences(change: Change) -> list[str]:
    """What changes in the containers of a task definition, by container; never the value of a variable.

    ``web: memory 4096 → 8192, + AUTH_DISABLE_SIGNUP``
    """
    hidden = change.hides("container_definitions")
    if change.type != "aws_ecs_task_definition" or change.unknown.get("container_definitions"):
        return []
    old = {container.name: container for container in containers(change.before)}
    new = {container.name: container for container in containers(change.after)}
    lines = [f"+ container {word(name)}" for name in new if name not in old]
    lines += [f"- container {word(name)}" for name in old if name not in new]
    for name in old.keys() & new.keys():
        if changed := list(_changed(old[name], new[name], hidden)):
            lines.append(f"{word(name)}: {joined(changed)}")
    return sorted(lines)


def old_images(change: Change) -> Iterator[str]:
    """A line if images get another tag and keep their digest: the same images run on."""
    if change.type != "aws_ecs_task_definition" or change.unknown.get("container_definitions"):
        return
    before = {container.name: parse_image(container.image) for container in containers(change.before)}
    after = {container.name: parse_image(container.image) for container in containers(change.after)}
    kept = [name for name in before.keys() & after.keys() if _is_renamed(before[name], after[name])]
    if kept:
        yield f"- {code(change.address)}: {joined(map(word, sorted(kept)))}: set langfuse.web_digest and worker_digest"


def _is_renamed(old: Image, new: Image) -> bool:
    return bool(old.digest) and old.digest == new.digest and old.tag != new.tag


def _changed(old: Container, new: Container, hidden: bool) -> Iterator[str]:
    for size in ("cpu", "memory", "memoryReservation"):
        before, after = getattr(old, size) or 0, getattr(new, size) or 0
        if before != after:
            yield size if hidden else f"{size} {before} → {after}"
    if old.image != new.image:
        yield "image" if hidden else f"image {word(old.image)} → {word(new.image)}"
    yield from _variables("", old.environment or (), new.environment or ())
    yield from _variables("secret ", old.secrets or (), new.secrets or ())
    before, after = old.model_extra or {}, new.model_extra or {}
    yield from (word(name) for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name))


def _variables(kind: str, old: Sequence[Variable], new: Sequence[Variable]) -> Iterator[str]:
    before, after = {variable.name: variable for variable in old}, {variable.name: variable for variable in new}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            sign = "+" if name not in before else "-" if name not in after else "~"
            yield f"{sign} {kind}{word(name)}"
