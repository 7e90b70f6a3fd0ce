"""A test that docs/destroy.md holds for ``prod``: what a destroy leaves, and how to deploy again."""

import dataclasses
import json
import re

import pytest

from local import embedded_aws
from local.deployment import Deployment
from tests.command_line import ops
from tests.e2e.conftest import REGION, UNPROTECTED, terraform  # noqa: F401
from tests.e2e.inventory import inventory
from tests.progress import report_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prod-destroyed"), pytest.mark.timeout(3600)]

SCHEDULED = "a secret with this name is already scheduled for deletion"


def test_prod_is_destroyed_and_deployed_again(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> None:  # noqa: ARG001, F811
    lines: list[str] = []
    show = report_of("prod-destroyed")

    def report(line: str) -> None:
        lines.append(line)
        show(line)

    with embedded_aws.running(REGION) as aws:
        prod = Deployment(aws, tmp_path_factory.mktemp("prod-destroyed"), {"LANGFUSE_ENV": "prod"}, report)
        assert prod.bootstrap() == 0
        before = inventory(aws)
        assert prod.deploy() == 0
        deployed = inventory(aws)
        secrets = {name for _, operation, name in deployed - before if operation == "list_secrets"}

        # "Destroy"
        assert prod.destroy() != 0, "the protection is removed first"
        assert inventory(aws) == deployed
        unprotected = changed(prod, LANGFUSE_AWS__DELETION_PROTECTION="false")
        assert unprotected.deploy() == 0
        assert unprotected.destroy() == 0
        assert inventory(aws) - before == {("secretsmanager", "list_secrets", name) for name in secrets}

        # "Deploy again"
        names = names_to_free(prod)
        assert set(names) == secrets
        lines.clear()
        assert prod.deploy() != 0
        assert SCHEDULED in re.sub(r"[\s│╷╵]+", " ", " ".join(lines))
        client = aws.session().client("secretsmanager", endpoint_url=aws.url)
        for name in names:
            client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        assert names_to_free(prod) == []

        # "For good", from what is deployed again
        for_good = changed(prod, **UNPROTECTED)
        assert for_good.deploy() == 0
        assert set(for_good.outputs()) == {"network", "data", "services"}
        assert for_good.destroy() == 0
        assert inventory(aws) - before == set()
        assert names_to_free(prod) == []


def changed(deployment: Deployment, **variables: str) -> Deployment:
    return dataclasses.replace(deployment, variables={**deployment.variables, **variables})


def names_to_free(deployment: Deployment) -> list[str]:
    """Returns the names in the command with which ``ops preflight`` frees the names of secrets."""
    ran = ops("preflight", "--json", environment=deployment.environment)
    findings = {finding["check"]: finding for finding in json.loads(ran.stdout)["findings"]}
    remedy = findings["secrets' names"]["remedy"]
    command = re.search(r"for name in (.*); do aws secretsmanager delete-secret .*; done", remedy)
    return command[1].split() if command else []
