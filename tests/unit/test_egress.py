"""Tests of ``network.egress_ports``: which variables need it, and which rules it makes."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from settings import SettingsError
from settings.egress import DEFAULT_PORTS, NOT_CONNECTED_TO, needed_ports
from settings.field_types import MOST_EGRESS_PORTS
from settings.variables.rules import contract
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, load
from tests.synthesis import SynthesizedStack, app
from tests.variables import KNOWN

PORTS = "LANGFUSE_AWS__NETWORK__EGRESS_PORTS"
VARIABLE = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"
MOST_RULES = 60
"""The default quota of outbound rules of a security group."""
CLOSED = [
    # variable, value, the port that it needs
    ("SMTP_CONNECTION_URL", "smtp://mail.example.com", 587),
    ("SMTP_CONNECTION_URL", "smtps://mail.example.com", 465),
    # Where 25 and 587 are blocked, SES's server also has 2587: docker-mailserver/docker-mailserver#2920.
    ("SMTP_CONNECTION_URL", "smtp://email-smtp.us-east-1.amazonaws.com:2587?pool=true", 2587),
    ("SMTP_CONNECTION_URL", "smtp://relay.example.com:25", 25),
    # langfuse/langfuse#7932
    ("HTTPS_PROXY", "http://proxy.example.com:3128", 3128),
    ("HTTPS_PROXY", "http://10.0.0.9:3128/", 3128),
    ("HTTP_PROXY", "proxy:3128", 3128),
    # A model gateway, LiteLLM for example, answers with a connection error only: langfuse/langfuse#5088.
    ("LANGFUSE_UI_DEFAULT_BASE_URL_OPENAI", "http://litellm.example.com:4000/v1", 4000),
    ("MODEL_GATEWAY_HOSTS", "a.example.com, b.example.com:4000", 4000),
    ("AUTH_KEYCLOAK_ISSUER", "https://id.example.com:8443/realms/x", 8443),
    ("AUTH_OKTA_ISSUER", "http://id.example.com", 80),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel.example.com:4318", 4318),
    ("LANGFUSE_CODE_EVAL_AWS_LAMBDA_ENDPOINT", "http://[2001:db8::1]:9000", 9000),
]
OPEN = [
    ("SMTP_CONNECTION_URL", "ses://us-east-1"),
    ("AUTH_OKTA_ISSUER", "https://id.example.com"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.2/v2"),
    ("LANGFUSE_UI_API_HOST", "http://langfuse.example.com:8080"),
    ("LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT", "http://files.example.com:9000"),
    ("LANGFUSE_MCP_ALLOWED_HOSTS", "langfuse.example.com:8080"),
    ("NO_PROXY", "10.0.0.1:8080,.internal"),
    ("LANGFUSE_WEBHOOK_WHITELISTED_HOST", "hooks.example.com:8443"),
    ("LANGFUSE_MODEL", "bedrock:7"),
    ("AUTH_CUSTOM_GROUPS_CLAIM", "http://schemas.xmlsoap.org/claims/Group"),
    ("LANGFUSE_NOTE_URL", "http://[half"),
    ("LANGFUSE_NOTE_URL", "http://example.com:99999"),
    ("LANGFUSE_NOTE_URL", "//"),
]


def refusal(environment: str, overrides: Mapping[str, str]) -> str:
    """Why the settings are refused; empty if they are not."""
    try:
        load(environment, overrides)
    except SettingsError as error:
        return str(error)
    return ""


def egress(network: SynthesizedStack) -> dict[str, set[int]]:
    """The ports that each security group lets out to the internet, by the group's short name."""
    names = {
        f"${{aws_security_group.{name}.id}}": group["name"].split("-", 2)[2]
        for name, group in network.resources("aws_security_group").items()
    }
    ports: dict[str, set[int]] = {}
    for rule in network.resources("aws_vpc_security_group_egress_rule").values():
        if "cidr_ipv4" in rule:
            ports.setdefault(names[rule["security_group_id"]], set()).add(rule["to_port"])
    return ports


