"""The table of identities fits the stacks, the provider and AWS's models. Its rows are tried in tests/e2e."""

import json
from collections.abc import Iterator
from functools import cache, reduce
from importlib import import_module
from typing import Any

import botocore.session
import jmespath
import pytest
from botocore import xform_name
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator
from cdktf import TerraformResource

from modules.identity import IDENTITIES, Identity
from ops.existing import PLACEHOLDER
from tests.synthesis import app
from tests.unit.test_plan_types import DEPLOYED

rows = pytest.mark.parametrize(("type_", "identity"), IDENTITIES.items(), ids=IDENTITIES)


def test_every_type_of_the_stacks_has_a_row() -> None:
    types = {
        type_
        for environment, overrides in DEPLOYED
        for stack in app(environment, overrides).values()
        for type_ in stack.json.get("resource", {})
    }
    assert types - {"terraform_data"} == IDENTITIES.keys()


def placeholders(template: object) -> Iterator[str]:
    """Yields the placeholders of a row, or of a part of it."""
    if isinstance(template, dict):
        yield from placeholders(list(template.values()))
    elif isinstance(template, list | tuple):
        for part in template:
            yield from placeholders(part)
    elif isinstance(template, str):
        yield from PLACEHOLDER.findall(template)


@rows
def test_placeholders_are_attributes_of_the_resource(type_: str, identity: Identity) -> None:
    binding = import_module(f"cdktf_cdktf_provider_aws.{type_.removeprefix('aws_')}")
    (resource,) = (
        each
        for each in vars(binding).values()
        if isinstance(each, type) and issubclass(each, TerraformResource) and each is not TerraformResource
    )
    attributes = {placeholder.partition(".")[0] for placeholder in placeholders(list(identity))}
    assert {name for name in attributes - {"region", "prefix"} if not hasattr(resource, name)} == set()


@cache
def service_model(service: str) -> ServiceModel:
    """Returns AWS's model of the service, which takes a second to read."""
    return botocore.session.get_session().get_service_model(service)


def operation(identity: Identity) -> OperationModel:
    """Returns AWS's model of the row's operation."""
    model = service_model(identity.service)
    (name,) = [name for name in model.operation_names if xform_name(name) == identity.operation]
    return model.operation_model(name)


@rows
def test_aws_takes_the_arguments(type_: str, identity: Identity) -> None:  # noqa: ARG001
    arguments = json.loads(PLACEHOLDER.sub("any text that is long enough", json.dumps(identity.arguments)))
    # It is botocore's, not AWS's.
    arguments.pop("PaginationConfig", None)
    shape = operation(identity).input_shape
    assert shape is not None
    assert ParamValidator().validate(arguments, shape).generate_report() == ""


def follow(node: Any, shape: Shape | None) -> Shape | None:
    """Follows a parsed JMESPath through AWS's model of an answer. Lists are passed by: a path means their elements.

    Raises:
        KeyError: if the model does not have a name of the path at its place.
    """
    while isinstance(shape, ListShape):
        shape = shape.member
    children = node["children"]
    if node["type"] == "field":
        assert isinstance(shape, StructureShape)
        found: Shape = shape.members[node["value"]]
        return found
    if node["type"] == "subexpression":
        return reduce(lambda found, child: follow(child, found), children, shape)
    if node["type"] in {"index_expression", "projection", "filter_projection"}:
        left = follow(children[0], shape)
        # A filter's condition is the third.
        right, *_ = [follow(child, left) for child in children[1:]]
        return right
    return [shape, *(follow(child, shape) for child in children)][-1]


@rows
def test_aws_returns_what_the_path_looks_for(type_: str, identity: Identity) -> None:  # noqa: ARG001
    shape = operation(identity).output_shape
    assert shape is not None
    follow(jmespath.compile(PLACEHOLDER.sub("x", identity.import_ids)).parsed, shape)


def test_what_must_not_be_imported() -> None:
    """Literally, since an import of a secret's value would show it, and the next deploy would replace it."""
    assert {type_ for type_, row in IDENTITIES.items() if row.instead_of_import is not None} == {
        "aws_secretsmanager_secret_version"
    }
    assert {type_ for type_, row in IDENTITIES.items() if row.made_again} == {
        "aws_acm_certificate",
        "aws_acm_certificate_validation",
        "aws_iam_openid_connect_provider",
        "aws_sns_topic_subscription",
    }


def test_no_row_is_without_an_attribute() -> None:
    """Otherwise it would find what belongs to another environment."""
    everywhere = {type_ for type_, row in IDENTITIES.items() if not list(placeholders([row.arguments, row.import_ids]))}
    assert everywhere == set()


@pytest.mark.parametrize(
    ("type_", "answer", "dead", "alive"),
    [
        ("aws_db_instance", {"DBInstances": [{"DBInstanceIdentifier": "x"}]}, "deleting", "creating"),
        ("aws_ebs_volume", {"Volumes": [{"VolumeId": "x"}]}, "deleting", "in-use"),
        ("aws_ecs_cluster", {"clusters": [{"clusterName": "x"}]}, "INACTIVE", "ACTIVE"),
        ("aws_ecs_service", {"services": [{"serviceName": "x"}]}, "DRAINING", "ACTIVE"),
        ("aws_ecs_service", {"services": [{"serviceName": "x"}]}, "INACTIVE", "ACTIVE"),
        ("aws_elasticache_replication_group", {"ReplicationGroups": [{"ReplicationGroupId": "x"}]}, "deleting", "x"),
        ("aws_nat_gateway", {"NatGateways": [{"NatGatewayId": "x"}]}, "failed", "pending"),
        ("aws_vpc_endpoint", {"VpcEndpoints": [{"VpcEndpointId": "x"}]}, "deleting", "available"),
        ("aws_vpc_endpoint", {"VpcEndpoints": [{"VpcEndpointId": "x"}]}, "Deleted", "Available"),
    ],
)
def test_what_is_being_deleted_is_left_out(type_: str, answer: dict[str, Any], dead: str, alive: str) -> None:
    """AWS goes on to show these for a while; the embedded AWS deletes at once."""
    states = ("State", "Status", "status", "DBInstanceStatus")

    def found(state: str) -> Any:
        answers = {name: [{**each, **dict.fromkeys(states, state)} for each in answer[name]] for name in answer}
        return jmespath.search(PLACEHOLDER.sub("x", IDENTITIES[type_].import_ids), answers)

    assert found(dead) == []
    assert len(found(alive)) == 1
