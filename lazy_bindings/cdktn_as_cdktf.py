"""Lets a program that imports ``cdktf`` run with its successor ``cdktn`` (CDK Terrain), without a change of its source.

Both have the same modules and classes. Here, each of CDKTF's names gives cdktn's module of the same name, not a copy.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

CDKTN_NAMES = {"cdktf": "cdktn", "cdktf_cdktf_provider_aws": "cdktn_provider_aws"}
"""The packages of cdktn, by the names that CDKTF gave them."""


class CdktnFinder(MetaPathFinder, Loader):
    """Finds the packages of CDKTF, and their submodules, in cdktn."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Finds what begins with the name of a package of CDKTF."""
        package = fullname.partition(".")[0]
        return ModuleSpec(fullname, self) if package in CDKTN_NAMES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Imports cdktn's module.

        Raises:
            ModuleNotFoundError: If cdktn has no module of this name.
        """
        package, *rest = spec.name.split(".")
        module = importlib.import_module(".".join([CDKTN_NAMES[package], *rest]))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module its own spec back, which the import system has replaced. It has run already."""
        spec = module.__spec__
        module.__spec__ = spec.loader_state if spec else None


def alias() -> None:
    """Makes imports of CDKTF's packages, which must not be installed, give those of cdktn."""
    # First: otherwise a submodule would be found by its package's path, and be loaded a second time.
    sys.meta_path.insert(0, CdktnFinder())
