"""What a rule says of a resource: how much of what, at the price of which key."""

from typing import NamedTuple


class Item(NamedTuple):
    """So much of something in a month.

    Args:
        part: the part of the environment, in the words of docs/shapes.md.
        what: what is paid for.
        quantity: how much of it, in the unit of the price.
        key: the key of the price, in ``cost/prices``.
        assumes: the names of the fields of ``Usage`` that the quantity depends on.
    """

    part: str
    what: str
    quantity: float
    key: str
    assumes: tuple[str, ...] = ()
