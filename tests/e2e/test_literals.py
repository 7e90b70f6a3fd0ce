"""Tests that real Terraform reads the text of settings as it was written."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings

from tests.e2e.conftest import run
from tests.literals import environments, settings_with_sequences, stacks, variables_of_containers

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reviews")]

EXPRESSION = re.compile(r"(?<!\$)\${[^}]*}")


def strings(value: object) -> Iterator[str]:
    """Yields every string of some JSON, keys of objects included."""
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from strings(part)
        case dict():
            for key, part in value.items():
                yield key
                yield from strings(part)


def read_by(terraform: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Returns what Terraform evaluates the strings of a configuration to."""
    with TemporaryDirectory() as folder:
        outputs = {name: {"value": text} for name, text in texts.items()}
        (Path(folder) / "main.tf.json").write_text(json.dumps({"output": outputs}))
        run(terraform, Path(folder), "apply", "-auto-approve", "-no-color")
        output = subprocess.run([terraform, "output", "-json"], cwd=folder, capture_output=True, text=True, check=True)
    return {name: output["value"] for name, output in json.loads(output.stdout).items()}


def test_sequences_are_read_as_they_were_written(terraform: str) -> None:
    """The same strings with harmless words tell what Terraform should read, and which expressions are the stacks'."""
    chosen = settings_with_sequences()
    hostile, harmless = stacks(chosen.hostile), stacks(chosen.harmless)
    texts: dict[str, str] = {}
    for name in hostile:
        pairs = zip(strings(hostile[name].json), strings(harmless[name].json), strict=True)
        for number, (text, expected) in enumerate((text, expected) for text, expected in pairs if text != expected):
            for expression in sorted(set(EXPRESSION.findall(expected))):
                expected = expected.replace(expression, "value")
                text = re.sub(rf"(?<!\$){re.escape(expression)}", "value", text)
            texts |= {f"{name}-{number}-hostile": text, f"{name}-{number}-harmless": expected}
    read = read_by(terraform, texts)
    assert read
    for name, text in read.items():
        for word, sequences in chosen.sequences.items():
            text = text.replace(word, sequences)
        assert read[name.replace("harmless", "hostile")] == text


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(environments(200))
def test_any_variable_of_the_containers_is_read_as_it_was_written(terraform: str, environment: dict[str, str]) -> None:
    services = stacks({"langfuse.environment": environment})["services"]
    definitions = {
        name: EXPRESSION.sub("value", task["container_definitions"])
        for name, task in services.resources("aws_ecs_task_definition").items()
    }
    for read in read_by(terraform, definitions).values():
        assert environment.items() <= variables_of_containers(read).items()
