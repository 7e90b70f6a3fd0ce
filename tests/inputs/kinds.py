"""The kinds of inputs, in the order of the table."""

from collections.abc import Callable, Iterable

from tests.inputs import (
    arguments,
    container_variables,
    environment_files,
    formats,
    given_files,
    overrides,
    plans,
    processes,
    secret_arns,
    together,
    types,
    versions,
)
from tests.inputs.case import Case

KINDS: dict[str, Callable[[], Iterable[Case]]] = {
    "environment files": environment_files.cases,
    "variables that override": overrides.cases,
    "types of settings": types.cases,
    "formats of settings": formats.cases,
    "versions": versions.cases,
    "settings together": together.cases,
    "langfuse.environment": container_variables.cases,
    "langfuse.secrets": secret_arns.cases,
    "arguments of ops": arguments.cases,
    "files given to ops": given_files.cases,
    "plans": plans.cases,
    "processes": processes.cases,
}
