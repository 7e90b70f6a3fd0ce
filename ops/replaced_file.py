"""Replaces a file as a whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Gives a new file in the same folder, which takes the path at the end of the ``with`` block.

    If the block fails, or is interrupted, it is deleted, and what is at the path stays as it was.

    Raises:
        typer.BadParameter: at the beginning of the block, if there can't be such a file.
    """
    # A rename would put the file in the place of a link or of a device, such as /dev/stdout.
    try:
        if path.exists() and not path.is_file():
            raise typer.BadParameter(f"{path}: is no regular file")
        target = path.resolve()
        new = target.with_name(f".ops-{os.getpid()}.tmp")
        file = new.open("x", encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        # The others are a NUL in the path, and links that lead to each other.
        why = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{path}: can't be written: {why}") from None
    try:
        with file:
            yield file
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
