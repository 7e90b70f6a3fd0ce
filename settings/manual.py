"""``python -m settings.manual`` writes docs/settings.md, the operators' manual of the settings.

The text is that of the docstrings, types and defaults of the models in settings/, and of settings/changes.toml.
"""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from entry_point import run
from settings import Settings, changes
from settings.load import OVERRIDE_PREFIX
from settings.section import Section

MANUAL = Path(__file__).parent.parent / "docs" / "settings.md"

INTRODUCTION = """# Settings

<!-- Written by `make docs` from settings/model.py, settings/sections and settings/changes.toml. -->

An environment is a file, `environments/<name>.toml`. Its name has at most 12 lower-case letters, digits and single
hyphens, starts with a letter, and does not end with a hyphen. `LANGFUSE_ENV` names the environment to use, `dev` if it
is not set. A setting that is not in the file has its default value.

Each setting is also an environment variable, `LANGFUSE_AWS__<SECTION>__<FIELD>`, which overrides the file. Lists are
JSON there, and replace the list of the file. Tables and whole sections are JSON too, and change only the keys that
they name: `LANGFUSE_AWS__WEB='{"cpu": 1024}'` keeps the file's `web.memory_mib`. An entry of a table has a variable of
its own, such as `LANGFUSE_AWS__TAGS__Team`. Where two variables set the same value, the one with the longer path wins.
These are the same settings in both forms:

```toml
tags = { Team = "ml" }

[web]
min_tasks = 2
```

```bash
export LANGFUSE_AWS__TAGS='{"Team": "ml"}'
export LANGFUSE_AWS__WEB__MIN_TASKS=2
```

Values are text, whatever they say: `${HOME}` is neither a variable of a shell nor an expression of Terraform.

`.venv/bin/python -m settings` validates the settings of `LANGFUSE_ENV`, without AWS credentials. It prints nothing if
they are valid. Otherwise it prints one line that says what is wrong, and exits with code 2. The line shows no value
that may be a secret. A setting of a mode that is not used is refused too (`clickhouse.configured` excepted), for
example `network.cidr` with `network.vpc_id`. A variable may make settings of the file ineffective:
`LANGFUSE_AWS__CLICKHOUSE__MODE=external` works where the file configures ClickHouse on EC2. The file is UTF-8, of at
most 100,000 bytes.

The name of a deployed environment can't be changed: another name is another environment. Nor can `region`,
`network.cidr`, `network.vpc_id` with its subnets, or fewer `network.availability_zones`: `ops plan` refuses.

"If changed" says what a change does to an environment that is deployed:

"""

TABLE = """
| setting, and its variable | allowed values | default | what it does | if changed |
| --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Writes the manual."""
    MANUAL.write_text(manual())


def manual() -> str:
    """The text of docs/settings.md."""
    schema = Settings.model_json_schema()
    docstrings = field_docstrings()
    top_level = {name: field for name, field in schema["properties"].items() if not _is_optional_section(field)}
    sections = [_section("Top level", [schema["description"]], _rows((), top_level, docstrings["Settings"]))]
    for name, field in schema["properties"].items():
        if _is_optional_section(field):
            about = f"A service that is optional. `{OVERRIDE_PREFIX}{name.upper()}__CPU` sets its `cpu`, and so on."
            sections.append(_section(name, [about], _rows((), {name: field}, docstrings["Settings"])))
        if "$ref" not in field:
            continue
        class_name = field["$ref"].removeprefix("#/$defs/")
        section = schema["$defs"][class_name]
        # Those of the class, unless Settings has others: web and worker may differ.
        for setting, default in field.get("default", {}).items():
            section["properties"][setting]["default"] = default
        about = [docstrings["Settings"].get(name, ""), section["description"]]
        sections.append(_section(name, about, _rows((name,), section["properties"], docstrings[class_name])))
        for table, fields in section["properties"].items():
            if entry := fields.get("additionalProperties", {}).get("$ref"):
                class_name = entry.removeprefix("#/$defs/")
                of_entry = schema["$defs"][class_name]
                path = (name, table, "<name>")
                rows = _rows(path, of_entry["properties"], docstrings[class_name])
                sections.append(_section(f"`{'.'.join(path)}`", [of_entry["description"]], rows, level=3))
    legend = "".join(f"- **{effect}**: {meaning}\n" for effect, meaning in changes.EFFECTS.items())
    return INTRODUCTION + legend + "".join(sections).replace("``", "`")


def field_docstrings() -> dict[str, dict[str, str]]:
    """The docstrings of the fields of the settings and their sections, by class and field.

    pydantic can do the same (``use_attribute_docstrings``), but whenever the settings are imported, which slows each
    start of ``ops`` and ``cdktf``.
    """
    return {model.__name__: dict(_docstrings(model)) for model in _models(Settings)}


def _models(model: type[Section]) -> Iterator[type[Section]]:
    """Yields a section, and those in it, also as entries of a table."""
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, Section):
                yield from _models(part)


def _docstrings(model: type[Section]) -> Iterator[tuple[str, str]]:
    [definition] = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101
    for statement, next_statement in pairwise(definition.body):
        match statement, next_statement:
            case ast.AnnAssign(target=ast.Name(id=field)), ast.Expr(value=ast.Constant(value=str(docstring))):
                yield field, inspect.cleandoc(docstring)


def _is_optional_section(field: dict[str, Any]) -> bool:
    return any("$ref" in schema for schema in field.get("anyOf", []))


def _section(title: str, about: list[str], rows: Iterator[str], *, level: int = 2) -> str:
    return f"\n{'#' * level} {title}\n\n" + "\n\n".join(filter(None, about)) + "\n" + TABLE + "".join(rows)


def _rows(section: tuple[str, ...], fields: dict[str, Any], docstrings: dict[str, str]) -> Iterator[str]:
    effects = changes.read()
    for name, field in fields.items():
        path = (*section, name)
        if "$ref" in field or path == ("name",):
            continue
        variable = OVERRIDE_PREFIX + "__".join(path).upper()
        # A row of a Markdown table is a single line.
        allowed = _allowed(field).replace("\n", "<br>")
        text = docstrings[name].replace("\n\n", "<br><br>").replace("\n", " ")
        setting = ".".join(path)
        # A change of a table's entry does what a change of the table does.
        effect = effects[setting.partition(".<")[0]]
        cells = [f"`{setting}`<br>`{variable}`", allowed, _default(field), text, _change(effect)]
        yield f"| {' | '.join(cells)} |\n"


def _allowed(field: dict[str, Any]) -> str:
    [allowed] = [schema for schema in field.get("anyOf", [field]) if schema.get("type") != "null"]
    match allowed:
        case {"description": words, "examples": [example, *_]}:
            return f"{words}, such as `{example if isinstance(example, str) else json.dumps(example)}`"
        case {"description": words}:
            return str(words)
        case {"enum": values}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"{least} to {most}"
        case {"type": "integer", "minimum": least}:
            return f"{least} or more"
        case {"type": "object"}:
            return "table of strings"
    raise TypeError(f"{field['title']}: its type needs a description")


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return "none, required"
    # Of these values, JSON and TOML differ in null only.
    return "not set" if field["default"] is None else f"`{json.dumps(field['default'])}`"


def _change(change: changes.Change) -> str:
    return f"**{change.effect}**: {change.note}" if change.note else f"**{change.effect}**"


if __name__ == "__main__":
    run("settings.manual", main)
