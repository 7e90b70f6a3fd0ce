"""Another valid value of every setting, to change a deployed environment to."""

import json
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic import BaseModel

from settings import Settings
from settings.field_types import LOG_RETENTION_DAYS
from settings.load import OVERRIDE_PREFIX
from tests.environments import ACCESS, OWN_KEY, RUNNING

Values = Mapping[str, object]
"""Values of settings, by the path of the setting."""

DOMAIN = "langfuse.example.com"
VPC_ID = "vpc-00000001"
"""The default VPC of the embedded AWS, which has three subnets, ``subnet-00000001`` to ``subnet-00000003``."""
ACCOUNT = "000000000000"
"""The account of the embedded AWS: Terraform refuses credentials of another."""
BOUNDARY_ARN = "arn:aws:iam::aws:policy/PowerUserAccess"
PROVIDER_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:smtp-AbCdEf"  # noqa: S105


class Existing(NamedTuple):
    """What the settings of a domain and of an existing VPC refer to. By default, it exists nowhere."""

    hosted_zone_id: str = "Z0123456789ABCDEFGHIJ"
    certificate_arn: str = "arn:aws:acm:us-east-1:000000000000:certificate/01234567-89ab-cdef-0123-456789abcdef"
    fourth_subnet_id: str = "subnet-00000004"


NOWHERE = Existing()


