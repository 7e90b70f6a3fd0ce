"""The architecture of an environment."""

from diagram.architecture import Architecture
from diagram.connections import Connections
from diagram.graph import Graph
from diagram.parts import ELSEWHERE, parts, places


def architecture(graph: Graph) -> Architecture:
    """The architecture of the environment whose resources these are."""
    boxes = parts(graph)
    edges = Connections(graph, boxes).all()
    reached = {edge.target for edge in edges}
    return Architecture(
        title=f"langfuse-{graph.name} in {graph.region}",
        places=tuple(places(graph)),
        parts=tuple(part for part in boxes if part.key != ELSEWHERE or part.key in reached),
        edges=tuple(edges),
    )
