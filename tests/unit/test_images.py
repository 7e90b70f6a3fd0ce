"""Tests of the settings of images: registries, digests, a base path, and the certificates of a private authority."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter

from settings import SettingsError
from settings.images import DEFAULT_REGISTRY, Image, Registry, parse_image
from tests.environments import ENVIRONMENTS, load
from tests.synthesis import SynthesizedStack, app

PREFIX = "LANGFUSE_AWS__LANGFUSE__"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
WEB_DIGEST, WORKER_DIGEST = (f"sha256:{digit * 64}" for digit in "ab")
DIGESTS = {f"{PREFIX}WEB_DIGEST": WEB_DIGEST, f"{PREFIX}WORKER_DIGEST": WORKER_DIGEST}
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ca-AbCdEf"  # noqa: S105
CA = {f"{PREFIX}CA_CERTIFICATE_SECRET_ARN": SECRET_ARN}
DOMAIN = {
    "LANGFUSE_AWS__DOMAIN__NAME": "example.com",
    "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": (
        "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
    ),
}
BASE_PATH = {f"{PREFIX}REGISTRY": "registry.example.com/langfuse", f"{PREFIX}BASE_PATH": "/team-a/langfuse"}
COMPONENT = st.from_regex(r"\A[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}\Z")
REGISTRIES = st.builds(
    lambda host, port, path: "/".join([host + (f":{port}" if port else ""), *path]),
    st.from_regex(r"\A[a-z0-9]{1,9}(\.[a-z][a-z0-9-]{0,9}[a-z0-9]){1,3}\Z"),
    st.none() | st.integers(1, 65535),
    st.lists(COMPONENT, max_size=3),
)


def definitions(services: SynthesizedStack, name: str) -> dict[str, dict[str, Any]]:
    """Returns the container definitions of web's or the worker's tasks, by the containers' names."""
    (task,) = [
        task for task in services.resources("aws_ecs_task_definition").values() if task["family"].endswith(f"-{name}")
    ]
    return {definition["name"]: definition for definition in json.loads(task["container_definitions"])}


def execution_statements(services: SynthesizedStack, name: str) -> list[dict[str, Any]]:
    """Returns the statements of an execution role's policy."""
    (policy,) = [
        resource["policy"]
        for resource_name, resource in services.resources("aws_iam_role_policy").items()
        if resource_name.startswith(f"{name}_execution-role")
    ]
    return list(json.loads(policy)["Statement"])


@given(REGISTRIES, st.sampled_from(["", "4.16.0", "latest"]), st.just("") | st.from_regex(r"\Asha256:[0-9a-f]{64}\Z"))
def test_an_image_is_read_as_it_is_written(registry: str, tag: str, digest: str) -> None:
    image = Image(TypeAdapter(Registry).validate_python(registry) + "/langfuse", tag, digest)
    assert parse_image(str(image)) == image
    assert (image.name, image.ecr_repository_arn) == ("langfuse", None)


def test_a_registry_and_digests_are_in_the_images() -> None:
    services = app("dev", {f"{PREFIX}REGISTRY": "registry.example.com/mirror", **DIGESTS})["services"]
    (web,), (worker,) = (definitions(services, name).values() for name in ("web", "worker"))
    assert web["image"] == f"registry.example.com/mirror/langfuse:4.16.0@{WEB_DIGEST}"
    assert worker["image"] == f"registry.example.com/mirror/langfuse-worker:4.16.0@{WORKER_DIGEST}"