@pytest.mark.parametrize(("variable", "value", "port"), CLOSED)
def test_a_variable_that_needs_a_closed_port(variable: str, value: str, port: int) -> None:
    assignment = {VARIABLE + variable: value}
    line = refusal("dev", assignment)
    assert f"langfuse.environment.{variable}: connects to port {port}," in line
    assert f"network.egress_ports = [{port}]" in line
    assert "example.com" not in line
    assert "connects to port" not in refusal("dev", {**assignment, PORTS: f"[{port}]"})


@pytest.mark.parametrize(("variable", "value"), OPEN)
def test_a_variable_that_needs_none(variable: str, value: str) -> None:
    assert needed_ports(variable, value) <= {443}
    assert "connects to port" not in refusal("dev", {VARIABLE + variable: value})


@pytest.mark.parametrize(
    "variable", [name for name in KNOWN if any(rule.kind == "url" for rule in contract().rules_of(name))]
)
def test_every_url_of_langfuse_is_looked_at(variable: str) -> None:
    assert needed_ports(variable, "https://a.example.com:8443") == {8443} or NOT_CONNECTED_TO.fullmatch(variable)


def test_one_remedy_for_all_variables() -> None:
    line = refusal(
        "dev", {f"{VARIABLE}A_URL": "http://a.example.com", f"{VARIABLE}B_URL": "https://b:8443", PORTS: "[587]"}
    )
    assert "network.egress_ports = [80, 587, 8443]" in line


def test_an_external_clickhouse_opens_its_ports() -> None:
    other = {f"{VARIABLE}X_URL": "https://replica.example.com:8443"}
    assert "connects to port" not in refusal("dev", {**other, **EXTERNAL})
    assert load("dev", EXTERNAL).open_egress_ports == (443, 8443, 9440)
    assert "port 8443" in refusal("dev", {**other, **EC2})


READ_ONLY = [
    ("https://replica.example.com:8443", ""),
    ("https://replica.example.com", ""),
    ("https://replica.example.com/", ""),
    # An external ClickHouse is reached with TLS only.
    ("http://replica.example.com:8123", "connects to port 8123"),
    ("https://replica.example.com:9999", "connects to port 9999"),
    ("clickhouse://replica.example.com:8443", "must be the http:// or https:// address"),
    ("replica.example.com:8443", "must be a URL"),
    ("https://replica.example.com:8443/other_database", "must be the http:// or https:// address"),
    ("https://replica.example.com:8443?database=x", "must be the http:// or https:// address"),
    ("https://me:hunter2@replica.example.com:8443", "looks like a secret"),
]


@pytest.mark.parametrize("variable", ["CLICKHOUSE_READ_ONLY_URL", "CLICKHOUSE_EVENTS_READ_ONLY_URL"])
@pytest.mark.parametrize(("value", "said"), READ_ONLY)
def test_the_address_that_langfuse_reads_clickhouse_from(variable: str, value: str, said: str) -> None:
    """It is that of a server: the user, the password and the database are those of CLICKHOUSE_URL."""
    line = refusal("dev", {f"{VARIABLE}{variable}": value, **EXTERNAL})
    assert said in line
    assert bool(said) == bool(line)
    assert "hunter2" not in line


