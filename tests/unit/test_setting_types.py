"""Tests of every setting, as the model has them: each has a description and an example, and refuses bad values."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from settings import Settings, SettingsError
from settings.load import OVERRIDE_PREFIX
from tests.environments import load


class Text(NamedTuple):
    """A text that a setting takes: its value, or each member of its list, or each key or value of its table."""

    place: str
    type: TypeAdapter[Any]
    example: str
    wrapped: Callable[[str], object]

    def accepts(self, text: str) -> bool:
        """Whether the setting accepts the text."""
        try:
            self.type.validate_python(self.wrapped(text))
        except ValidationError:
            return False
        return True


def fields(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yields every setting's path and field."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


FIELDS = dict(fields())


def kinds(annotation: object) -> set[object]:
    """The plain types in an annotation: ``{str, None}`` of an optional string."""
    parts = get_args(annotation)
    return {get_origin(annotation) or annotation}.union(*map(kinds, parts)) if parts else {annotation}


SCHEMA = Settings.model_json_schema()


def schema_of(setting: str) -> dict[str, Any]:
    """The JSON schema of a setting, without null."""
    *sections, name = setting.split(".")
    properties = SCHEMA["properties"]
    for section in sections:
        properties = SCHEMA["$defs"][properties[section]["$ref"].removeprefix("#/$defs/")]["properties"]
    [schema] = [part for part in properties[name].get("anyOf", [properties[name]]) if part.get("type") != "null"]
    return dict(schema)


def _as_key(value: str) -> Callable[[str], object]:
    return lambda text: {text: value}


def _as_value(key: str) -> Callable[[str], object]:
    return lambda text: {key: text}


def texts() -> Iterator[Text]:
    """Yields every text of every setting. A setting whose values are an enumeration has none."""
    for name, field in FIELDS.items():
        schema = schema_of(name)
        if str not in kinds(field.annotation) or "enum" in schema:
            continue
        type_: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        match schema.get("examples", [None])[0]:
            case str(example):
                yield Text(name, type_, example, lambda text: text)
            case [member, *_]:
                yield Text(f"{name}: member", type_, member, lambda text: [text])
            case dict(example):
                [(key, value)] = example.items()
                yield Text(f"{name}: key", type_, key, _as_key(value))
                yield Text(f"{name}: value", type_, value, _as_value(key))


TEXTS = list(texts())
OTHER_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
BAD: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "a space": lambda _: " ",
    "a tab": lambda _: "\t",
    "a space at its start": lambda example: f" {example}",
    "a space at its end": lambda example: f"{example} ",
    "a newline at its end": lambda example: f"{example}\n",
    "NUL": lambda example: f"{example}\0",
    "a control character": lambda example: f"{example[:2]}\x07{example[2:]}",
    "a line separator of Unicode": lambda example: f"{example}\u2028",
    "digits of another script": lambda example: f"{example}٣",
    "letters of another script": lambda example: f"{example[:1]}а{example[1:]}",  # noqa: RUF001  Cyrillic
    "10,000 characters": lambda example: example + example[-1] * 10_000,
    "100,000 digits": lambda _: "1" * 100_000,
    "wildcards": lambda example: f"{example[:-1]}*",
    "a quoted end": lambda example: f'{example}"',
}
ANY_TEXT = "a variable of Langfuse may have any text"
ALLOWED = {
    **{
        ("langfuse.environment: value", kind): ANY_TEXT
        for kind in BAD.keys() - {"NUL", "a control character", "100,000 digits"}
    },
    ("tags: value", "empty"): "AWS allows empty values",
    **{
        (f"first.{name}", kind): "Langfuse allows every text without HTML tags as a name"
        for name in ("organization", "project")
        for kind in ("digits of another script", "letters of another script", "wildcards", "a quoted end")
    },
    **{
        (f"tags: {part}", f"{what} of another script"): "AWS allows letters and digits of every script in tags"
        for part in ("key", "value")
        for what in ("digits", "letters")
    },
}
"""What a setting accepts of ``BAD``, with the reason."""


def test_every_text_is_described_with_an_example() -> None:
    lacking = [
        name
        for name, field in FIELDS.items()
        if str in kinds(field.annotation)
        and "enum" not in (schema := schema_of(name))
        and not (schema.get("description") and schema.get("examples"))
    ]
    assert lacking == []
    assert {text.place.partition(":")[0] for text in TEXTS} >= {"state.bucket", "tags", "langfuse.secrets", "name"}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.place)
def test_an_example_is_accepted(text: Text) -> None:
    assert text.accepts(text.example)


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.place)
def test_a_bad_text_is_refused(text: Text, kind: str) -> None:
    assert text.accepts(BAD[kind](text.example)) == ((text.place, kind) in ALLOWED)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.place)
def test_no_digit_can_be_of_another_script(text: Text) -> None:
    """One at a time, since a pattern may have digits in several places."""
    if (text.place, "digits of another script") in ALLOWED:
        return
    for at in (at for at, character in enumerate(text.example) if character.isdigit()):
        other = f"{text.example[:at]}{text.example[at].translate(OTHER_DIGITS)}{text.example[at + 1 :]}"
        assert not text.accepts(other), other


ARABIC_5 = "\u0665"
INTEGERS = [name for name in FIELDS if schema_of(name).get("type") == "integer"]
BOOLEANS = [name for name in FIELDS if schema_of(name).get("type") == "boolean"]


def test_the_numbers_are_found() -> None:
    assert {"web.heap_mib", "web.cpu", "postgres.storage_gib"} <= set(INTEGERS)
    assert {"deletion_protection", "domain.cloudfront"} <= set(BOOLEANS)


def test_every_integer_has_an_upper_bound() -> None:
    """Either in its type, or by a rule with another setting."""
    for name in INTEGERS:
        refusal(name, "9" * 18)


def refusal(setting: str, value: str) -> str:
    """The error for a value of a variable."""
    with pytest.raises(SettingsError) as refused:
        load("dev", {OVERRIDE_PREFIX + setting.replace(".", "__").upper(): value})
    return str(refused.value)


@pytest.mark.parametrize("setting", INTEGERS)
def test_a_number_is_written_in_plain_digits(setting: str) -> None:
    for value in (
        "1_000",
        "+5",
        " 5",
        "5 ",
        "5\n",
        "05",
        "5.0",
        "1e3",
        "0x10",
        ARABIC_5,
        "",
        "true",
        "None",
        "9" * 5000,
    ):
        assert "integer" in refusal(setting, value), value


@pytest.mark.parametrize("setting", BOOLEANS)
def test_a_truth_value_is_true_or_false(setting: str) -> None:
    for value in ("yes", "on", "1", "0", "True", "TRUE", "t", " true", "true\n", ""):
        assert "true or false" in refusal(setting, value), value


@pytest.mark.parametrize(
    ("section", "value"),
    [("web", {"cpu": True}), ("web", {"cpu": 2048.0}), ("redis", {"nodes": None}), ("alarms", {"queue_metrics": 1})],
)
def test_a_file_has_no_other_form_of_a_number_either(section: str, value: dict[str, object]) -> None:
    file = {"name": "x", "region": "eu-central-1", "state": {"bucket": "acme-langfuse-state"}, section: value}
    with pytest.raises(ValidationError, match=r"must be|should be"):
        Settings.model_validate(file)
