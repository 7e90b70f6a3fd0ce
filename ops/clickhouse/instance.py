"""What the commands need that ask ClickHouse's instance."""

from ops.environment import Environment, OpsError


def require_instance(environment: Environment) -> None:
    """Refuses an environment whose ClickHouse is not on an instance of this project.

    Raises:
        OpsError: if ``clickhouse.mode`` is not ``ec2``.
    """
    mode = environment.settings.clickhouse.mode
    if mode != "ec2":
        raise OpsError(f"{environment.name} has clickhouse.mode = {mode}: look where its ClickHouse runs instead")
