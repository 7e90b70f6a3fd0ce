"""What ``ops upgrade`` asks for before the step from Langfuse 3 to 4, which changes how data is stored.

https://langfuse.com/self-hosting/upgrade/upgrade-guides/upgrade-v3-to-v4
"""

import math

from ops.clickhouse.volume import data_volume
from ops.console import console, show, table
from ops.environment import Environment, OpsError
from ops.metrics import newest_of_clickhouse
from settings import versions
from settings.clickhouse_metrics import DISK_USED_PERCENT
from settings.variables import write_mode

GUIDE = "docs/upgrade-to-4.md"
DISK_FACTOR = 3
"""The backfill copies the data to the new tables, and the observations once more, sorted for that."""
METRIC_MINUTES = 30


def check_major_upgrade(environment: Environment, version: str, mode: str | None, *, apply: bool) -> None:
    """Shows what the step means, and refuses it unless it was chosen and can succeed.

    Args:
        environment: the environment.
        version: the version to upgrade to, of a newer major version than the one that runs.
        mode: the write mode that ``--write-mode`` names. By default, that of the settings.
        apply: whether the databases are to be migrated now. The write mode must then be in the settings, since the
            services have it from there.

    Raises:
        OpsError: if there is no write mode, if it does not fit its other variables, or if the disk of ClickHouse is too
            small for the backfill.
    """
    major = versions.known_major(version)
    chosen = environment.settings.langfuse.environment
    where = f"langfuse.environment in environments/{environment.name}.toml"
    if not (mode or chosen.get(write_mode.WRITE_MODE)):
        show(table("write mode", f"Langfuse {major}", rows=write_mode.MEANINGS.items()))
        raise OpsError(
            f"choose how Langfuse {major} writes data: {write_mode.WRITE_MODE} in {where}, or --write-mode to see what"
            f" a mode needs; {GUIDE} describes the steps"
        )
    wanted = {**chosen, write_mode.WRITE_MODE: mode or chosen[write_mode.WRITE_MODE]}
    if wrong := write_mode.conflict(major, wanted):
        raise OpsError(wrong)
    mode = wanted[write_mode.WRITE_MODE]
    console.print(f"Write mode {mode}: {write_mode.MEANINGS[mode]}.")
    console.print(write_mode.SDKS)
    backfill = write_mode.in_effect(write_mode.HISTORIC_BACKFILL, major, wanted) == "true"
    state = "starts at once" if backfill else "is switched off"
    console.print(f"The backfill of older data {state}. It needs {DISK_FACTOR} times the disk that is in use before.")
    _check_disk(environment, backfill=backfill)
    console.print(f"{GUIDE} describes every step.")
    if apply and wanted != chosen:
        raise OpsError(f"the services have the mode from the settings: set {write_mode.WRITE_MODE} in {where} first")


def _check_disk(environment: Environment, *, backfill: bool) -> None:
    if environment.settings.clickhouse.mode == "external":
        console.print("ClickHouse is external: check its disk yourself.")
        return
    used_percent, volume = _used_percent(environment), data_volume(environment)
    if used_percent is None or volume is None:
        console.print(
            f"ClickHouse's volume is not attached or has no metric of the last {METRIC_MINUTES} minutes: check it"
            " yourself."
        )
        return
    size_gib = volume["Size"]
    used_gib = size_gib * used_percent / 100
    console.print(f"ClickHouse's volume: {used_gib:.0f} of {size_gib} GiB are in use.")
    if backfill and used_gib * DISK_FACTOR > size_gib:
        raise OpsError(
            f"ClickHouse's volume is too small for the backfill: set clickhouse.volume_gib ="
            f" {math.ceil(used_gib * DISK_FACTOR)} or more and deploy (docs/scaling.md), or switch the backfill off"
            f" for now: {write_mode.HISTORIC_BACKFILL} = false"
        )


def _used_percent(environment: Environment) -> float | None:
    used = newest_of_clickhouse(environment, DISK_USED_PERCENT, minutes=METRIC_MINUTES)
    return used.maximum if used else None
