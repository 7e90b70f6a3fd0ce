"""``python -m policy_scan``: exit code 1 if an environment has findings that no module accepts."""

import sys
from collections.abc import Mapping, Set

from entry_point import run
from policy_scan.checkov import findings
from policy_scan.configuration import Finding, acceptances, merged, synthesized
from settings.load import known_environments


def main() -> None:
    """Scans every environment, and prints what is wrong or how many findings are accepted."""
    failed: dict[Finding, str] = {}
    accepted: set[Finding] = set()
    for environment in known_environments():
        configuration = merged(synthesized(environment))
        failed |= findings(configuration)
        accepted |= acceptances(configuration)
    problems = verdict(failed, accepted)
    print("\n".join(problems) or f"checkov: nothing but the {len(accepted)} findings that the modules accept")
    sys.exit(1 if problems else 0)


def verdict(failed: Mapping[Finding, str], accepted: Set[Finding]) -> list[str]:
    """A line for each finding that no module accepts, and for each acceptance that no environment needs."""
    return [
        *(f"{finding.path}: {finding.check_id} {failed[finding]}" for finding in sorted(failed.keys() - accepted)),
        *(
            f"{finding.path}: {finding.check_id} is accepted, though no environment fails it"
            for finding in sorted(accepted - failed.keys())
        ),
    ]


if __name__ == "__main__":
    run("policy_scan", main)
