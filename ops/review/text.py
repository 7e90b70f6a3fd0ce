"""Values of a plan as Markdown, so that none reads as a line of the review, or as a command of the terminal."""

import re
from collections.abc import Iterable

from settings.reading.errors import printable

LONGEST = 200
LONGEST_LIST = 2_000


def code(value: object) -> str:
    """The value as inline code on one line, shortened to 200 characters.

    Control characters, invisible ones and lone surrogates are shown as escapes.
    https://github.github.com/gfm/#code-spans
    """
    text = shortened(printable(shortened(str(value))))
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def word(value: object) -> str:
    """The value as it is if that is a plain word, such as a name, an ARN or a CIDR block; as inline code otherwise.

    It fits into a table's cell. What GitHub makes a link of is no plain word.
    """
    text = str(value)
    plain = re.fullmatch(r"[*]|[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}", text) and not re.search(
        r"//|www\.", text, re.IGNORECASE
    )
    return text if plain else code(value).replace("|", "\\|")


def joined(texts: Iterable[str], separator: str = ", ") -> str:
    """The texts in one line of about 2,000 characters, and how many are left out."""
    shown: list[str] = []
    left = LONGEST_LIST
    texts = list(texts)
    for text in texts:
        left -= len(text) + len(separator)
        if left < 0 and shown:
            return f"{separator.join(shown)} and {len(texts) - len(shown)} more"
        shown.append(text)
    return separator.join(shown)


def shortened(text: str) -> str:
    """The text, without what is beyond 200 characters."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
