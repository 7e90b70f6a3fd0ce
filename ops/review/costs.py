"""What the plan of a stack adds to a month's cost."""

from cost.change import Difference, difference
from cost.prices import DEFAULT_REGION, prices_of
from cost.resources import Resource, Resources
from ops.review.terraform_plan import StackPlan

OF_A_CENT = 0.005


def monthly_difference(plan: StackPlan) -> Difference:
    """What a month costs more after the plan. What it leaves on AWS still costs."""
    before, after = [], []
    for change in plan.plan.resource_changes if plan.plan else ():
        if change.mode == "managed":
            old = Resource(plan.stack, change.address, change.type, change.before)
            new = Resource(plan.stack, change.address, change.type, change.after, change.unknown)
            before += [] if change.kind == "add" else [old]
            after += [] if change.kind == "destroy" else [old if change.kind in ("forget", "none") else new]
    found = difference(Resources(before), Resources(after), prices_of(_region(plan) or DEFAULT_REGION))
    return found if _region(plan) else found._replace(about=True)


def shown(found: Difference) -> str:
    """The difference as ``+33``, in cents below 10 USD."""
    text = "0" if abs(found.usd) < OF_A_CENT else f"{found.usd:+,.{2 if abs(found.usd) < 10 else 0}f}"
    return f"about {text}" if found.about else text


def _region(plan: StackPlan) -> str | None:
    """The Region of the plan's provider, if it is a constant of the configuration."""
    provider = plan.known_configuration.provider_config.get("aws", {})
    try:
        region = provider["expressions"]["region"]["constant_value"]
    except (KeyError, TypeError):
        return None
    return region if isinstance(region, str) and region.replace("-", "").isalnum() else None
