"""The picture of an environment."""

from pathlib import Path

from diagram.environment import architecture
from diagram.graph import Graph
from diagram.layout import layout
from diagram.svg import svg as draw


def svg(stacks: Path) -> str:
    """The picture of the stacks in the folder ``cdktf.out/stacks``, as one SVG file that needs no other.

    It is light, and dark where the reader's system is.

    Raises:
        FileNotFoundError: if nothing was synthesized there.
        LayoutError: if Node.js or elkjs is missing or fails.
    """
    return of(Graph.read(stacks))


def of(graph: Graph) -> str:
    """The picture of the stacks of a graph.

    Raises:
        LayoutError: if Node.js or elkjs is missing or fails.
    """
    drawn = architecture(graph)
    return draw(drawn, layout(drawn))
