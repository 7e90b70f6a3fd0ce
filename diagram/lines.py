"""The lines of a picture: edges, with what the services reach alike drawn once, so that the picture is calm."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from diagram.architecture import AWS, CHANGED, CLUSTER, INTERNET, STORAGE, Architecture, Edge


class Line(NamedTuple):
    """A line.

    Args:
        source: the key of a part, or of the place whose parts all have this line.
        target: the key of a part or a place.
        ports: the TCP ports.
        notes: what else its label says.
        out: whether it leaves the VPC, or leads to what forwards it there. Such lines are drawn back up, to the users.
        state: what a plan does to it, or nothing.
    """

    source: str
    target: str
    ports: tuple[int, ...]
    notes: tuple[str, ...]
    out: bool
    state: str = ""

    @property
    def label(self) -> tuple[str, ...]:
        """The lines of its label."""
        return (*([", ".join(map(str, self.ports))] if self.ports else []), *self.notes)


def lines(architecture: Architecture) -> list[Line]:
    """The lines, each pair of ends once."""
    place_of = {part.key: part.place for part in architecture.parts}
    services = {part.key for part in architecture.parts if part.place == CLUSTER}
    sources: dict[tuple[str, tuple[int, ...], str, str], set[str]] = defaultdict(set)
    for edge in architecture.edges:
        for one, other, ports, note in _segments(edge):
            target = AWS if place_of[other] == AWS and place_of[one] != AWS else other
            sources[target, ports, note, edge.state].add(one)
    found: dict[tuple[str, str], list[tuple[tuple[int, ...], str, str]]] = defaultdict(list)
    for (target, ports, note, state), names in sources.items():
        alike = services <= names and len(services) > 1
        for name in [*([CLUSTER] if alike else []), *sorted(names - services if alike else names)]:
            found[name, target].append((ports, note, state))
    ways_out = {edge.through for edge in architecture.edges if edge.through}
    outside = {AWS} | {part.key for part in architecture.parts if part.place in (AWS, STORAGE, INTERNET)}
    order = [*(part.key for part in architecture.parts), CLUSTER, AWS]
    return [
        Line(
            source,
            target,
            tuple(sorted({port for ports, _, _ in labels for port in ports})),
            tuple(dict.fromkeys(note for _, note, _ in labels if note)),
            out=target in outside | ways_out and source not in outside,
            state=_one({state for _, _, state in labels}),
        )
        for (source, target), labels in sorted(found.items(), key=lambda item: [order.index(end) for end in item[0]])
    ]


def _one(states: set[str]) -> str:
    """The state of what has several."""
    return states.pop() if len(states) == 1 else CHANGED


def _segments(edge: Edge) -> Iterator[tuple[str, str, tuple[int, ...], str]]:
    if edge.through:
        yield edge.source, edge.through, edge.ports, edge.note
        yield edge.through, edge.target, edge.ports, edge.note
    else:
        yield edge.source, edge.target, edge.ports, edge.note
