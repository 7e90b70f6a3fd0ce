"""The entry point of the project's commands: what a command raises becomes one line and an exit code.

It uses only the standard library, since the set-up runs before any package is installed. Commands import what takes
time inside the function that they pass to ``run``, so that Ctrl-C and errors are handled during the imports as well.
"""

import io
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import NoReturn

PROJECT = Path(__file__).resolve().parent
FAILED = 1
SIGNALLED = 128
"""Plus the signal's number, as a shell reports it: 130 after Ctrl-C."""
READER_GONE = 141
"""128 + SIGPIPE: whoever read the output, ``head`` for example, needs no more of it."""

NODE_ERROR = re.compile(r"\bE[A-Z]{3,}: (.+)")
"""An error of the operating system in what jsii raises: ``Error: ENOSPC: no space left on device, write``."""


class Ended(KeyboardInterrupt):
    """A signal that ends the process, SIGTERM for example. A command cleans up as it does after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def run(name: str, command: Callable[[], int | None]) -> NoReturn:
    """Runs a command and ends the process with its exit code.

    An error is one line on standard error, and exit code 1. Python's development mode (``PYTHONDEVMODE=1``) shows the
    traceback instead. SIGTERM and SIGHUP end the command as Ctrl-C does, by an exception.

    Args:
        name: what the line begins with, such as ``ops``.
        command: returns the exit code, or None for 0; ``sys.exit`` works as well.
    """
    _mend_standard_streams()
    try:
        with _ending_signals_raised():
            code = _exit_code(command)
            sys.stdout.flush()
    except KeyboardInterrupt as ended:
        code = SIGNALLED + (ended.number if isinstance(ended, Ended) else signal.SIGINT)
    except BrokenPipeError:
        code = READER_GONE
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        code = FAILED
        with suppress(OSError):
            print(f"{name}: {_in_one_line(error)}", file=sys.stderr)
    _discard_unwritten_output()
    sys.exit(code)


def one_line(text: str) -> str:
    """The text for a message: one line, control characters escaped, and URLs without user and password."""
    words = " ".join(text.split())
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in words)
    # One slash is left where a URL was taken for a path.
    return re.sub(r"(:/+)\S*@", r"\1", shown)


@contextmanager
def _ending_signals_raised() -> Iterator[None]:
    """Raises ``Ended`` at the first SIGTERM or SIGHUP, unless this process was started to ignore it, as by nohup."""
    default = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        # Another one must not interrupt the clean-up.
        for other in default:
            signal.signal(other, signal.SIG_IGN)
        raise Ended(number)

    for number in default:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


def _exit_code(command: Callable[[], int | None]) -> int:
    try:
        return command() or 0
    except SystemExit as ended:
        # Typer turns a broken pipe into exit code 1.
        if isinstance(ended.__context__, BrokenPipeError):
            raise ended.__context__ from None
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _in_one_line(error: Exception) -> str:
    if isinstance(error, OSError):
        # os.getcwd() is the only call whose FileNotFoundError names no file.
        lost = "the current folder" if isinstance(error, FileNotFoundError) else None
        subject = error.filename or lost
        return one_line(": ".join(str(part) for part in (subject, error.strerror or error) if part))
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, RuntimeError) and (of_node := NODE_ERROR.search(str(error))):
        return one_line(of_node[1])
    # Without the message: it may hold a secret.
    return (
        f"internal error: {type(error).__name__} in {_place(error)}: please report this line as an issue of this"
        " project (PYTHONDEVMODE=1 shows the traceback)"
    )


def _place(error: Exception) -> str:
    """The last line of this project's own code that the error passed."""
    places = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    own = [
        f"{file.relative_to(PROJECT)}:{line}"
        for file, line in places
        if file.is_relative_to(PROJECT) and not file.is_relative_to(sys.prefix)
    ]
    return own[-1] if own else "an unknown place"


def _mend_standard_streams() -> None:
    """Replaces streams that are closed, and lets no character fail that their encoding lacks."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_unwritten_output() -> None:
    """Discards output that can't be written, which Python would try again at its end, with an error of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
