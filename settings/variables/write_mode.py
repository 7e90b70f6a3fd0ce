"""The variables with which Langfuse 4 moves to its new tables step by step, and which values fit each other.

Source: worker/src/env.ts of Langfuse 4.16.0, and its guide from v3 to v4:
https://langfuse.com/self-hosting/upgrade/upgrade-guides/upgrade-v3-to-v4
"""

from collections.abc import Mapping

WRITE_MODE = "LANGFUSE_MIGRATION_V4_WRITE_MODE"
OTEL_BEHAVIOUR = "LANGFUSE_MIGRATION_V4_NATIVE_OTEL_BEHAVIOUR"
PREVIEW_OPT_IN = "LANGFUSE_MIGRATION_V4_ALLOW_PREVIEW_OPT_IN"
HISTORIC_BACKFILL = "LANGFUSE_BACKGROUND_MIGRATION_V4_ENABLE_HISTORIC_BACKFILL"
VARIABLES = (WRITE_MODE, OTEL_BEHAVIOUR, PREVIEW_OPT_IN, HISTORIC_BACKFILL)

DEFAULTS_BY_LANGFUSE_MAJOR = {
    3: {WRITE_MODE: "legacy", OTEL_BEHAVIOUR: "dual_write", PREVIEW_OPT_IN: "false", HISTORIC_BACKFILL: "false"},
    4: {WRITE_MODE: "events_only", OTEL_BEHAVIOUR: "direct", PREVIEW_OPT_IN: "true", HISTORIC_BACKFILL: "true"},
}
"""What Langfuse takes for a variable that is not set. An empty one counts as not set."""

NEEDED_BY_MODE: dict[str, dict[str, str]] = {
    # The backfill runs once: what is written to the old tables after it never gets into the new ones.
    "legacy": {OTEL_BEHAVIOUR: "dual_write", HISTORIC_BACKFILL: "false"},
    "dual": {},
    "events_only": {OTEL_BEHAVIOUR: "direct", PREVIEW_OPT_IN: "true"},
}
"""The values that a mode needs. Without the backfill's, data is lost; without the others, the worker does not start."""

MEANINGS = {
    "legacy": "writes the old tables only, as Langfuse 3 does: everything works as before, nothing is migrated yet",
    "dual": "writes the old and the new tables: everything works as before, and each user can switch to the new views",
    "events_only": "writes the new tables only (Langfuse's default): old SDKs are rejected, old read APIs answer 404",
}

SDKS = (
    "SDKs: Python 4.7.0 and JS/TS 5.4.0 or newer fit every mode. Older ones appear in the new views about 10 minutes"
    " late; Python 2, JS/TS 3 and older are rejected with events_only."
)


def in_effect(variable: str, langfuse_major: int, environment: Mapping[str, str]) -> str:
    """The value of one of the variables above for Langfuse, which may be its default."""
    return environment.get(variable) or DEFAULTS_BY_LANGFUSE_MAJOR[langfuse_major][variable]


def conflict(langfuse_major: int, environment: Mapping[str, str]) -> str | None:
    """What is wrong with the write mode, or with the values beside it."""
    mode = in_effect(WRITE_MODE, langfuse_major, environment)
    if mode not in NEEDED_BY_MODE:
        return f"{WRITE_MODE} must be {', '.join(NEEDED_BY_MODE)}"
    missing = [
        f"{variable} = {value}"
        for variable, value in NEEDED_BY_MODE[mode].items()
        if in_effect(variable, langfuse_major, environment) != value
    ]
    return f"{WRITE_MODE} = {mode} needs {' and '.join(missing)}: see docs/upgrade-to-4.md" if missing else None
