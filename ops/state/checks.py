"""What must be right with the states before Terraform reads them.

Terraform takes a state that is missing for a first deploy, and makes everything a second time.
"""

from itertools import combinations

from botocore.exceptions import ClientError

from ops.environment import Environment, OpsError
from ops.preflight_checks.names import REMAINS
from ops.state.states import OUTPUTS
from ops.terraform_state import State

MOST_NAMES = 3
SECRET_VERSION = "aws_secretsmanager_secret_version"  # noqa: S105  # pragma: allowlist secret
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def check_states(environment: Environment) -> None:
    """Checks the states of all stacks, before a plan, a deploy or a destroy.

    Raises:
        OpsError: if there is no state bucket, something is wrong with a state, or no stack has one although AWS has
            what an earlier deploy of this environment made: the way back, in one line.
    """
    states = environment.states
    found = {stack: state for stack in states.stacks() if (state := states.read(stack))}
    _check_lineages(environment, found)
    _check_secrets(found)
    # A stack beside those of OUTPUTS, such as access, may be deployed before them.
    if not found.keys() & OUTPUTS.keys() and (names := _remains(environment)):
        others = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        raise OpsError(
            f"no stack of {environment.name} has a state in s3://{states.bucket}, but an earlier deploy made"
            f" {', '.join(names[:MOST_NAMES])}{others}, so another would fail or make everything twice:"
            " `ops state versions` shows whether a state was there, `ops recover` finds what the deploy made"
        )


def _check_lineages(environment: Environment, found: dict[str, State]) -> None:
    for one, other in combinations([stack for stack in OUTPUTS if stack in found], 2):
        if found[one].lineage == found[other].lineage:
            raise environment.states.error(other, f"has the lineage of {one}'s state: one is a copy of the other")


def _check_secrets(found: dict[str, State]) -> None:
    """The provider notes last that a secret's value is write-only. Without that, it reads the value into the state."""
    for stack, state in found.items():
        for resource in state.resources:
            if resource.type == SECRET_VERSION and not resource.attributes.get("has_secret_string_wo"):
                raise OpsError(
                    f"a deploy of {stack} was interrupted at {resource.address}, and another would store its value in"
                    " the state: run `ops recover --apply`, then this again (docs/recover.md)"
                )


def _remains(environment: Environment) -> list[str]:
    names: list[str] = []
    for look in REMAINS:
        try:
            names += look(environment)
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                raise
    return names
