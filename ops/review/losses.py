"""What a plan loses: the data that a resource holds, and what data depends on, in the same stack or in others.

A database whose subnets go is as lost as one that is destroyed: its stack's next plan replaces it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.review.causes import follows
from ops.review.interruptions import rotation_means
from ops.review.plan_format import Change
from ops.review.references import CROSS_STACK_OUTPUT, FIRST, HOLDS_DATA, Foundations
from ops.review.terraform_plan import StackPlan
from ops.review.text import code, word

FOUNDATIONS = {
    "aws_db_subnet_group",
    "aws_elasticache_subnet_group",
    "aws_route53_zone",
    "aws_service_discovery_private_dns_namespace",
    "aws_subnet",
    "aws_vpc",
}
"""Types that data depends on wherever they are, even if the stack that holds the data was not planned."""
GONE = {"replace": "is replaced", "destroy": "is destroyed", "forget": "leaves the state, and stays on AWS"}
"""What happens to a resource that is gone afterwards, by the kind of the change."""
VERSION = "secret_string_wo_version"
NETWORK = re.compile(rf"{CROSS_STACK_OUTPUT}(?:data)?aws_(?:subnet|vpc)(?!_)")
"""The outputs for other stacks that are of a subnet or the VPC."""
PRIVATE_SUBNET = re.compile(rf"{CROSS_STACK_OUTPUT}(?:data)?aws_subnetvpc_private-[0-9]+_[0-9A-F]+id$")
"""The outputs for other stacks that are the IDs of subnets for databases: each is there while its subnet is used."""
SHOWN_FOLLOWERS = 6
FIXED = (
    "- `network.cidr`, `network.vpc_id` and its subnets can't be changed once deployed, nor fewer"
    " `network.availability_zones` be used: deploy another environment, and copy the data (docs/settings.md)"
)
"""What to do instead of losing a VPC or a subnet."""


@dataclass(frozen=True)
class Loss:
    """A change that loses data.

    Args:
        change: the change.
        followers: the data of other stacks that depends on the resource, as ``stack: address``.
        holds_data: whether the resource itself holds data.
    """

    change: Change
    followers: Sequence[str]
    holds_data: bool

    @property
    def stays(self) -> bool:
        """Whether all of the data stays on AWS, where no stack has it any more."""
        return self.change.kind == "forget" and self.holds_data and not self.followers

    def __str__(self) -> str:
        gone = f"{code(self.change.address)} {GONE[self.change.kind]}"
        if self.holds_data and not self.followers:
            return gone
        shown = self.followers[:SHOWN_FOLLOWERS]
        more = len(self.followers) - len(shown)
        follow = ", ".join(shown) + (f" and {more} more" if more else "")
        return f"{gone}, and the data that depends on it is lost too" + (f": {follow}" if follow else "")


def losses(plans: Sequence[StackPlan]) -> list[Loss]:
    """What the plans lose, the causes before what follows from them."""
    return sorted(_losses(plans, Foundations(plans)), key=lambda loss: follows(loss.change))


def _losses(plans: Sequence[StackPlan], foundations: Foundations) -> Iterator[Loss]:
    for plan in plans:
        for change in plan.changes:
            if change.kind not in GONE or rotation(change):
                continue
            holds_data = change.type in HOLDS_DATA and not FIRST.fullmatch(change.address)
            followers = [
                f"{code(address) if address else 'data'} in {word(stack)}"
                for stack, address in foundations.data_on(plan.stack, change.address)
            ]
            if holds_data or change.type in FOUNDATIONS or followers:
                yield Loss(change, followers, holds_data)


def unchangeable(plans: Sequence[StackPlan], lost: Sequence[Loss]) -> bool:
    """Whether the plans change the network in a way that a deployed environment does not allow.

    It is replaced, or loses a subnet while the VPC stays. In an existing VPC, outputs change, and the data that reads
    them is not planned yet: it gets other subnets, or fewer.
    """
    network = [loss.change for loss in lost if loss.change.type in ("aws_vpc", "aws_subnet")]
    whole = any(change.type == "aws_vpc" and change.kind == "destroy" for change in network)
    if any(change.kind == "replace" or not whole for change in network):
        return True
    foundations = Foundations(plans)
    others = any(map(NETWORK.match, foundations.changed_under_waiting_data()))
    return others or any(map(PRIVATE_SUBNET.match, foundations.deleted_under_waiting_stacks()))


def rotation(change: Change) -> str | None:
    """The version numbers, ``1 → 2``, if the change is the documented way to give a secret another value.

    The secret itself stays, and only the number of its write-only value rises: `secrets.*_version` in docs/settings.md.
    """
    before, after = change.before.get(VERSION), change.after.get(VERSION)
    rises = isinstance(before, int) and isinstance(after, int) and after > before
    secret = change.before.get("secret_id")
    stays = secret is not None and secret == change.after.get("secret_id") and not change.unknown.get("secret_id")
    if (
        change.type != "aws_secretsmanager_secret_version"
        or change.kind != "replace"
        or change.change.replace_paths != [[VERSION]]
        or not (rises and stays)
        or rotation_means(change) is None
    ):
        return None
    return f"{before} → {after}"
