"""The replacements that cause others, before those that only follow."""

from collections.abc import Iterator, Sequence
from typing import Any

from ops.review.containers import container_differences
from ops.review.differences import Difference
from ops.review.plan_format import Change
from ops.review.text import code, joined

REASONS = {
    "replace_because_tainted": "a failed apply before",
    "replace_by_request": "the option -replace",
    "replace_by_triggers": "its `replace_triggered_by`",
}
"""Terraform's reasons for a replacement that no argument forces."""


def replacements(changed: Sequence[tuple[Change, Sequence[Difference]]]) -> Iterator[str]:
    """A line for each replacement that follows from no other, and one with the number of the rest.

    Args:
        changed: the changes of a stack, each with the arguments that it changes.
    """
    replaced = [(change, differences) for change, differences in changed if change.kind == "replace"]
    causes = [(change, differences) for change, differences in replaced if not follows(change)] or replaced
    for change, differences in causes:
        yield f"- {code(change.address)}, forced by {_forced_by(change, differences)}"
    if followers := len(replaced) - len(causes):
        yield f"- and {followers} that follow{'s' if followers == 1 else ''}"


def follows(change: Change) -> bool:
    """Whether what forces it is known only once another resource has been replaced."""
    return any(_at(change.unknown, path) is True for path in change.change.replace_paths)


def _at(mask: Any, path: Sequence[str | int]) -> Any:  # noqa: ANN401
    for key in path:
        if isinstance(mask, dict):
            mask = mask.get(str(key))
        elif isinstance(mask, list):
            mask = mask[key] if isinstance(key, int) and key < len(mask) else None
    return mask


def _forced_by(change: Change, differences: Sequence[Difference]) -> str:
    """The arguments that force it, with their values, or Terraform's reason."""
    by_name = {difference.argument: difference for difference in differences}
    arguments = []
    for path in change.change.replace_paths:
        difference = by_name.get(".".join(key for key in path if isinstance(key, str)))
        inside = container_differences(change) if path == ["container_definitions"] else []
        values = joined(inside, "; ") or (difference.values if difference else "")
        arguments.append(code(".".join(map(str, path))) + (f" ({values})" if values else ""))
    return joined(arguments) or REASONS.get(change.action_reason, "Terraform")
