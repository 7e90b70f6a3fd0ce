"""Encodings, broken TOML, unknown and misplaced keys, depth, size, links, folders, pipes, names of environments."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.inputs.case import BASE, CANARY, STATE, Case, file, right, says, variables

GOOD = BASE + STATE


def cases() -> Iterator[Case]:
    """Yields the cases."""
    yield from _contents()
    yield from _paths()
    yield from _names()
    yield from _accepted()


def _contents() -> Iterator[Case]:
    contents: dict[str, bytes | str] = {
        "an empty file": "",
        "white space alone": " \n\t\n",
        "a comment alone": "# nothing",
        "UTF-16 with a byte order mark": GOOD.encode("utf-16"),
        "UTF-16 without one": GOOD.encode("utf-16-le"),
        "UTF-32": GOOD.encode("utf-32"),
        "Latin-1": 'region = "eu-central-1" # für\n'.encode("latin-1"),
        "bytes that are no UTF-8": b'region = "\xff\xfe\xfd"\n',
        "half a character": b'region = "\xe2\x82',
        "an encoded surrogate": b'region = "\xed\xa0\x80"',
        "an overlong encoding": b'region = "\xc0\xaf"',
        "NUL bytes": b"\0" * 100,
        "a NUL in a value": b'region = "eu\0"',
        "an ELF header": b"\x7fELF\x02\x01\x01" + bytes(range(256)),
        "a gzip header": b"\x1f\x8b\x08\x00" + bytes(64),
        "an escape sequence of a terminal": b'region = "\x1b[31mred"',
        "an escaped escape sequence": 'region = "\\u001b[31mred"',
        "an escape sequence in a key": GOOD + '"\\u001b]0;title\\u0007" = 1',
        "a line break in a key": '"a\\nb" = 1\n' + GOOD,
        "a right-to-left mark in a key": '"\\u202eyek" = 1\n' + GOOD,
        "a line separator in a key": '"a\\u2028b" = 1\n' + GOOD,
        "a next line character in a key": '"a\\u0085b" = 1\n' + GOOD,
        "a bare key in Cyrillic": "rеgion = 1\n" + STATE,
        "JSON": json.dumps({"region": "eu-central-1"}),
        "YAML": "region: eu-central-1\n",
        "an INI file": "[state]\nbucket: acme\n",
        "a shell script": "export REGION=eu-central-1\n",
        "XML": "<settings/>",
        "a string that is not closed": 'region = "eu-central-1',
        "a secret in a string that is not closed": f'password = "{CANARY}',
        "a secret without quotes": f"password = {CANARY}",
        "a secret without a key": f"{CANARY}\n",
        "a secret behind a value": f'region = "eu-central-1" {CANARY}\n',
        "a secret in a header that is not closed": f'[state\npassword = "{CANARY}"',
        "a string of several lines that is not closed": 'region = """\n' + "x\n" * 100,
        "an array that is not closed": "allowed_account_ids = [\n",
        "a key twice": 'region = "eu-central-1"\n' + GOOD,
        "a section twice": GOOD + STATE,
        "a section and a value of one name": "state = 1\n" + STATE,
        "a dotted key through a value": 'region = "x"\nregion.x = 1\n',
        "a key without a value": "region =\n",
        "a value without a key": '= "eu-central-1"\n',
        "an array of tables for a section": BASE + "[[state]]\nbucket = 'acme-langfuse-state'\n",
        "a section that is a string": BASE + 'state = "acme-langfuse-state"\n',
        "a section that is a list": BASE + "state = []\n",
        "a section that is a number": GOOD + "[web.cpu]\nx = 1\n",
        "a section that is a date": "web = 2026-01-01\n" + GOOD,
        "a section in a section": GOOD + "[state.state]\nbucket = 'x'\n",
        "a misspelt section": GOOD + "[postgre]\nversion = '15'\n",
        "a section in capitals": GOOD + "[POSTGRES]\nversion = '15'\n",
        "a misspelt key": GOOD + "[postgres]\nversoin = '15'\n",
        "a secret under a misspelt key": GOOD + f"[postgres]\npasword = '{CANARY}'\n",
        "a secret under a misspelt section": GOOD + f"[mail]\npassword = '{CANARY}'\n",
        "a secret at the top": f"smtp_password = '{CANARY}'\n" + GOOD,
        "a secret in a table where a text must be": GOOD + f"[postgres]\nversion = {{ password = '{CANARY}' }}\n",
        "a secret in a list where a text must be": GOOD + f"[postgres]\nversion = ['{CANARY}']\n",
        "a secret in a table where a number must be": GOOD + f"[web]\ncpu = {{ secret = '{CANARY}' }}\n",
        "a secret in a table where a flag must be": GOOD + f"[postgres]\nmulti_az = {{ secret = '{CANARY}' }}\n",
        "a secret where a section must be": BASE + f"state = '{CANARY}'\n",
        "a secret in a list where a section must be": BASE + f"state = ['{CANARY}']\n",
        "the name of the environment": 'name = "prod"\n' + GOOD,
        "the name of the environment, which is a table": GOOD + "[name]\nx = 1\n",
        "a required section less": BASE,
        "a required setting less": STATE,
        "an empty section": BASE + "[state]\n",
        "a number of 5,000 digits": GOOD + f"[web]\ncpu = {'9' * 5000}\n",
        "a negative number of 5,000 digits": GOOD + f"[web]\ncpu = -{'9' * 5000}\n",
        "a number of 4,000 digits": GOOD + f"[web]\ncpu = {'9' * 4000}\n",
        "a hexadecimal number of 100,000 digits": GOOD + f"[web]\ncpu = 0x{'f' * 100_000}\n",
        "infinity": GOOD + "[web]\ncpu = inf\n",
        "not a number": GOOD + "[web]\ncpu = nan\n",
        "a date": GOOD + "[web]\ncpu = 2026-01-01\n",
        "a time": GOOD + "[web]\ncpu = 10:00:00\n",
        "a date that does not exist": GOOD + "[web]\ncpu = 2026-02-31\n",
        "a list 5,000 deep": "tags = " + "[" * 5000 + "]" * 5000 + "\n" + GOOD,
        "a list 300 deep": "tags = " + "[" * 300 + "]" * 300 + "\n" + GOOD,
        "a table 500 deep": "tags = " + "{a = " * 500 + "1" + "}" * 500 + "\n" + GOOD,
        "a table 5,000 deep": "tags = " + "{a = " * 5000 + "1" + "}" * 5000 + "\n" + GOOD,
        "a dotted key 3,000 deep": ".".join("a" * 3000) + " = 1\n" + GOOD,
        "a header 3,000 deep": GOOD + "[" + ".".join("a" * 3000) + "]\n",
        "a key of a million characters": "k" * 1_000_000 + " = 1\n" + GOOD,
        "a value of a million characters": f'region = "{"x" * 1_000_000}"\n' + STATE,
        "2,000 unknown keys": "".join(f"k{number} = 1\n" for number in range(2000)) + GOOD,
        "an unknown escape sequence": 'region = "\\q"\n',
        "a code point beyond Unicode": 'region = "\\UFFFFFFFF"\n',
        "a surrogate as an escape sequence": 'region = "\\ud800"\n',
        "a null": "region = null\n",
        "an include of another file": "!include prod.toml\n" + GOOD,
        "a merge conflict": "<<<<<<< HEAD\n" + GOOD + "=======\n" + GOOD + ">>>>>>> other\n",
        "two byte order marks": "\ufeff\ufeff" + GOOD,
        "typographic quotation marks": "region = “eu-central-1”\n" + STATE,
        "a no-break space": "region\u00a0=\u00a0'eu-central-1'\n" + STATE,
    }
    for what, content in contents.items():
        yield file(what, content)
    yield says(file("which file it is", "region = \n"), "acme.toml")


