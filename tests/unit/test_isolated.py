"""Tests of ``network.isolated``: what it needs, what it leaves no way to, and what stands in for the internet."""

import json

import pytest

from settings import SettingsError
from settings.interface_endpoints import CLICKHOUSE_ON_EC2, TASKS
from tests.environments import EC2, ISOLATED_EC2, ISOLATED_EXTERNAL, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.test_network import INSIDE, Rule, group_names, rules

WORLD = "0.0.0.0/0"
REGISTRY = "LANGFUSE_AWS__LANGFUSE__REGISTRY"
PACKAGES = "LANGFUSE_AWS__CLICKHOUSE__PACKAGE_REPOSITORY"
VARIABLE = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"
PORTS = "LANGFUSE_AWS__NETWORK__EGRESS_PORTS"
GOOGLE = {f"{VARIABLE}AUTH_GOOGLE_CLIENT_ID": "x"}
GOOGLE_SECRET = {
    "LANGFUSE_AWS__LANGFUSE__SECRETS__AUTH_GOOGLE_CLIENT_SECRET": (
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:google-AbCdEf"
    )
}
REFUSED = {
    "no registry": ({REGISTRY: "docker.langfuse.com/langfuse"}, ["langfuse.registry", "private ECR", "us-east-1"]),
    "a public registry of ECR": ({REGISTRY: "public.ecr.aws/x"}, ["langfuse.registry", "private ECR"]),
    "another Region's registry": (
        {REGISTRY: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror"},
        ["langfuse.registry", "in us-east-1"],
    ),
    "ClickHouse's own packages": (
        {PACKAGES: "https://packages.clickhouse.com/rpm/stable/"},
        ["clickhouse.package_repository", "S3 in us-east-1"],
    ),
    "another Region's packages": (
        {PACKAGES: "https://acme.s3.eu-central-1.amazonaws.com/clickhouse/"},
        ["clickhouse.package_repository", "S3 in us-east-1"],
    ),
    "another's bucket of that name": (
        {PACKAGES: "https://s3.us-east-1.amazonaws.com.example.com/clickhouse/"},
        ["clickhouse.package_repository"],
    ),
    "China": (
        {
            "LANGFUSE_AWS__REGION": "cn-north-1",
            REGISTRY: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/mirror",
        },
        ["network.isolated", "cn-north-1"],
    ),
    "Google": ({**GOOGLE, **GOOGLE_SECRET}, ["network.isolated", "accounts.google.com", "network.egress_ports"]),
    "an issuer": (
        {f"{VARIABLE}AUTH_OKTA_ISSUER": "https://id.example.com"},
        ["AUTH_OKTA_ISSUER", "443", "no other way"],
    ),
    "SES's API": ({f"{VARIABLE}SMTP_CONNECTION_URL": "ses://us-east-1"}, ["SMTP_CONNECTION_URL", "443"]),
    "NAT gateways": ({"LANGFUSE_AWS__NETWORK__NAT_GATEWAYS": "1"}, ["nat_gateways", "network.isolated is true"]),
    "an existing VPC": (
        {
            "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
            "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
            "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
        },
        ["network.isolated", "docs/isolated.md"],
    ),
}


@pytest.mark.parametrize(("overrides", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused(overrides: dict[str, str], said: list[str]) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", {**ISOLATED_EC2, **overrides})
    line = str(refusal.value)
    assert "\n" not in line
    assert [part for part in said if part not in line] == []


@pytest.mark.parametrize(
    "way",
    [
        {PORTS: "[443]"},
        {f"{VARIABLE}HTTPS_PROXY": "http://proxy.example.com:3128", PORTS: "[3128]"},
    ],
)
def test_another_way_to_the_internet_is_taken(way: dict[str, str]) -> None:
    outside = {**GOOGLE, **GOOGLE_SECRET, f"{VARIABLE}OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com"}
    settings = load("dev", {**ISOLATED_EC2, **outside, **way})
    assert settings.open_egress_ports == tuple(json.loads(way[PORTS]))


def test_a_gitlab_of_ones_own_is_not_on_the_internet() -> None:
    secret = GOOGLE_SECRET["LANGFUSE_AWS__LANGFUSE__SECRETS__AUTH_GOOGLE_CLIENT_SECRET"]
    gitlab = {
        f"{VARIABLE}AUTH_GITLAB_CLIENT_ID": "x",
        "LANGFUSE_AWS__LANGFUSE__SECRETS__AUTH_GITLAB_CLIENT_SECRET": secret,
    }
    with pytest.raises(SettingsError, match="gitlab\\.com"):
        load("dev", {**ISOLATED_EC2, **gitlab})
    own = {f"{VARIABLE}AUTH_GITLAB_URL": "http://gitlab.internal.example.com", PORTS: "[80]"}
    load("dev", {**ISOLATED_EC2, **gitlab, **own})


@pytest.mark.parametrize(
    "packages",
    [
        "https://acme-packages.s3.us-east-1.amazonaws.com/clickhouse/",
        "https://s3.dualstack.us-east-1.amazonaws.com/acme.packages/rpm/stable/",
    ],
)
def test_packages_in_s3_of_the_region(packages: str) -> None:
    assert load("dev", {**ISOLATED_EC2, PACKAGES: packages}).clickhouse.package_repository == packages


def test_packages_are_not_asked_for_without_an_instance_of_ones_own() -> None:
    load("prod", ISOLATED_EXTERNAL)


@pytest.mark.parametrize(
    "packages",
    [
        "http://mirror.example.com/clickhouse/",
        "https://user:secret@mirror.example.com/clickhouse/",
        "https://mirror.example.com:8443/clickhouse/",
        "https://mirror.example.com/clickhouse",
        "https://mirror.example.com/$(reboot)/",
        "https://mirror.example.com/?x=/",
    ],
)
def test_a_repository_is_a_plain_https_url(packages: str) -> None:
    with pytest.raises(SettingsError, match="clickhouse\\.package_repository: must be an HTTPS URL") as refusal:
        load("dev", {**EC2, PACKAGES: packages})
    assert "secret" not in str(refusal.value)


def endpoints(network: SynthesizedStack) -> dict[str, str]:
    """The types of the endpoints, by service."""
    return {
        endpoint["service_name"].removeprefix("com.amazonaws.us-east-1."): endpoint["vpc_endpoint_type"]
        for endpoint in network.resources("aws_vpc_endpoint").values()
    }


@pytest.mark.parametrize(
    ("environment", "overrides", "services"),
    [("dev", ISOLATED_EC2, TASKS | CLICKHOUSE_ON_EC2), ("prod", ISOLATED_EXTERNAL, TASKS)],
)
def test_what_is_called_has_an_endpoint(environment: str, overrides: dict[str, str], services: dict[str, str]) -> None:
    network = app(environment, overrides)["network"]
    assert endpoints(network) == {"s3": "Gateway", **dict.fromkeys(services, "Interface")}
    names = group_names(network)
    for endpoint in network.resources("aws_vpc_endpoint").values():
        if endpoint["vpc_endpoint_type"] == "Interface":
            assert endpoint["private_dns_enabled"] is True
            assert [names[group] for group in endpoint["security_group_ids"]] == ["endpoints"]


def test_an_endpoint_is_in_each_private_subnet_whose_zone_has_the_service() -> None:
    network = app("dev", ISOLATED_EC2)["network"]
    logs = network.resource("aws_vpc_endpoint", service_name="com.amazonaws.us-east-1.logs")
    private = [name for name in network.resources("aws_subnet") if "private" in name]
    for name in private:
        assert f"aws_subnet.{name}.id" in logs["subnet_ids"]
        assert f"aws_subnet.{name}.availability_zone" in logs["subnet_ids"]
    (service,) = (
        name
        for name, one in network.json["data"]["aws_vpc_endpoint_service"].items()
        if one["service_name"] == logs["service_name"]
    )
    assert f"contains(data.aws_vpc_endpoint_service.{service}.availability_zones, zone)" in logs["subnet_ids"]
    assert "public" not in logs["subnet_ids"]


@pytest.mark.parametrize(("environment", "overrides"), [("dev", ISOLATED_EC2), ("prod", ISOLATED_EXTERNAL)])
def test_private_subnets_have_no_route_to_the_internet(environment: str, overrides: dict[str, str]) -> None:
    network = app(environment, overrides)["network"]
    assert network.resources("aws_nat_gateway") == network.resources("aws_eip") == {}
    (route,) = network.resources("aws_route").values()
    assert "public" in route["route_table_id"]


def to(*members: str) -> set[Rule]:
    return {(member, target, 443) for member in members for target in ("endpoints", "s3")}


TASK_MEMBERS = ("web", "worker")


@pytest.mark.parametrize(
    ("overrides", "more"),
    [
        (ISOLATED_EC2, to(*TASK_MEMBERS, "clickhouse")),
        (
            ISOLATED_EXTERNAL,
            to(*TASK_MEMBERS) | {(task, WORLD, port) for task in TASK_MEMBERS for port in (8443, 9440)},
        ),
        (
            {**ISOLATED_EC2, PORTS: "[443]"},
            to(*TASK_MEMBERS, "clickhouse") | {(task, WORLD, 443) for task in TASK_MEMBERS},
        ),
    ],
)
def test_egress_is_to_endpoints_and_s3(
    overrides: dict[str, str], more: set[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.unit.test_network.peer", lambda rule: "s3" if "prefix_list_id" in rule else rule["cidr_ipv4"]
    )
    network = app("dev", overrides)["network"]
    assert rules(network, "egress") == INSIDE | more
    world = {(WORLD, "load-balancer", port) for port in (80, 443)}
    to_endpoints = {rule for rule in more if rule[1] == "endpoints"}
    assert rules(network, "ingress") == INSIDE | world | to_endpoints
    (prefixes,) = network.json["data"]["aws_ec2_managed_prefix_list"].values()
    assert prefixes["name"] == "com.amazonaws.us-east-1.s3"


def test_clickhouse_is_installed_from_the_repository_and_with_its_key() -> None:
    packages = ISOLATED_EC2[PACKAGES]
    script = app("dev", {**EC2, PACKAGES: packages})["data"].resource("aws_instance")["user_data"]
    assert f"\nbaseurl={packages}\n" in script
    assert f"\ngpgkey={packages}repodata/repomd.xml.key\n" in script
    assert "\nrepo_gpgcheck=1\n" in script
    assert "packages.clickhouse.com" not in script


def test_the_default_repository_is_that_of_the_boot_script() -> None:
    script = app("dev", EC2)["data"].resource("aws_instance")["user_data"]
    default = load("dev", EC2).clickhouse.package_repository
    assert f"\nbaseurl={default}\n" in script
    assert "PACKAGE_REPOSITORY" not in script


def test_off_it_makes_nothing() -> None:
    network = app("dev")["network"]
    assert endpoints(network) == {"s3": "Gateway"}
    assert "aws_vpc_endpoint_service" not in network.json["data"]
