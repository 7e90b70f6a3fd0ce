"""Reads the rules for environment variables from a schema in TypeScript that is written with zod.

It knows only what Langfuse's schemas use, and raises ``UnknownError`` for anything else, rather than guess.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from settings.variables.rules import Rule

Schema = Mapping[str, Rule]

TOKEN = re.compile(
    r"""(?P<regex>(?<=[(,])\s*/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    |(?P<skipped>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)
    |(?P<number>\d[\w.]*)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<sign>===|!==|=>|\?\.|\?\?|&&|\|\||\.\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)
CLOSING = {"(": ")", "[": "]", "{": "}"}

KINDS = {
    "z.string": "string",
    "z.url": "url",
    "z.email": "email",
    "z.iso.date": "date",
    "z.iso.datetime": "datetime",
    "z.coerce.number": "number",
}
LIMITS: dict[str, Callable[[Rule, float], Rule]] = {
    "min": lambda rule, number: replace(rule, least=number),
    "gte": lambda rule, number: replace(rule, least=number),
    "max": lambda rule, number: replace(rule, most=number),
    "lte": lambda rule, number: replace(rule, most=number),
    "gt": lambda rule, number: replace(rule, above=number),
    "length": lambda rule, number: replace(rule, least=number, most=number),
}
MEANINGS: dict[str, Callable[[Rule], Rule]] = {
    "optional": lambda rule: replace(rule, required=False),
    "nullish": lambda rule: replace(rule, required=False),
    "default": lambda rule: replace(rule, required=False),
    "nullable": lambda rule: rule,
    "describe": lambda rule: rule,
    "int": lambda rule: replace(rule, integer=True),
    "positive": lambda rule: replace(rule, above=0),
    "nonnegative": lambda rule: replace(rule, least=0),
    # It changes what the code sees of a valid value.
    "transform": lambda rule: rule,
    "pipe": lambda rule: replace(rule, unchecked=(*rule.unchecked, "pipe")),
    "refine": lambda rule: replace(rule, unchecked=(*rule.unchecked, "refine")),
}
CONDITIONS = {
    # Both images set it: web/Dockerfile and worker/Dockerfile in Langfuse's repository.
    "process.env.NODE_ENV===production": True,
    # Only Vercel's platform sets it.
    "process.env.VERCEL": False,
}
"""The conditions in schemas, and whether they hold in the containers."""


class UnknownError(Exception):
    """The schema has something that this module does not know."""


class Token(NamedTuple):
    """A word of the source: a string is without its quotes."""

    kind: str
    text: str
    line: int


def schema_after(opening: str, source: str, known: Schema | None = None) -> dict[str, Rule]:
    """Returns the rules of the object that begins with ``opening``, ``z.object({`` for example, by variable.

    ``known`` has the rules of the constants that the source imports.
    """
    before, found, _ = source.partition(opening)
    if not found:
        raise UnknownError(f"there is no {opening!r}")
    tokens = tokenize(source)
    start = len(tokenize(before + opening))
    return _Reader(tokens, start, {**(known or {}), **constants(source)}).object()


def constants(source: str) -> dict[str, Rule]:
    """Returns the rules of the source's own constants that are schemas of one variable, by name."""
    found: dict[str, Rule] = {}
    tokens = tokenize(source)
    for number in _starts_of_constants(tokens):
        if [token.text for token in tokens[number + 2 : number + 5]] == ["=", "z", "."]:
            reader = _Reader(tokens, number + 3, found)
            if tokens[number + 5].text != "object":
                found[tokens[number + 1].text] = reader.schema()
    return found


def _starts_of_constants(tokens: list[Token]) -> Iterator[int]:
    """Yields the positions of each ``const`` that is outside of every bracket."""
    depth = 0
    for number, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.text in CLOSING) - (token.text in CLOSING.values())
        elif token.text == "const" and depth == 0:
            yield number


