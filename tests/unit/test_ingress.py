"""Tests of who may connect to the load balancer, from where and how: the section ``ingress``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from settings import SettingsError
from synth.clear_text import warn_of_clear_text
from tests.command_line import assert_one_line
from tests.environments import DOMAIN, DUALSTACK, ENVIRONMENTS, INTERNAL, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.small_deployment import SmallDeployment
from tests.unit.test_services import variables

PROJECT = Path(__file__).parents[2]
CIDRS, INTERNAL_ONLY = "LANGFUSE_AWS__INGRESS__ALLOWED_CIDRS", {"LANGFUSE_AWS__INGRESS__INTERNAL": "true"}
IDLE, ADDRESSES = "LANGFUSE_AWS__INGRESS__IDLE_TIMEOUT_SECONDS", "LANGFUSE_AWS__INGRESS__IP_ADDRESS_TYPE"
CLOUDFRONT = {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"}
VPC = {
    "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
    "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
}
PUBLIC = {"LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]'}


@pytest.mark.parametrize(
    ("cidrs", "said"),
    [
        (["203.0.113.1/24"], "block without host bits"),
        (["203.0.113.0"], "block without host bits"),
        (["203.0.113.0/33"], "such as 203.0.113.0/24"),
        (["2001:DB8::/32"], "IPv4 or IPv6 block"),
        (["2001:db8:0::/48"], "IPv6 in its shortest form"),
        (["fe80::1%eth0/128"], "IPv4 or IPv6 block"),
        (["everyone"], "IPv4 or IPv6 block"),
        (["203.0.113.0/24", "198.51.100.0/24", "203.0.113.0/24"], "203.0.113.0/24 is there twice"),
        ([], "1 to 25 blocks"),
        ([f"203.0.113.{number}/32" for number in range(26)], "1 to 25 blocks"),
        (["2001:db8::/32"], 'which needs ip_address_type "dualstack"'),
        (["192.168.7.0/24"], "192.168.7.0/24 is private (RFC 1918), which needs internal = true"),
    ],
)
def test_wrong_blocks_are_one_line(cidrs: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", {CIDRS: json.dumps(cidrs)})
    line = str(refusal.value)
    assert line.startswith(f"{CIDRS}: ingress.allowed_cidrs")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({IDLE: "0"}, "ingress.idle_timeout_seconds"),
        ({IDLE: "4001"}, "ingress.idle_timeout_seconds"),
        ({ADDRESSES: "ipv6"}, "ipv4"),
        ({**INTERNAL_ONLY, ADDRESSES: "dualstack"}, 'must be "ipv4" with internal: the private subnets have no IPv6'),
        ({**CLOUDFRONT, CIDRS: '["203.0.113.0/24"]'}, "the load balancer sees CloudFront's addresses only"),
        ({**CLOUDFRONT, **INTERNAL_ONLY}, "must be false with domain.cloudfront"),
        ({**CLOUDFRONT, ADDRESSES: "dualstack"}, 'must be "ipv4" with domain.cloudfront'),
        ({**CLOUDFRONT, IDLE: "121"}, "must be 1 to 120 with domain.cloudfront"),
        (VPC, "with vpc_id, two subnets or more are needed"),
    ],
)
def test_what_conflicts_is_one_line(overrides: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", overrides)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def users(network: SynthesizedStack) -> set[tuple[str, int]]:
    """Returns who may connect to the load balancer, and to which port."""
    (group,) = [
        f"${{aws_security_group.{name}.id}}"
        for name, each in network.resources("aws_security_group").items()
        if each["name"].endswith("-load-balancer")
    ]
    return {
        (rule.get("cidr_ipv4") or rule.get("cidr_ipv6", "other"), rule["to_port"])
        for rule in network.resources("aws_vpc_security_group_ingress_rule").values()
        if rule["security_group_id"] == group
    }


@pytest.mark.parametrize(
    ("overrides", "sources"),
    [
        (DUALSTACK, ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"]),
        ({ADDRESSES: "dualstack"}, ["0.0.0.0/0", "::/0"]),
        (INTERNAL, ["10.0.0.0/8", "192.168.0.0/16"]),
        (INTERNAL_ONLY, ["0.0.0.0/0"]),
    ],
)
def test_who_may_connect(overrides: dict[str, str], sources: list[str]) -> None:
    expected = {(source, port) for source in sources for port in (80, 443)}
    assert users(app("dev", overrides)["network"]) == expected


def test_a_full_list_fits_into_the_security_group() -> None:
    blocks = [f"203.0.113.{number}/32" for number in range(25)]
    assert len(users(app("dev", {CIDRS: json.dumps(blocks)})["network"])) == 50


def test_dualstack_gives_the_public_subnets_ipv6_and_the_private_ones_none() -> None:
    network = app("dev", DUALSTACK)["network"]
    assert network.resource("aws_vpc")["assign_generated_ipv6_cidr_block"] is True
    subnets = {each["tags"]["Name"]: each.get("ipv6_cidr_block") for each in network.resources("aws_subnet").values()}
    vpc = next(iter(network.resources("aws_vpc")))
    assert subnets == {
        **{
            f"langfuse-dev-public-{zone}": f"${{cidrsubnet(aws_vpc.{vpc}.ipv6_cidr_block, 8, {zone})}}"
            for zone in (0, 1)
        },
        **dict.fromkeys(("langfuse-dev-private-0", "langfuse-dev-private-1")),
    }
    route = network.resource("aws_route", destination_ipv6_cidr_block="::/0")
    public = network.resource("aws_route", gateway_id=route["gateway_id"], destination_cidr_block="0.0.0.0/0")
    assert route["route_table_id"] == public["route_table_id"]
    assert app("dev", DUALSTACK)["services"].resource("aws_lb")["ip_address_type"] == "dualstack"


def test_public_subnets_of_an_existing_vpc_must_have_ipv6() -> None:
    data = app("dev", {**VPC, **PUBLIC, ADDRESSES: "dualstack"})["network"].json["data"]["aws_subnet"]
    conditions = {each["id"]: each.get("lifecycle", {}).get("postcondition", []) for each in data.values()}
    assert [len(conditions[f"subnet-0000000{number}"]) for number in (1, 2, 3, 4)] == [1, 1, 0, 0]
    (condition,) = conditions["subnet-00000001"]
    assert condition["condition"] == "${try(length(self.ipv6_cidr_block), 0) > 0}"


def test_a_domain_has_a_record_for_each_kind_of_address() -> None:
    def types(overrides: dict[str, str]) -> list[str]:
        records = app("dev", {**DOMAIN, **overrides})["services"].resources("aws_route53_record").values()
        return sorted(record["type"] for record in records if record["name"] == "langfuse.example.com")

    assert types({}) == ["A"]
    assert types(DUALSTACK) == ["A", "AAAA"]
    assert types(INTERNAL) == ["A"]


@pytest.mark.parametrize(("overrides", "kind"), [({}, "public"), (INTERNAL, "private")])
def test_an_internal_load_balancer_is_in_the_private_subnets(overrides: dict[str, str], kind: str) -> None:
    stacks = app("dev", overrides)
    balancer = stacks["services"].resource("aws_lb")
    assert balancer["internal"] is (kind == "private")
    subnets = {
        f"subnet{name}id" for name in stacks["network"].resources("aws_subnet") if name.startswith(f"vpc_{kind}-")
    }
    assert len(subnets) == 2
    used = {each.rpartition("cross-stack-output-aws_")[2].rstrip("}") for each in balancer["subnets"]}
    assert used == subnets


def test_an_internal_load_balancer_needs_no_public_subnets_in_an_existing_vpc() -> None:
    stacks = app("dev", {**VPC, **INTERNAL})
    assert {each["id"] for each in stacks["network"].json["data"]["aws_subnet"].values()} == {
        "subnet-00000003",
        "subnet-00000004",
    }
    assert len(stacks["services"].resource("aws_lb")["subnets"]) == 2


def test_the_timeouts_follow_the_load_balancers() -> None:
    services = app("dev", {**CLOUDFRONT, IDLE: "120"})["services"]
    assert services.resource("aws_lb")["idle_timeout"] == 120
    assert variables(services, "web")["KEEP_ALIVE_TIMEOUT"] == "170000"
    (origin,) = services.resource("aws_cloudfront_distribution")["origin"]
    assert origin["custom_origin_config"]["origin_read_timeout"] == 120
    assert variables(app("dev")["services"], "web")["KEEP_ALIVE_TIMEOUT"] == "110000"


def listeners(overrides: dict[str, str]) -> dict[str, dict[str, Any]]:
    services = app("prod", overrides)["services"]
    return {each["protocol"]: each for each in services.resources("aws_lb_listener").values()}


@pytest.mark.parametrize(
    "overrides", [DOMAIN, {**DOMAIN, **INTERNAL}, {**DOMAIN, "LANGFUSE_AWS__REGION": "us-gov-west-1"}]
)
def test_https_is_kept_to_for_a_year(overrides: dict[str, str]) -> None:
    of = listeners(overrides)
    header = "routing_http_response_strict_transport_security_header_value"
    assert of["HTTPS"][header] == "max-age=31536000"
    assert of["HTTPS"]["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    # Browsers ignore it there, and it would be in every answer of an environment that has no HTTPS.
    assert header not in of["HTTP"]


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        ({}, "set domain.name or domain.cloudfront"),
        (INTERNAL, "set domain.name"),
        ({"LANGFUSE_AWS__REGION": "cn-north-1"}, "set domain.name"),
        (DOMAIN, None),
        ({**DOMAIN, **INTERNAL}, None),
        (CLOUDFRONT, None),
    ],
)
def test_an_environment_without_https_is_warned_of(
    overrides: dict[str, str], remedy: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_clear_text(load("dev", overrides))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f" travel in clear text: {remedy}\n" if remedy else "")
    assert said.err.count("\n") == (1 if remedy else 0)


def test_a_synth_warns_once_and_succeeds(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "main.py"],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "CDKTF_OUTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("has no HTTPS")) == (0, "", 1)
    # Dev is small, too.
    assert ran.stderr.count("synth: warning: ") == ran.stderr.count("\n") == 2


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_by_default_nothing_is_restricted(environment: str) -> None:
    stacks = app(environment)
    assert users(stacks["network"]) == {("0.0.0.0/0", 80), ("0.0.0.0/0", 443)}
    assert "ip_address_type" not in stacks["services"].resource("aws_lb")
    assert stacks["services"].resource("aws_lb")["idle_timeout"] == 60


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({}, ": see `ops status`"),
        (INTERNAL, "): ingress.internal lets only the VPC and networks connected to it in: run this there, or see"),
        ({CIDRS: '["203.0.113.0/24"]'}, "): add your address to ingress.allowed_cidrs if it is not in it, or see"),
    ],
)
def test_smoke_says_who_may_connect(
    deployment: SmallDeployment, overrides: dict[str, str], says: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("LANGFUSE_PUBLIC_KEY=pk-lf-1\nLANGFUSE_SECRET_KEY=sk-lf-1\n")  # pragma: allowlist secret
    nowhere = {"http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"}
    ran = deployment.ops("smoke", "--keys", str(keys), **overrides, **nowhere)
    assert_one_line(ran, says)