@pytest.mark.parametrize(
    ("region", "registry", "repository"),
    [
        ("us-east-1", f"{ECR}/mirror", "arn:aws:ecr:us-east-1:123456789012:repository/mirror/"),
        ("us-east-1", ECR, "arn:aws:ecr:us-east-1:123456789012:repository/"),
        (
            "us-east-1",
            "210987654321.dkr.ecr-fips.eu-west-1.amazonaws.com/a/b",
            "arn:aws:ecr:eu-west-1:210987654321:repository/a/b/",
        ),
        (
            "cn-north-1",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/mirror",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/mirror/",
        ),
        (
            "us-gov-west-1",
            "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/mirror",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/mirror/",
        ),
    ],
)
def test_an_execution_role_may_pull_its_own_image_of_ecr(region: str, registry: str, repository: str) -> None:
    services = app("dev", {"LANGFUSE_AWS__REGION": region, f"{PREFIX}REGISTRY": registry})["services"]
    for name, image in (("web", "langfuse"), ("worker", "langfuse-worker")):
        rights = {
            action: statement["Resource"]
            for statement in execution_statements(services, name)
            for action in statement["Action"]
            if action.startswith("ecr:")
        }
        own = [f"{repository}{image}"]
        assert rights == {
            "ecr:GetAuthorizationToken": ["*"],
            "ecr:BatchGetImage": own,
            "ecr:GetDownloadUrlForLayer": own,
            "ecr:BatchImportUpstreamImage": own,
            "ecr:CreateRepository": own,
        }


@pytest.mark.parametrize("registry", [DEFAULT_REGISTRY, "registry.example.com", "public.ecr.aws/acme/mirror"])
def test_other_registries_need_no_rights(registry: str) -> None:
    services = app("prod", {f"{PREFIX}REGISTRY": registry})["services"]
    for name in ("web", "worker"):
        assert "ecr:" not in json.dumps(execution_statements(services, name))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"REGISTRY": "https://registry.example.com"}, "host and path of a registry"),
        ({"REGISTRY": "registry.example.com/langfuse/"}, "host and path of a registry"),
        ({"REGISTRY": "registry.example.com/langfuse:4"}, "host and path of a registry"),
        ({"REGISTRY": "Registry.example.com"}, "host and path of a registry"),
        ({"REGISTRY": "langfuse"}, "host and path of a registry"),
        ({"REGISTRY": "registry.example.com:5000/langfuse"}, "port 5000, which the security groups close"),
        ({"REGISTRY": "12345.dkr.ecr.us-east-1.amazonaws.com/mirror"}, "if it is a registry of Amazon ECR"),
        ({"REGISTRY": "123456789012.dkr-ecr.us-east-1.on.aws/mirror"}, "if it is a registry of Amazon ECR"),
        ({"REGISTRY": f"{ECR}:443/mirror"}, "if it is a registry of Amazon ECR"),
        ({"REGISTRY": "123456789012.dkr.ecr.us-east-9.amazonaws.com/mirror"}, "must be an AWS Region"),
        ({"REGISTRY": f"{ECR}.cn/mirror"}, "amazonaws.com.cn in China's Regions"),
        ({"REGISTRY": "123456789012.dkr.ecr.cn-north-1.amazonaws.com/mirror"}, "amazonaws.com.cn in China's Regions"),
        ({"REGISTRY": "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/mirror"}, "must be of a Region in aws"),
        ({"WEB_DIGEST": WEB_DIGEST}, "needs worker_digest"),
        ({"WORKER_DIGEST": WEB_DIGEST}, "needs web_digest"),
        ({"WEB_DIGEST": "sha256:abc", "WORKER_DIGEST": WEB_DIGEST}, "64 hexadecimal digits"),
        ({"BASE_PATH": "/langfuse"}, "needs langfuse.registry with an image that was built for it"),
        ({"BASE_PATH": "/langfuse", "REGISTRY": "docker.io/langfuse"}, "needs langfuse.registry with an image"),
        ({"BASE_PATH": "/", "REGISTRY": "registry.example.com"}, "starts with a slash"),
        ({"BASE_PATH": "/langfuse/", "REGISTRY": "registry.example.com"}, "starts with a slash"),
        ({"BASE_PATH": "langfuse", "REGISTRY": "registry.example.com"}, "starts with a slash"),
        ({"CA_CERTIFICATE_SECRET_ARN": SECRET_ARN.removesuffix("-AbCdEf")}, "full ARN of a Secrets Manager secret"),
        ({"CA_CERTIFICATE_SECRET_ARN": SECRET_ARN.replace("us-east-1", "eu-west-1")}, "since region is us-east-1"),
        (
            {"CA_CERTIFICATE_SECRET_ARN": SECRET_ARN, "ENVIRONMENT__NODE_EXTRA_CA_CERTS": "/etc/ca.pem"},
            "is filled by langfuse.ca_certificate_secret_arn",
        ),
    ],
)
def test_what_is_refused(variables: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)) as refused:
        load("dev", {f"{PREFIX}{name}": value for name, value in variables.items()})
    assert "\n" not in str(refused.value)


