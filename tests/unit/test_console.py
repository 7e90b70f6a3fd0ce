"""Tests that nothing is cut from what ``ops`` prints, on a narrow terminal and in a pipe."""

import io

from hypothesis import given, settings, strategies as st
from rich.console import Console

from ops.console import UNLIMITED, show, table

TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=100)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4)


def printed(rows: list[tuple[str, str, str]], width: int) -> str:
    out = io.StringIO()
    to = Console(file=out, width=width, soft_wrap=True, highlight=False, markup=False)
    show(table("check", "verdict", "evidence", rows=rows), "langfuse-dev: account 123456789012, eu-central-1", to)
    return out.getvalue()


@given(ROWS)
@settings(max_examples=60)
def test_every_text_is_whole_on_a_terminal(rows: list[tuple[str, str, str]]) -> None:
    lines = printed(rows, 80).splitlines()
    for row in rows:
        for text in row:
            assert any(text in line for line in lines)


@given(ROWS)
@settings(max_examples=60)
def test_a_row_is_a_line_in_a_pipe(rows: list[tuple[str, str, str]]) -> None:
    lines = printed(rows, UNLIMITED).splitlines()
    assert lines[0] == "langfuse-dev: account 123456789012, eu-central-1"
    body = [line for line in lines if line.startswith("│")]
    assert [tuple(cell.strip() for cell in line.strip("│").split("│")) for line in body] == rows


def test_control_characters_are_escaped_and_lines_joined() -> None:
    assert "subnet-1, subnet-2 \\x1b[31m" in printed([("a", "b", "subnet-1\nsubnet-2 \x1b[31m")], 80)
