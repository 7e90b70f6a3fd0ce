"""``python -m access RECORDED…``: derives the policies of the roles from calls that tests recorded.

Each file has one recorded call a line. Without a file, the policies are derived from ``calls.json`` as it is.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from access.calls import Call, Calls
from access.calls_file import read_calls, write_calls
from access.derivation import write_policies
from access.policies import ROLES
from access.unseen import needed_calls
from entry_point import run


def main(files: Iterable[str], *, keep: bool = False) -> None:
    """Writes ``calls.json``, if there are files, and the policies. With ``keep``, the earlier calls stay."""
    if files := list(files):
        recorded = [line for file in files for line in Path(file).read_text().splitlines()]
        if not recorded:
            raise SystemExit("access: no call was recorded")
        earlier = read_calls() if keep else {role: frozenset() for role in ROLES}
        new = _calls(recorded)
        write_calls({role: earlier[role] | new[role] for role in ROLES})
    calls = read_calls()
    for role in ROLES:
        write_policies(role, needed_calls(role, calls[role]))


def _calls(lines: Iterable[str]) -> Calls:
    recorded = [json.loads(line) for line in lines]
    return {
        role: frozenset(
            Call(entry["action"], entry["resource"], tuple(tuple(condition) for condition in entry["conditions"]))
            for entry in recorded
            if entry["role"] == role
        )
        for role in ROLES
    }


if __name__ == "__main__":
    run("access", lambda: main(sys.argv[1:]))
