"""Replaces a file as a whole, or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer


@contextmanager
def replaced(path: Path, option: str) -> Iterator[TextIO]:
    """Gives a new file in the same folder, which takes the path at the end of the ``with`` block.

    If the block fails, or is interrupted, it is deleted, and what is at the path stays as it was. Whoever may read that
    may read the new file, and nobody else. ``option`` is the argument that has the path, for the message.

    Raises:
        typer.BadParameter: at the beginning of the block, if there can't be such a file.
    """
    # The file would take the place of a device, such as /dev/stdout, or of a link that leads nowhere.
    try:
        if (path.exists() or path.is_symlink()) and not path.is_file():
            raise typer.BadParameter(f"{option}: {path}: is no regular file")
        target = path.resolve()
        new = target.with_name(f".ops-{os.getpid()}.tmp")
        file = new.open("x", encoding="utf-8")
    except (OSError, ValueError) as error:
        # The latter is a NUL in the path.
        why = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{option}: {path}: can't be written: {why}") from None
    try:
        with file:
            if target.exists():
                new.chmod(stat.S_IMODE(target.stat().st_mode))
            yield file
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