def _paths() -> Iterator[Case]:
    yield file("a folder", lambda path: path.mkdir())
    yield file("a folder with a file in it", lambda path: (path / "x").mkdir(parents=True))
    yield file("a link to nothing", lambda path: path.symlink_to("nowhere"))
    yield file("a link to itself", lambda path: path.symlink_to(path.name))
    yield file("a link to a folder", lambda path: path.symlink_to("."))
    yield file("two links to each other", _two_links)
    yield file("a link to /dev/null", lambda path: path.symlink_to("/dev/null"))
    yield file("a link to endless zeros", lambda path: path.symlink_to("/dev/zero"))
    yield file("a pipe that nobody writes to", lambda path: os.mkfifo(path))
    yield file("a socket", _socket)
    yield file("a link to a file below a file", lambda path: path.symlink_to("/dev/null/x"))
    yield file("a link to a program's memory", lambda path: path.symlink_to("/proc/self/mem"))
    yield file("a file of a gibibyte without content", _sparse)
    yield file("no file", lambda _: None)


def _two_links(path: Path) -> None:
    path.symlink_to("other")
    path.with_name("other").symlink_to(path.name)


def _socket(path: Path) -> None:
    here = Path.cwd()
    # The address of a socket has 108 bytes at most.
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    with path.open("wb") as file_:
        file_.truncate(1 << 30)


