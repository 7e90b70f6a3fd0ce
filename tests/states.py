"""States of Terraform's, for tests without Terraform."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_httpserver import HTTPServer

BUCKET = "langfuse-dev-terraform-state"


def state(
    outputs: Mapping[str, object] | None = None,
    resources: Iterable[Mapping[str, Any]] = (),
    *,
    lineage: str = "lineage-of-a-test",
    serial: int = 1,
) -> dict[str, Any]:
    """A state as Terraform writes it."""
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": {name: {"value": value, "type": "string"} for name, value in (outputs or {}).items()},
        "resources": list(resources),
        "check_results": None,
    }


def resource(type_: str, name: str = "one", /, **attributes: object) -> dict[str, Any]:
    """A managed resource with one instance."""
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    instances = [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}]
    return {"mode": "managed", "type": type_, "name": name, "provider": provider, "instances": instances}


def serve(server: HTTPServer, stack: str, content: Mapping[str, Any]) -> None:
    """Lets a fake S3 answer with a stack's state, whose versions may not be listed."""
    denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    server.expect_request(f"/{BUCKET}").respond_with_data(denied, 403)
    server.expect_request(f"/{BUCKET}/langfuse/dev/{stack}.tfstate").respond_with_data(json.dumps(content))
