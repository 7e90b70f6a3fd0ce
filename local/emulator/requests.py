"""Finds the operation of a request to AWS, and its parameters.

moto's routers and parsers read what the SDKs send in each protocol, by botocore's models of the services.
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import create_loader
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import ServiceOperationRouter
from werkzeug.exceptions import NotFound

Parameters = dict[str, Any]

CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

# The name under which requests to a service are signed, and botocore's name of the service, where they differ.
SERVICES = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}


@dataclass(frozen=True)
class AwsRequest:
    """A request to AWS: the operation, the parameters by their names in botocore, who sent it, and to which region.

    ``unreadable`` says why the parameters cannot be read: text in place of a number, for example. ``user_agent`` is the
    header in which clients say what they are.
    """

    operation: OperationModel
    protocol: str
    access_key: str
    region: str
    parameters: Parameters
    unreadable: str | None
    user_agent: str = ""

    @property
    def service(self) -> str:
        """The service, by botocore's name."""
        return str(self.operation.service_model.service_name)


def parse(method: str, target: str, headers: Mapping[str, str], body: bytes) -> AwsRequest | None:
    """The request to AWS, or None if it is none: it is not signed, or its service or operation is unknown.

    ``target`` is the path with the query, as it was sent. The names in ``headers`` are in lower case.
    """
    credential = CREDENTIAL.search(headers.get("authorization", ""))
    model = credential and _service_model(_service(credential["service"], target))
    if not credential or not model:
        return None
    if headers.get("content-encoding") == "gzip" and model.service_name != "s3":
        body = gzip.decompress(body)
    request = Request.from_primitives(method, f"http://{headers['host']}{target}", headers, body)
    protocol = determine_request_protocol(model, request.content_type)
    try:
        operation, labels = _router(model).match(request)
    except NotFound:
        return None
    parameters, unreadable = {}, None
    try:
        parameters = _parameters(protocol, operation, labels, request)
    except (ValueError, TypeError, AttributeError, RequestParserError) as error:
        unreadable = str(error)
    return AwsRequest(
        operation,
        protocol,
        credential["key"],
        credential["region"],
        parameters,
        unreadable,
        headers.get("user-agent", ""),
    )


def _service(signed_for: str, target: str) -> str:
    """Botocore's name of the service, by the name that a request is signed for, and its path.

    Both versions of SES's API are signed for ``ses``.
    """
    if signed_for == "ses" and target.startswith("/v2/"):
        return "sesv2"
    return SERVICES.get(signed_for, signed_for)


@cache
def _service_model(name: str) -> ServiceModel | None:
    try:
        return ServiceModel(create_loader().load_service_model(name, "service-2"), name)
    except UnknownServiceError:
        return None


@cache
def _router(model: ServiceModel) -> ServiceOperationRouter:
    return ServiceOperationRouter(model)


def _parameters(protocol: str, operation: OperationModel, labels: Parameters, request: Request) -> Parameters:
    parsed: Parameters = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "headers": request.headers,
            "url_path": request.path,
            "url_params": labels,
            "values": request.values,
            "body": request.get_data(),
        }
    )
    return parsed
