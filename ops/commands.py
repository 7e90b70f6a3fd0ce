"""The operator's command line: every command of ``ops``."""

import sys
from traceback import walk_tb

import typer

from entry_point import FAILED, one_line
from ops import (
    apply,
    bootstrap,
    cost,
    doctor,
    keys,
    logs,
    outputs,
    plan,
    plan_review,
    preflight,
    prices,
    recover,
    redeploy,
    scale,
    smoke,
    status,
    unlock,
    upgrade,
    wait,
)
from ops.clickhouse import commands as clickhouse
from ops.environment import AWS_ERRORS, OpsError, reason
from ops.state import commands as state
from synth.outdir_lock import OutdirInUseError

LONGEST_HALF = 200
"""How many characters of a message about wrong arguments are kept at each end, since they may be of any length."""
UNEXPECTED = "Got unexpected extra argument(s)"

app = typer.Typer(
    name="ops",
    help="Operate a deployed Langfuse. LANGFUSE_ENV names the environment, dev by default. Names come from the outputs"
    " in its remote state. Commands that change something only show the change until --apply."
    " Exit codes: 0 success, 1 failure, 2 wrong arguments or settings, 3 a plan would lose data, 130 Ctrl-C.",
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
app.command()(keys.keys)
app.command()(redeploy.redeploy)
app.command()(scale.scale)
app.command()(upgrade.upgrade)
app.command()(wait.wait)
app.command()(cost.cost)
app.command()(prices.prices)
app.command()(plan.plan)
app.command()(apply.apply)
app.command()(plan_review.plan_review)
app.command()(unlock.unlock)
app.command()(recover.recover)
app.add_typer(state.app, name="state")
app.add_typer(clickhouse.app, name="clickhouse")


def run() -> int:
    """Runs the command that the arguments name. An error of AWS's or of the command's is one line and exit code 1."""
    try:
        return typer.main.get_command(app).main(prog_name="ops", standalone_mode=False) or 0
    except typer.TyperException as error:
        _show(error)
        return error.exit_code
    except typer.Abort as error:
        # A prompt makes it of Ctrl-C, too.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        print("ops: the input ended before it was complete", file=sys.stderr)
    except (OpsError, OutdirInUseError, *AWS_ERRORS) as error:
        print(f"ops: {reason(error)}", file=sys.stderr)
    except Exception as error:
        if sys.flags.dev_mode or not _is_of_botocore(error):
            raise
        what = type(error).__name__
        print(
            f"ops: the AWS configuration can't be used ({what}): check the AWS_ variables and ~/.aws", file=sys.stderr
        )
    return FAILED


def _is_of_botocore(error: Exception) -> bool:
    """Whether botocore raised it, or passed it on: it does so with what it can't read in its configuration."""
    names = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    return any(name.startswith("botocore.") for name in names)


def _show(error: typer.TyperException) -> None:
    """Prints what is wrong with the arguments, in one line."""
    # The help of a command that is typed without arguments is an error's message, too.
    if error.message.startswith("Usage:"):
        print(error.message, file=sys.stderr)
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ops"
    message = one_line(error.format_message()).rstrip(".")
    if message.startswith(UNEXPECTED):
        # An argument in the wrong place may be a secret.
        message = UNEXPECTED
    if len(message) > 2 * LONGEST_HALF:
        message = f"{message[:LONGEST_HALF]}...{message[-LONGEST_HALF:]}"
    print(f"{command}: {message}; see `{command} --help`", file=sys.stderr)
