"""``python -m tests.contract CLONE``: derives the rules from a clone of langfuse/langfuse, and writes
settings/variables/langfuse.json.

They are those of the default version in settings/sections/langfuse.py; CLONE must have its tag. The exit code is 1,
with one line, if a schema has something that tests/contract/zod.py does not know.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from entry_point import run
from modules.langfuse import DROPPED_ROWS_LOG
from settings.sections.langfuse import Langfuse
from settings.variables.rules import DATA, Rule
from tests.contract.zod import Schema, UnknownError, constants, schema_after

SHARED, WEB, WORKER = "packages/shared/src/env.ts", "web/src/env.mjs", "worker/src/env.ts"
WRITER = "worker/src/services/ClickhouseWriter/index.ts"


def main(clone: str) -> None:
    """Writes settings/variables/langfuse.json, or exits with the reason why not."""
    version = Langfuse().version
    try:
        schemas = derive({path: _source(clone, version, path) for path in (SHARED, WEB, WORKER, WRITER)})
    except UnknownError as error:
        sys.exit(f"Langfuse {version}: {error}")
    write(version, schemas)


def derive(sources: dict[str, str]) -> dict[str, dict[str, Rule]]:
    """Returns the rules of each schema, by its name."""
    if DROPPED_ROWS_LOG not in sources[WRITER]:
        raise UnknownError(f"{WRITER}: it no longer logs {DROPPED_ROWS_LOG!r}, which the alarm on lost rows looks for")
    return {
        "shared": _rules(sources, SHARED, "EnvSchema = z.object({"),
        "web": _rules(sources, WEB, "server: {") | _rules(sources, WEB, "client: {"),
        "worker": _rules(sources, WORKER, "EnvSchema = z.object({", constants(sources[SHARED])),
    }


def write(version: str, schemas: Mapping[str, Schema]) -> None:
    """Writes the rules, with a line for each variable."""
    text = [f'{{"version": {json.dumps(version)}']
    for name, schema in schemas.items():
        lines = [f"  {json.dumps(variable)}: {json.dumps(_stated(schema[variable]))}" for variable in sorted(schema)]
        text.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    DATA.write_text(",\n".join(text) + "}\n", encoding="utf-8")


def _stated(rule: Rule) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(Rule)}
    return {name: value for name, value in asdict(rule).items() if value != defaults[name]}


def _rules(sources: dict[str, str], path: str, opening: str, known: Schema | None = None) -> dict[str, Rule]:
    try:
        return schema_after(opening, sources[path], known)
    except UnknownError as error:
        raise UnknownError(f"{path}, {error}: teach it to tests/contract/zod.py") from None


def _source(clone: str, version: str, path: str) -> str:
    command = ["git", "-C", clone, "show", f"v{version}:{path}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    if shown.returncode:
        raise UnknownError(shown.stderr.strip())
    return shown.stdout


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("clone", help="a clone of langfuse/langfuse")
    run("tests.contract", lambda: main(parser.parse_args().clone))
