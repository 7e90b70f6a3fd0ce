"""The constructs that the stacks are composed of: one a file, named by what it is."""

import lazy_bindings  # noqa: F401  first, so that the bindings load lazily
