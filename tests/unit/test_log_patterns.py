"""The embedded AWS's filter patterns for logs: what they match, and what is refused."""

import pytest

from local.emulator.log_patterns import matcher
from local.emulator.rules.logs import invalid_filter_pattern
from ops.logs import ERRORS

ERROR = '{"droppedIds":[{"id":"0"}],"level":"error","message":"ClickhouseWriter: Max attempts reached, dropped 1 x"}'
WARNING = '{"level":"warn","message":"Timeout error. Retrying","detail":{"attempt":2}}'


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        ("", ERROR, True),
        ("ERROR", ERROR, False),
        ("?ERROR ?WARN", ERROR, False),
        ("?reached ?WARN", ERROR, True),
        ("reached dropped", ERROR, True),
        ("reached -dropped", ERROR, False),
        ('"reached dropped"', ERROR, False),
        ('"Max attempts reached, dropped"', ERROR, True),
        ('"Max attempts reached, dropped"', WARNING, False),
        ('{ $.level = "error" }', ERROR, True),
        ('{ $.level = "error" }', WARNING, False),
        ('{ $.level = "error" }', "error: not JSON", False),
        ('{ $.level != "error" }', WARNING, True),
        ('{ $.message = "*error*" }', WARNING, True),
        ('{ $.level = "error" || $.level = "warn" }', WARNING, True),
        ('{ $.level = "warn" && $.detail.attempt = 3 }', WARNING, False),
        ('{ $.level = "warn" && $.detail.attempt = 2 }', WARNING, True),
        (ERRORS, ERROR, True),
        (ERRORS, WARNING, False),
        (ERRORS, "Error: P1001: Can't reach database server", True),
        (ERRORS, "error: Dirty database version 7. Fix and force version.", True),
        (ERRORS, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", True),
    ],
)
def test_a_pattern_matches_what_aws_says(pattern: str, line: str, matches: bool) -> None:
    assert matcher(pattern)(line) == matches


@pytest.mark.parametrize("pattern", ['level:"error"', "a.b", '"unclosed', '{ level = "error" }', "{ $.level }", "{ }"])
def test_an_invalid_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        matcher(pattern)
    assert str(invalid_filter_pattern({"filterPattern": pattern})).startswith("Invalid filter pattern")
    assert invalid_filter_pattern({"filterPattern": ERRORS}) is None