def _names() -> Iterator[Case]:
    for name in (
        "staging", "DEV", "acme.toml", "../acme", "./acme", "/etc/passwd", "acme ", " acme", "a\nb", "a\x1b[31m", "..",
        "acme/", "*", "?cme", "${HOME}", "%s", "{name}", "x" * 5000, "acmé", "\u202eemca", "\udcff", "a\x7f",
    ):  # fmt: skip
        yield variables({"LANGFUSE_ENV": name})
    for name in (
        "a-", "prod-", "a--b", "-a", "1a", "Prod", "a_b", "a.b", "a b", "abcdefghijklm", "é", "a\u0661", "${x}", "a\nb",
        "a\x1b[31m", "%{x}", "x" * 200,
    ):  # fmt: skip
        yield _named(name)
    for name in ("a", "a1", "a-b", "prod-eu", "abcdefghijkl", "a-b-c-d", "dev2"):
        yield right(_named(name))


def _named(name: str) -> Case:
    def make(folder: Path) -> None:
        (folder / f"{name}.toml").write_text(GOOD)

    return variables({"LANGFUSE_ENV": name}, what=f"an environment {ascii(name)[:40]}", make=make)


def _accepted() -> Iterator[Case]:
    contents: dict[str, bytes | str] = {
        "the smallest file": GOOD,
        "line ends of Windows": GOOD.replace("\n", "\r\n"),
        "comments in other alphabets": "# für 人 🙂\n" + GOOD,
        "quoted keys": '"region" = "eu-central-1"\n["state"]\n"bucket" = "acme-langfuse-state"\n',
        "dotted keys": BASE + 'state.bucket = "acme-langfuse-state"\n',
        "an inline table": BASE + 'state = { bucket = "acme-langfuse-state" }\n',
        "literal strings": GOOD.replace('"', "'"),
        "strings of three quotes": GOOD.replace('"', '"""'),
        "no line break at the end": GOOD.rstrip(),
        "an underscore in a number": GOOD + "[web]\ncpu = 2_048\n",
        "a hexadecimal number": GOOD + "[web]\ncpu = 0x800\n",
        "empty sections": GOOD + "[web]\n[worker]\n[domain]\n",
        "a tag in another alphabet": GOOD + '[tags]\n"Équipe" = "données 人"\n',
    }
    for what, content in contents.items():
        yield right(file(what, content))
    yield right(file("a link to a file", _link))


def _link(path: Path) -> None:
    path.with_name("real.toml").write_text(GOOD)
    path.symlink_to("real.toml")
