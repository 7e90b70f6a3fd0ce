"""Every command and option of ``ops``, taken from the program itself; URLs, ages, counts, versions."""

from collections.abc import Iterator

from typer.core import TyperCommand, TyperOption

from tests.inputs.case import CANARY, Case, command, right, says
from tests.unit.test_ops_help import COMMANDS

INTEGERS = (
    "", " ", "x", "1.5", "1e3", "0x10", "--", "-1", "-99999", "9" * 5000, "²", "NaN", "inf", "1 2", "\x1b[31m",
    "\udcff", "1,000", "${x}",
)  # fmt: skip
CHOICES = ("", " ", "x", "WEB", "Legacy", "web ", "\x1b[31m", "x" * 100_000, "\u202e", "\udcff", "*", "a\nb")
UNKNOWN = (
    "--nonsense",
    "--nonsense=1",
    f"--password={CANARY}",
    "-Z",
    "--\x1b[31m",
    "--\n",
    "--" + "x" * 100_000,
    "--\udcff",
    "---",
    "-",
)
VERSIONS = (
    "", " ", "4", "4.16", "v4.16.0", "4.16.0-rc.1", "4.16.0.1", "4.16.x", "latest", "4.16.०", "４.16.0", "04.16.0",
    "4.016.0", "-1.0.0", "3.169.0", "2.0.0", "0.0.0", "9" * 5000 + ".0.0", "4.16.0\n", " 4.16.0",
    "4.16.0\x00", "4.16.0;id", "${x}", "\x1b[31m", "4..0",
)  # fmt: skip
COUNTS = (
    "web", "web=", "=1", "web=-1", "web=x", "web=1.5", "web=1e3", "web=1001", "web=" + "9" * 5000, "db=1", "WEB=1",
    "web=1=2", "web = 1", "web=1,worker=2", "web:1", "web=²", "web=१", "web=１", "web= 1", "web=1\n", "web=+1",
    "web=0x1", "web=1_0", "=", "", " ", "web=\x1b[31m", "\udcff=1", "web=٣", "web=01x",
)  # fmt: skip
AGES = (
    "", "yesterday", "10", "m", "10M", "10 m", "-10m", "1.5h", "10m10s", "+10m", "1w", "1y", "10min", "१m", "１0m",
    "9" * 5000 + "d", "10m\n", "99999999999d", "999999999d", "\x1b[31m", "0x1m", "1e1m", "10µs",
)  # fmt: skip
URLS = (
    " ", "x", "localhost", "ftp://localhost", "http://", "https://", "http:///x", "http://:80", "http://localhost:x",
    "http://localhost:0", "http://localhost:99999", "http://[::1", "http://[x]", "http://local host",
    "file:///etc/passwd", "javascript:alert(1)", "http://localhost:9\n", "http://\x1b[31m", "http://localhost:-1",
    "http:localhost", "//localhost", f"http://me:{CANARY}@localhost:9", f"http://{CANARY}@localhost:9",
    f"http://:{CANARY}@localhost:9", f"ftp://me:{CANARY}@localhost", f"http://me:{CANARY}@localhost:x",
    f"me:{CANARY}@localhost", f"http://me:{CANARY}@", f"http://localhost:9/?token={CANARY}",
    f"http://localhost:9/#{CANARY}", "http://localhost:9/?x=y", "http://localhost:9/#x", "http://" + "x" * 100_000,
    "http://a..b", "http://local\u202ehost:9", "http://localhost\\x", "http://\udcff", "http://localhost:９",
)  # fmt: skip
STACKS = (
    "", " ", "data/", "../data", "data.tfstate", "s3://bucket/data", "da ta", "data\n", "dâta", "*", "x" * 65,
    "x" * 100_000, "\x1b[31m", "\u202e", "\udcff", "${x}", CANARY + "=",
)  # fmt: skip
OBJECT_VERSIONS = (
    "", " ", "a b", "a\n", "-", "-1", "*", "${x}", "a;b", "a\"b", "x" * 1025, "x" * 100_000, "\x1b[31m",
    "\u202e", "\udcff", "à", "%00", "s3://bucket/key",
)  # fmt: skip
KEYS = "LANGFUSE_PUBLIC_KEY=pk-lf-1\nLANGFUSE_SECRET_KEY=" + CANARY + "\n"


