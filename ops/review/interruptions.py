"""What users notice while a plan is applied: downtime, or how it is avoided.

AWS's documentation of what restarts: see the head of settings/changes.toml, which says it by setting.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ops.review.differences import Difference
from ops.review.harmless import ARGUMENTS, TAGS, is_harmless
from ops.review.plan_format import Change
from ops.review.protections import off
from ops.review.references import FIRST, SPLIT_SERVICE
from ops.review.text import code, joined, word

RESTARTS = {
    "aws_db_instance": (
        "engine_version",
        "identifier",
        "instance_class",
        "port",
        "ca_cert_identifier",
        "db_subnet_group_name",
    ),
    "aws_elasticache_replication_group": ("engine", "engine_version", "node_type"),
    "aws_instance": ("instance_type", "user_data", "user_data_base64"),
}
"""The arguments whose change makes AWS restart the resource."""
DEPLOYS = ("task_definition", "network_configuration", "load_balancer", "force_new_deployment", "platform_version")
"""The arguments of an ECS service whose change makes ECS start new tasks."""
WHILE_GONE = {
    **dict.fromkeys(("aws_appautoscaling_policy", "aws_appautoscaling_target"), "its service does not scale meanwhile"),
    "aws_cloudfront_distribution": "downtime, and another address",
    "aws_db_instance": "downtime until the new one runs, without the data",
    "aws_ebs_volume": "downtime of what it is attached to, and an empty volume",
    "aws_ecs_cluster": "all its tasks stop: downtime",
    "aws_ecs_service": "its tasks stop: downtime until the new ones are healthy",
    "aws_eip": "another public address for what leaves the VPC",
    "aws_elasticache_replication_group": "downtime until the new one runs, without the data",
    "aws_iam_instance_profile": "what runs on its instances is denied meanwhile",
    "aws_iam_openid_connect_provider": "workflows of GitHub are denied meanwhile",
    "aws_iam_policy": "what needs it is denied meanwhile",
    "aws_iam_role": "what runs under it is denied until it has the new one",
    "aws_instance": "downtime until the new instance runs",
    "aws_internet_gateway": "nothing reaches the internet, or is reached from there",
    "aws_lb": "downtime, and another address",
    "aws_lb_listener": "downtime until the new one exists",
    "aws_lb_target_group": "downtime until the tasks are healthy in the new one",
    "aws_nat_gateway": "what runs in private subnets does not reach the internet meanwhile",
    "aws_sesv2_email_identity": "mails are refused until SES has verified the new one, minutes to days",
    "aws_volume_attachment": "what uses the volume is down meanwhile",
    "aws_vpc": "downtime of everything in it",
}
"""What the replacement of a resource means, by its type."""
CUT_OFF = "connections through it are cut off"
DENIED = "what needs it is denied"
ONCE_DESTROYED = {
    **dict.fromkeys(WHILE_GONE, "what uses it is down"),
    "aws_appautoscaling_policy": "its service no longer scales by it",
    "aws_appautoscaling_target": "its service no longer scales",
    "aws_iam_instance_profile": DENIED,
    "aws_iam_openid_connect_provider": "workflows of GitHub are denied",
    "aws_iam_policy": DENIED,
    "aws_iam_role": DENIED,
    "aws_iam_role_policy": DENIED,
    "aws_iam_role_policy_attachment": DENIED,
    "aws_kms_key": "what it encrypts can't be read",
    "aws_nat_gateway": CUT_OFF,
    "aws_route": CUT_OFF,
    "aws_route_table_association": CUT_OFF,
    "aws_s3_bucket": "what uses it fails",
    "aws_s3_bucket_cors_configuration": "browsers can't read from the bucket",
    "aws_secretsmanager_secret": "tasks that read it do not start",  # pragma: allowlist secret
    "aws_secretsmanager_secret_version": "tasks that read it do not start",  # pragma: allowlist secret
    "aws_sesv2_email_identity": "SES refuses mails of its domain",
    "aws_vpc_endpoint": CUT_OFF,
    "aws_vpc_security_group_egress_rule": CUT_OFF,
    "aws_vpc_security_group_ingress_rule": CUT_OFF,
}
"""What it means that a resource is destroyed, by its type."""


FIRST_DESTROYED = (
    "destroyed: Langfuse keeps its user and its project with the keys; no task of web starts until services is applied"
)
"""What it means that a secret of the settings' section first is destroyed."""

