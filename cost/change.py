"""What a change costs in a month."""

from typing import NamedTuple

from cost.month import month
from cost.prices import Prices
from cost.resources import Resources
from cost.usage import Usage


class Difference(NamedTuple):
    """What resources cost more after a change.

    Args:
        usd: USD a month; less than 0 if they cost less.
        about: whether something is not counted on one side, or the prices are of another Region.
    """

    usd: float
    about: bool


def difference(before: Resources, after: Resources, prices: Prices) -> Difference:
    """What ``after`` costs more than ``before``, with the same use."""
    was, will_be = (month(resources, prices, Usage()) for resources in (before, after))
    same_gaps = (was.uncounted, was.without_price) == (will_be.uncounted, will_be.without_price)
    return Difference(will_be.total - was.total, not same_gaps or prices.region != prices.asked)
