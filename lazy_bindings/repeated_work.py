"""Spares Python what the bindings make it do again and again.

* Every constructor reads its own type hints anew before it checks its arguments: a fifth of the time of a large app.
* Every module of theirs reads typeguard's version from its metadata anew.
* The garbage collector looks at each of the bindings' hundred thousand long-lived objects many times over, and at exit
  once more: 0.3 s of a small app.
"""

import atexit
import functools
import gc
import importlib.metadata
import typing
from collections.abc import Callable
from typing import Any

STUB_PREFIX = "_typecheckingstub__"
"""What jsii calls the functions that carry a constructor's type hints."""
OBJECTS_BEFORE_COLLECTION = 100_000


def spare() -> None:
    """Does it for this process."""
    typing.get_type_hints = _remembering(typing.get_type_hints)
    importlib.metadata.version = functools.cache(importlib.metadata.version)
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    atexit.register(gc.freeze)


def _remembering(get_type_hints: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Reads the hints of jsii's stubs once each, and of everything else as before."""
    remembered = functools.cache(get_type_hints)

    def hints(obj: Any, *arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        if getattr(obj, "__name__", "").startswith(STUB_PREFIX):
            return remembered(obj, *arguments, **options)
        return get_type_hints(obj, *arguments, **options)

    return hints
