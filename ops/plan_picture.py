"""``ops plan --picture``: the architecture, with what the plans change in colours."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.errors import OpsError
from ops.review.terraform_plan import StackPlan

if TYPE_CHECKING:
    from diagram.architecture import Architecture

Picture = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.svg",
        help="Draw the architecture into this file, with what the plans add, change, replace and destroy in colours.",
    ),
]


def check_picture(file: Path) -> None:
    """Refuses what can't be written, before the minutes that a plan takes.

    Raises:
        typer.BadParameter: if the file's name does not end with ``.svg``, or it can't be written.
        OpsError: if what draws it is not installed.
    """
    # Imported in functions: most commands draw nothing.
    from diagram.layout import LayoutError, check_installed

    folder = file.parent
    if file.suffix != ".svg":
        raise typer.BadParameter(f"--picture {file}: the file's name must end with .svg")
    if not folder.is_dir():
        raise typer.BadParameter(f"--picture {file}: there is no folder {folder}")
    if file.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise typer.BadParameter(f"--picture {file}: it can't be written")
    try:
        check_installed()
    except LayoutError as error:
        raise OpsError(f"--picture: {error}") from None


def draw(file: Path, stacks: Path, plans: Sequence[StackPlan]) -> None:
    """Draws the plans of the stacks in the folder ``cdktf.out/stacks``.

    Raises:
        OpsError: if what draws it fails.
    """
    from diagram.graph import stacks_in
    from diagram.layout import LayoutError, layout
    from diagram.svg import svg

    drawn = planned_architecture(stacks_in(stacks), plans)
    try:
        text = svg(drawn, layout(drawn))
    except LayoutError as error:
        raise OpsError(f"--picture: {error}") from None
    file.write_text(text, encoding="utf-8")


def planned_architecture(stacks: Mapping[str, dict[str, Any]], plans: Sequence[StackPlan]) -> "Architecture":
    """The architecture of the stacks, with what the plans do to it."""
    from diagram.planned import PlannedChange, planned

    changes = [
        PlannedChange(plan.stack, change.address, change.type, change.kind, change.before)
        for plan in plans
        if plan.plan
        for change in plan.plan.resource_changes
        if change.mode == "managed"
    ]
    return planned(stacks, changes, [plan.stack for plan in plans if plan.waits_for])
