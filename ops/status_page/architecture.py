"""The picture of the architecture, drawn from the stacks that the settings give."""

import sys
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.errors import OpsError
from ops.terraform import PROJECT, CommandError, run


def image() -> str:
    """Synthesizes the environment, apart from cdktf.out, and returns its picture as the URL of an image.

    Raises:
        OpsError: if it can't be synthesized or drawn.
    """
    from diagram import picture
    from diagram.layout import LayoutError

    with TemporaryDirectory() as folder:
        try:
            run(sys.executable, "main.py", folder=PROJECT, capture=True, variables={"CDKTF_OUTDIR": folder})
            svg = picture.svg(Path(folder, "stacks"))
        except CommandError:
            raise OpsError("the stacks can't be synthesized: run `make synth`, which says why") from None
        except LayoutError as error:
            raise OpsError(str(error)) from None
    # As an image of its own, its styles and ids do not meet those of the page, and nothing in it is a script.
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