def test_clickhouse_on_an_instance_has_no_other_server_to_read_from() -> None:
    line = refusal("dev", {f"{VARIABLE}CLICKHOUSE_READ_ONLY_URL": "https://replica.example.com", **EC2})
    assert "langfuse.environment.CLICKHOUSE_READ_ONLY_URL: is for an external ClickHouse" in line


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["A_URL", "SMTP_CONNECTION_URL", "HTTPS_PROXY"]),
    scheme=st.sampled_from(sorted(DEFAULT_PORTS)),
    port=st.integers(1, 65535),
    rest=st.text(),
)
def test_the_port_of_a_url_is_found_whatever_follows_it(name: str, scheme: str, port: int, rest: str) -> None:
    assert port in needed_ports(name, f"{scheme}://me@host.example.com:{port}/{rest}")
    assert DEFAULT_PORTS[scheme] in needed_ports(name, f"{scheme}://host.example.com/{rest}")


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_is_a_value(text: str) -> None:
    assert all(1 <= port <= 65535 for name in ("A", "A_URL") for port in needed_ports(name, text))


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ("[587, 25, 587]", "587 is there twice"),
        ("[0]", "network.egress_ports.0 = 0"),
        ("[65536]", "network.egress_ports.0 = 65536"),
        ('["smtp"]', "network.egress_ports.0"),
        ('["8443"]', "network.egress_ports.0"),
        ("[true]", "network.egress_ports.0"),
        ("[587.0]", "network.egress_ports.0"),
        (json.dumps(list(range(1, MOST_EGRESS_PORTS + 2))), f"at most {MOST_EGRESS_PORTS} ports"),
    ],
)
def test_ports_that_are_refused(ports: str, said: str) -> None:
    assert said in refusal("dev", {PORTS: ports})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_port_adds_a_rule_to_web_and_one_to_worker(environment: str) -> None:
    before, after = (app(environment, ports)["network"] for ports in ({}, {PORTS: "[3128, 587]"}))
    added = set(after.addresses()) - set(before.addresses())
    assert len(added) == 4
    assert {address.partition(".")[0] for address in added} == {"aws_vpc_security_group_egress_rule"}
    assert (
        before.json["resource"].items()
        >= {
            type_: {name: resource for name, resource in named.items() if f"{type_}.{name}" not in added}
            for type_, named in after.json["resource"].items()
        }.items()
    )
    closed = egress(before)
    assert egress(after) == {**closed, **{task: closed[task] | {587, 3128} for task in ("web", "worker")}}


def test_the_order_of_the_ports_changes_nothing() -> None:
    one, other = (app("dev", {PORTS: ports})["network"].text for ports in ("[587, 3128]", "[3128, 587]"))
    assert one == other


@pytest.mark.parametrize("clickhouse", [EC2, EXTERNAL])
@pytest.mark.parametrize("ports", ["[443]", "[9440, 8443]", "[25, 443, 5432, 6379, 8123, 8443, 9000]"])
def test_no_rule_twice(ports: str, clickhouse: dict[str, str]) -> None:
    """AWS refuses a rule that a group has already, under any name: InvalidPermission.Duplicate."""
    network = app("dev", {**clickhouse, PORTS: ports})["network"]
    rules = [
        json.dumps({**rule, "description": None}, sort_keys=True)
        for rule in network.resources("aws_vpc_security_group_egress_rule").values()
    ]
    assert len(rules) == len(set(rules))


def test_a_switch_of_mode_leaves_the_rule_of_a_port_that_both_have() -> None:
    """Terraform creates before it destroys, in any order: the same rule under two addresses would clash."""
    on_ec2, external = (
        app("dev", {**clickhouse, PORTS: "[8443, 9440]"})["network"].resources("aws_vpc_security_group_egress_rule")
        for clickhouse in (EC2, EXTERNAL)
    )
    assert {name: rule for name, rule in on_ec2.items() if rule["to_port"] in (8443, 9440)} == {
        name: rule for name, rule in external.items() if rule["to_port"] in (8443, 9440)
    }


@pytest.mark.parametrize("clickhouse", [EC2, EXTERNAL])
def test_the_longest_list_keeps_to_the_quota_of_rules(clickhouse: dict[str, str]) -> None:
    network = app("dev", {**clickhouse, PORTS: json.dumps(list(range(1, MOST_EGRESS_PORTS + 1)))})["network"]
    owners = [rule["security_group_id"] for rule in network.resources("aws_vpc_security_group_egress_rule").values()]
    assert max(owners.count(owner) for owner in owners) <= MOST_RULES
