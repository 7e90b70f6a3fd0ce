"""Avoids work that the bindings make Python repeat.

* Each call of a constructor evaluates type hints before it checks its arguments: a fifth of a large app's time.
* Each module reads typeguard's version from the package's metadata.
* The garbage collector traverses the bindings' hundred thousand long-lived objects many times, and once more at exit:
  0.3 s of a small app's time.
"""

import atexit
import functools
import gc
import importlib.metadata
import typing
from collections.abc import Callable
from typing import Any

STUB_PREFIX = "_typecheckingstub__"
"""Prefix of the functions in which jsii keeps the type hints of constructors."""
OBJECTS_BEFORE_COLLECTION = 100_000


def spare() -> None:
    """Caches type hints and package versions, and reduces garbage collection, in this process."""
    typing.get_type_hints = _remembering(typing.get_type_hints)
    importlib.metadata.version = functools.cache(importlib.metadata.version)
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    atexit.register(gc.freeze)


def _remembering(get_type_hints: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Caches the hints of jsii's stubs. Hints of other objects are not cached."""
    remembered = functools.cache(get_type_hints)

    def hints(obj: Any, *arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        if getattr(obj, "__name__", "").startswith(STUB_PREFIX):
            return remembered(obj, *arguments, **options)
        return get_type_hints(obj, *arguments, **options)

    return hints
