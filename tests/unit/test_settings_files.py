"""Tests of environment files and variables that are no settings at all: each is one line and exit code 2."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

import settings
from settings import SettingsError
from settings.reading.fields import settings_below
from settings.reading.plain_values import MAX_DEPTH, MAX_DOTS, MAX_FILE_BYTES

PROJECT = Path(__file__).parents[2]
GOOD = 'region = "us-east-1"\n[state]\nbucket = "acme-langfuse-state"\n'
DIGITS = "9" * 5000


def _refusal(folder: Path, variables: Mapping[str, str] = {}) -> str:
    with pytest.raises(SettingsError) as refusal:
        settings.load({"LANGFUSE_ENV": "acme", **variables}, environments=folder)
    line = str(refusal.value)
    assert line.isprintable()
    assert len(line) < 1000
    return line


CONTENTS: dict[str, tuple[bytes | str, str]] = {
    "binary": (b"\x7fELF\x02\x01\xff", "must be UTF-8 text, and is not at line 1"),
    "UTF-16": (GOOD.encode("utf-16"), "must be UTF-8 text"),
    "UTF-16 without a byte order mark": (GOOD.encode("utf-16-le"), "not valid TOML at line 1"),
    "Latin-1": ("a = 1\nb = 1\n# für".encode("latin-1"), "must be UTF-8 text, and is not at line 3"),
    "a NUL": (b'region = "\0"', "not valid TOML"),
    "an escaped NUL": ('region = "\\u0000"\n', "region: must be text without the character NUL"),
    "an escaped NUL in a key": ('[web]\n"a\\u0000" = 1\n', "web: must be text without the character NUL"),
    "control characters in a key": ('"\\u001b[31m\\n" = 1\n' + GOOD, "there is no such setting"),
    "a list that is nested too deeply": (f"tags = {'[' * 5000}{']' * 5000}\n", f"more than {MAX_DEPTH} levels deep"),
    "a table that is nested too deeply": (f"tags = {'{a = ' * 20}1{'}' * 20}\n", f"more than {MAX_DEPTH} levels deep"),
    "a key that is nested too deeply": (f"{'a.' * MAX_DOTS}a = 1\n", f"more than {MAX_DEPTH} levels deep"),
    "a key of thousands of parts": (f"{'a.' * 49_000}a = 1\n", f"more than {MAX_DOTS} dots"),
    "a number of thousands of digits": (f"[web]\ncpu = {DIGITS}\n", "a number has too many digits"),
    "a hexadecimal number of thousands of digits": (
        f"[web]\ncpu = 0x{DIGITS}\n",
        "web.cpu: must be an integer of at most",
    ),
    "infinity": (f"{GOOD}[web]\ncpu = inf\n", "web.cpu: must be an integer"),
    "not a number": (f"{GOOD}[web]\ncpu = nan\n", "web.cpu: must be an integer"),
    "a huge float": (f"{GOOD}[web]\ncpu = 1e300\n", "web.cpu: must be an integer"),
    "a date": (f"{GOOD}[web]\ncpu = 2026-01-01\n", "web.cpu: must be an integer"),
    "a date for a text": ("region = 2026-01-01\n" + GOOD.replace("region", "#"), "region: must be an AWS Region"),
    "a text for a section": (
        'region = "us-east-1"\nstate = "x"\n',
        "state: must be a section with the settings bucket",
    ),
    "a list for a section": ('region = "us-east-1"\nstate = []\n', "state: must be a section with the settings bucket"),
    "more than is read": ("#" * MAX_FILE_BYTES + "\n" + GOOD, f"is larger than {MAX_FILE_BYTES} bytes"),
    "nothing": ("", "region: is required, and must be an AWS Region, such as eu-central-1 (and 1 more)"),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_is_no_environment_is_one_line(what: str, tmp_path: Path) -> None:
    content, said = CONTENTS[what]
    (tmp_path / "acme.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    line = _refusal(tmp_path)
    assert line.startswith(f"{tmp_path.name}/acme.toml: ")
    assert said in line


def test_a_folder_with_control_characters_in_its_name_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "a\n\x1b[31m"
    folder.mkdir()
    (folder / "acme.toml").write_text("")
    assert _refusal(folder).startswith("a\\n\\x1b[31m/acme.toml: ")


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), "must be a file"),
    "a pipe": (os.mkfifo, "must be a file"),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), "must be a file"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "can't be read: No such file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "can't be read: Too many levels of symbolic links"),
    "a link below a file": (lambda path: path.symlink_to("/dev/null/x"), "can't be read: Not a directory"),
    "memory of a process": (lambda path: path.symlink_to("/proc/self/mem"), "can't be read: "),
    "a gibibyte": (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 30), "is larger than"),
}


@pytest.mark.parametrize("what", PLACES)
def test_a_path_that_is_no_file_is_one_line(what: str, tmp_path: Path) -> None:
    make, said = PLACES[what]
    make(tmp_path / "acme.toml")
    assert said in _refusal(tmp_path)


@pytest.mark.parametrize("content", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), "# für 人\n" + GOOD])
def test_utf_8_is_read_with_a_byte_order_mark_or_without(content: str, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_bytes(content.encode())
    assert settings.load({"LANGFUSE_ENV": "acme"}, environments=tmp_path).region == "us-east-1"


@pytest.mark.parametrize(
    "name",
    ["../acme", "./acme", "..", "/etc/passwd", "acme.toml", "a\nb", "\x1b[31m", "a\0", "\udcff", "x" * 5000, " acme"],
)
def test_an_environment_that_does_not_exist_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(GOOD)
    (tmp_path / "\x1b[31m\n.toml").write_text(GOOD)
    (tmp_path / "-1.toml").write_text(GOOD)
    assert "LANGFUSE_ENV" in _refusal(tmp_path, {"LANGFUSE_ENV": name + "x"})


VARIABLES = [
    ("WEB", "{" * 10_000, "not valid JSON at character 2: must be a section with the settings cpu"),
    ("WEB", "[" * 10_000, "is nested more than 10 levels deep"),
    ("WEB", '{"a": ' * 900 + "1" + "}" * 900, "is nested more than 10 levels deep"),
    ("WEB", f'{{"cpu": {DIGITS}}}', "a number has too many digits"),
    ("WEB", f'{{"cpu": {"9" * 4000}}}', "web.cpu: must be an integer of at most 63 bits"),
    ("WEB", '{"cpu": NaN}', "web.cpu: must be an integer"),
    ("WEB", '{"cpu": 1024, "cpu": 2048}', "a key is in it twice"),
    ("WEB", '{"cpu": "\\ud800"}', "web.cpu: must be UTF-8 text"),
    ("WEB", '{"\\ud800": 1}', "web: must be UTF-8 text"),
    ("WEB", "", "not valid JSON at character 1"),
    ("TAGS", "Team=ml", "tags: not valid JSON at character 1: must be"),
    ("NETWORK__PUBLIC_SUBNET_IDS", "subnet-1,subnet-2", "not valid JSON at character 1: must be a list of"),
    ("WEB__CPU", DIGITS, "web.cpu: must be an integer of at most 18 digits"),
    ("WEB__CPU", "9" * 4000, "web.cpu: must be an integer of at most 18 digits"),
    ("REGION", "\udcff", "region: must be UTF-8 text"),
    ("REGION", "us\0east", "region: must be text without the character NUL"),
    ("REGION", "x" * 100_000, "region: must be an AWS Region"),
    ("WEB__\udcff", "1", "a variable that begins with LANGFUSE_AWS__: its name: must be UTF-8 text"),
    ("WEB__A\nB", "1", "a variable that begins with LANGFUSE_AWS__: web.(key not shown): there is no such setting"),
]


@pytest.mark.parametrize(("name", "value", "said"), VARIABLES, ids=range(len(VARIABLES)))
def test_a_variable_that_is_no_setting_is_one_line(name: str, value: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(GOOD)
    assert said in _refusal(tmp_path, {f"LANGFUSE_AWS__{name}": value})


NAMES = ["__".join(path).upper() for path in settings_below()]


@hypothesis_settings(max_examples=60)
@given(
    content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass")),
    name=st.sampled_from(NAMES),
    value=st.text(max_size=50) | st.recursive(st.text(max_size=5), st.lists).map(str),
    variable=st.text(max_size=20),
)
def test_nothing_else_is_raised(
    content: bytes, name: str, value: str, variable: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for file, overrides in ((content, {}), (GOOD.encode(), {name: value, variable: value})):
        (folder / "acme.toml").write_bytes(file)
        variables = {f"LANGFUSE_AWS__{key}": text for key, text in overrides.items()}
        with suppress(SettingsError):
            settings.load({"LANGFUSE_ENV": "acme", **variables}, environments=folder)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["-m", "settings"], {b"LANGFUSE_AWS__REGION": b"\xff\xfe"}),
        (["-m", "settings"], {b"LANGFUSE_ENV": "é\u2028".encode(), b"PYTHONIOENCODING": b"ascii"}),
        (["-m", "settings"], {b"LANGFUSE_AWS__TAGS__\xff": b"\x1b[31m"}),
        (["-m", "settings", "prod"], {}),
        (["-m", "launchers.cdktf", "deploy"], {b"LANGFUSE_ENV": b"\xff"}),
    ],
)
def test_a_process_without_home_ends_with_one_line(arguments: list[str], variables: dict[bytes, bytes]) -> None:
    ran = subprocess.run([sys.executable, *arguments], cwd=PROJECT, env=variables, capture_output=True, check=False)
    assert ran.returncode == 2
    assert ran.stdout == b""
    line = ran.stderr.decode("ascii")
    assert line.startswith("settings: ")
    assert line.removesuffix("\n").isprintable()


def test_the_launcher_needs_settings_only_for_what_synthesizes() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "launchers.cdktf", "completion"],
        cwd=PROJECT,
        env={"LANGFUSE_ENV": "nothing"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_launcher_says_how_to_install_what_is_missing() -> None:
    code = "import launchers.cdktf as launcher; launcher.CLI = launcher.Path('nothing'); launcher.main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "deploy"], cwd=PROJECT, env={}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "cdktf: Node.js or node_modules is not installed: run `make setup`\n"
