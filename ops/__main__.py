"""``python -m ops``, which is also installed as ``.venv/bin/ops``."""

import sys

import typer

from ops import (
    apply,
    bootstrap,
    clickhouse,
    doctor,
    logs,
    outputs,
    plan,
    plan_review,
    preflight,
    redeploy,
    scale,
    smoke,
    status,
    upgrade,
    wait,
)
from ops.environment import AWS_ERRORS, OpsError, reason

app = typer.Typer(
    name="ops",
    help="Operate a deployed Langfuse. LANGFUSE_ENV names the environment, dev by default. Names come from the outputs"
    " in its remote state. Commands that change something only show the change until --apply."
    " Exit codes: 0 success, 1 failure, 2 wrong arguments or settings, 3 a plan would lose data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(preflight.preflight)
app.command()(bootstrap.bootstrap)
app.command()(outputs.outputs)
app.command()(status.status)
app.command()(logs.logs)
app.command()(doctor.doctor)
app.command()(smoke.smoke)
app.command()(redeploy.redeploy)
app.command()(scale.scale)
app.command()(upgrade.upgrade)
app.command()(wait.wait)
app.command()(plan.plan)
app.command()(apply.apply)
app.command()(plan_review.plan_review)
app.add_typer(clickhouse.app, name="clickhouse")


def main() -> None:
    """Runs the command. An error of AWS's or of the command's is one line and exit code 1."""
    try:
        app(prog_name="ops")
    except (OpsError, *AWS_ERRORS) as error:
        print(f"ops: {reason(error)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
