"""Writes the Terraform JSON of the environment that LANGFUSE_ENV names to cdktf.out."""

import entry_point


def main() -> None:
    """Reads the settings, and synthesizes the stacks."""
    from synth.framework import enter_framework

    enter_framework()

    import lazy_bindings  # noqa: F401

    from cdktf import App

    from settings import load_or_exit
    from stacks import add_stacks
    from synth.clear_text import warn_of_clear_text
    from synth.other_backend import forget_other_backends
    from synth.provider_lock import lock_provider
    from synth.small_sizes import warn_of_small_sizes

    settings = load_or_exit()
    warn_of_clear_text(settings)
    warn_of_small_sizes(settings)
    app = App()
    add_stacks(app, settings)
    app.synth()
    lock_provider(app.outdir)
    forget_other_backends(app.outdir)


if __name__ == "__main__":
    entry_point.run("synth", main)
