"""Where each box, frame and line of a picture is. ELK, a library for layered graphs, finds the places."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from diagram.architecture import AWS, CLUSTER, PRIVATE, PUBLIC, Architecture, Place
from diagram.lines import Line, lines

Json = dict[str, Any]

PROJECT = Path(__file__).resolve().parent.parent
SCRIPT = Path(__file__).with_name("layout.mjs")
NOT_INSTALLED = "Node.js or node_modules is not installed: run `make setup`"

BOX_WIDTH = 212
BOX_HEIGHT = 76
LABEL_HEIGHT = 16
CHARACTER_WIDTH = 6.6
"""Of a label, in points: more than any common font needs."""
FRAME_PADDING = 18
HEADING_HEIGHT = 30
HEADING_WIDTH = 138
"""Of the headings at the left of a frame, which lines from above do not cross."""
STORAGE_BOX = "aws_s3_bucket"
BESIDE = (PUBLIC, PRIVATE, CLUSTER)
"""The frames with their heading at the left."""

ROOT: dict[str, str] = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.crossingMinimization.forceNodeModelOrder": "true",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.spacing.nodeNodeBetweenLayers": "40",
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

PACKED = {
    AWS: {
        "elk.hierarchyHandling": "SEPARATE_CHILDREN",
        "elk.algorithm": "rectpacking",
        "elk.aspectRatio": "2",
        "elk.spacing.nodeNode": "12",
    }
}
"""Of a frame whose boxes no line reaches."""
GAP = 20
"""Between boxes side by side."""


class LayoutError(Exception):
    """Node.js, or what it needs, is not there or fails; and what to do about it."""


def layout(architecture: Architecture) -> Json:
    """ELK's graph of the architecture, with positions. The id of an edge is the number of its line.

    Raises:
        LayoutError: if Node.js or elkjs is missing or fails.
    """
    placed = _run(elk_graph(architecture))
    _place_services(architecture, placed)
    return placed


def _run(graph: Json) -> Json:
    node, text = check_installed(), json.dumps(graph)
    ran = subprocess.run([node, str(SCRIPT)], input=text, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise LayoutError(f"Node.js ended with exit code {ran.returncode}: run `make setup`")
    return dict(json.loads(ran.stdout))


def check_installed() -> str:
    """Checks that what draws a picture is there, and returns the path of Node.js: the virtual environment's, if any.

    Raises:
        LayoutError: if Node.js or its packages are missing.
    """
    packages = [PROJECT / "node_modules" / name for name in ("elkjs", "aws-icons")]
    node = shutil.which("node", path=os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)]))
    if node is None or not all(folder.is_dir() for folder in packages):
        raise LayoutError(NOT_INSTALLED)
    return node


def elk_graph(architecture: Architecture) -> Json:
    """The graph as ELK reads it."""
    root: Json = {"id": "root", "layoutOptions": ROOT, "children": []}
    nodes = {place.key: _frame(place) for place in architecture.places}
    nodes[CLUSTER] = _cluster(architecture)
    for part in architecture.parts:
        if part.place != CLUSTER:
            box = {"id": part.key, "width": BOX_WIDTH, "height": BOX_HEIGHT}
            nodes.get(part.place, root)["children"].append(box)
    # From the innermost, so that a frame without anything in it is left out.
    for place in reversed(architecture.places):
        if place.key == CLUSTER or nodes[place.key]["children"]:
            siblings = nodes[place.parent]["children"] if place.parent else root["children"]
            siblings.insert(0 if place.parent else len(siblings), nodes[place.key])
    root["edges"] = [_edge(architecture, number, line) for number, line in enumerate(lines(architecture))]
    return root


def _frame(place: Place) -> Json:
    top, left = (FRAME_PADDING, HEADING_WIDTH) if place.key in BESIDE else (HEADING_HEIGHT, FRAME_PADDING)
    padding = f"[top={top},left={left},bottom={FRAME_PADDING},right={FRAME_PADDING}]"
    return {"id": place.key, "children": [], "layoutOptions": {"elk.padding": padding} | PACKED.get(place.key, {})}


def _services(architecture: Architecture) -> list[str]:
    return [part.key for part in architecture.parts if part.place == CLUSTER]


def _service_x(architecture: Architecture, key: str) -> int:
    """The left edge of a service's box in its frame."""
    return HEADING_WIDTH + _services(architecture).index(key) * (BOX_WIDTH + GAP)


def _cluster(architecture: Architecture) -> Json:
    """The frame of the services, which are side by side in it. Lines meet it at ports, so that each is straight."""
    services = _services(architecture)
    width = _service_x(architecture, services[-1]) + BOX_WIDTH + FRAME_PADDING
    height = BOX_HEIGHT + 2 * FRAME_PADDING
    ports = []
    drawn = [(number, line) for number, line in enumerate(lines(architecture)) if {CLUSTER, *services} & set(line[:2])]
    down = [number for number, line in drawn if line.source in (CLUSTER, *services) and not line.out]
    up = [number for number, line in drawn if line.out]
    for number, line in drawn:
        inner = line.source if line.source in services else line.target if line.target in services else None
        if number in down:
            x, y = width * (down.index(number) + 1) / (len(down) + 1), height
        elif inner:
            x, y = _service_x(architecture, inner) + BOX_WIDTH / 2, 0
        elif line.target == STORAGE_BOX:
            x, y = HEADING_WIDTH / 2, 0
        else:
            x, y = width - FRAME_PADDING - BOX_WIDTH * (up[::-1].index(number) + 1) / (len(up) + 1), 0
        ports.append({"id": f"port-{number}", "width": 0, "height": 0, "x": x, "y": y})
    return {
        "id": CLUSTER,
        "width": width,
        "height": height,
        "ports": ports,
        "layoutOptions": {"elk.portConstraints": "FIXED_POS"},
    }


def _edge(architecture: Architecture, number: int, line: Line) -> Json:
    inside = {CLUSTER, *_services(architecture)}
    source, target = (f"port-{number}" if end in inside else end for end in line[:2])
    ends = (target, source) if line.out else (source, target)
    width = CHARACTER_WIDTH * max(map(len, line.label)) + 8
    label = {"text": "\n".join(line.label), "width": width, "height": LABEL_HEIGHT * len(line.label)}
    return {"id": str(number), "sources": [ends[0]], "targets": [ends[1]], "labels": [label]}


def _place_services(architecture: Architecture, placed: Json) -> None:
    """Adds the services' boxes to their frame, and extends the lines of each from the frame to its box."""
    cluster = find(placed, CLUSTER)
    services = _services(architecture)
    cluster["children"] = [
        {"id": key, "x": cluster["x"] + _service_x(architecture, key), "y": cluster["y"] + FRAME_PADDING}
        for key in services
    ]
    for edge, line in zip(placed["edges"], lines(architecture), strict=True):
        for section in edge["sections"]:
            for point in (section["startPoint"], section["endPoint"]):
                if {line.source, line.target} & set(services) and point["y"] == cluster["y"]:
                    point["y"] += FRAME_PADDING
                elif {line.source, line.target} & set(services) and point["y"] == cluster["y"] + cluster["height"]:
                    point["y"] -= FRAME_PADDING


def find(node: Json, key: str) -> Json:
    """The node with this id below the node."""
    below = {child["id"]: child for child in node.get("children", ())}
    return below[key] if key in below else next(find(child, key) for child in below.values() if _has(child, key))


def _has(node: Json, key: str) -> bool:
    return any(child["id"] == key or _has(child, key) for child in node.get("children", ()))
