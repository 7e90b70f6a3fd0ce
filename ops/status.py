"""``ops status``: one table of what runs and what does not, or a page with more of it."""

from pathlib import Path
from typing import Annotated

import typer

from entry_point import one_line
from ops.console import AsJson, console, print_json, show, table
from ops.environment import load_environment
from ops.parts import in_brief, look
from ops.replaced_file import replaced


def status(
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE.html", help="Write a page for the browser, with plots, to this file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what runs and what does not.

    Services, why the last task stopped, the load balancer's targets, PostgreSQL and Redis with their pending changes,
    ClickHouse, alarms, queues.
    What AWS does not answer is "unknown", with the reason.

    With --html, one page that needs no other file: also every alarm and what to do about it, the last day of each
    graph of the CloudWatch dashboard, and a picture of the architecture.

    Example: ops status --html status.html
    """
    if html and as_json:
        raise typer.BadParameter("--html: writes a page, and --json prints JSON: leave one of them out")
    if html:
        _write_page(html)
        return
    environment = load_environment()
    rows = in_brief(look(environment))
    if as_json:
        print_json([{"what": row.what, "state": row.state, "detail": row.detail} for row in rows])
        return
    show(table("what", "state", "detail", rows=[row[:3] for row in rows]), environment.settings.prefix)


def _write_page(path: Path) -> None:
    # A wrong path is refused before AWS is asked.
    if path.suffix != ".html":
        raise typer.BadParameter(f"--html: {path}: the file's name must end with .html")
    with replaced(path, "--html") as file:
        environment = load_environment()
        sections = look(environment)
        # Imported here: the template engine takes longer than all that the table needs.
        from ops.status_page import page

        file.write(page.html(environment, sections))
    console.print(f"{one_line(str(path))} is written: open it in a browser.")
