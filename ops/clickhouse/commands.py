"""The command group ``ops clickhouse``."""

import typer

from ops.clickhouse import connection, grow, report

app = typer.Typer(no_args_is_help=True, help="ClickHouse: connection, tables and volume.", rich_markup_mode=None)
app.command("set")(connection.set_)
app.command()(report.report)
app.command()(grow.grow)
