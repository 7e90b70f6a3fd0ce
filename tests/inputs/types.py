"""Every setting of the model with values of other types than its own, in variables and in files."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from settings import Settings
from tests.changes.values import SETTINGS
from tests.inputs.case import BASE, CANARY, STATE, Case, file, setting, shown

DIGITS = ("١٢", "२", "４", "²", "Ⅳ")
"""Digits that are not ASCII."""
NUMBERS = (
    "", " ", "many", "1.5", "1e3", "0x10", "1,000", "1 000", "--1", "+-1", "NaN", "Infinity", "null", "true", "-1",
    "-9223372036854775809", "9" * 25, "9" * 5000, "1\n2", "1\x00", "\x1b[31m1", "${1+1}", "%{if true}1%{endif}",
    *DIGITS,
)  # fmt: skip
FLAGS = ("", " ", "maybe", "2", "-1", "tru", "null", "None", "[]", "{}", "[true]", "true\n", "${true}", "ｔｒｕｅ")
TEXTS = (
    "", " ", "\t", "\n", "x\ny", "\x00", "\x1b[31mred", "\x7f", "\x85", "\u2028", "\u202eabc", "\ufeff", "\ud800",
    "${path.cwd}", '${file("/etc/passwd")}', "%{for x in []}%{endfor}", "$${x}", "$(id)", "`id`", "*", "x" * 100_000,
    *DIGITS,
)  # fmt: skip
LISTS = ("x", "1", "{}", '{"a": 1}', "[1]", "[null]", "[[]]", "[{}]", '[""]', '["*"]', '["${path.cwd}"]', "[", '["a"')
TABLES = (
    "x", "1", "[]", "[[]]", '["a"]', '{"": "x"}', '{"A": 1}', '{"A": null}', '{"A": []}', '{"A": {}}', '{"A": true}',
    '{"A": "a\\u0000"}', '{"a\\nb": "x"}', "{", '{"A": }', '{"A": "x"',
)  # fmt: skip
IN_FILES: Mapping[str, tuple[str, ...]] = {
    "integer": ("true", "false", "1.5", "inf", "nan", "2026-01-01", "[1]", "{ a = 1 }", '"x"', "-1"),
    "boolean": ("2", "-1", "1.5", "[]", "{}", '"maybe"', "10:00:00"),
    "string": ("1", "1.5", "true", "[]", "{}", "2026-01-01", '"\\u0000"', '"\\u001b[31m"'),
    "array": ("1", "true", "{}", '"x"', "[1]", "[[]]", "[true]"),
    "object": ("1", "true", "[]", '"x"', "{ A = 1 }", "{ A = [] }", "{ A = true }"),
}
BY_TYPE = {"integer": NUMBERS, "boolean": FLAGS, "string": TEXTS, "array": LISTS, "object": TABLES}
SECRETS = (
    ({"password": CANARY}, "a secret in a table"),
    ([CANARY], "a secret in a list"),
    ([{"password": CANARY}], "a secret in a table of a list"),
)


def cases() -> Iterator[Case]:
    """Yields the cases. What a type has none of, such as a text of several lines for a number, is one too."""
    for path in SETTINGS:
        # That of a section that may be left out is a reference.
        kind = schema(path).get("type", "object")
        numbers = ["[1]"] if schema(path).get("items", {}).get("type") == "integer" else []
        yield from (setting(path, value) for value in BY_TYPE[kind] if value not in numbers)
        yield from (_in_file(path, value) for value in IN_FILES[kind] if value not in numbers)
        yield setting(path, f"https://me:{CANARY}@example.com")
        for value, what in SECRETS:
            if not (kind == "array" and isinstance(value, list)) and path != "tags":
                text = json.dumps(value)
                yield setting(path, text)
                yield _in_file(path, text.replace(": ", " = "), what)


def _in_file(path: str, value: str, what: str = "") -> Case:
    section, _, key = path.rpartition(".")
    line = f"{key} = {value}\n"
    if path == "region":
        content = line + STATE
    elif not section:
        content = BASE + line + STATE
    elif path == "state.bucket":
        content = f"{BASE}[state]\n{line}"
    else:
        content = BASE + STATE + ("" if section == "state" else f"[{section}]\n") + line
    return file(f"{path} = {what or shown(value)}, in the file", content)


def schema(path: str) -> dict[str, Any]:
    """The JSON schema of a setting."""
    root = Settings.model_json_schema()
    *sections, name = path.split(".")
    properties = root["properties"]
    for section in sections:
        reference = properties[section]
        reference = reference.get("allOf", [reference])[0]
        properties = root["$defs"][reference["$ref"].removeprefix("#/$defs/")]["properties"]
    [allowed] = [option for option in properties[name].get("anyOf", [properties[name]]) if option.get("type") != "null"]
    return dict(allowed)
