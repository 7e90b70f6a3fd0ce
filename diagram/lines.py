"""The lines of a picture: edges, with what the services reach alike drawn once, so that the picture is calm."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from diagram.architecture import AWS, CLUSTER, INTERNET, STORAGE, Architecture, Edge


class Line(NamedTuple):
    """A line.

    Args:
        source: the key of a part, or of the place whose parts all have this line.
        target: the key of a part or a place.
        ports: the TCP ports.
        notes: what else its label says.
        out: whether it leaves the VPC, or leads to what forwards it there: such lines are drawn back up, where users are.
    """

    source: str
    target: str
    ports: tuple[int, ...]
    notes: tuple[str, ...]
    out: bool

    @property
    def label(self) -> tuple[str, ...]:
        """The lines of its label."""
        return (*([", ".join(map(str, self.ports))] if self.ports else []), *self.notes)


def lines(architecture: Architecture) -> list[Line]:
    """The lines, each pair of ends once."""
    place_of = {part.key: part.place for part in architecture.parts}
    services = {part.key for part in architecture.parts if part.place == CLUSTER}
    sources: dict[tuple[str, tuple[int, ...], str], set[str]] = defaultdict(set)
    for edge in architecture.edges:
        for one, other, ports, note in _segments(edge):
            target = AWS if place_of[other] == AWS and place_of[one] != AWS else other
            sources[target, ports, note].add(one)
    found: dict[tuple[str, str], list[tuple[tuple[int, ...], str]]] = defaultdict(list)
    for (target, ports, note), names in sources.items():
        alike = services <= names and len(services) > 1
        for name in [*([CLUSTER] if alike else []), *sorted(names - services if alike else names)]:
            found[name, target].append((ports, note))
    ways_out = {edge.through for edge in architecture.edges if edge.through}
    outside = {AWS} | {part.key for part in architecture.parts if part.place in (AWS, STORAGE, INTERNET)}
    order = [*(part.key for part in architecture.parts), CLUSTER, AWS]
    return [
        Line(
            source,
            target,
            tuple(sorted({port for ports, _ in labels for port in ports})),
            tuple(dict.fromkeys(note for _, note in labels if note)),
            out=target in outside | ways_out and source not in outside,
        )
        for (source, target), labels in sorted(found.items(), key=lambda item: [order.index(end) for end in item[0]])
    ]


def _segments(edge: Edge) -> Iterator[tuple[str, str, tuple[int, ...], str]]:
    if edge.through:
        yield edge.source, edge.through, edge.ports, edge.note
        yield edge.through, edge.target, edge.ports, edge.note
    else:
        yield edge.source, edge.target, edge.ports, edge.note
