"""What the settings say of variables of langfuse.environment and langfuse.secrets."""

import json
import re

from settings import SettingsError
from settings.sections.langfuse import Langfuse
from settings.variables.filled import instead_of
from settings.variables.rules import EXAMPLES, Rule, contract
from settings.variables.secret_values import is_secret_name
from tests.environments import load

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:langfuse-AbCdEf"
VERSION = Langfuse().version
KNOWN = sorted(contract().variables)
SETTABLE = {name: contract().rules_of(name) for name in KNOWN if not instead_of(name) and not is_secret_name(name)}
"""Langfuse's variables that may be in langfuse.environment, and their rules."""


WRITTEN_AS_CODE = {
    "AUTH_*_CHECKS": "pkce",
    "LANGFUSE_ALLOWED_ORGANIZATION_CREATORS": "me@example.com",
    "LANGFUSE_INIT_USER_EMAIL": "me@example.com",
    "REDIS_SOCKET_TIMEOUT_MS": "0",
}
"""A right value of each variable whose rule is code."""


def refusal(environment: dict[str, str], secret: tuple[str, ...] = (), version: str = VERSION) -> str:
    """The line that refuses these variables; empty if they are accepted."""
    overrides = {
        "LANGFUSE_AWS__LANGFUSE__VERSION": version,
        "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT": json.dumps(environment),
        "LANGFUSE_AWS__LANGFUSE__SECRETS": json.dumps(dict.fromkeys(secret, ARN)),
    }
    try:
        load("dev", overrides)
    except SettingsError as error:
        return str(error)
    return ""


def right_value(name: str) -> str:
    """A value that Langfuse accepts for a variable. It accepts any for one that it does not know."""
    rule = next(iter(contract().rules_of(name)), Rule("string"))
    if rule.unchecked:
        return WRITTEN_AS_CODE[re.sub(r"AUTH_[A-Z0-9_]+_CHECKS", "AUTH_*_CHECKS", name)]
    least = rule.least if rule.least is not None else (rule.above or 0) + 1
    return {
        "enum": (*rule.values, "")[0],
        "number": f"{least:g}",
        "url": "https://example.com",
        "date": "2026-01-31",
        "datetime": "2026-01-31T00:00:00Z",
        "string": EXAMPLES.get(name, "x" * int(rule.least or 1)),
    }[rule.kind]
