"""The picture of the architecture, drawn from the environment's settings."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from ops.errors import OpsError


def image(stacks: Mapping[str, dict[str, Any]]) -> str:
    """The picture of synthesized stacks, as the URL of an image.

    Raises:
        OpsError: if it can't be drawn.
    """
    from diagram import picture
    from diagram.graph import Graph
    from diagram.layout import LayoutError

    try:
        svg = picture.of(Graph(stacks))
    except LayoutError as error:
        raise OpsError(str(error)) from None
    # As an image of its own, its styles and ids do not meet those of the page, and nothing in it is a script.
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
