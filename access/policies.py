"""The policies of the roles ``plan`` and ``deploy``, for one environment.

``plan.json`` and ``deploy.json`` have them for all environments, with placeholders such as ``<prefix>``.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from modules.policy_document import VERSION
from settings import Settings
from settings.partition import partition_of

Role = Literal["plan", "deploy"]
ROLES: tuple[Role, ...] = ("plan", "deploy")
Values = Mapping[str, Sequence[str]]
"""What each placeholder stands for: one value, several of the same kind, or none in this environment."""
SERVICE_KEYS = {"iam:PassedToService", "kms:ViaService"}
"""The condition keys whose values are names of AWS's services."""
PLACEHOLDER = re.compile(r"<([a-z_]+)>")


def policies(role: Role, values: Values) -> dict[str, dict[str, Any]]:
    """The policies of a role, by what they are for: ``data``, ``services`` and so on.

    A resource with a placeholder that stands for several values is repeated for each. One whose placeholder has no
    value is left out, and so is a statement without resources, or with a condition that would have no values.
    """
    rendered = {purpose: list(_statements(statements, values)) for purpose, statements in _templates(role).items()}
    return {
        purpose: {"Version": VERSION, "Statement": statements} for purpose, statements in rendered.items() if statements
    }


def values_of(settings: Settings, *, account: str) -> dict[str, Sequence[str]]:
    """What the placeholders stand for in an environment that is in the AWS account."""
    zones = (settings.domain.hosted_zone_id, settings.mail.hosted_zone_id)
    keys = (settings.encryption.key_arn, settings.state_kms_key_id)
    partition = partition_of(settings.region)
    own_boundary = f"arn:{partition}:iam::{account}:policy/{settings.boundary_name}"
    return {
        "partition": [partition],
        "region": [settings.region],
        "account": [account],
        "prefix": [settings.prefix],
        "global_prefix": [settings.global_prefix],
        "project": [settings.default_tags["Project"]],
        "environment": [settings.default_tags["Environment"]],
        "boundary": [settings.roles_boundary_arn or own_boundary],
        "state_bucket": [settings.state.bucket],
        "name": [settings.name],
        "domain": _given(settings.domain.name),
        "mail_domain": _given(settings.mail.domain if settings.mail.hosted_zone_id else None),
        "hosted_zone_id": _given(*zones),
        "kms_key_arn": _given(*keys),
        "vpc_id": _given(settings.network.vpc_id),
        "subnet_id": _given(*settings.network.public_subnet_ids, *settings.network.private_subnet_ids),
        "policy_arn": settings.langfuse.policy_arns,
    }


def _given(*values: str | None) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


@cache
def _templates(role: Role) -> dict[str, list[dict[str, Any]]]:
    templates: dict[str, list[dict[str, Any]]] = json.loads(template_file(role).read_text())
    return templates


def template_file(role: Role) -> Path:
    """The file of a role's policies: lists of statements, by what they are for."""
    return Path(__file__).with_name(f"{role}.json")


def _statements(statements: Sequence[Mapping[str, Any]], values: Values) -> Iterator[dict[str, Any]]:
    for statement in statements:
        resources = [rendered for resource in statement["Resource"] for rendered in render(resource, values)]
        conditions = _conditions(statement.get("Condition", {}), values)
        if resources and all(wanted for keys in conditions.values() for wanted in keys.values()):
            yield {**statement, "Resource": resources, **({"Condition": conditions} if conditions else {})}


def _conditions(
    templates: Mapping[str, Mapping[str, Sequence[str]]], values: Values
) -> dict[str, dict[str, list[str]]]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for operator, keys in templates.items():
        wanted = {key: [rendered for value in keys[key] for rendered in render(value, values)] for key in keys}
        services = SERVICE_KEYS & wanted.keys()
        if services and list(values["partition"]) == ["aws-cn"]:
            # In some places, China's services have the suffix .cn, and AWS does not say in which:
            # aws/karpenter-provider-aws#6843, terraform-aws-modules/terraform-aws-eks#3422. The names with and without
            # it would make a policy too long. Values of tags have no wildcards.
            operator = "StringLike"
            wanted |= {key: [f"{service}*" for service in wanted[key]] for key in services}
        conditions.setdefault(operator, {}).update(wanted)
    return conditions


def render(template: str, values: Values) -> list[str]:
    """The texts that a template stands for: one for each combination of its placeholders' values."""
    names = list(dict.fromkeys(PLACEHOLDER.findall(template)))
    rendered = []
    for combination in product(*(values[name] for name in names)):
        text = template
        for name, value in zip(names, combination, strict=True):
            text = text.replace(f"<{name}>", value)
        rendered.append(text)
    return rendered
