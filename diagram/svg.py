"""Writes a picture as one SVG file, without any other file: light, and dark where the reader's system is."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape

from diagram.architecture import ADDED, CHANGED, DESTROYED, LATER, REPLACED, Architecture, Part, Place
from diagram.layout import BESIDE, BOX_HEIGHT, BOX_WIDTH, CHARACTER_WIDTH, LABEL_HEIGHT, PROJECT, Json
from diagram.lines import Line, lines

ICONS = PROJECT / "node_modules" / "aws-icons" / "icons"
MARGIN = 16
TITLE_HEIGHT = 34
LEGEND_HEIGHT = 26
ICON_SIZE = 40
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
FRAMES = {"vpc": "#8c4fff", "public": "#7aa116", "private": "#00a4a6", "cluster": "#ed7100", "aws": "#687078"}
"""The colours of AWS's own groups: https://aws.amazon.com/architecture/icons/"""

STYLE = """
.picture { font-family: FONT; }
.picture .paper { fill: #ffffff; }
.picture text { fill: #16191f; font-size: 12px; }
.picture .title { font-size: 17px; font-weight: bold; }
.picture .name { font-size: 13.5px; font-weight: bold; }
.picture .place { font-size: 13px; font-weight: bold; }
.picture .detail { fill: #4d5866; }
.picture .box { fill: #ffffff; stroke: #aab4c0; stroke-width: 1; }
.picture .tile { fill: #ffffff; }
.picture .line { fill: none; stroke: #4d5866; stroke-width: 1.4; }
.picture .head { fill: #4d5866; stroke: none; }
.picture .label { fill: #16191f; font-size: 11.5px; font-weight: bold; }
.picture .halo { fill: #ffffff; fill-opacity: 0.88; }
STATES"""
DARK = """
@media (prefers-color-scheme: dark) {
.picture .paper { fill: #0f141a; }
.picture text, .picture .label { fill: #eef1f5; }
.picture .detail { fill: #b4bfcc; }
.picture .box { fill: #1b232d; stroke: #53606f; }
.picture .line { stroke: #b4bfcc; }
.picture .head { fill: #b4bfcc; }
.picture .halo { fill: #0f141a; }
STATES}
"""

SYMBOLS = {ADDED: "+", CHANGED: "~", REPLACED: "±", DESTROYED: "−", LATER: "…"}  # noqa: RUF001
"""What a plan does, so that it is not told by colour alone."""
LEGEND = {
    ADDED: "is added",
    CHANGED: "changes",
    REPLACED: "is destroyed and made again",
    DESTROYED: "is destroyed",
    LATER: "is planned after the next apply",
}
MOST_CHARACTERS = 24
"""Of a line in a box."""
LEGEND_TOP = 58
LEGEND_GAP = 44
LIGHT_STATES = {ADDED: "#1a7f37", CHANGED: "#9a6700", REPLACED: "#cf222e", DESTROYED: "#cf222e", LATER: "#6e7781"}
DARK_STATES = {ADDED: "#3fb950", CHANGED: "#d29922", REPLACED: "#f85149", DESTROYED: "#f85149", LATER: "#8b949e"}
DASHES = {DESTROYED: "6 4", LATER: "2 4"}


