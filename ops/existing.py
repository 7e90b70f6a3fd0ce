"""Finds in AWS what a resource of the stacks would be, or was, without Terraform's state."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain
from threading import Lock
from typing import Any

import boto3
import jmespath
from botocore.exceptions import ClientError
from jmespath.functions import Functions, signature

from modules.identity import IDENTITIES, Call
from settings import Settings

PLACEHOLDER = re.compile(r"\{([a-z_]\w*(?:\.\w+)*)\}")
ABSENT = re.compile("NotFound|NoSuch")
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
        BotoCoreError, ClientError: if AWS does not answer, but for that something is not there.
    """
    identity = IDENTITIES[type_]
    client = _client(session, identity.service)
    known = {"region": settings.region, **values}
    try:
        found = _ask(client, identity.existing, known)
        if identity.confirm is not None:
            found = [id_ for id_ in found if any(_ask(client, identity.confirm, {**known, "import_id": id_}))]
    except _UnknownError:
        return None
    return found


def state_import_id(type_: str, attributes: Mapping[str, Any]) -> str:
    """The Terraform import ID of a resource with these attributes in the state."""
    return _fill(IDENTITIES[type_].import_id, attributes, _required)


class _UnknownError(Exception):
    """An attribute is not known yet."""


_creation = Lock()


def _client(session: boto3.Session, service: str) -> Any:
    """The session's client of the service. boto3 has no lock of its own for making one."""
    with _creation:
        return _new_client(session, service)


@cache
def _new_client(session: boto3.Session, service: str) -> Any:
    return session.client(service)  # type: ignore[call-overload]


def _ask(client: Any, call: Call, values: Mapping[str, Any]) -> list[Any]:
    arguments = _filled(call.arguments, values)
    path = jmespath.compile(_fill(call.path, values, _text))
    answers = (path.search(answer, _OPTIONS) for answer in _answers(client, call.operation, arguments))
    return list(chain.from_iterable(answer if isinstance(answer, list) else [answer] for answer in answers if answer))


def _answers(client: Any, operation: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
    try:
        if client.can_paginate(operation):
            yield from client.get_paginator(operation).paginate(**arguments)
        else:
            yield getattr(client, operation)(**arguments)
    except ClientError as error:
        if not ABSENT.search(error.response["Error"]["Code"]):
            raise


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The arguments of a call, with attributes for placeholders."""
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return _fill(template, values, _required) if isinstance(template, str) else template


def _fill(template: str, values: Mapping[str, Any], as_text: Callable[[Any], str]) -> str:
    return PLACEHOLDER.sub(lambda match: as_text(_attribute(match[1], values)), template)


def _attribute(path: str, values: Mapping[str, Any]) -> Any:
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


def _required(value: Any) -> str:
    if value is None:
        raise _UnknownError
    return str(value)


def _text(value: Any) -> str:
    """A value inside a raw string of JMESPath."""
    return "" if value is None else str(value).replace("'", r"\'")


class _Functions(Functions):
    """The functions of JMESPath, and one more."""

    @signature({"types": ["string"]}, {"types": ["string"]})
    def _func_after(self, text: str, separator: str) -> str:
        return text.rpartition(separator)[2]


_OPTIONS = jmespath.Options(custom_functions=_Functions())
