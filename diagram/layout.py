"""Where each box, frame and line of a picture is. ELK, a library for layered graphs, finds the places."""

import json
import subprocess
from pathlib import Path
from typing import Any

from diagram.architecture import Architecture
from diagram.lines import Line, lines

Json = dict[str, Any]

PROJECT = Path(__file__).resolve().parent.parent
SCRIPT = Path(__file__).with_name("layout.mjs")
NOT_INSTALLED = "Node.js or node_modules is not installed: run `make setup`"

BOX_WIDTH = 204
BOX_HEIGHT = 72
LABEL_HEIGHT = 16
CHARACTER_WIDTH = 6.6
"""Of a label, in points: more than any common font needs."""
FRAME_TOP = 34
FRAME_PADDING = 18

ROOT: dict[str, str] = {
    "elk.algorithm": "layered",
    "elk.direction": "RIGHT",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.spacing.nodeNodeBetweenLayers": "44",
    "elk.layered.spacing.edgeNodeBetweenLayers": "18",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
    "elk.spacing.nodeNode": "20",
    "elk.spacing.edgeNode": "16",
    "elk.spacing.edgeEdge": "14",
    "elk.spacing.edgeLabel": "4",
    "elk.edgeLabels.inline": "true",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
}


class NotInstalledError(Exception):
    """Node.js, or what it needs, is not there."""


def layout(architecture: Architecture) -> Json:
    """ELK's graph of the architecture, with positions. Each edge has its ``line``'s number as its id.

    Raises:
        NotInstalledError: if Node.js or elkjs is missing.
    """
    return run(SCRIPT, json.dumps(elk_graph(architecture)))


def run(script: Path, text: str) -> Any:  # noqa: ANN401
    """Runs a script of this package on the text, and returns the JSON that it writes."""
    if not (PROJECT / "node_modules" / "elkjs").is_dir():
        raise NotInstalledError(NOT_INSTALLED)
    try:
        ran = subprocess.run(["node", str(script)], input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotInstalledError(NOT_INSTALLED) from None
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return json.loads(ran.stdout)


def elk_graph(architecture: Architecture) -> Json:
    """The graph as ELK reads it."""
    nodes: dict[str, Json] = {}
    root: Json = {"id": "root", "layoutOptions": ROOT, "children": []}
    occupied = {part.place for part in architecture.parts}
    for place in architecture.places:
        parents = {other.parent for other in architecture.places if other.key in occupied}
        if place.key not in occupied | parents:
            continue
        padding = f"[top={FRAME_TOP},left={FRAME_PADDING},bottom={FRAME_PADDING},right={FRAME_PADDING}]"
        nodes[place.key] = {"id": place.key, "children": [], "layoutOptions": {"elk.padding": padding}}
        (nodes[place.parent] if place.parent else root)["children"].append(nodes[place.key])
    for part in architecture.parts:
        box = {"id": part.key, "width": BOX_WIDTH, "height": BOX_HEIGHT}
        nodes.get(part.place, root)["children"].append(box)
    root["edges"] = [_edge(number, line) for number, line in enumerate(lines(architecture))]
    return root


def _edge(number: int, line: Line) -> Json:
    ends = (line.target, line.source) if line.out else (line.source, line.target)
    width = CHARACTER_WIDTH * max(map(len, line.label)) + 8
    label = {"text": "\n".join(line.label), "width": width, "height": LABEL_HEIGHT * len(line.label)}
    return {"id": str(number), "sources": [ends[0]], "targets": [ends[1]], "labels": [label]}
