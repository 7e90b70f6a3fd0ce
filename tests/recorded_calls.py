"""Stores the calls that tests make on an embedded AWS, for ``make roles``, which derives the policies in ``access``.

A run records if the variable ``RECORDED_CALLS`` names a folder. No role then limits what it calls.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from access.calls import general_call
from access.policies import Role, Values, values_of
from local.embedded_aws import EmbeddedAws
from settings import Settings

ACCOUNT = "000000000000"
VARIABLE = "RECORDED_CALLS"
ROLE_OF_PROGRAM: Mapping[str, Role] = {"cdktf-deploy": "deploy", "cdktf-destroy": "deploy", "ops-plan": "plan"}
"""Which role makes the calls of a program, by the name that its requests have in their user agent."""


def recording() -> bool:
    """Whether this run is to record calls."""
    return VARIABLE in os.environ


def store_calls(aws: EmbeddedAws, *environments: Settings) -> None:
    """Stores what was called since the last time, if this run is to record.

    ``environments`` are all settings that the environment was deployed with since then.
    """
    if not recording():
        return
    values = _together([values_of(settings, account=ACCOUNT) for settings in environments])
    lines = {
        json.dumps({"role": ROLE_OF_PROGRAM[call.program], **general_call(*check, values=values)._asdict()})
        for call in aws.recorded()
        if call.program in ROLE_OF_PROGRAM
        for check in call.checks
    }
    Path(os.environ[VARIABLE], f"{uuid4()}.jsonl").write_text("".join(f"{line}\n" for line in sorted(lines)))


def _together(values: Sequence[Values]) -> Values:
    names = values[0]
    return {name: list(dict.fromkeys(value for given in values for value in given[name])) for name in names}