def test_a_port_that_is_open_is_accepted() -> None:
    registry = "registry.example.com:5000/langfuse"
    settings = load("dev", {f"{PREFIX}REGISTRY": registry, "LANGFUSE_AWS__NETWORK__EGRESS_PORTS": "[5000]"})
    assert str(settings.langfuse.web_image) == f"{registry}/langfuse:4.16.0"


def test_everything_follows_a_base_path() -> None:
    """https://langfuse.com/self-hosting/configuration/custom-base-path"""
    services = app("dev", {**BASE_PATH, **DOMAIN})["services"]
    (web,), (worker,) = (definitions(services, name).values() for name in ("web", "worker"))
    assert "http://127.0.0.1:3000/team-a/langfuse/api/public/health'" in web["healthCheck"]["command"][1]
    assert "http://127.0.0.1:3030/api/health?" in worker["healthCheck"]["command"][1]
    for definition in (web, worker):
        variables = {entry["name"]: entry["value"] for entry in definition["environment"]}
        assert variables["NEXTAUTH_URL"] == "https://example.com/team-a/langfuse/api/auth"
    assert services.resource("aws_lb_target_group")["health_check"]["path"] == "/team-a/langfuse/api/public/ready"
    assert services.json["output"]["alb_url"]["value"] == "https://example.com/team-a/langfuse"
    (rule,) = services.resource("aws_s3_bucket_cors_configuration")["cors_rule"]
    assert rule["allowed_origins"] == ["https://example.com"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_langfuse_starts_once_the_certificates_are_written(environment: str) -> None:
    services = app(environment, {f"{PREFIX}CA_CERTIFICATE_SECRET_ARN": f"{SECRET_ARN}:pem::"})["services"]
    for name in ("web", "worker"):
        containers = definitions(services, name)
        writer, langfuse = containers["ca-certificates"], containers[f"langfuse-{environment}-{name}"]
        assert (writer["essential"], langfuse["essential"]) == (False, True)
        assert writer["image"] == langfuse["image"]
        assert writer["secrets"] == [{"name": "CA_CERTIFICATES", "valueFrom": f"{SECRET_ARN}:pem::"}]
        assert langfuse["dependsOn"] == [{"containerName": "ca-certificates", "condition": "SUCCESS"}]
        (written,), (read) = writer["mountPoints"], langfuse["mountPoints"]
        assert read == [{**written, "readOnly": True}]
        assert not written["readOnly"]
        variables = {entry["name"]: entry["value"] for entry in langfuse["environment"]}
        assert variables["NODE_EXTRA_CA_CERTS"].startswith(f"{written['containerPath']}/")
        task = services.resource("aws_ecs_task_definition", family=f"langfuse-{environment}-{name}")
        assert task["volume"] == [{"name": written["sourceVolume"]}]
        (readable,) = [
            statement["Resource"]
            for statement in execution_statements(services, name)
            if statement["Action"] == ["secretsmanager:GetSecretValue"]
        ]
        assert SECRET_ARN in readable


PEM = "-----BEGIN CERTIFICATE-----\nMIIB %s \\n $HOME\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(("secret", "exit_code"), [(PEM, 0), (f"{PEM}\n{PEM}\n", 0), ("", 1), ("not a certificate", 1)])
def test_the_certificates_are_written_as_they_are(tmp_path: Path, secret: str, exit_code: int) -> None:
    """The container's own command, in a folder of the test."""
    writer = definitions(app("dev", CA)["services"], "web")["ca-certificates"]
    folder = writer["mountPoints"][0]["containerPath"]
    (script,) = writer["command"]
    command = [*writer["entryPoint"], script.replace(f"{folder}/", f"{tmp_path}/")]
    ran = subprocess.run(command, env={"CA_CERTIFICATES": secret}, capture_output=True, text=True, check=False)
    assert ran.returncode == exit_code, ran.stderr
    if exit_code:
        assert ran.stderr.startswith("Error: the secret of langfuse.ca_certificate_secret_arn holds no certificate")
    else:
        assert (tmp_path / "certificates.pem").read_text() == f"{secret}\n"
