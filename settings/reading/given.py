"""The settings of an environment as they are given, in its file and in variables, and where each is from."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.model import Settings
from settings.reading.fields import Path
from settings.reading.overrides import Override, merged, sources


class Given:
    """What is given.

    Args:
        name: the environment's name.
        file: what messages call its file.
        values: the values in the file.
        overrides: the variables that set settings.
    """

    def __init__(self, name: str, file: str, values: Mapping[str, Any], overrides: Sequence[Override]) -> None:
        self._name = name
        self._file = file
        self._values = values
        self._overrides = overrides
        self._sources = sources(overrides)

    def settings(self) -> Settings:
        """The settings.

        Raises:
            ValidationError: if the model refuses them.
        """
        return self._validated(self._overrides)

    def where(self, path: Path) -> str:
        """The variable that set what is at a path, or else the file."""
        return self.variable(path) or self._file

    def variable(self, path: Path) -> str | None:
        """The variable that set what is at a path, if one did."""
        return next((self._sources[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._sources), None)

    def in_file(self, path: Path) -> bool:
        """Whether the file sets what is at a path."""
        value: object = self._values
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True

    def where_wrong(self, path: Path, error: ErrorDetails) -> str:
        """What to correct: the variable that set the wrong setting, else the one that it conflicts with, else the file.

        Args:
            path: the setting that the error names.
            error: the error.
        """
        if variable := self.variable(path):
            return variable
        for override in self._overrides:
            others = [other for other in self._overrides if other is not override]
            if not any(_is_same(error, other) for other in self._errors(others)):
                return override.variable
        return self._file

    def _errors(self, overrides: Sequence[Override]) -> list[ErrorDetails]:
        try:
            self._validated(overrides)
        except ValidationError as error:
            return error.errors()
        return []

    def _validated(self, overrides: Sequence[Override]) -> Settings:
        return Settings.model_validate({**merged(self._values, overrides), "name": self._name})


def _is_same(one: ErrorDetails, other: ErrorDetails) -> bool:
    return (one["loc"], one["msg"]) == (other["loc"], other["msg"])