def svg(architecture: Architecture, placed: Json, *, dark: bool = True) -> str:
    """The picture.

    Args:
        architecture: what to draw.
        placed: the graph with positions.
        dark: whether it has colours for a dark theme too. Without, it is for a renderer that knows only one.
    """
    width = round(placed["width"] + 2 * MARGIN)
    top = MARGIN + TITLE_HEIGHT + (LEGEND_HEIGHT if architecture.planned else 0)
    height = round(placed["height"] + top + MARGIN)
    light_states, dark_states = (
        (_state_styles(LIGHT_STATES, "#ffffff"), _state_styles(DARK_STATES, "#0f141a"))
        if architecture.planned
        else ("", "")
    )
    style = STYLE.replace("FONT", FONT).replace("STATES", light_states)
    style += DARK.replace("STATES", dark_states) if dark else ""
    body = "\n".join(_body(architecture, placed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="{escape(architecture.title)}">\n'
        f"<style>{style}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}"/>\n'
        f'<text class="title" x="{MARGIN}" y="{MARGIN + 14}">{escape(architecture.title)}</text>\n'
        f"{_legend(architecture)}"
        f'<g transform="translate({MARGIN} {top})">\n{body}\n</g>\n</svg>\n'
    )


def _state_styles(colours: Mapping[str, str], paper: str) -> str:
    symbol = f".picture .symbol {{ fill: {paper}; font-size: 14px; font-weight: bold; }}\n"
    return symbol + "".join(
        f".picture .{state} .box, .picture .{state} .frame, .picture .{state} .line"
        f" {{ stroke: {colour}; stroke-width: 2.4; stroke-dasharray: {DASHES.get(state, 'none')}; }}\n"
        f".picture .{state} .head, .picture .{state} .badge {{ fill: {colour}; }}\n"
        for state, colour in colours.items()
    )


def _legend(architecture: Architecture) -> str:
    """What the states mean that the picture has."""
    drawn = (architecture.places, architecture.parts, architecture.edges)
    shown = {item.state for items in drawn for item in items}
    entries, x = [], MARGIN + 12.0
    for state, text in LEGEND.items():
        if state in shown:
            entries.append(f'<g class="{state}">{_badge(state, x, LEGEND_TOP - 4)}</g>')
            entries.append(f'<text x="{x + 14:g}" y="{LEGEND_TOP}">{text}</text>\n')
            x += LEGEND_GAP + CHARACTER_WIDTH * len(text)
    return "".join(entries)


def _badge(state: str, x: float, y: float) -> str:
    return (
        f'<circle class="badge" cx="{x:g}" cy="{y:g}" r="9"/>'
        f'<text class="symbol" text-anchor="middle" x="{x:g}" y="{y + 5:g}">{SYMBOLS[state]}</text>'
    )


def _body(architecture: Architecture, placed: Json) -> Iterator[str]:
    nodes = dict(_nodes(placed))
    for place in architecture.places:
        if place.key in nodes:
            yield from _frame(place, nodes[place.key])
    drawn = lines(architecture)
    for edge in placed["edges"]:
        yield from _line(drawn[int(edge["id"])], edge)
    for part in architecture.parts:
        yield from _box(part, nodes[part.key])
    for edge in placed["edges"]:
        yield from _label(drawn[int(edge["id"])], edge)


def _nodes(node: Json) -> Iterator[tuple[str, Json]]:
    for child in node.get("children", ()):
        yield child["id"], child
        yield from _nodes(child)


def _frame(place: Place, node: Json) -> Iterator[str]:
    x, y = node["x"], node["y"]
    colour = FRAMES[place.key]
    yield (
        f'<g{_of(place.state)}><rect class="frame" x="{x:g}" y="{y:g}" width="{node["width"]:g}"'
        f' height="{node["height"]:g}" rx="8" fill="{colour}" fill-opacity="0.06" stroke="{colour}"'
        f' stroke-width="1.2"/>'
    )
    beside = place.key in BESIDE
    text = escape(" · ".join(place.details))
    details = "" if beside else f'<tspan class="detail" font-weight="normal" dx="8">{text}</tspan>'
    yield f'<text class="place" x="{x + 12:g}" y="{y + (24 if beside else 20):g}">{escape(place.name)}{details}</text>'
    for number, detail in enumerate(place.details if beside else (), 1):
        yield f'<text class="detail" x="{x + 12:g}" y="{y + 24 + 16 * number:g}">{escape(detail)}</text>'
    if place.state:
        yield _badge(place.state, x + node["width"] - 4, y + 4)
    yield "</g>"


def _box(part: Part, node: Json) -> Iterator[str]:
    x, y = node["x"], node["y"]
    yield f"<g{_of(part.state)}><title>{escape(': '.join([part.name, ', '.join(part.details)]))}</title>"
    yield f'<rect class="box" x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
    image = b64encode((ICONS / f"{part.icon}.svg").read_bytes()).decode()
    top = y + (BOX_HEIGHT - ICON_SIZE) / 2
    yield f'<rect class="tile" x="{x + 10:g}" y="{top:g}" width="{ICON_SIZE}" height="{ICON_SIZE}" rx="4"/>'
    yield (
        f'<image x="{x + 10:g}" y="{top:g}" width="{ICON_SIZE}" height="{ICON_SIZE}"'
        f' href="data:image/svg+xml;base64,{image}"/>'
    )
    first = y + BOX_HEIGHT / 2 + 5 - 8 * len(part.details)
    yield f'<text class="name" x="{x + 60:g}" y="{first:g}">{escape(_fitting(part.name))}</text>'
    for number, detail in enumerate(part.details, 1):
        yield f'<text class="detail" x="{x + 60:g}" y="{first + 16 * number:g}">{escape(_fitting(detail))}</text>'
    if part.state:
        yield _badge(part.state, x + BOX_WIDTH - 4, y + 4)
    yield "</g>"


def _fitting(text: str) -> str:
    """The text as far as a box has room for it. The box's title, which browsers show on hovering, has all of it."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _of(state: str) -> str:
    return f' class="{state}"' if state else ""


def _line(line: Line, edge: Json) -> Iterator[str]:
    for section in edge["sections"]:
        points = [section["startPoint"], *section.get("bendPoints", ()), section["endPoint"]]
        if line.out:
            points.reverse()
        path = _rounded([(point["x"], point["y"]) for point in points])
        yield f'<g{_of(line.state)}><path class="line" d="{path}"/>'
        (x, y), (before_x, before_y) = ((points[-1]["x"], points[-1]["y"]), (points[-2]["x"], points[-2]["y"]))
        length = max(abs(x - before_x), abs(y - before_y)) or 1
        dx, dy = (x - before_x) / length, (y - before_y) / length
        yield (
            f'<path class="head" d="M{x:g} {y:g}L{x - 9 * dx - 4 * dy:g} {y - 9 * dy + 4 * dx:g}'
            f'L{x - 9 * dx + 4 * dy:g} {y - 9 * dy - 4 * dx:g}Z"/></g>'
        )


def _rounded(points: list[tuple[float, float]], radius: float = 6) -> str:
    """A path with round corners."""
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path += f"L{_towards(corner, before, radius)}Q{corner[0]:g} {corner[1]:g} {_towards(corner, after, radius)}"
    return f"{path}L{points[-1][0]:g} {points[-1][1]:g}"


def _towards(corner: tuple[float, float], other: tuple[float, float], radius: float) -> str:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy) or 1
    step = min(radius, length / 2)
    return f"{corner[0] + dx / length * step:g} {corner[1] + dy / length * step:g}"


def _label(line: Line, edge: Json) -> Iterator[str]:
    for label in edge.get("labels", ()):
        x, y = label["x"], label["y"]
        yield (
            f'<rect class="halo" x="{x:g}" y="{y:g}" width="{label["width"]:g}" height="{label["height"]:g}" rx="3"/>'
        )
        for number, text in enumerate(line.label):
            yield (
                f'<text class="label" text-anchor="middle" x="{x + label["width"] / 2:g}"'
                f' y="{y + 12 + LABEL_HEIGHT * number:g}">{escape(text)}</text>'
            )
