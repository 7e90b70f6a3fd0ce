"""``ops plan --picture``: the architecture, with what the plans change in colours."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ops.errors import OpsError
from ops.replaced_file import replaced
from ops.review.terraform_plan import StackPlan
from ops.terraform import OUTDIR
from synth.configurations import stacks_in

if TYPE_CHECKING:
    from diagram.architecture import Architecture

Picture = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.svg",
        help="Draw the architecture into this file, with what the plans add, change, replace and destroy in colours.",
    ),
]


@contextmanager
def picture_file(path: Path | None) -> Iterator[TextIO | None]:
    """Gives the file to draw into, before the minutes that a plan takes: as ``replaced`` does, or None for no path.

    Raises:
        typer.BadParameter: if the file's name does not end with ``.svg``, it can't be written, or ``ops plan`` empties
            its folder.
        OpsError: if what draws it is not installed.
    """
    if path is None:
        yield None
        return
    # Imported in functions: most commands draw nothing.
    from diagram.layout import LayoutError, check_installed

    if path.suffix != ".svg":
        raise typer.BadParameter(f"--picture: {path}: the file's name must end with .svg")
    with replaced(path, "--picture") as file:
        if path.resolve().is_relative_to(OUTDIR.resolve()):
            raise typer.BadParameter(f"--picture: {path}: is in {OUTDIR.name}, which is emptied")
        try:
            check_installed()
        except LayoutError as error:
            raise OpsError(f"--picture: {error}") from None
        yield file


def draw(file: TextIO, stacks: Path, plans: Sequence[StackPlan]) -> None:
    """Draws the plans of the stacks in the folder ``cdktf.out/stacks``.

    Raises:
        OpsError: if what draws it fails.
    """
    from diagram.layout import LayoutError, layout
    from diagram.svg import svg

    drawn = planned_architecture(stacks_in(stacks), plans)
    try:
        file.write(svg(drawn, layout(drawn)))
    except LayoutError as error:
        raise OpsError(f"--picture: {error}") from None


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
