"""``python -m diagram``: draws dev and prod into ``docs/architecture``, and the flowchart in the README."""

from diagram.documents import ARCHITECTURE, architectures, pages
from diagram.layout import layout
from diagram.png import png
from diagram.svg import svg
from entry_point import run


def main() -> None:
    """Draws every picture, and writes every page."""
    drawn = architectures()
    ARCHITECTURE.mkdir(exist_ok=True)
    for name, each in drawn.items():
        placed = layout(each)
        (ARCHITECTURE / f"{name}.svg").write_text(svg(each, placed))
        (ARCHITECTURE / f"{name}.png").write_bytes(png(svg(each, placed, dark=False)))
    for file, text in pages(drawn).items():
        file.write_text(text)


if __name__ == "__main__":
    run("diagram", main)
