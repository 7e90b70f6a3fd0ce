"""The model of an architecture: its parts, where they are, and who reaches whom."""

from typing import NamedTuple

INTERNET = "internet"
"""Outside of AWS, or in front of the VPC: no frame."""
STORAGE = "storage"
"""S3, which a VPC reaches by a way of its own: no frame."""
AWS = "aws"
"""Other services of AWS that are in no VPC."""
VPC = "vpc"
PUBLIC = "public"
PRIVATE = "private"
CLUSTER = "cluster"

ADDED = "added"
CHANGED = "changed"
REPLACED = "replaced"
DESTROYED = "destroyed"
LATER = "later"
"""Its stack can be planned only once another is applied."""


class Place(NamedTuple):
    """A frame around parts.

    Args:
        key: what parts name it by.
        name: its name.
        details: lines below the name, such as the subnets' blocks.
        parent: the place that it is in, if any.
        resources: the keys of the resources that it shows.
        state: what a plan does to it, or nothing.
    """

    key: str
    name: str
    details: tuple[str, ...] = ()
    parent: str | None = None
    resources: frozenset[str] = frozenset()
    state: str = ""


class Part(NamedTuple):
    """A box.

    Args:
        key: what edges name it by.
        name: its name.
        details: lines below the name, such as sizes.
        icon: the file of ``aws-icons``, without its ending.
        place: the key of the place that it is in.
        resources: the keys of the resources that it shows, those of its details included.
        state: what a plan does to it, or nothing.
    """

    key: str
    name: str
    details: tuple[str, ...]
    icon: str
    place: str
    resources: frozenset[str] = frozenset()
    state: str = ""


class Edge(NamedTuple):
    """The source opens connections to the target.

    Args:
        source: the key of a part.
        target: the key of a part.
        ports: the TCP ports; none for what is no connection of TCP's.
        through: the key of the part that forwards it, such as the NAT gateway's.
        note: what else to say, such as the gateway endpoint that it passes.
        state: what a plan does to it, or nothing.
    """

    source: str
    target: str
    ports: tuple[int, ...] = ()
    through: str | None = None
    note: str = ""
    state: str = ""


class Architecture(NamedTuple):
    """Everything that a picture shows.

    Args:
        title: the environment and its Region.
        planned: whether it shows what a plan does.
        places: the frames, each after the one that it is in.
        parts: the boxes.
        edges: the lines.
    """

    title: str
    places: tuple[Place, ...]
    parts: tuple[Part, ...]
    edges: tuple[Edge, ...]
    planned: bool = False
