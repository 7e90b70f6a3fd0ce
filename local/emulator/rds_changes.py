"""How RDS changes an instance: which version it installs, and what waits for the maintenance window.

Terraform notices what is pending: its next plan has the same change again (hashicorp/terraform-provider-aws#9756).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ministack.services import rds

from local.emulator.ministack_gaps import Answer, Handler, Parameters, wraps

NEWEST_MINOR = {"12": 22, "13": 23, "14": 24, "15": 19, "16": 15, "17": 11, "18": 6}
"""By major version of PostgreSQL, of those that RDS offers (cfn-lint 1.58)."""
FORCE_SSL = "rds.force_ssl"
FIRST_MAJOR_THAT_FORCES_SSL = 15
AT_ONCE = {"BackupRetentionPeriod"}
"""What ministack 1.5 keeps for the maintenance window, but RDS changes at once.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
"""


def full_version(version: str) -> str:
    """The version that RDS installs for it: for a major version, the newest minor version."""
    return version if "." in version else f"{version}.{NEWEST_MINOR[version]}"


def _with_full_version(params: Parameters) -> dict[str, Any]:
    version = rds._p(params, "EngineVersion")
    return {**params, "EngineVersion": [full_version(version)]} if version in NEWEST_MINOR else dict(params)


@wraps(rds, "CreateDBInstance")
def instance_of_full_version(create: Handler, params: Parameters) -> Answer:
    """RDS CreateDBInstance in ministack 1.5 returns ``15`` where RDS chooses the minor version and returns it."""
    return create(_with_full_version(params))


@wraps(rds, "ModifyDBInstance")
def instance_with_pending_changes(modify: Handler, params: Parameters) -> Answer:
    """RDS ModifyDBInstance in ministack 1.5 forgets older pending changes, and never applies them.

    It drops ``AutoMinorVersionUpgrade``. It leaves the parameter group unapplied after an upgrade, although that
    restarts the instance.
    """
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    earlier = instance["PendingModifiedValues"] if instance else {}
    answer = modify(_with_full_version(params))
    if instance is None or answer[0] != HTTPStatus.OK:
        return answer
    if rds._p(params, "ApplyImmediately") == "true":
        applied = {name: value for name, value in earlier.items() if not rds._p(params, name)}
        pending = {}
    else:
        pending = {**earlier, **instance["PendingModifiedValues"]}
        applied = {name: pending.pop(name) for name in AT_ONCE & pending.keys()}
    instance.update(applied, PendingModifiedValues=pending)
    if rds._p(params, "AutoMinorVersionUpgrade"):
        instance["AutoMinorVersionUpgrade"] = rds._p(params, "AutoMinorVersionUpgrade") == "true"
    if rds._p(params, "EngineVersion") and not pending:
        instance["DBParameterGroups"][0]["ParameterApplyStatus"] = "in-sync"
    shown: Answer = rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)
    return shown


@wraps(rds, "_default_parameters_for_family")
def parameters_with_force_ssl(parameters: Callable[[str], list[Parameters]], family: str) -> list[Parameters]:
    """RDS DescribeDBParameters in ministack 1.5 does not know ``rds.force_ssl`` of PostgreSQL, and its defaults.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
    """
    major = family.removeprefix("postgres")
    if not major.isdigit():
        return parameters(family)
    default = "1" if int(major) >= FIRST_MAJOR_THAT_FORCES_SSL else "0"
    return [*parameters(family), {"name": FORCE_SSL, "default": default, "data_type": "boolean"}]


@wraps(rds, "_parameter_group_parameters_xml")
def parameters_without_repeated_defaults(
    to_xml: Callable[[Parameters, str], str], group: Parameters, source: str
) -> str:
    """RDS DescribeDBParameters in ministack 1.5 returns a parameter that was set to its default as the user's.

    RDS returns it as if it had not been set: with the apply method ``pending-reboot``, whatever was sent
    (hashicorp/terraform-provider-aws#39252).
    """
    defaults = {
        parameter["name"]: parameter["default"]
        for parameter in rds._default_parameters_for_family(group["DBParameterGroupFamily"])
    }
    own = {name: value for name, value in group["Parameters"].items() if value["ParameterValue"] != defaults.get(name)}
    return to_xml({**group, "Parameters": own}, source)
