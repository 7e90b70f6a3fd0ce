"""What checks of an environment or an account find, and how it is shown."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from ops.console import show, table
from ops.environment import AWS_ERRORS, Environment, OpsError, reason


class Verdict(StrEnum):
    """``FAILED``: the deploy fails, or Langfuse does not run. ``NOT_CHECKED``: AWS did not answer the question."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"
    NOT_CHECKED = "not checked"


class Finding(NamedTuple):
    """``evidence`` is what AWS says, never a secret's value; ``remedy`` is empty if the check passed."""

    check: str
    verdict: Verdict
    evidence: str
    remedy: str = ""


Check = Callable[[Environment], Iterator[Finding]]


def finding(
    check: str, passed: bool, evidence: str, remedy: str = "", *, otherwise: Verdict = Verdict.FAILED
) -> Finding:
    """The finding of a check that passed, or else has the verdict ``otherwise`` and the remedy."""
    return Finding(check, Verdict.OK, evidence) if passed else Finding(check, otherwise, evidence, remedy)


def run_checks(environment: Environment, checks: Mapping[str, Check]) -> list[Finding]:
    """What every check finds. ``checks`` has each by its subject, which names a check that could not be made."""
    return [found for subject, check in checks.items() for found in _findings(environment, subject, check)]


def _findings(environment: Environment, subject: str, check: Check) -> list[Finding]:
    try:
        return list(check(environment))
    except OpsError as error:
        return [Finding(subject, Verdict.FAILED, str(error))]
    except AWS_ERRORS as error:
        return [Finding(subject, Verdict.NOT_CHECKED, reason(error), "check it by hand, or with a role that may ask")]


def print_findings(findings: list[Finding], *, title: str) -> None:
    """Prints them as a table."""
    show(table("check", "verdict", "evidence", "remedy", rows=findings), title)
