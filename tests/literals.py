"""Settings with text that Terraform or CDKTF would take for more than text, in every setting that accepts it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hypothesis import strategies as st

from settings import SettingsError
from tests.changes.values import SETTINGS, changed, variables
from tests.environments import EC2, RUNNING, load
from tests.synthesis import SynthesizedStack, app

SEQUENCES = (
    "${path.cwd}",
    "%{if true}yes%{endif}",
    "$${HOME}",
    "$$${a}",
    "%%{b}",
    "${not-closed",
    "${TfToken[TOKEN.0]}",
    "#{TfToken[TOKEN.0]}",
    "&{TfToken[TOKEN.0]}",
    "$",
    "*",
    "?",
)
MARKERS_OF_CDKTF = ("String Map Token Value", "Any Map Token Value", "-8.2e+298")
"""What CDKTF takes for a value of a map, if a string is nothing else, and for the token of a number."""
FREE_TEXT = {"langfuse.environment": {"LANGFUSE_ANY_TEXT": "any"}}
"""Values instead of those of ``changed``, of which no part is free."""
EVERYTHING = {**RUNNING, **EC2}
PLACE = "<place>"

Values = dict[str, object]


class Settings(NamedTuple):
    """Values of all settings that accept sequences, with these and without.

    Args:
        hostile: each with all sequences that it accepts.
        harmless: each with a word in place of them.
        sequences: those that each of the words stands for.
    """

    hostile: Values
    harmless: Values
    sequences: dict[str, str]


def settings_with_sequences() -> Settings:
    """Returns values of all settings that accept a sequence, each with the sequences at one place."""
    found = Settings({}, {}, {})
    current = load("dev", EVERYTHING)
    for number, setting in enumerate(SETTINGS):
        values = dict(changed(setting, current))
        for value in _with_place(FREE_TEXT.get(setting, values[setting])):
            accepted = ""
            for text in SEQUENCES:
                # A name has a greatest length.
                if _is_accepted({**values, setting: _filled(value, accepted + text)}):
                    accepted += text
            if accepted:
                word = f"x{number}x"
                # What a setting needs beside it may have got sequences already.
                found.hostile.update({**values, **found.hostile, setting: _filled(value, accepted)})
                found.harmless.update({**values, **found.harmless, setting: _filled(value, word)})
                found.sequences[word] = accepted
                break
    return found


def stacks(values: Values) -> dict[str, SynthesizedStack]:
    """Synthesizes the stacks with these values of settings."""
    return app("dev", {**EVERYTHING, **variables(values)})


def variables_of_containers(definitions: str) -> dict[str, str]:
    """Returns the environment variables in the definition of a container."""
    (container,) = json.loads(definitions)
    return {variable["name"]: variable["value"] for variable in container["environment"]}


def container_definitions(values: Values) -> list[str]:
    """Returns the definitions of the containers, as they are in the JSON for Terraform."""
    tasks: Mapping[str, Any] = stacks(values)["services"].resources("aws_ecs_task_definition")
    return [definition["container_definitions"] for definition in tasks.values()]


def environments(variables_count: int) -> st.SearchStrategy[dict[str, str]]:
    """Values of ``langfuse.environment`` of random pieces of templates, JSON and shell."""
    pieces = st.sampled_from(
        [*SEQUENCES, *MARKERS_OF_CDKTF, "${", "%{", "}", "{", "$", "%", '"', "\\", "'", " ", "\n", "~", "a", "é", "`"]
    )
    texts = st.lists(pieces | st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=8).map("".join)
    accepted = texts.filter(lambda text: _is_accepted({"langfuse.environment": {"LANGFUSE_ANY_TEXT": text}}))
    return st.lists(accepted, min_size=variables_count, max_size=variables_count).map(
        lambda values: {f"LANGFUSE_ANY_TEXT_{number}": value for number, value in enumerate(values)}
    )


def _with_place(value: object) -> Iterator[object]:
    """Yields the value with ``PLACE`` before or after one of its strings, each of them in turn."""
    match value:
        case str():
            yield value + PLACE
            yield PLACE + value
        case [first, *others]:
            for placed in _with_place(first):
                yield [placed, *others]
        case dict():
            for key, part in value.items():
                rest = {name: other for name, other in value.items() if name != key}
                for placed in _with_place(part):
                    yield {key: placed, **rest}
                for placed in _with_place(key):
                    yield {placed: part, **rest}


def _filled(value: object, text: str) -> object:
    """Returns the value with a text instead of ``PLACE``."""
    return json.loads(json.dumps(value).replace(PLACE, json.dumps(text)[1:-1]))


def _is_accepted(values: Values) -> bool:
    try:
        load("dev", {**EVERYTHING, **variables(values)})
    except SettingsError:
        return False
    return True