def tokenize(source: str) -> list[Token]:
    """Splits the source, without spaces and comments."""
    tokens, line = [], 1
    for match in TOKEN.finditer(source):
        kind, text = str(match.lastgroup), match.group()
        if kind != "skipped":
            tokens.append(Token(kind, text[1:-1] if kind == "string" else text.strip(), line))
        line += text.count("\n")
    return tokens


class _Reader:
    """Reads tokens from a position on."""

    def __init__(self, tokens: list[Token], position: int, known: Mapping[str, Rule]) -> None:
        self._tokens = tokens
        self._position = position
        self._known = known

    def object(self) -> dict[str, Rule]:
        """Reads ``NAME: schema,`` up to the closing brace."""
        rules = {}
        while not self._found("}"):
            name = self._next()
            self._expect(":")
            rules[name.text] = self.schema()
            if not self._found(","):
                self._expect("}")
                break
        return rules

    def schema(self) -> Rule:
        """Reads a schema: a choice by a condition, or a base and what is called on it."""
        if self._tokens[self._position].text == "process":
            return self._choice()
        rule = self._base()
        while self._found("."):
            rule = self._apply(rule, self._next(), self._arguments())
        return rule

    def _choice(self) -> Rule:
        first = self._tokens[self._position]
        condition = ""
        while not self._found("?"):
            condition += self._next().text
        if condition not in CONDITIONS:
            raise UnknownError(f"line {first.line}: the condition {condition} is not known")
        if_so = self.schema()
        self._expect(":")
        otherwise = self.schema()
        return if_so if CONDITIONS[condition] else otherwise

    def _base(self) -> Rule:
        first = self._next()
        if first.text in self._known:
            return self._known[first.text]
        if first.text != "z":
            raise UnknownError(f"line {first.line}: {first.text} is not known")
        path = first.text
        while self._found("."):
            path += f".{self._next().text}"
        if path == "z.preprocess":
            return self._preprocess()
        arguments = self._arguments()
        if path in KINDS:
            return Rule(KINDS[path])
        if path == "z.enum":
            return Rule("enum", values=tuple(token.text for token in arguments if token.kind == "string"))
        if path == "z.union":
            return Rule("string", unchecked=("union",))
        raise UnknownError(f"line {first.line}: {path} is not known")

    def _preprocess(self) -> Rule:
        """``z.preprocess(function, schema)``: the function changes the value before the schema sees it."""
        self._expect("(")
        while not self._found(","):
            self._skip()
        rule = self.schema()
        self._found(",")
        self._expect(")")
        return rule

    @staticmethod
    def _apply(rule: Rule, method: Token, arguments: list[Token]) -> Rule:
        first = arguments[0] if arguments else None
        alone = len(arguments) < 2 or arguments[1].text == ","
        if method.text in MEANINGS:
            return MEANINGS[method.text](rule)
        if first and alone and first.kind == "number" and method.text in LIMITS:
            return LIMITS[method.text](rule, float(first.text))
        if first and alone and first.kind == "regex" and method.text == "regex":
            return replace(rule, pattern=first.text.removeprefix("/").removesuffix("/"))
        raise UnknownError(f"line {method.line}: {method.text}({''.join(a.text for a in arguments)}) is not known")

    def _arguments(self) -> list[Token]:
        """The tokens between a pair of parentheses."""
        self._expect("(")
        start = self._position
        while not self._found(")"):
            self._skip()
        return self._tokens[start : self._position - 1]

    def _skip(self) -> None:
        """Goes on after the next token or, if that opens a bracket, after the bracket."""
        token = self._next()
        closing = CLOSING.get(token.text) if token.kind == "sign" else None
        while closing and not self._found(closing):
            self._skip()

    def _next(self) -> Token:
        self._position += 1
        return self._tokens[self._position - 1]

    def _found(self, sign: str) -> bool:
        if self._position == len(self._tokens):
            raise UnknownError(f"the source ends where {sign} may follow")
        token = self._tokens[self._position]
        found = token.kind == "sign" and token.text == sign
        self._position += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._found(sign):
            token = self._tokens[self._position]
            raise UnknownError(f"line {token.line}: {token.text} stands where {sign} was expected")
