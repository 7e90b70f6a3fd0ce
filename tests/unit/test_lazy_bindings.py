"""Tests of ``lazy_bindings``: lazy loading, the fallback with a warning, and the user's own Node.js and options."""

import lazy_bindings
from lazy_bindings import node_process

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from jsii._kernel.providers import process

PROJECT = Path(__file__).parents[2]
NODE = lazy_bindings.bundled_node()


def python(code: str, *, folder: Path = PROJECT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs ``code`` in a new Python process, with an empty PATH unless ``variables`` has one."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={"PATH": "", "PYTHONPATH": f"{folder}:{PROJECT}", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


LOADED = """
import lazy_bindings, sys
from cdktf_cdktf_provider_aws.vpc import Vpc
import cdktf
Vpc(cdktf.TerraformStack(cdktf.App(), "s"), "v")
print(*[name for name in sys.modules if name.startswith("cdktf_cdktf_provider_aws.") and "._" not in name])
"""


def test_only_the_imported_modules_load_and_no_node_is_needed() -> None:
    ran = python(LOADED)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "cdktf_cdktf_provider_aws.vpc\n"
    assert ran.stderr == ""


def test_arguments_are_still_checked() -> None:
    """The second check uses the cached type hints."""
    wrong = """
import lazy_bindings, cdktf
from cdktf_cdktf_provider_aws.vpc import Vpc
stack = cdktf.TerraformStack(cdktf.App(), "stack")
Vpc(stack, "right", cidr_block="10.0.0.0/16")
for number in range(2):
    try:
        Vpc(stack, f"wrong-{number}", cidr_block=5)
    except TypeError as error:
        print(str(error).partition(" must be")[0])
"""
    assert python(wrong).stdout == "type of argument cidr_block\n" * 2


def test_a_module_can_also_be_an_attribute() -> None:
    ran = python(
        "import lazy_bindings, cdktf_cdktf_provider_aws as aws; print(aws.vpc.Vpc.__name__, hasattr(aws, 'no'))"
    )
    assert ran.stdout == "Vpc False\n"


def test_assets_are_still_zipped(tmp_path: Path) -> None:
    """cdktf zips assets with the ``node`` on the PATH, which inherits the options of jsii's Node.js."""
    code = """
import lazy_bindings, cdktf, os
from cdktf import App, AssetType, TerraformAsset, TerraformStack
app = App(outdir=os.environ["OUT"])
TerraformAsset(TerraformStack(app, "stack"), "asset", path="lazy_bindings", type=AssetType.ARCHIVE)
app.synth()
"""
    ran = python(code, PATH=f"{NODE.parent}:/bin:/usr/bin" if NODE else "", OUT=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    (archive,) = tmp_path.rglob("archive.zip")
    assert "preload.cjs" in zipfile.ZipFile(archive).namelist()


def test_an_assembly_that_does_not_load_is_told_at_the_first_construct() -> None:
    """Python does not wait for the answer to a load request, but reads it later."""
    missing = """
import lazy_bindings, jsii, cdktf
jsii.kernel.load("missing", "1.0.0", "/no/such/archive.tgz")
try:
    cdktf.App()
except jsii.errors.JSIIError as error:
    print(error)
"""
    assert "/no/such/archive.tgz" in python(missing).stdout


def test_jsii_of_another_shape_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_NodeProcess", object)
    with pytest.warns(UserWarning, match="jsii has another shape"):
        lazy_bindings.load_without_waiting()
    assert process._NodeProcess is object


def test_jsii_without_its_class_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(process, "_NodeProcess")
    monkeypatch.delitem(sys.modules, "lazy_bindings.node_process", raising=False)
    with pytest.warns(UserWarning, match="jsii has another shape"):
        lazy_bindings.load_without_waiting()
    assert not hasattr(process, "_NodeProcess")


def test_a_program_of_jsii_of_another_shape_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = process._NodeProcess
    monkeypatch.setattr(node_process, "THROUGH_RUNTIME", "readFD:7,writeFD:7")
    with pytest.warns(UserWarning, match="jsii has another shape"):
        lazy_bindings.load_without_waiting()
    assert process._NodeProcess is before


def test_a_runtime_of_the_users_is_used_as_jsii_does(tmp_path: Path) -> None:
    code = """
import jsii._kernel.providers.process as process
before = process._NodeProcess, process.stderr_sink
try:
    import lazy_bindings
except ValueError:
    # The runtime does not exist.
    print((process._NodeProcess, process.stderr_sink) == before)
"""
    assert python(code, JSII_RUNTIME=f"{tmp_path}/jsii-runtime.js").stdout == "True\n"


def test_what_node_prints_and_reads_is_not_what_python_is_told(tmp_path: Path) -> None:
    script = "setImmediate(() => { console.log('said'); process.stdin.isTTY; process.stdin.resume(); });"
    (tmp_path / "mine.cjs").write_text(f"console.log('at once'); {script}")
    ran = python(LOADED, NODE_OPTIONS=f"--require {tmp_path}/mine.cjs")
    assert ran.stdout == "cdktf_cdktf_provider_aws.vpc\n"
    assert ran.stderr.splitlines() == ["at once", "said"]


def test_what_node_starts_gets_the_users_options_alone(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "mine.cjs").write_text(
        f"setImmediate(() => require('fs').writeFileSync('{seen}', process.env.NODE_OPTIONS));"
    )
    mine = f"--require {tmp_path}/mine.cjs"
    ran = python(LOADED, NODE_OPTIONS=mine)
    assert ran.returncode == 0, ran.stderr
    assert seen.read_text() == mine


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("process.exit(3); console.log('went on');", 3),
        ("process.exitCode = 4; process.exit(); console.log('went on');", 4),
        ("new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true }); process.exit(5);", 5),
    ],
)
def test_node_ends_when_it_is_told_to(script: str, code: int) -> None:
    command = [str(NODE), "--require", str(lazy_bindings.PRELOAD), "--eval", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (ran.returncode, ran.stdout) == (code, "")


def test_it_leaves_no_variable_behind() -> None:
    ran = python("import lazy_bindings, os; print(os.environ.get('NODE_OPTIONS'), os.environ.get('JSII_NODE'))")
    assert ran.stdout == "None None\n"


def test_the_users_node_options_survive(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "mine.cjs").write_text(f"require('fs').writeFileSync('{seen}', 'seen')")
    ran = python(LOADED, NODE_OPTIONS=f"--require {tmp_path}/mine.cjs")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "cdktf_cdktf_provider_aws.vpc\n"
    assert seen.exists()


def test_the_users_node_wins(tmp_path: Path) -> None:
    seen, mine = tmp_path / "seen", tmp_path / "node"
    mine.write_text(f'#!/bin/sh\n: > "{seen}"\nexec "{NODE}" "$@"\n')
    mine.chmod(0o755)
    ran = python(LOADED, JSII_NODE=str(mine))
    assert ran.returncode == 0, ran.stderr
    assert seen.exists()


def test_it_can_be_turned_off() -> None:
    ran = python("import lazy_bindings, sys; print('cdktf_cdktf_provider_aws' in sys.modules)", PLAIN_BINDINGS="1")
    assert ran.stdout == "False\n"
    assert ran.stderr == ""


def fake_bindings(folder: Path, source: str) -> Path:
    package = folder / lazy_bindings.BINDINGS[0]
    package.mkdir()
    (package / "__init__.py").write_text(source)
    return folder


def test_bindings_with_names_of_their_own_load_plainly_with_one_warning(tmp_path: Path) -> None:
    folder = fake_bindings(tmp_path, "class Vpc: ...\n")
    ran = python("import lazy_bindings, modules\nfrom cdktf_cdktf_provider_aws import Vpc", folder=folder)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("synth will be slow") == 1


@pytest.mark.parametrize(
    ("source", "lazy"),
    [
        ("from . import vpc\n__all__ = ['vpc']\n", True),
        ("import jsii\nTYPEGUARD_MAJOR_VERSION = 2\ndef check_type(): ...\n", True),
        ("class Vpc: ...\n", False),
        ("def helper(): ...\n", False),
        ("VERSION = 1\n", False),
        ("_SUBMODULES = {'vpc'}\ndef __getattr__(name): ...\n", False),
    ],
)
def test_what_counts_as_a_package_without_content(source: str, lazy: bool) -> None:
    assert lazy_bindings.only_imports_submodules(source) is lazy


def test_a_package_of_newer_jsii_is_left_alone_without_a_warning(tmp_path: Path) -> None:
    folder = fake_bindings(tmp_path, "_SUBMODULES = {'vpc'}\ndef __getattr__(name): return name.upper()\n")
    ran = python("import lazy_bindings\nfrom cdktf_cdktf_provider_aws import vpc\nprint(vpc)", folder=folder)
    assert (ran.stdout, ran.stderr) == ("VPC\n", "")


MODULES = 1000


@pytest.mark.parametrize(
    ("package", "line", "loaded", "warnings"),
    [
        ("@cdktf/provider-aws", 'exports.m{0} = require("./m{0}");', 1, 0),
        ("@cdktn/provider-aws", 'exports.m{0} = __importStar(require("./m{0}"));', 1, 0),
        ("@cdktn/provider-google", 'exports.m{0} = __importStar(require("./m{0}"));', 1, 0),
        ("@cdktf/provider-aws", 'Object.assign(exports, {{ m{0}: require("./m{0}") }});', MODULES, 1),
        ("@other/bindings", 'exports.m{0} = require("./m{0}");', MODULES, 1),
    ],
    ids=["cdktf", "cdktn", "another provider", "another form", "another package"],
)
def test_node_requires_the_modules_on_first_use(
    tmp_path: Path, package: str, line: str, loaded: int, warnings: int
) -> None:
    library = tmp_path / package / "lib"
    library.mkdir(parents=True)
    star = "const __importStar = (module) => module;\n"
    (library / "index.js").write_text(star + "\n".join(line.format(number) for number in range(MODULES)))
    for number in range(MODULES):
        (library / f"m{number}.js").write_text("globalThis.loaded = (globalThis.loaded ?? 0) + 1;")
    script = f'const bindings = require("{library}/index.js"); bindings.m7; console.log(globalThis.loaded);'
    ran = subprocess.run(
        [str(NODE), "--require", str(lazy_bindings.PRELOAD), "--eval", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(ran.stdout) == loaded
    assert ran.stderr.count("synth will be slow") == warnings
