"""Tests of the pictures as files, with the layout that Node.js makes."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from diagram import picture
from diagram.architecture import Architecture
from diagram.documents import ARCHITECTURE, ENVIRONMENTS, architectures, synthesized
from diagram.environment import architecture
from diagram.graph import Graph
from diagram.layout import BOX_HEIGHT, BOX_WIDTH, Json, layout
from diagram.png import is_of
from diagram.svg import svg
from tests.environments import SECURED

pytestmark = pytest.mark.xdist_group("diagram")

ELEMENTS = {"svg", "style", "rect", "text", "tspan", "g", "title", "path", "image"}


@pytest.fixture(scope="module")
def drawn() -> Mapping[str, Architecture]:
    return architectures()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_pictures_are_those_that_make_diagram_draws(name: str, drawn: Mapping[str, Architecture]) -> None:
    placed = layout(drawn[name])
    light = svg(drawn[name], placed, dark=False)
    assert (ARCHITECTURE / f"{name}.svg").read_text() == svg(drawn[name], placed), f"{name}: run `make diagram`"
    assert is_of((ARCHITECTURE / f"{name}.png").read_bytes(), light), f"{name}: run `make diagram`"


def test_a_picture_needs_no_other_file() -> None:
    with synthesized("dev", {}) as stacks:
        text = picture.svg(stacks)
    root = ElementTree.fromstring(text)  # noqa: S314
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == ELEMENTS
    assert re.findall(r"(?:https?:)?//[^\"' ]+", re.sub(r'"data:[^"]*"', "", text)) == ["http://www.w3.org/2000/svg"]
    hrefs = [image.attrib["href"] for image in root.iter() if image.tag.endswith("}image")]
    assert all(href.startswith("data:image/svg+xml;base64,") for href in hrefs)
    assert "@media (prefers-color-scheme: dark)" in text


@pytest.mark.parametrize("name", SECURED)
def test_boxes_and_labels_do_not_cover_each_other(name: str) -> None:
    with synthesized("dev", SECURED[name]) as stacks:
        placed = layout(architecture(Graph.read(stacks)))
    labels = [label for edge in placed["edges"] for label in edge["labels"]]
    boxes = [*labels, *({"width": BOX_WIDTH, "height": BOX_HEIGHT, **box} for box in boxes_of(placed))]
    assert len(boxes) > len(labels)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            below = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            assert beside or below, (one, other)


def boxes_of(node: Json) -> list[Json]:
    children = node.get("children", [])
    return [box for child in children for box in boxes_of(child)] if children else [node]
