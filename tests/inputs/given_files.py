"""The files of ``--keys``, ``--from``, ``--html`` and ``--picture``: contents, encodings, missing names, paths."""

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import typer

from ops import secret_input
from ops.clickhouse import connection
from settings.secret_variables import CLICKHOUSE_SECRETS
from tests.inputs.case import CANARY, Case, Said, command, right, says

PUBLIC = "LANGFUSE_PUBLIC_KEY=pk-lf-1\n"  # pragma: allowlist secret
SECRET = f"LANGFUSE_SECRET_KEY=sk-lf-{CANARY}\n"
GOOD_KEYS = PUBLIC + SECRET
GOOD_VALUES = {
    "CLICKHOUSE_URL": "https://abc.eu-central-1.aws.clickhouse.cloud:8443",
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://abc.eu-central-1.aws.clickhouse.cloud:9440",
    "CLICKHOUSE_USER": "langfuse",
    "CLICKHOUSE_PASSWORD": CANARY,
    "CLICKHOUSE_DB": "default",
    "CLICKHOUSE_MIGRATION_SSL": "true",
}
CONTENTS: Mapping[str, bytes | str] = {
    "an empty file": "",
    "comments alone": "# LANGFUSE_PUBLIC_KEY=x\n",
    "one of two": PUBLIC,
    "an empty value": PUBLIC + "LANGFUSE_SECRET_KEY=\n",
    "white space for a value": PUBLIC + "LANGFUSE_SECRET_KEY=  \n",
    "a name twice": GOOD_KEYS + "LANGFUSE_PUBLIC_KEY=pk-lf-2\n",  # pragma: allowlist secret
    "a name twice with one value": GOOD_KEYS + PUBLIC,
    "a secret twice": GOOD_KEYS + f"LANGFUSE_SECRET_KEY=sk-lf-2{CANARY}\n",
    "an unknown name": GOOD_KEYS + f"LANGFUSE_HOST={CANARY}\n",
    "a secret alone in a line": PUBLIC + f"{CANARY}\n",
    "a secret as a name": GOOD_KEYS + f"{CANARY}=1\n",
    "colons": GOOD_KEYS.replace("=", ": "),
    "names in small letters": GOOD_KEYS.lower().replace(CANARY, "x") + CANARY,
    "JSON": f'{{"LANGFUSE_PUBLIC_KEY": "x", "LANGFUSE_SECRET_KEY": "{CANARY}"}}',
    "UTF-16": GOOD_KEYS.encode("utf-16"),
    "Latin-1": GOOD_KEYS.encode() + "ü=1".encode("latin-1"),
    "bytes that are no text": b"\xff\xfe\xfd" + CANARY.encode(),
    "NUL bytes": b"\0" * 1000,
    "a NUL in a value": PUBLIC + f"LANGFUSE_SECRET_KEY=a\0{CANARY}\n",
    "an escape sequence in a value": PUBLIC + f"LANGFUSE_SECRET_KEY=\x1b[31m{CANARY}\n",
    "a line break of Unicode in a value": PUBLIC + f"LANGFUSE_SECRET_KEY=a\u2028{CANARY}\n",
    "a zero-width space in a value": PUBLIC + f"LANGFUSE_SECRET_KEY=\u200b{CANARY}\n",
    "a million lines": "X=1\n" * 1_000_000,
    "an escape sequence as a name": GOOD_KEYS + f"\x1b[31m={CANARY}\n",
    "a section of an INI file": f"[default]\n{GOOD_KEYS}",
    "the keys swapped": f"LANGFUSE_PUBLIC_KEY=sk-lf-{CANARY}\nLANGFUSE_SECRET_KEY=pk-lf-1\n",
}
VALUES = (
    ("CLICKHOUSE_URL", "host"), ("CLICKHOUSE_URL", "https://host"), ("CLICKHOUSE_URL", "https://host:9440"),
    ("CLICKHOUSE_URL", "http://host:8123"), ("CLICKHOUSE_URL", "https://host:8443/"),
    ("CLICKHOUSE_URL", "https://host:8443?x=1"), ("CLICKHOUSE_URL", f"https://me:{CANARY}@host:8443"),
    ("CLICKHOUSE_URL", "https://[host:8443"), ("CLICKHOUSE_URL", "https://host:x"),
    ("CLICKHOUSE_URL", "https://host:" + "9" * 5000), ("CLICKHOUSE_URL", "HTTPS://host:8443"),
    ("CLICKHOUSE_URL", "https://ho st:8443"), ("CLICKHOUSE_URL", "https://host:８443"),
    ("CLICKHOUSE_URL", "https://:8443"), ("CLICKHOUSE_URL", "https://-:8443"),
    ("CLICKHOUSE_URL", "https://host:8443 x"), ("CLICKHOUSE_URL", f"https://{CANARY}@host:8443"),
    ("CLICKHOUSE_URL", "'https://host:8443'"), ("CLICKHOUSE_MIGRATION_URL", "clickhouse://host:9000"),
    ("CLICKHOUSE_MIGRATION_URL", "clickhouse://host:8443"),
    ("CLICKHOUSE_MIGRATION_URL", f"clickhouse://me:{CANARY}@host:9440"),
    ("CLICKHOUSE_MIGRATION_URL", f"clickhouse://host:9440?password={CANARY}"),
    ("CLICKHOUSE_MIGRATION_URL", "tcp://host:9440"), ("CLICKHOUSE_USER", "a b"), ("CLICKHOUSE_USER", "a@b"),
    ("CLICKHOUSE_USER", "a:b"), ("CLICKHOUSE_USER", "é"), ("CLICKHOUSE_USER", "\x1b[31m"),
    ("CLICKHOUSE_PASSWORD", f"{CANARY}@"), ("CLICKHOUSE_PASSWORD", f"{CANARY}%40"),
    ("CLICKHOUSE_PASSWORD", f"{CANARY} x"), ("CLICKHOUSE_PASSWORD", f"'{CANARY}'"),
    ("CLICKHOUSE_PASSWORD", f'"{CANARY}"'), ("CLICKHOUSE_PASSWORD", f"{CANARY}\x00"), ("CLICKHOUSE_PASSWORD", "${x}"),
    ("CLICKHOUSE_PASSWORD", ""), ("CLICKHOUSE_DB", "a/b"), ("CLICKHOUSE_DB", "a?b"), ("CLICKHOUSE_DB", "é"),
    ("CLICKHOUSE_MIGRATION_SSL", "yes"), ("CLICKHOUSE_MIGRATION_SSL", "false"), ("CLICKHOUSE_MIGRATION_SSL", "TRUE"),
    ("CLICKHOUSE_MIGRATION_SSL", "1"),
)  # fmt: skip
PATHS: Mapping[str, Callable[[Path], object]] = {
    "no file": lambda _: None,
    "a folder": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to /dev/null": lambda path: path.symlink_to("/dev/null"),
    "a link to endless zeros": lambda path: path.symlink_to("/dev/zero"),
    "a link to a program's memory": lambda path: path.symlink_to("/proc/self/mem"),
    "a path below a file": lambda path: path.symlink_to("/dev/null/x"),
    "an empty file of a gibibyte": lambda path: _sparse(path),
}

