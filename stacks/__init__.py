"""The three stacks. Each only composes modules; what a resource looks like is said there."""

import lazy_bindings  # noqa: F401  first, so that the bindings load lazily
