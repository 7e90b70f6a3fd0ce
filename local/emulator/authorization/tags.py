"""The tags of resources, by their ARNs, from the stores of ministack's services."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import (
    acm,
    alb,
    backup,
    cloudfront,
    cloudwatch,
    cloudwatch_logs,
    ec2,
    ecs,
    elasticache,
    iam,
    kms,
    rds,
    secretsmanager,
    ses_v2,
    sns,
    waf,
)

from local.emulator.application_autoscaling import REGISTERED

Tags = dict[str, str]


def resource_tags(arn: str) -> Tags:
    """The tags of the resource. What is not known, or has no tags in AWS either, has none.

    S3 has ``aws:ResourceTag`` for buckets only if attribute-based access control is enabled for them, which this
    project does not: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
    """
    _, _, service, _, _, resource = arn.split(":", 5)
    find = _FINDERS.get(service)
    return as_mapping(find(arn, resource)) if find else {}


def as_mapping(tags: Any) -> Tags:  # noqa: ANN401  of any service
    """Tags in any of the forms that requests have: a mapping, or a list of objects with a key and a value."""
    if isinstance(tags, Mapping):
        for inner in ("TagSet", "Items"):
            if inner in tags:
                return as_mapping(tags[inner])
        return {str(key): str(value or "") for key, value in tags.items()}
    in_lower_case = (
        {key.lower().removeprefix("tag"): text for key, text in tag.items()}
        for tag in tags or ()
        if isinstance(tag, Mapping)
    )
    return {str(tag.get("key", "")): str(tag.get("value") or "") for tag in in_lower_case}


def _record(records: Iterable[Mapping[str, Any]], arn_key: str, arn: str, tags_key: str) -> object:
    return next((record.get(tags_key) for record in records if record.get(arn_key) == arn), None)


def _of_iam(arn: str, resource: str) -> object:
    kind, _, name = resource.partition("/")
    name = name.rpartition("/")[2]
    stores = {
        "role": (iam._roles, name),
        "user": (iam._users, name),
        "instance-profile": (iam._instance_profiles, name),
        "policy": (iam._policies, arn),
        "oidc-provider": (iam._oidc_providers, arn),
    }
    store, key = stores.get(kind, ({}, ""))
    return (store.get(key) or {}).get("Tags")


def _of_secret(arn: str, _resource: str) -> object:
    _, secret = secretsmanager._resolve(arn)
    return (secret or {}).get("Tags")


def _of_log_group(_arn: str, resource: str) -> object:
    name = resource.removeprefix("log-group:").partition(":")[0]
    return (cloudwatch_logs._log_groups.get(name) or {}).get("tags")


def _of_backup(_arn: str, resource: str) -> object:
    kind, _, name = resource.partition(":")
    if kind == "backup-vault":
        return (backup._vaults.get(name) or {}).get("BackupVaultTags")
    return (backup._plans.get(name) or {}).get("Tags")


_FINDERS: dict[str, Callable[[str, str], object]] = {
    "acm": lambda arn, _: (acm._certificates.get(arn) or {}).get("Tags"),
    "application-autoscaling": lambda arn, _: REGISTERED._tags.get(arn),
    "backup": _of_backup,
    "cloudfront": lambda arn, _: cloudfront._tags.get(arn),
    "cloudwatch": lambda arn, _: cloudwatch._resource_tags.get(arn),
    "ec2": lambda _, resource: ec2._tags.get(resource.rpartition("/")[2]),
    "ecs": lambda arn, _: ecs._tags.get(arn),
    "elasticache": lambda arn, _: elasticache._tags.get(arn),
    "elasticloadbalancing": lambda arn, _: alb._tags.get(arn),
    "iam": _of_iam,
    "kms": lambda _, resource: (kms._keys.get(resource.partition("/")[2]) or {}).get("Tags"),
    "logs": _of_log_group,
    "rds": lambda arn, _: rds._tags.get(arn),
    "secretsmanager": _of_secret,
    "ses": lambda arn, _: ses_v2._ses_tags.get(arn),
    "sns": lambda arn, _: (sns._topics.get(arn) or {}).get("tags"),
    "wafv2": lambda arn, _: waf._waf_tags.get(arn),
}