WITHOUT_NAT = (
    f"destroyed: {CUT_OFF}, and no task starts in its subnets without another way out of them: see"
    " docs/operate.md#remove-or-add-the-nat-gateway"
)
"""What it means that a private subnet's route to a NAT gateway is destroyed."""

SPLIT_GONE = {
    "web": "web serves its paths, no downtime",
    "worker": "traces wait in the queues until new tasks are healthy, and none is lost",
}
"""What it means that a service of the settings is gone that may be left out, by the one that it takes work from."""


def to_zero(before: object, after: object) -> bool:
    """Nothing is left."""
    return after == 0 and after is not False and before != after


def differs(before: object, after: object) -> bool:
    """Whatever the values are."""
    return before != after


NO_TASKS = "it has no tasks afterwards: downtime"
OPEN_NO_CONNECTION = "tasks open no new connection to PostgreSQL until `ops redeploy --apply`"
CHANGED: Mapping[str, Sequence[tuple[str, Callable[[object, object], bool], str]]] = {
    "aws_appautoscaling_target": (("max_capacity", to_zero, NO_TASKS),),
    "aws_db_instance": (
        ("password_wo_version", differs, OPEN_NO_CONNECTION),
        ("identifier", differs, "another address: what connects to the old one is down until it is redeployed"),
    ),
    "aws_ecs_service": (("desired_count", to_zero, NO_TASKS),),
    "aws_kms_key": (("is_enabled", off, "what it encrypts can't be read while it is disabled"),),
    "aws_lb_listener": (
        ("port", differs, "it listens on another port: what connects to the old one is refused"),
        ("protocol", differs, "it takes another protocol: what uses the old one is refused"),
        ("default_action", differs, "it answers requests otherwise"),
    ),
    "aws_vpc_endpoint": (("route_table_ids", differs, "open connections to the service may be cut off once"),),
    "aws_lb_listener_rule": (
        ("action", differs, "its paths are forwarded elsewhere"),
        ("condition", differs, "other paths are forwarded"),
    ),
}
"""What changes of arguments mean, by type of resource: the argument, which change of it, and what it means."""
ROTATIONS = {
    "nextauth": "every user is signed out by `ops redeploy --apply`",
    "(?:database|postgres)[-_](?:password|url)": OPEN_NO_CONNECTION,
}
"""What another value of a secret means, by what is in its name or in Terraform's address.

The others never get one: without SALT and ENCRYPTION_KEY, stored data can't be read, and those of ClickHouse hold what
the operator stored in them.
"""
DNS = {"aws_route53_record", "aws_route53_zone"}


def noticed(pairs: Sequence[tuple[Change, Sequence[Difference]]], everything_is_known: bool) -> Iterator[str]:
    """Lines that say what users notice of the changes, none if all that they do is to add resources.

    Args:
        pairs: the changes, each with the arguments that it changes.
        everything_is_known: whether no stack is left out, and nothing is lost.
    """
    unknown = 0
    told = False
    for change, changed in pairs:
        lines = list(interruptions(change, changed))
        yield from lines
        told = told or bool(lines)
        unknown += not lines and not is_harmless(change, changed)
    if all(change.kind == "add" for change, _ in pairs):
        return
    if unknown:
        yield f"- not known for {unknown} {'other ' if told else ''}change{'' if unknown == 1 else 's'}"
    elif not told and everything_is_known:
        yield "- nothing: no downtime"


def interruptions(change: Change, changed: Sequence[Difference]) -> Iterator[str]:
    """Lines that say what users notice of the change.

    Args:
        change: the change.
        changed: the arguments that it changes.
    """
    names = {difference.argument.split(".")[0] for difference in changed} - TAGS
    yield from (f"- {code(change.address)}: {what}" for what in _of(change, changed, names) if what)