UNWRITABLE = ("a folder", "a link to nothing", "a link to itself", "a link to /dev/null", "a path below a file")
"""Of ``PATHS``, those at which there can be no page."""


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


def cases() -> Iterator[Case]:
    """Yields the cases."""
    for what, content in CONTENTS.items():
        yield _smoke(what, content)
    yield says(_smoke("which name is twice", GOOD_KEYS + PUBLIC), "LANGFUSE_PUBLIC_KEY")
    yield says(_smoke("which name is missing", PUBLIC), "LANGFUSE_SECRET_KEY")
    for what, make in PATHS.items():
        yield command("smoke", "--keys", "{}/given", make=_at(make, "given"), what=f"--keys: {what}")
    for path in ("", " ", "\x00", "\x1b[31m", "x" * 5000, "\udcff", "a\nb", "~", "/", "."):
        yield command("smoke", "--keys", path)
    for what in UNWRITABLE:
        make = _at(PATHS[what], "page.html")
        yield says(command("status", "--html", "{}/page.html", make=make, what=f"--html: {what}"), "--html")
        make = _at(PATHS[what], "plan.svg")
        yield says(command("plan", "--picture", "{}/plan.svg", make=make, what=f"--picture: {what}"), "--picture")
    for path in (
        "",
        ".",
        "/",
        "{}",
        "{}/missing/page.html",
        "/proc/page.html",
        "/dev/stdout",
        "\x00",
        "{}/" + "x" * 300 + ".html",
        "{}/page.txt",
    ):
        yield says(command("status", "--html", path), "--html")
        yield says(command("plan", "--picture", path.replace(".html", ".svg")), "--picture")
    for path in ("{}/page.html", "{}/\x1b[31m.html", "{}/\udcff.html", "{}/a\nb.html", "{}/<script>.html"):
        yield right(command("status", "--html", path))
    yield right(command("status", "--html", "{}/page.html", files={"page.html": "old"}, what="--html: a file"))
    for name, value in VALUES:
        yield says(_from({**GOOD_VALUES, name: value}, f"{name}={value}"), name)
    for name in GOOD_VALUES:
        yield says(_from({other: GOOD_VALUES[other] for other in GOOD_VALUES if other != name}, f"no {name}"), name)
    text = "".join(f"{name}={value}\n" for name, value in GOOD_VALUES.items())
    yield says(_given("--from", "a name twice", text + f"CLICKHOUSE_PASSWORD=x{CANARY}\n"), "CLICKHOUSE_PASSWORD")
    yield _given("--from", "an unknown name", text + f"CLICKHOUSE_HOST={CANARY}\n")
    for stdin in ("", "x", GOOD_KEYS + PUBLIC, "\x00", f"{CANARY}\n"):
        yield command("smoke", "--keys", "-", stdin=stdin, what=f"--keys - with {len(stdin)} characters")
    yield command("smoke", environment="dev", what="--keys not given, and no terminal")
    yield right(_from(GOOD_VALUES, "all six values"))
    yield right(_from({**GOOD_VALUES, "CLICKHOUSE_URL": "https://clickhouse.example.com:443"}, "another port"))
    # Right ones lead to the next step, which fails here.
    for what, content in {
        "right keys": GOOD_KEYS, "comments and empty lines": f"# keys\n\n{GOOD_KEYS}",
        "line ends of Windows": GOOD_KEYS.replace("\n", "\r\n"),
        "spaces around": f"  LANGFUSE_PUBLIC_KEY = pk-lf-1\nLANGFUSE_SECRET_KEY = sk-lf-{CANARY}  \n",
        "a = in a value": GOOD_KEYS.rstrip() + "==\n",
    }.items():  # fmt: skip
        yield right(_smoke(what, content))


def _at(make: Callable[[Path], object], name: str) -> Callable[[Path], object]:
    return lambda folder: make(folder / name)


def _smoke(what: str, content: bytes | str) -> Case:
    return _given("--keys", what, content)


def _from(values: Mapping[str, str], what: str) -> Case:
    return _given("--from", what, "".join(f"{name}={value}\n" for name, value in values.items()))


def _given(option: str, what: str, content: bytes | str) -> Case:
    if option == "--keys":
        words = ["smoke", "--url", "http://127.0.0.1:9", option, "{}/given"]
        return command(*words, files={"given": content}, what=f"{option}: {what}"[:100])
    return Case(f"{option}: {what}"[:100], lambda folder: _clickhouse_values(folder, content))


def _clickhouse_values(folder: Path, content: bytes | str) -> Said:
    """What ``ops clickhouse set`` does with a file, which it reads after it has read the environment's outputs."""
    path = folder / "given"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        connection.check(secret_input.read(str(path), "--from", CLICKHOUSE_SECRETS, hidden={"CLICKHOUSE_PASSWORD"}))
    except typer.BadParameter as error:
        return Said(2, "", f"ops: {error}\n")
    except Exception:
        return Said(1, "", traceback.format_exc())
    return Said(0)
