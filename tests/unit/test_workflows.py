"""Tests of steps of the GitHub workflows, with a fake ``gh``, GitHub's command-line tool."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_line import PROJECT, Ran

GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$LOG"
case "$*" in
  *--paginate* | *"issue list"*) printf '%s' "$NUMBERS" ;;
esac
"""


def script(workflow: str, job: str, step: str) -> str:
    """Returns the shell commands of the step."""
    steps: list[dict[str, Any]] = yaml.safe_load((PROJECT / f".github/workflows/{workflow}.yml").read_text())["jobs"][
        job
    ]["steps"]
    (command,) = [str(entry["run"]) for entry in steps if entry.get("name") == step]
    return command


class Runner:
    """Runs steps in a folder as GitHub does, with a fake ``gh`` that logs its calls and prints ``NUMBERS``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "gh.log"
        self._log.touch()
        self.program("bin/gh", GH)

    def program(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def run(self, text: str, **variables: str) -> Ran:
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_ENV": str(self.folder / "env"),
            "LOG": str(self._log),
            "NUMBERS": "",
            **variables,
        }
        return subprocess.run(
            ["bash", "-e", "-c", text], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def calls(self) -> list[str]:
        """The arguments of each call of ``gh``."""
        return self._log.read_text().splitlines()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.mark.parametrize(
    ("workflow", "job", "step"),
    [
        ("pull-request", "plan", "Name the role"),
        ("deploy-environment", "plan", "Look for the roles"),
        ("drift", "prod", "Look for the role"),
    ],
)
def test_a_missing_role_is_one_line(runner: Runner, workflow: str, job: str, step: str) -> None:
    missing = {"LANGFUSE_ENV": "prod", "ROLE": "", "PLAN_ROLE": "", "DEPLOY_ROLE": "arn:aws:iam::123456789012:role/x"}
    ran = runner.run(script(workflow, job, step), **missing)
    assert ran.returncode == 1
    assert ran.stdout.count("\n") == 1
    assert ran.stdout.startswith("::error::Set the repository variable")
    assert "AWS_PLAN_ROLE_PROD" in ran.stdout
    given = {name: value or "arn:aws:iam::123456789012:role/y" for name, value in missing.items()}
    assert runner.run(script(workflow, job, step), **given).returncode == 0


class TestComment:
    STEP = script("pull-request", "comment", "Write the comment, or write it anew")
    PLACES = {"COMMENTS": "comments", "COMMENT": "comment", "MARK": "<!-- mark -->"}

    def test_the_first_is_written(self, runner: Runner) -> None:
        for environment in ("dev", "prod"):
            (runner.folder / f"plan-{environment}.md").write_text(f"## {environment}\n")
        assert runner.run(self.STEP, **self.PLACES).returncode == 0
        assert runner.calls[1:] == ["api --method POST comments --field body=@comment.md"]
        assert (runner.folder / "comment.md").read_text() == "<!-- mark -->\n## dev\n## prod\n"

    def test_the_next_takes_its_place(self, runner: Runner) -> None:
        assert runner.run(self.STEP, **self.PLACES, NUMBERS="17\n18\n").returncode == 0
        assert runner.calls[1:] == ["api --method PATCH comment/17 --field body=@comment.md"]
        assert "There is no plan" in (runner.folder / "comment.md").read_text()


class TestDrift:
    STEP = script("drift", "prod", "Plan, and open an issue unless there is nothing to do")

    def plan(self, runner: Runner, first_line: str, code: int, **variables: str) -> Ran:
        runner.program(".venv/bin/ops", f"#!/bin/sh\necho '{first_line}'\nexit {code}\n")
        return runner.run(self.STEP, TITLE="Drifted", **variables)

    def test_none_is_not_told(self, runner: Runner) -> None:
        assert self.plan(runner, "### ✅ No changes", 0).returncode == 0
        assert runner.calls == []

    @pytest.mark.parametrize(("first_line", "code"), [("### ✅ Changes, no data lost", 0), ("### ⛔ Refused", 3)])
    def test_it_opens_an_issue(self, runner: Runner, first_line: str, code: int) -> None:
        assert self.plan(runner, first_line, code).returncode == 0
        assert runner.calls[1:] == ["issue create --title Drifted --body-file plan.md"]

    def test_an_open_issue_is_kept_up_to_date(self, runner: Runner) -> None:
        assert self.plan(runner, "### ⛔ Refused", 3, NUMBERS="5").returncode == 0
        assert runner.calls[1:] == ["issue edit 5 --body-file plan.md"]

    def test_a_plan_that_fails_is_no_drift(self, runner: Runner) -> None:
        assert self.plan(runner, "", 1).returncode == 1
        assert runner.calls == []
