"""The architecture as a Mermaid flowchart, which GitHub draws in Markdown."""

import re
from collections import defaultdict

from diagram.architecture import AWS, CLUSTER, VPC, Architecture
from diagram.lines import lines

VERSION = re.compile(r" [0-9.]+$")


def mermaid(architecture: Architecture) -> list[str]:
    """The lines of the flowchart: a line per frame, and a line per thing that opens connections."""
    names = {part.key: _identifier(part.name) for part in architecture.parts}
    names |= {place.key: place.key for place in architecture.places}
    inside: dict[str, list[str]] = defaultdict(list)
    for part in architecture.parts:
        inside[part.place].append(f'{names[part.key]}["{part.name}"]')
    of_cluster = {place.parent for place in architecture.places if place.key == CLUSTER}
    drawn = []
    for place in architecture.places:
        if place.key == VPC:
            drawn.append(f'subgraph {place.key}["{place.name} {" ".join(place.details)}"]')
        elif inside[place.key] and place.key != CLUSTER:
            boxes = [*([_frame(architecture, CLUSTER, inside[CLUSTER])] if place.key in of_cluster else [])]
            drawn.append(_frame(architecture, place.key, [*boxes, *inside.pop(place.key)]))
    drawn.insert(len(drawn) - 1 if AWS in {place.key for place in architecture.places} else len(drawn), "end")
    free = "; ".join(box for key, boxes in inside.items() if key != CLUSTER for box in boxes)
    by_source: dict[str, list[str]] = defaultdict(list)
    for line in lines(architecture):
        label = ", ".join(line.label)
        by_source[line.source].append(
            f'-- "{label}" --> {names[line.target]}' if label else f"--> {names[line.target]}"
        )
    arrows = ["; ".join(f"{names[source]} {target}" for target in targets) for source, targets in by_source.items()]
    return ["```mermaid", "flowchart TB", *(f"  {line}" for line in [free, *drawn, *arrows]), "```"]


def _frame(architecture: Architecture, key: str, content: list[str]) -> str:
    place = next(place for place in architecture.places if place.key == key)
    return f'subgraph {key}["{place.name}"]; {"; ".join(content)}; end'


def _identifier(name: str) -> str:
    """A name without spaces and without a version."""
    return re.sub(r"[^a-z0-9]+", "-", VERSION.sub("", name).lower())
