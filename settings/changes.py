"""What a change of each setting does to an environment that is deployed.

settings/changes.toml has one table per setting. ``make changes`` tests the effects on deployed environments.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

FILE = Path(__file__).with_name("changes.toml")

Effect = Literal["nothing", "in place", "restarts", "replaces", "refused"]
EFFECTS: Mapping[Effect, str] = {
    "nothing": "No resource changes.",
    "in place": "AWS changes resources while Langfuse runs.",
    "restarts": "Something restarts, and keeps its data. ECS starts new tasks before it stops the old ones.",
    "replaces": "Terraform deletes resources, and most often creates others in their place.",
    "refused": "Nothing is changed. The note says who refuses, and what to do instead.",
}
assert tuple(EFFECTS) == get_args(Effect)  # noqa: S101


class Change(NamedTuple):
    """What a change of a setting does.

    Args:
        effect: what it does.
        note: to what, for how long, and what to do, for the manual.
        elsewhere: the effect in the environments, by name, where it is another one.
    """

    effect: Effect
    note: str
    elsewhere: Mapping[str, Effect] = {}

    def effect_in(self, environment: str) -> Effect:
        """The effect in an environment, by its name."""
        return self.elsewhere.get(environment, self.effect)


def read() -> dict[str, Change]:
    """The changes, by setting."""
    return {
        setting: Change(table.pop("effect"), table.pop("note", ""), table)
        for setting, table in tomllib.loads(FILE.read_text()).items()
    }


def write(changes: Mapping[str, Change]) -> None:
    """Writes the changes to the file, below the comment at its top."""
    comment = FILE.read_text().partition("\n[")[0]
    tables = [f'\n["{setting}"]\n{"".join(_lines(change))}' for setting, change in changes.items()]
    FILE.write_text("".join([comment, *tables]))


def _lines(change: Change) -> Iterator[str]:
    for key, value in {"effect": change.effect, **change.elsewhere, "note": change.note}.items():
        if value:
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