def settings_of_model(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yields the path of every setting, such as ``web.cpu``, in the order of the model."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of_model(field.annotation, f"{prefix}{name}.")
        elif prefix + name != "name":
            # The environment's name is the name of its file, and can't be set.
            yield prefix + name


SETTINGS = tuple(settings_of_model())


def variables(values: Values) -> dict[str, str]:
    """Returns the environment variables that set the values."""
    return {
        OVERRIDE_PREFIX + setting.replace(".", "__").upper(): value if isinstance(value, str) else json.dumps(value)
        for setting, value in values.items()
    }


DEPLOYED_WITH = {**RUNNING, **ACCESS, **OWN_KEY, **variables({"redis.version": "7.0"})}
"""The settings that the environments are deployed with. There is no newer version than Redis 7.1, the default.

All but the stack ``access`` is deployed with the roles that it makes for CI."""

AGAIN: Values = {
    "tags": {"Stage": "test"},
    "network.egress_ports": [587],
    "langfuse.policy_arns": ["arn:aws:iam::aws:policy/AmazonBedrockReadOnly"],
    "langfuse.base_path": "/langfuse",
    "web_api": {"cpu": 2048, "memory_mib": 4096},
    "ingress.waf_requests_per_five_minutes": 30_000,
    "alarms.email": "others@example.com",
}
"""Further values of settings whose first change makes a resource, so that only another one changes it."""


def changed(setting: str, current: Settings, existing: Existing = NOWHERE) -> Values:
    """Returns another value of the setting, with those of other settings that it requires.

    Raises:
        LookupError: if the setting is new, and neither its type nor this file gives a value.
    """
    tables = _with_companions(current, existing)
    values = _values(current)
    if setting in tables:
        return tables[setting]
    if setting in values:
        return {setting: values[setting]}
    return {setting: _other(setting, attrgetter(setting)(current))}


def _with_companions(current: Settings, existing: Existing) -> dict[str, Values]:
    """Returns the values that the settings refuse alone, with those that they require, by setting."""
    domain = {"domain.name": DOMAIN, "domain.certificate_arn": existing.certificate_arn}
    vpc: Values = {
        "network.vpc_id": VPC_ID,
        "network.public_subnet_ids": ["subnet-00000001", "subnet-00000002"],
        "network.private_subnet_ids": ["subnet-00000003", existing.fourth_subnet_id],
    }
    first: Values = {"first.organization": "Example", "first.project": "Web", "first.user_email": "me@example.com"}
    digests: Values = {
        f"langfuse.{service}_digest": "sha256:" + "0123456789abcdef" * 4 for service in ("web", "worker")
    }
    packages = {"clickhouse.package_repository": "https://acme-packages.s3.us-east-1.amazonaws.com/clickhouse/"}
    isolated: Values = {
        "network.isolated": True,
        "langfuse.registry": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror",
        **(packages if current.clickhouse.mode == "ec2" else {}),
    }
    google = {"sign_in.providers": {"google": {"client_id": "langfuse", "client_secret_arn": SECRET_ARN}}}
    sender = {"mail.from_address": f"langfuse@{DOMAIN.partition('.')[2]}"}
    roles: Values = {"access.repository": "acme/moved", "allowed_account_ids": [ACCOUNT]}
    return {
        **dict.fromkeys(vpc, vpc),
        **dict.fromkeys(first, first),
        **dict.fromkeys(digests, digests),
        "langfuse.base_path": {"langfuse.base_path": "/langfuse", "langfuse.registry": "registry.example.com/langfuse"},
        "ingress.waf_requests_per_five_minutes": {
            "ingress.waf": True,
            "ingress.waf_requests_per_five_minutes": 20_000,
        },
        "network.isolated": isolated,
        "sign_in.password": {"sign_in.password": False, **google},
        "sign_in.sso_domains": {"sign_in.sso_domains": ["example.com"], **google},
        "sign_in.providers": google,
        "mail.hosted_zone_id": {**sender, "mail.hosted_zone_id": existing.hosted_zone_id},
        "mail.smtp_secret_arn": {**sender, "mail.smtp_secret_arn": SECRET_ARN},
        "langfuse.policy_arns": {
            "langfuse.policy_arns": ["arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"],
            "permissions_boundary_arn": BOUNDARY_ARN,
        },
        "permissions_boundary_arn": {"permissions_boundary_arn": BOUNDARY_ARN},
        "access.repository": roles,
        "access.oidc_provider_arn": {**roles, "access.oidc_provider_arn": PROVIDER_ARN},
        "redis.engine": {"redis.engine": "valkey", "redis.version": "7.2"},
        "domain.name": domain,
        "domain.certificate_arn": domain,
        "domain.hosted_zone_id": {"domain.name": DOMAIN, "domain.hosted_zone_id": existing.hosted_zone_id},
    }


def _values(current: Settings) -> dict[str, object]:
    """Returns the values that the types do not tell, by setting."""
    return {
        "allowed_account_ids": [ACCOUNT],
        "tags": {"Team": "ml"},
        "state.kms_key_id": "arn:aws:kms:us-east-1:000000000000:key/01234567-89ab-4cde-8f01-23456789abcd",
        "encryption.kms": "arn:aws:kms:us-east-1:000000000000:key/01234567-89ab-4cde-8f01-23456789abcd",
        "log_retention_days": _next(LOG_RETENTION_DAYS, current.log_retention_days),
        "network.cidr": "10.1.0.0/16",
        "network.nat_gateways": 1 if current.network.nat_gateways == 2 else 2,
        "postgres.version": "16",
        "postgres.instance_class": "db.m7g.xlarge",
        # RDS enlarges a disk by a tenth at least.
        "postgres.storage_gib": current.postgres.storage_gib * 2,
        "redis.version": "7.1",
        "redis.node_type": "cache.m7g.xlarge",
        "clickhouse.version": "26.5",
        "langfuse.version": "4.16.1",
        "langfuse.environment": {"AUTH_DISABLE_SIGNUP": "true"},
        "langfuse.secrets": {"SMTP_PASSWORD": SECRET_ARN},
        "langfuse.ca_certificate_secret_arn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:ca-AbCdEf",
        "sign_in.session_minutes": 480,
        "mail.from_address": f"langfuse@{DOMAIN.partition('.')[2]}",
        "langfuse.kms_key_arns": ["arn:aws:kms:us-east-1:000000000000:key/01234567-89ab-4cde-8f01-23456789abcd"],
        "secrets.recovery_window_days": 7,
        # Both go with 4096 MiB, and 5120 MiB with both.
        **{f"{service}.cpu": 1024 if getattr(current, service).cpu == 2048 else 2048 for service in ("web", "worker")},
        **dict.fromkeys(("web.memory_mib", "worker.memory_mib"), 5120),
        **dict.fromkeys(("web.heap_mib", "worker.heap_mib"), 2048),
        **{service: {"cpu": 1024, "memory_mib": 2048} for service in ("web_ingestion", "web_api", "worker_ingestion")},
    }


def _next(values: tuple[int, ...], value: int) -> int:
    return values[values.index(value) + 1]


def _other(setting: str, current: object) -> object:
    match _schema(setting), current:
        case {"type": "boolean"}, bool():
            return not current
        case {"enum": values}, _:
            return next(value for value in values if value != current)
        case {"examples": [example, *_]}, _ if example != current:
            return example
        case {"type": "integer", "maximum": most}, int() if current == most:
            return current - 1
        case {"type": "integer"}, int():
            return current + 1
    raise LookupError(f"{setting}: give it another value in tests/changes/values.py")


def _schema(setting: str) -> dict[str, Any]:
    schema = Settings.model_json_schema()
    *sections, name = setting.split(".")
    properties = schema["properties"]
    for section in sections:
        properties = schema["$defs"][properties[section]["$ref"].removeprefix("#/$defs/")]["properties"]
    [allowed] = [option for option in properties[name].get("anyOf", [properties[name]]) if option.get("type") != "null"]
    return dict(allowed)
