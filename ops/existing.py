"""Finds in AWS what a resource of the stacks would be, or was, without Terraform's state."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain
from threading import Lock
from typing import Any

import boto3
import jmespath
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from modules.identity import IDENTITIES
from settings import Settings
from settings.partition import CLOUDFRONT_REGION

PLACEHOLDER = re.compile(r"\{([a-z_]\w*(?:\.\w+)*)\}")
ABSENT = re.compile("NotFound|NoSuch|Nonexistent")
"""In the code of an error: what was asked for, or what it belongs to, is not there."""


def existing_ids(session: boto3.Session, settings: Settings, type_: str, values: Mapping[str, Any]) -> list[str] | None:
    """The Terraform import IDs of what AWS has under a resource's name, or under its tags and what it belongs to.

    Args:
        session: a session with the credentials and the region of the environment.
        settings: the environment's settings.
        type_: the resource's type, a key of ``IDENTITIES``.
        values: its attributes, as a plan has them in ``change.after``, or a state in ``attributes``.

    Returns:
        None if an attribute that the search needs is not known yet.

    Raises:
        KeyError: if the table has no such type.
        BotoCoreError, ClientError: if AWS does not answer the question.
    """
    identity = IDENTITIES[type_]
    known = _with_environment(settings, values)
    try:
        arguments: Any = _filled(identity.arguments, known)
        path = _fill(identity.import_ids, known, _in_jmespath)
    except _UnknownError:
        return None
    answers = _answers(_client(session, identity.service, _region(arguments)), identity.operation, arguments)
    return list(chain.from_iterable(jmespath.search(path, answer) or () for answer in answers))


def state_import_id(settings: Settings, type_: str, attributes: Mapping[str, Any]) -> str:
    """The Terraform import ID of a resource that has these attributes in the state; empty if it lacks one of them.

    Raises:
        KeyError: if the table has no such type.
    """
    try:
        return _fill(IDENTITIES[type_].import_id, _with_environment(settings, attributes), _required)
    except _UnknownError:
        return ""


class _UnknownError(Exception):
    """An attribute is not known yet."""


def _with_environment(settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"region": settings.region, "prefix": settings.prefix, **values}


def _filled(template: object, values: Mapping[str, Any]) -> object:
    """The arguments of a call, with attributes for placeholders."""
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return _fill(template, values, _required) if isinstance(template, str) else template


def _fill(template: str, values: Mapping[str, Any], as_text: Callable[[object], str]) -> str:
    return PLACEHOLDER.sub(lambda match: as_text(_attribute(match[1], values)), template)


def _attribute(path: str, values: Mapping[str, Any]) -> object:
    """An attribute, ``alias.0.name`` for example; None if it is null, or in a block that is not there.

    Raises:
        _UnknownError: if the values don't have it: a plan leaves out what is known after the apply.
    """
    value: Any = values
    for step in path.split("."):
        if isinstance(value, Mapping):
            if step not in value:
                raise _UnknownError
            value = value[step]
        elif isinstance(value, list) and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _required(value: object) -> str:
    if value is None:
        raise _UnknownError
    return str(value)


def _in_jmespath(value: object) -> str:
    """An attribute inside a raw string of JMESPath."""
    return "" if value is None else str(value).replace("'", r"\'")


def _region(arguments: Mapping[str, Any]) -> str | None:
    """The Region that a call must go to, if it may be another than the session's: CloudFront's things are in one."""
    if arguments.get("Scope") == "CLOUDFRONT":
        return CLOUDFRONT_REGION
    return arguments["CertificateArn"].split(":")[3] if "CertificateArn" in arguments else None


def _answers(client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
    """All pages of the answer; none if what was asked for, or what it belongs to, is not there."""
    try:
        if client.can_paginate(operation):
            yield from client.get_paginator(operation).paginate(**arguments)
        else:
            yield getattr(client, operation)(**arguments)
    except ClientError as error:
        if not ABSENT.search(error.response["Error"]["Code"]):
            raise


_one_at_a_time = Lock()


def _client(session: boto3.Session, service: str, region: str | None = None) -> BaseClient:
    """The session's client of the service, in its Region by default.

    A session, unlike a client, may not be used by two threads at once.
    """
    with _one_at_a_time:
        return _new_client(session, service, region)


@cache
def _new_client(session: boto3.Session, service: str, region: str | None) -> BaseClient:
    client: BaseClient = session.client(service, region_name=region)  # type: ignore[call-overload]
    return client
