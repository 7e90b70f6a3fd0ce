"""Every resource of a deployment is recognized in AWS without the state, by the ID that Terraform imports it by."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.deployment import Deployment
from modules.identity import IDENTITIES
from ops.existing import existing_ids, state_import_id
from tests.e2e.conftest import run
from tests.environments import load

pytestmark = pytest.mark.e2e

Resources = dict[str, dict[str, Any]]
"""The attributes of the resources in a state, by address."""


def resources(deployment: Deployment, session: boto3.Session, stack: str) -> Resources:
    """Returns what the stack's state has, without Terraform's own ``terraform_data``."""
    settings = load(deployment.variables["LANGFUSE_ENV"])
    s3 = session.client("s3")
    state = json.loads(s3.get_object(Bucket=settings.state.bucket, Key=settings.state_key(stack))["Body"].read())
    return {
        f"{resource['type']}.{resource['name']}": instance["attributes"]
        for resource in state["resources"]
        if resource["mode"] == "managed" and resource["type"] != "terraform_data"
        for instance in resource["instances"]
    }


@pytest.fixture
def session(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session of the deployment's AWS."""
    for name, value in deployment.aws.environment.items():
        monkeypatch.setenv(name, value)
    return deployment.aws.session()


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_every_resource_is_found_and_terraform_imports_it(
    deployment: Deployment, session: boto3.Session, terraform: str, scratch: Path, stack: str
) -> None:
    """Terraform refuses an ID that is none, and an imported resource that differs would be changed or replaced."""
    settings = load(deployment.variables["LANGFUSE_ENV"])
    made = resources(deployment, session, stack)
    wanted = {
        address: state_import_id(settings, address.partition(".")[0], attributes)
        for address, attributes in made.items()
    }
    found = {
        address: existing_ids(session, settings, address.partition(".")[0], attributes)
        for address, attributes in made.items()
    }
    assert found == {address: [id_] for address, id_ in wanted.items()}
    ids = {address: id_ for address, id_ in wanted.items() if _is_imported(address)}
    actions = planned_actions(deployment, terraform, scratch, stack, ids)
    assert {address: action for address, action in actions.items() if address in ids and "delete" in action} == {}
    others = actions.keys() - ids
    assert {address for address in others if _is_imported(address)} == set()
    assert all(actions[address] == ["create"] for address in others)


def _is_imported(address: str) -> bool:
    type_ = address.partition(".")[0]
    return type_ in IDENTITIES and not IDENTITIES[type_].made_again and IDENTITIES[type_].instead_of_import is None


def planned_actions(
    deployment: Deployment, terraform: str, folder: Path, stack: str, ids: dict[str, str]
) -> dict[str, list[str]]:
    """Returns what a plan with import blocks would do without the state, by address."""
    synthesized = deployment.folder / "stacks" / stack
    shutil.copy(synthesized / ".terraform.lock.hcl", folder)
    document = json.loads((synthesized / "cdk.tf.json").read_text())
    for instance in document["resource"].get("aws_instance", {}).values():
        # It has the ARN of a secret's version, which is not imported here. tests/faults/test_recover.py has both.
        del instance["user_data"]
    (folder / "cdk.tf.json").write_text(json.dumps(document))
    imports = [{"to": address, "id": id_} for address, id_ in ids.items()]
    (folder / "recover.tf.json").write_text(json.dumps({"import": imports}))
    (folder / "backend_override.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {}}}}))
    run(terraform, folder, "init", "-input=false", environment=deployment.environment)
    run(terraform, folder, "plan", "-input=false", "-out=planned", environment=deployment.environment)
    plan = json.loads(run(terraform, folder, "show", "-json", "planned", environment=deployment.environment))
    changes = {each["address"]: each["change"] for each in plan["resource_changes"] if each["mode"] == "managed"}
    assert {address: change["importing"]["id"] for address, change in changes.items() if "importing" in change} == ids
    return {address: change["actions"] for address, change in changes.items()}