def _of(change: Change, changed: Sequence[Difference], names: set[str]) -> Iterator[str | None]:
    if change.type in DNS and (_is_answer(change, names) or change.kind in ("replace", "destroy")):
        yield f"DNS change: clients may use the old answer until its TTL{_seconds(change)} is over"
    elif change.kind == "replace" and change.type == "aws_secretsmanager_secret_version":
        yield rotation_means(change)
    elif change.kind == "destroy" and (of := SPLIT_SERVICE.fullmatch(change.address)):
        yield _split_service_is_gone(change, of[1])
    elif change.kind == "replace" and change.type in WHILE_GONE:
        ends = change.type == "aws_ecs_service" and change.after.get("desired_count") == 0
        of = SPLIT_SERVICE.fullmatch(change.address)
        meanwhile = _split_service_is_gone(change, of[1]) if of and not ends else None
        yield meanwhile or f"replaced: {NO_TASKS if ends else WHILE_GONE[change.type]}"
    elif change.kind == "destroy" and FIRST.fullmatch(change.address):
        yield FIRST_DESTROYED
    elif change.kind == "destroy" and change.type == "aws_route" and change.before.get("nat_gateway_id"):
        yield WITHOUT_NAT
    elif change.kind == "destroy" and change.type in ONCE_DESTROYED:
        yield f"destroyed: {ONCE_DESTROYED[change.type]}"
    elif change.kind == "change":
        if change.type == "aws_ecs_service" and names & set(DEPLOYS):
            yield _deployment(change)
        elif change.type in RESTARTS:
            restarts = sorted(names & set(RESTARTS[change.type]))
            yield _restart(change, restarts) if restarts else _modification(change, names)
        yield from _changed(change, changed)


def _split_service_is_gone(change: Change, name: str) -> str | None:
    """What it means for the service itself. Of the rest, nobody notices anything more."""
    how = "replaced" if change.kind == "replace" else "destroyed"
    return f"{how}: {SPLIT_GONE[name.partition('-')[0]]}" if change.type == "aws_ecs_service" else None


def _changed(change: Change, changed: Sequence[Difference]) -> Iterator[str]:
    for argument, matters, what in CHANGED.get(change.type, ()):
        for difference in changed:
            if difference.argument.split(".")[0] == argument and matters(difference.before, difference.after):
                yield what
                break


def _is_answer(change: Change, names: set[str]) -> bool:
    """Whether the change in place is one of what DNS answers."""
    return change.kind == "change" and bool(names - ARGUMENTS.get(change.type, frozenset()))


def rotation_means(change: Change) -> str | None:
    """What another value of the secret means, if it is one that `secrets.*_version` gives another value.

    The environment's name, which is in the secret's too, does not count.
    """
    name = str(change.before.get("secret_id")).rpartition(":")[2].rpartition("/")[2]
    return next((what for pattern, what in ROTATIONS.items() if re.search(pattern, f"{change.address} {name}")), None)


def _deployment(change: Change) -> str:
    percent = change.after.get("deployment_minimum_healthy_percent")
    if change.after.get("desired_count") == 0:
        return "its tasks stop, and no new ones start"
    if isinstance(percent, int) and percent < 100:
        return f"rolling: only {percent}% of its tasks stay while new ones start, downtime is possible"
    return "rolling: new tasks are healthy before the old ones stop, no downtime"


def _restart(change: Change, arguments: Sequence[str]) -> str:
    why = joined(map(word, arguments))
    if change.type == "aws_instance":
        return f"stopped and started ({why}): downtime of some minutes"
    if change.type == "aws_elasticache_replication_group":
        replica = change.before.get("automatic_failover_enabled") is True
        return f"modified {_when(change)} ({why}): interrupted for {'seconds' if replica else 'minutes'}"
    standby = change.before.get("multi_az") is True and "engine_version" not in arguments
    length = "a failover of a minute or two" if standby else "a restart of some minutes"
    return f"modified {_when(change)} ({why}): downtime, {length}"


def _modification(change: Change, names: set[str]) -> str | None:
    """A database that stays available is modified now or later all the same."""
    if not names or not names <= ARGUMENTS.get(change.type, frozenset()):
        return None
    return f"modified {_when(change)}, no downtime"


def _when(change: Change) -> str:
    if change.after.get("apply_immediately") is True:
        return "now"
    window = None if change.hides("maintenance_window") else change.after.get("maintenance_window")
    return "in the maintenance window" + (f" {word(window)}" if isinstance(window, str) and window else "")


def _seconds(change: Change) -> str:
    ttl = None if change.hides("ttl") else change.before.get("ttl")
    return f" of {ttl} s" if isinstance(ttl, int) and ttl else ""
