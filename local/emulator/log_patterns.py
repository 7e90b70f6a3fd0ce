"""Filter patterns of CloudWatch Logs, of which ministack 1.5 ignores the JSON ones and splits the phrases.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Known here are terms and phrases
with ``?`` (any of them) and ``-`` (none of them), and comparisons of JSON fields with ``=``, ``!=``, ``&&`` and ``||``.
"""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

Matches = Callable[[str], bool]

TERMS = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>\w+))(?=\s|$)')
COMPARISON = re.compile(r'\s*\$\.(?P<path>[\w.]+)\s*(?P<operator>!?=)\s*(?:"(?P<text>[^"]*)"|(?P<word>[\w*.-]+))\s*')


def matcher(pattern: str) -> Matches:
    """Returns what tells whether the pattern matches a log line.

    Raises:
        ValueError: if AWS would refuse the pattern, or it is not known here.
    """
    text = pattern.strip()
    if text.startswith("{") and text.endswith("}"):
        return _any([_all([_comparison(part) for part in side.split("&&")]) for side in text[1:-1].split("||")])
    return _terms(text)


def _terms(text: str) -> Matches:
    terms: dict[str, list[str]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        term = TERMS.match(text, position)
        if not term:
            raise ValueError(f"Invalid character(s) in term '{text[position:].strip()}'")
        phrase = term["word"] if term["phrase"] is None else re.sub(r"\\(.)", r"\1", term["phrase"])
        terms[term["sign"]].append(phrase)
        position = term.end()
    return lambda line: (
        all(term in line for term in terms[""])
        and not any(term in line for term in terms["-"])
        and (not terms["?"] or any(term in line for term in terms["?"]))
    )


def _comparison(text: str) -> Matches:
    comparison = COMPARISON.fullmatch(text)
    if not comparison:
        raise ValueError(f"Invalid comparison '{text.strip()}'")
    wanted = comparison["word"] if comparison["text"] is None else comparison["text"]

    def matches(line: str) -> bool:
        value = _field(line, comparison["path"])
        return value is not None and fnmatchcase(value, wanted) == (comparison["operator"] == "=")

    return matches


def _field(line: str, path: str) -> str | None:
    """The field's value as text, or None if the line is not JSON or does not have it."""
    try:
        value = json.loads(line)
        for name in path.split("."):
            value = value[name]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _all(parts: list[Matches]) -> Matches:
    return lambda line: all(part(line) for part in parts)


def _any(parts: list[Matches]) -> Matches:
    return lambda line: any(part(line) for part in parts)
