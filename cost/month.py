"""A month's cost, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cost.item import Item
from cost.prices import Price, Prices
from cost.resources import Resource, Resources, UnknownValueError
from cost.rules import FREE, RULES
from cost.usage import Usage

PARTS = (
    "tasks",
    "PostgreSQL",
    "Redis",
    "ClickHouse",
    "network",
    "load balancer",
    "storage",
    "secrets and key",
    "monitoring",
)
"""The parts of an environment, in the order of docs/shapes.md."""


class Line(NamedTuple):
    """A line of the bill: what resources cost together.

    Args:
        item: what is paid for, and how much of it.
        price: its price, None if the Region's file has none.
    """

    item: Item
    price: Price | None

    @property
    def usd(self) -> float:
        """USD a month; 0 without a price."""
        return self.item.quantity * self.price.usd if self.price else 0


@dataclass(frozen=True)
class Month:
    """What resources cost in a month.

    Args:
        lines: what is paid for, by part.
        free: by type, how many resources are free, and why.
        uncounted: what could not be counted, and why, by stack and address.
        prices: the prices.
        usage: the use.
    """

    lines: Sequence[Line]
    free: Mapping[str, tuple[int, str]]
    uncounted: Mapping[str, str]
    prices: Prices
    usage: Usage

    @property
    def total(self) -> float:
        """USD a month, without the lines that have no price."""
        return sum(line.usd for line in self.lines)

    @property
    def without_price(self) -> list[str]:
        """The keys that the Region's file lacks."""
        return sorted({line.item.key for line in self.lines if line.price is None})

    def parts(self) -> dict[str, float]:
        """USD a month of each part."""
        return {
            part: sum(line.usd for line in self.lines if line.item.part == part)
            for part in dict.fromkeys(line.item.part for line in self.lines)
        }


def month(resources: Resources, prices: Prices, usage: Usage) -> Month:
    """What the resources cost."""
    items: list[Item] = []
    free: dict[str, tuple[int, str]] = {}
    uncounted: dict[str, str] = {}
    for resource in resources.all:
        if resource.type in FREE:
            free[resource.type] = (free.get(resource.type, (0, ""))[0] + 1, FREE[resource.type])
            continue
        try:
            items += _items(resource, resources, usage)
        except UnknownValueError as why:
            uncounted[f"{resource.stack}: {resource.address}"] = str(why)
    lines = [Line(item, prices.get(item.key)) for item in _together(items)]
    return Month(sorted(lines, key=lambda line: PARTS.index(line.item.part)), free, uncounted, prices, usage)


def _items(resource: Resource, resources: Resources, usage: Usage) -> list[Item]:
    if resource.type not in RULES:
        raise UnknownValueError(f"there is no price rule for {resource.type}")
    return list(RULES[resource.type](resource, resources, usage))


def _together(items: Sequence[Item]) -> Iterator[Item]:
    """The items, with those of the same kind as one."""
    summed: dict[Item, float] = {}
    for item in items:
        kind = item._replace(quantity=0)
        summed[kind] = summed.get(kind, 0) + item.quantity
    return (item._replace(quantity=quantity) for item, quantity in summed.items())
