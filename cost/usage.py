"""How much an environment is used in a month: what its cost depends on, apart from its resources."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

from cost.resources import LARGEST


def _knob(default: float, unit: str, what: str) -> float:
    value: float = field(default=default, metadata={"unit": unit, "what": what})
    return value


@dataclass(frozen=True)
class Usage:
    """The use of an environment in a month. The defaults are estimates for a deployment that hardly anybody uses."""

    traffic_gb: float = _knob(10, "GB", "that leave to the internet, pages and answers")
    received_gb: float = _knob(10, "GB", "of events and requests that the load balancer receives")
    requests_millions: float = _knob(0.1, "million", "requests; each uploads one object and uses the KMS key once")
    nat_gb: float = _knob(5, "GB", "through NAT gateways or interface endpoints: images, logs, an external ClickHouse")
    zone_gb: float = _knob(10, "GB", "between Availability Zones, counted once in each direction")
    log_gb: float = _knob(1, "GB", "of logs of all log groups together")
    stored_gb: float = _knob(10, "GB", "in the buckets, on average")
    snapshot_share: float = _knob(0.5, "of the volume", "what ClickHouse's snapshots hold together")
    database_backup_share: float = _knob(1, "of the disk", "what PostgreSQL's backups hold; up to 1 is free")
    redis_gb: float = _knob(0.1, "GB", "in Redis, for each snapshot after the first")
    burst_vcpu_hours: float = _knob(0, "vCPU-hours", "beyond the baseline of each t4g instance, which AWS then charges")

    @classmethod
    def documented(cls) -> str:
        """Every key with its default, its unit and what it is, for the help of a command."""
        return "; ".join(
            f"{knob.name} ({knob.default:g} {knob.metadata['unit']}): {knob.metadata['what']}" for knob in fields(cls)
        )

    def with_values(self, texts: Iterable[str]) -> "Usage":
        """The same with values as they are typed: ``traffic_gb=200``.

        Raises:
            ValueError: if a key is not known, or a value is no number from 0 to ``LARGEST``.
        """
        names = [knob.name for knob in fields(self)]
        values = {}
        for text in texts:
            name, separator, value = text.partition("=")
            if not separator or name not in names:
                raise ValueError(f"{text}: must be KEY=NUMBER, with a key of {', '.join(names)}")
            try:
                number = float(value)
            except ValueError:
                number = -1
            if not 0 <= number <= LARGEST:
                raise ValueError(f"{text}: must be a number from 0 to {LARGEST:g}, such as {name}=1.5")
            values[name] = number
        return replace(self, **values)
