"""``docs/architecture/README.md``: the pictures, and who reaches whom as tables."""

from collections import defaultdict
from collections.abc import Mapping

from diagram.architecture import Architecture, Edge

INTRODUCTION = """\
# Architecture

<!-- Written by make diagram -->

`make diagram` draws these pictures from the Terraform JSON that synth writes: who reaches whom comes from the rules of
the security groups, the listeners, the routes, the endpoints and the containers' variables. Arrows point from what
opens a connection to what accepts it; the numbers are TCP ports. What web and worker reach alike is one arrow from the
frame around them. The pictures have a dark theme too.

`ops plan --picture plan.svg` draws the same picture with what a deploy would add, change, replace and destroy.
"""


def page(environments: Mapping[str, tuple[str, Architecture]]) -> str:
    """The page.

    Args:
        environments: by name, what to say of an environment, and its architecture.
    """
    sections = [line for name, drawn in environments.items() for line in _section(name, *drawn)]
    return "\n".join([INTRODUCTION, *sections]).rstrip("\n") + "\n"


def _section(name: str, sentence: str, architecture: Architecture) -> list[str]:
    where = {place.key: place.name for place in architecture.places}
    parts = [
        f"| {part.name} | {', '.join(part.details)} | {where.get(part.place, '')} |" for part in architecture.parts
    ]
    names = {part.key: part.name for part in architecture.parts}
    together: dict[tuple[str, Edge], list[str]] = defaultdict(list)
    for edge in architecture.edges:
        together[names[edge.target], edge._replace(source="", target="")].append(names[edge.source])
    connections = [
        f"| {', '.join(dict.fromkeys(sources))} | {target} | {', '.join(map(str, edge.ports))} |"
        f" {names[edge.through] if edge.through else edge.note} |"
        for (target, edge), sources in together.items()
    ]
    return [
        f"## {name}",
        "",
        sentence,
        "",
        f"![The architecture of {name}]({name}.svg)",
        "",
        f"The same as [PNG]({name}.png).",
        "",
        "| from | to | TCP ports | through |",
        "|---|---|---|---|",
        *connections,
        "",
        "| part | what it is | where |",
        "|---|---|---|",
        *parts,
        "",
    ]
