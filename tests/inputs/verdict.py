"""What an answer to an input is: a refusal in one line, an acceptance, or one of the ways to answer badly."""

from enum import StrEnum

from tests.inputs.case import CANARY, Case, Said

LONGEST_LINE = 1000
"""Characters. A value of thousands of digits is not repeated in its error."""


class Answer(StrEnum):
    """The ways to answer."""

    REFUSED = "refused in one line"
    ACCEPTED = "accepted"
    TRACEBACK = "traceback"
    HANGS = "no answer"
    SECRET = "prints a secret"  # noqa: S105  # pragma: allowlist secret
    CONTROL = "prints a control character"
    LINES = "several lines"
    LONG = "a line of more than 1,000 characters"
    PATTERN = "a regular expression"
    CODE = "another exit code"
    SILENT = "does not say what it must"


def answer_to(case: Case, said: Said) -> Answer:
    """What the answer is."""
    printed = said.out + said.err
    if CANARY in printed:
        return Answer.SECRET
    if "Traceback (most recent call last)" in printed:
        return Answer.TRACEBACK
    if said.code == 0:
        return Answer.ACCEPTED
    if said.code != (case.code or 2):
        return Answer.CODE
    if said.code == 3:
        # The review of a plan is a page of Markdown.
        return Answer.REFUSED if all(map(str.isprintable, said.out.splitlines())) else Answer.CONTROL
    return _line(said.err, case)


def _line(err: str, case: Case) -> Answer:
    line = err.removesuffix("\n")
    if "\n" in line:
        return Answer.LINES
    if not line.isprintable():
        return Answer.CONTROL
    if len(line) > LONGEST_LINE:
        return Answer.LONG
    if "match pattern" in line:
        return Answer.PATTERN
    if not line or any(word not in line for word in case.must_say):
        return Answer.SILENT
    return Answer.REFUSED


def is_right(case: Case, answer: Answer) -> bool:
    """Whether the case is answered as it must be."""
    return answer is (Answer.ACCEPTED if case.accepted else Answer.REFUSED)
