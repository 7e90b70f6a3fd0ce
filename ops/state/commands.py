"""The command group ``ops state``."""

import typer

from ops.state import restore, versions

app = typer.Typer(no_args_is_help=True, help="The stacks' states in the state bucket.", rich_markup_mode=None)
app.command()(versions.versions)
app.command()(restore.restore)
