"""How a rule is written: one function for each reason for which AWS refuses a request."""

from collections.abc import Callable
from typing import Any, NamedTuple

Request = dict[str, Any]
"""The parameters of a request, by their names in botocore's model of the service."""
Check = Callable[[Request], str | None]


class Rule(NamedTuple):
    """AWS answers an operation with the error ``code`` if ``check`` returns a message."""

    service: str
    operation: str
    code: str
    check: Check


RULES: list[Rule] = []


def refuses(service: str, *operations: str, code: str) -> Callable[[Check], Check]:
    """Registers the decorated function as the reason for which AWS refuses these operations with the error ``code``.

    ``service`` and ``operations`` are named as in botocore: ``rds`` and ``DeleteDBParameterGroup``, for example. The
    function gets the request's parameters. It returns AWS's message if AWS refuses the request, and None otherwise.
    """

    def register(check: Check) -> Check:
        RULES.extend(Rule(service, operation, code, check) for operation in operations)
        return check

    return register
