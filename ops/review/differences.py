"""The arguments that a change changes, without those that the provider computes, and without secret values."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ops.review.plan_format import Change, marks
from ops.review.text import code, word

LONGEST_VALUE = 80
NAMES = ("name", "id", "rule_name")
"""The arguments of blocks that tell them apart, such as the parameters of a parameter group."""
NEVER_SHOWN = ("container_definitions", "environment", "policy", "triggers_replace", "user_data", "user_data_base64")
"""Arguments whose values are long, or may hold what Terraform does not know to be secret."""


class Difference(NamedTuple):
    """An argument that changes.

    Args:
        argument: its name, after those of the blocks around it: ``rule.lifecycle.delete_after``.
        before: its value before the change.
        after: its value after the change, None if it is not known yet.
        known: whether the value after the change is known.
        secret: whether the values must not be shown.
    """

    argument: str
    before: Any
    after: Any
    known: bool
    secret: bool

    @property
    def values(self) -> str:
        """The values as ``before → after``, empty if they can't be shown."""
        hidden = self.secret or not self.known or self.argument.endswith("_wo") or _is_never_shown(self.argument)
        before, after = _value(self.before), _value(self.after)
        return "" if hidden or not (before and after) else f"{before} → {after}"

    def __str__(self) -> str:
        return f"{word(self.argument)} {self.values}".rstrip()


def differences(change: Change, configured: Mapping[str, Any] | None = None) -> list[Difference]:
    """The arguments that an update or a replacement changes.

    Args:
        change: the change.
        configured: the expressions of the resource's arguments in the plan's configuration. What is only known later is
            a change if it is configured; the rest is computed by the provider. Without it, every update is reported.
    """
    if change.kind not in ("change", "replace"):
        return []
    record = change.change
    forced = {str(path[0]) for path in record.replace_paths if path}
    if configured is None and change.kind == "replace":
        configured = dict.fromkeys(forced)
    masks = _Masks(
        change.unknown, record.before_sensitive, record.after_sensitive, configured, change.kind == "replace"
    )
    return sorted(_walk((), change.before, change.after, masks), key=lambda difference: difference.argument)


class _Masks(NamedTuple):
    """What Terraform says of the values at a place, each in the shape of the values, as far as it says something."""

    unknown: Any
    before_sensitive: Any
    after_sensitive: Any
    configured: Any
    replaced: bool

    def drops(self, after: Any) -> bool:  # noqa: ANN401
        """Whether a replacement leaves out what nobody configured, which the provider computes anew."""
        return self.replaced and self.configured is ABSENT and not after

    def at(self, key: str | int, key_before: str | int | None = None) -> "_Masks":
        """What it says of a value inside, which can be at another place of a list before the change."""
        return _Masks(
            _inner(self.unknown, key),
            _inner(self.before_sensitive, key if key_before is None else key_before),
            _inner(self.after_sensitive, key),
            _expression(self.configured, key),
            self.replaced,
        )

    @property
    def secret(self) -> bool:
        return marks(self.before_sensitive) or marks(self.after_sensitive)


ABSENT = object()
"""In place of an expression: the argument is not configured."""


def _walk(path: tuple[str, ...], before: Any, after: Any, masks: _Masks) -> Iterator[Difference]:  # noqa: ANN401
    if masks.unknown is True:
        if masks.configured is not ABSENT:
            yield Difference(".".join(path), before, None, known=False, secret=masks.secret)
    elif _are(before, after, dict):
        before, after = before or {}, after or {}
        unknown = masks.unknown if isinstance(masks.unknown, dict) else {}
        for key in before.keys() | after.keys() | unknown.keys():
            yield from _walk((*path, key), before.get(key), after.get(key), masks.at(key))
    elif isinstance(before, list) and isinstance(after, list) and (pairs := _pairs(before, after)):
        for index_before, index in pairs:
            yield from _walk(path, before[index_before], after[index], masks.at(index, index_before))
        old, new = _rest(before, {pair[0] for pair in pairs}), _rest(after, {pair[1] for pair in pairs})
        if old or new:
            yield Difference(".".join(path), old, new, known=not marks(masks.unknown), secret=masks.secret)
    elif before != after and not _are_empty(before, after) and not masks.drops(after):
        yield Difference(".".join(path), before, after, known=not marks(masks.unknown), secret=masks.secret)


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[int, int]]:
    """The places before and after of the elements that belong together: of the same name, or else the same place.

    Terraform orders sets of blocks by their values, so that a block moves when one of its values changes.
    """
    for name in NAMES:
        old, new = ([part.get(name) if isinstance(part, dict) else None for part in parts] for parts in (before, after))
        if all(_are_names(names) for names in (old, new)):
            return [(old.index(value), place) for place, value in enumerate(new) if value in old]
    return [(place, place) for place in range(len(after))] if len(before) == len(after) else []


def _are_names(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) and value for value in values) and len(set(values)) == len(values)


def _rest(parts: Sequence[Any], paired: set[int]) -> list[Any]:
    return [part for place, part in enumerate(parts) if place not in paired]


def _are(before: Any, after: Any, type_: type) -> bool:  # noqa: ANN401
    """Whether both are of the type, or one is and the other is null."""
    return all(value is None or isinstance(value, type_) for value in (before, after)) and before is not after


def _are_empty(before: Any, after: Any) -> bool:  # noqa: ANN401
    """Whether one is null, and the other says as little: providers write both."""
    return (before is None or after is None) and not before and not after


def _inner(mask: Any, key: str | int) -> Any:  # noqa: ANN401
    """The mask of what is inside. Of a boolean, it is the same."""
    if isinstance(mask, dict):
        return mask.get(str(key))
    if isinstance(mask, list):
        return mask[key] if isinstance(key, int) and key < len(mask) else None
    return mask


def _expression(configured: Any, key: str | int) -> Any:  # noqa: ANN401
    """The expression of what is inside. Blocks are lists of expressions; of an expression, it is the same."""
    if isinstance(configured, dict) and not configured.keys() & {"constant_value", "references"}:
        return configured.get(str(key), ABSENT)
    if isinstance(configured, list):
        return configured[key] if isinstance(key, int) and key < len(configured) else ABSENT
    return configured


def _is_never_shown(argument: str) -> bool:
    return any(name in NEVER_SHOWN for name in argument.split("."))


def _value(value: Any) -> str:  # noqa: ANN401
    """The value as Markdown, empty if it is long or has a structure of its own."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) > LONGEST_VALUE or (isinstance(value, str) and text.lstrip().startswith(("{", "["))):
        return ""
    return word(text) if isinstance(value, str) else code(text)
