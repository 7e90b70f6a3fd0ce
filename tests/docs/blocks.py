"""What is in the documents: fenced blocks, with the marks of those that are not run; headings, links and sentences.

A block of bash that can't be run has the line ``<!-- not run: REASON -->`` right above its fence. A whole page has
``<!-- no block of this page is run: REASON -->`` above its first block.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.command_line import PROJECT

PAGES = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("docs/**/*.md")])
"""The documents whose blocks of bash are run."""
MARKDOWN = MarkdownIt("commonmark").enable("table")
NOT_RUN = re.compile(r"<!-- not run: (.*?) *-->")
HTML_LINK = re.compile(r'\b(?:href|src|srcset)="([^"\s]+)"')
END_OF_SENTENCE = re.compile(r"(?<=[.:;!?])\s+")
NO_BLOCK_RUN = re.compile(r"<!-- no block of this page is run: (.*?) *-->")


class Block(NamedTuple):
    """A fenced block of a document.

    Args:
        page: the document.
        line: the line of its fence, from 1. Its text begins in the next line.
        language: what is written behind the fence, or "".
        text: what is between the fences, without their indentation.
        not_run: the reason of the mark above it, or of the mark of its page; None if there is none.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None

    @property
    def place(self) -> str:
        """The page and the line, as an editor opens them."""
        return f"{name(self.page)}:{self.line}"


def name(page: Path) -> str:
    """Returns the page's path in the project."""
    return str(page.relative_to(PROJECT))


@cache
def tokens(page: Path) -> list[Token]:
    """Parses the page, once."""
    return MARKDOWN.parse(page.read_text())


def blocks(page: Path) -> Iterator[Block]:
    """Yields the fenced blocks in their order."""
    of_page, above = None, ""
    for token in tokens(page):
        if token.type == "fence":
            assert token.map is not None
            mark = NOT_RUN.search(above)
            reason = mark[1] if mark else of_page if token.info == "bash" else None
            yield Block(page, token.map[0] + 1, token.info, token.content, reason)
        above = token.content if token.type == "html_block" else ""
        if mark := NO_BLOCK_RUN.search(above):
            of_page = mark[1]


def html(page: Path) -> Iterator[str]:
    """Yields each piece of HTML, comments included."""
    for token in tokens(page):
        yield from (
            part.content for part in (token, *(token.children or ())) if part.type in ("html_block", "html_inline")
        )


def anchors(page: Path) -> Iterator[str]:
    """Yields the anchors of the headings, as GitHub makes them: a second one with the same text gets ``-1``."""
    seen: dict[str, int] = {}
    for heading in headings(page):
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        count = seen[anchor] = seen.get(anchor, -1) + 1
        yield f"{anchor}-{count}" if count else anchor


def headings(page: Path) -> Iterator[str]:
    """Yields the text of each heading."""
    for opening, inline in pairwise(tokens(page)):
        if opening.type == "heading_open":
            shown = [child for child in inline.children or () if child.type in ("text", "code_inline")]
            yield "".join(child.content for child in shown)


def links(page: Path) -> Iterator[str]:
    """Yields the target of each link and image, also of those in HTML."""
    for token in tokens(page):
        for part in (token, *(token.children or ())):
            yield from (str(part.attrs[key]) for key in ("href", "src") if key in part.attrs)
    for piece in html(page):
        yield from HTML_LINK.findall(piece)


def sentences(page: Path) -> Iterator[str]:
    """Yields the sentences of paragraphs, list items and cells, as they are shown."""
    for token in tokens(page):
        if token.type == "inline":
            parts = token.children or ()
            shown = "".join(" " if part.type in ("softbreak", "html_inline") else part.content for part in parts)
            yield from END_OF_SENTENCE.split(shown)
