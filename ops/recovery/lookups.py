"""Asks AWS, about many resources at once, what it has under their names or tags."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from modules.identity import IDENTITIES
from ops.environment import AWS_ERRORS, Environment, reason
from ops.existing import existing_ids

THREADS = 8


class Answer(NamedTuple):
    """The Terraform import IDs of what AWS has, or why that is not known."""

    ids: list[str]
    problem: str = ""


def look_up(environment: Environment, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, Answer]:
    """What AWS has under the names or tags of resources.

    Args:
        environment: the environment.
        wanted: the known attributes of each resource, by its address.

    Returns:
        The answers by address, without those of resources whose other attributes must be known first, and of those
        that are no matter: a deploy makes them again without an error.
    """

    def ask(address: str) -> Answer | None:
        type_ = address.partition(".")[0]
        try:
            ids = existing_ids(environment.session, environment.settings, type_, wanted[address])
        except AWS_ERRORS as error:
            return Answer([], reason(error))
        return None if ids is None else Answer(ids)

    asked = [address for address in wanted if has_identity(address)]
    with ThreadPoolExecutor(THREADS) as pool:
        return {
            address: answer for address, answer in zip(asked, pool.map(ask, asked), strict=True) if answer is not None
        }


def has_identity(address: str) -> bool:
    """Whether a second resource of this type would be one too many."""
    identity = IDENTITIES.get(address.partition(".")[0])
    return identity is not None and not identity.made_again


def creations(plan: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The addresses and the known attributes of the resources that a plan creates, not in place of others.

    Args:
        plan: the plan, as ``terraform show -json`` writes it.
    """
    for resource in plan.get("resource_changes", []):
        change = resource["change"]
        if resource["mode"] == "managed" and change["actions"] == ["create"] and "importing" not in change:
            yield resource["address"], change["after"]
