"""The architecture of an environment."""

from diagram.architecture import Architecture
from diagram.connections import Connections
from diagram.graph import Graph
from diagram.parts import parts, places


def architecture(graph: Graph) -> Architecture:
    """The architecture of the environment whose resources these are."""
    boxes = parts(graph)
    return Architecture(
        title=f"langfuse-{graph.name} in {graph.region}",
        places=tuple(places(graph)),
        parts=tuple(boxes),
        edges=tuple(Connections(graph, boxes).all()),
    )