def cases() -> Iterator[Case]:
    """Yields the cases."""
    for name, found in COMMANDS.items():
        yield from _of(tuple(name.split()[1:]), found)
    for typed in (
        ["restart"], ["PLAN"], ["plan "], ["statu"], ["clickhouse", "get"], ["clickhouse", "--apply"], ["\x1b[31m"],
        ["state", "list"], ["state", "--apply"], ["state", "restore", "a", "b"],
        ["x" * 100_000], ["\udcff"], ["--nonsense"], ["-h", "-x"], ["a\nb"], [f"--password={CANARY}"],
    ):  # fmt: skip
        yield command(*typed)
    for count in COUNTS:
        yield command("scale", count)
    yield says(command("scale", "web=1", "web=2"), "twice")
    yield says(command("scale", "web=1", "worker=1", "web=1"), "twice")
    for version in VERSIONS:
        yield command("upgrade", version)
    for version in ("5.0.0", "99.0.0"):
        yield command("upgrade", version, environment="dev")
    for age in AGES:
        yield command("logs", "web", "--since", age)
    for stack in STACKS:
        yield command("state", "versions", stack)
    for version in OBJECT_VERSIONS:
        yield command("state", "restore", version)
    for service in CHOICES:
        yield command("logs", service)
        yield command("redeploy", service)
        yield command("upgrade", "4.16.0", "--write-mode", service)
    yield command("logs", "web", "--errors", "--filter", "x")
    yield command("redeploy", "web", "db")
    yield says(command("keys", "--show"), "terminal")
    yield says(command("status", "--html", "{}/page.html", "--json"), "--json")
    yield says(command("keys", "--show", "--json"), "--json")
    for url in URLS:
        yield command("smoke", "--keys", "{}/keys", "--url", url, files={"keys": KEYS})
    for word in ("", "web", "web:x", ":1"):
        yield command("wait", "--cluster", "c", "--service", "s", "--task-definition", word, "--region", "eu-central-1")
    for region in (
        "",
        " ",
        "frankfurt",
        "EU-CENTRAL-1",
        "\x1b[31m",
        "a/b",
        "eu-central-1 ",
        "x" * 300,
        "../..",
        "a b",
        "${x}",
        "eu-central-１",
    ):
        yield command("wait", "--cluster", "c", "--service", "s", "--task-definition", "d:1", "--region", region)
    yield from _accepted()


def _of(words: tuple[str, ...], found: TyperCommand) -> Iterator[Case]:
    for option in UNKNOWN:
        yield command(*words, option)
    takes_any = any(parameter.nargs == -1 for parameter in found.params if parameter.param_type_name == "argument")
    if not takes_any:
        yield command(*words, *(["web", "4.16.0"] if words != ("logs",) else ["web"]), "surplus", "surplus")
    for parameter in found.params:
        option = parameter.opts[-1]
        if parameter.param_type_name == "argument":
            if parameter.required:
                yield says(command(*words), "Missing")
            continue
        if getattr(parameter, "is_flag", False):
            yield command(*words, f"{option}=yes")
            yield command(*words, f"{option}=")
            yield command(*words, f"{option}x")
            continue
        yield command(*words, option)
        if parameter.required:
            needed = _needed(words)
            place = needed.index(option)
            yield says(command(*words, *needed[:place], *needed[place + 2 :]), option)
        if isinstance(parameter, TyperOption) and parameter.type_descriptor.annotation is int:
            yield from (
                command(*words, *_needed(words), option, value) for value in INTEGERS if words != ("smoke",) or value
            )


def _needed(words: tuple[str, ...]) -> tuple[str, ...]:
    """What the command needs beside the option that is tried."""
    wait = ("--cluster", "c", "--service", "s", "--task-definition", "d:1", "--region", "eu-central-1")
    needed: dict[tuple[str, ...], tuple[str, ...]] = {
        ("wait",): wait,
        ("upgrade",): ("4.16.0",),
        ("logs",): ("web",),
    }
    return needed.get(words, ())


def _accepted() -> Iterator[Case]:
    for typed in (
        ["scale"], ["scale", "web=0"], ["scale", "web=1000", "worker=0"],
        ["scale", "web=2", "--apply", "--timeout", "0"], ["redeploy"], ["redeploy", "worker", "web"],
        ["redeploy", "--no-wait"], ["logs", "web"], ["logs", "worker", "--since", "90s", "--errors"],
        ["logs", "web", "--since", "30d"], ["logs", "web", "--filter", '{ $.level = "warn" }'],
        ["logs", "web", "--filter", "${x} %{y} $$"], ["upgrade", "4.16.0"], ["upgrade", "3.225.7"],
        ["upgrade", "4.28.0", "--write-mode", "dual", "--timeout", "86400"], ["status"], ["status", "--json"],
        ["doctor"], ["outputs", "--json"], ["preflight"], ["bootstrap"], ["bootstrap", "--apply"],
        ["keys"], ["keys", "--json"],
        ["state", "versions"], ["state", "versions", "data"], ["state", "restore", "null"], ["unlock"],
        ["unlock", "--apply"], ["state", "restore", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY.rcd_~=", "--apply"],
    ):  # fmt: skip
        yield right(command(*typed))
    for option in ("--help", "-f"):
        yield right(command("logs", "web", option))
    for url in ("http://127.0.0.1:9", "http://127.0.0.1:9/", "http://[::1]:9", "http://localhost:9/langfuse"):
        yield right(command("smoke", "--keys", "{}/keys", "--url", url, files={"keys": KEYS}))
