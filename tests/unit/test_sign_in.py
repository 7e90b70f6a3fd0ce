"""Tests of the section sign_in, and that docs/sign-in.md lists what the settings accept."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from settings import SettingsError
from settings.reading.fields import kind_of
from settings.sections.sign_in import MOST_SESSION_MINUTES, Provider, ProviderName
from settings.variables.groups import SSO_PROVIDERS
from settings.variables.rules import contract
from settings.variables.secret_values import is_secret_name
from tests.environments import ENVIRONMENTS, RUNNING, SIGN_IN, load
from tests.synthesis import app

DOCS = Path(__file__).parents[2] / "docs" / "sign-in.md"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:sso-AbCdEf"
CANARY = "Xq7-hunter2.canary"
PREFIX = "LANGFUSE_AWS__SIGN_IN__"
VARIABLE = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"

GOOGLE = {"client_id": "langfuse", "client_secret_arn": ARN}
ISSUER = "https://id.example.com"
VALUES: Mapping[str, object] = {
    "issuer": ISSUER,
    "tenant_id": "01234567-89ab-cdef-0123-456789abcdef",
    "base_url": "https://github.example.com",
    "url": "https://gitlab.example.com",
    "name": "Acme & Sons",
    "allowed_domains": ["example.com", "example.org"],
}


def setting(name: str, value: object) -> dict[str, str]:
    """Returns the variable of a setting of the section."""
    return {f"{PREFIX}{name.upper()}": value if isinstance(value, str) else json.dumps(value)}


def provider(name: str, /, **settings: object) -> dict[str, str]:
    return setting(f"providers__{name}", {**GOOGLE, **settings})


def refusal(*overrides: Mapping[str, str]) -> str:
    """Returns the line that refuses the settings; empty if they are accepted."""
    try:
        load("dev", {name: value for each in overrides for name, value in each.items()})
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_defaults_set_nothing(environment: str) -> None:
    sign_in = load(environment).sign_in
    assert sign_in.variables == {}
    assert sign_in.secrets == {}


def test_the_tasks_get_what_is_set() -> None:
    expected = {
        "AUTH_DISABLE_SIGNUP": "true",
        "AUTH_DISABLE_USERNAME_PASSWORD": "true",  # pragma: allowlist secret
        "AUTH_SESSION_MAX_AGE": "480",
        "AUTH_DOMAINS_WITH_SSO_ENFORCEMENT": "example.com",
        "AUTH_OKTA_CLIENT_ID": "langfuse",
        "AUTH_OKTA_ISSUER": "https://example.okta.com",
    }
    for definition in app("dev", {**RUNNING, **SIGN_IN})["services"].resources("aws_ecs_task_definition").values():
        (container,) = json.loads(definition["container_definitions"])
        variables = {entry["name"]: entry["value"] for entry in container["environment"]}
        assert {name: value for name, value in variables.items() if name.startswith("AUTH_")} == expected
        secrets = {entry["name"]: entry["valueFrom"] for entry in container["secrets"]}
        assert secrets["AUTH_OKTA_CLIENT_SECRET"].endswith(":secret:okta-AbCdEf")


def test_the_execution_roles_may_read_the_secrets() -> None:
    policies = app("dev", {**RUNNING, **SIGN_IN})["services"].resources("aws_iam_role_policy")
    assert sum(":secret:okta-AbCdEf" in policy["policy"] for policy in policies.values()) == 2


def test_the_providers_are_those_of_the_table() -> None:
    assert sorted(get_args(ProviderName)) == sorted(name.lower() for name in SSO_PROVIDERS)


@pytest.mark.parametrize("name", get_args(ProviderName))
def test_what_a_provider_needs(name: str) -> None:
    known = SSO_PROVIDERS[name.upper()]
    issuer = "https://authentik.example.com/application/o/langfuse" if name == "authentik" else ISSUER
    values = {part.lower(): VALUES[part.lower()] for part in (*known.needs, *known.takes)}
    whole = values | ({"issuer": issuer} if "issuer" in values else {})
    assert refusal(provider(name, **whole)) == ""
    for part in known.needs:
        rest = {one: value for one, value in whole.items() if one != part.lower()}
        assert f"sign_in.providers.{name}: needs {part.lower()}: " in refusal(provider(name, **rest))
    for part in VALUES.keys() - whole.keys():
        line = refusal(provider(name, **whole, **{part: VALUES[part]}))
        assert f"sign_in.providers.{name}.{part}: is not for {name}: leave it out" in line


def test_every_part_becomes_a_variable_that_langfuse_has() -> None:
    parts = [name.upper() for name in Provider.model_fields if name not in ("client_id", "client_secret_arn")]
    for name, known in SSO_PROVIDERS.items():
        has = {part for part in parts if part in {*known.needs, *known.takes, "ALLOW_ACCOUNT_LINKING"}}
        assert {f"AUTH_{name}_{part}" for part in has} <= contract().variables


def test_a_list_is_joined_and_account_linking_is_off_by_default() -> None:
    given = provider("google", allowed_domains=["example.com", "example.org"])
    assert load("dev", given).sign_in.variables == {
        "AUTH_GOOGLE_CLIENT_ID": "langfuse",
        "AUTH_GOOGLE_ALLOWED_DOMAINS": "example.com,example.org",
    }
    linked = load("dev", provider("google", allow_account_linking=True)).sign_in.variables
    assert linked["AUTH_GOOGLE_ALLOW_ACCOUNT_LINKING"] == "true"


def test_single_settings_of_a_provider_have_variables_of_their_own() -> None:
    single = {
        **setting("providers__azure_ad__client_id", "langfuse"),
        **setting("providers__azure_ad__client_secret_arn", ARN),
        **setting("providers__azure_ad__tenant_id", "common"),
    }
    assert load("dev", single).sign_in.variables == {
        "AUTH_AZURE_AD_CLIENT_ID": "langfuse",
        "AUTH_AZURE_AD_TENANT_ID": "common",
    }
    # The longer path wins.
    both = {**provider("azure_ad", tenant_id="a"), **setting("providers__azure_ad__tenant_id", "b")}
    assert load("dev", both).sign_in.variables["AUTH_AZURE_AD_TENANT_ID"] == "b"


LOCKED_OUT = [
    (setting("password", False), "sign_in.password = false: needs a provider in sign_in.providers"),
    (setting("sso_domains", ["example.com"]), 'sign_in.sso_domains = ["example.com"]: needs a provider'),
    (
        {f"{VARIABLE}AUTH_DISABLE_USERNAME_PASSWORD": "true"},  # pragma: allowlist secret
        "langfuse.environment.AUTH_DISABLE_USERNAME_PASSWORD: needs a provider",
    ),
]


@pytest.mark.parametrize(("overrides", "said"), LOCKED_OUT)
def test_nobody_is_locked_out(overrides: dict[str, str], said: str) -> None:
    assert said in refusal(overrides)
    assert refusal(overrides, provider("google")) == ""
    as_variables = {
        f"{VARIABLE}AUTH_GOOGLE_CLIENT_ID": "langfuse",
        "LANGFUSE_AWS__LANGFUSE__SECRETS__AUTH_GOOGLE_CLIENT_SECRET": ARN,
    }
    assert refusal(overrides, as_variables) == ""


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (setting("session_minutes", 5), "sign_in.session_minutes"),
        (setting("session_minutes", MOST_SESSION_MINUTES + 1), "sign_in.session_minutes"),
        (setting("sso_domains", ["Example.com"]), "sign_in.sso_domains.0"),
        (setting("sso_domains", ["example.com", "example.com"]), "must name each one once"),
        (setting("providers__google__client_id", "x"), "sign_in.providers.google.client_secret_arn: is required"),
        (setting("providers__facebook__client_id", "x"), "sign_in.providers.facebook: must be auth0 or "),
        (setting("providers__google", "langfuse"), "must be a section with the settings client_id, client_secret_arn"),
        (
            provider("okta", issuer="http://id.example.com"),
            "sign_in.providers.okta.issuer: must be a URL with https://",
        ),
        (provider("okta", issuer="https://id.example.com?x=y"), "sign_in.providers.okta.issuer: must be"),
        (provider("okta", issuer="https://me@id.example.com"), "sign_in.providers.okta.issuer: must be"),
        (provider("okta", issuer="https://id.example.com:8443"), "AUTH_OKTA_ISSUER connects to port 8443"),
        (provider("authentik", issuer=ISSUER), "sign_in: AUTH_AUTHENTIK_ISSUER has a form that Langfuse does not"),
        (
            provider("google", client_secret_arn=ARN.replace("us-east-1", "eu-west-1")),
            'google.client_secret_arn: must start with "arn:aws:secretsmanager:us-east-1:", since region is us-east-1',
        ),
        (
            provider("google") | {f"{VARIABLE}AUTH_GOOGLE_CLIENT_ID": "other"},
            "langfuse.environment.AUTH_GOOGLE_CLIENT_ID: is set by the section sign_in too: leave it out",
        ),
        (
            setting("sign_up", False) | {f"{VARIABLE}AUTH_DISABLE_SIGNUP": "true"},
            "langfuse.environment.AUTH_DISABLE_SIGNUP: is set by the section sign_in too: leave it out",
        ),
    ],
)
def test_what_is_refused_is_one_line(overrides: dict[str, str], said: str) -> None:
    line = refusal(overrides)
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize("name", ["client_secret", "client_secret_arn", "password", "issuer", "client_id", "name"])
@pytest.mark.parametrize("secret", [CANARY, f"https://me:{CANARY}@example.com", "98765432109", f"a {CANARY}"])
def test_a_secret_in_a_provider_is_not_shown(name: str, secret: str) -> None:
    line = refusal(provider("okta", issuer=ISSUER) | setting(f"providers__okta__{name}", secret))
    assert CANARY not in line
    assert "98765432109" not in line
    assert line or name in ("client_id", "name")


def test_nothing_in_a_table_of_sections_is_closed() -> None:
    for name in Provider.model_fields:
        kind = kind_of(("sign_in", "providers", "google", name))
        assert kind is not None
        assert not kind.is_closed


def test_all_secrets_together_must_fit_into_the_roles_policy() -> None:
    beginning = ARN.removesuffix("sso-AbCdEf")
    arns = {f"A{number}": f"{beginning}{'x' * 400}{number:02}-AbCdEf" for number in range(14)}
    given = {"LANGFUSE_AWS__LANGFUSE__SECRETS": json.dumps(arns)}
    assert refusal(given) == ""
    long = f"{beginning}{'y' * 500}-AbCdEf"
    assert "fit into a role's policy" in refusal(given, provider("google", client_secret_arn=long))


def switches() -> list[tuple[str, str]]:
    """Returns the rows of the table of switches: the variable, and the setting for it."""
    return re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| `([a-z_.]+)`", DOCS.read_text(), re.MULTILINE)


def test_the_documentation_lists_switches() -> None:
    """Those that Langfuse's page names, https://langfuse.com/self-hosting/configuration/hardening."""
    assert {name for name, _ in switches()} >= {
        "ADMIN_API_KEY",
        "AUTH_DISABLE_SIGNUP",
        "AUTH_DISABLE_USERNAME_PASSWORD",
        "AUTH_DOMAINS_WITH_SSO_ENFORCEMENT",
        "AUTH_EMAIL_VERIFICATION_REQUIRED",
        "AUTH_SESSION_MAX_AGE",
        "TELEMETRY_ENABLED",
        *(
            f"LANGFUSE_{use}_WHITELISTED_{what}"
            for use in ("BLOB_STORAGE_ENDPOINT", "LLM_CONNECTION", "WEBHOOK")
            for what in ("HOST", "IPS", "IP_SEGMENTS")
        ),
    }


EXAMPLES: Mapping[str, object] = {
    "sign_in.sign_up": False,
    "sign_in.password": False,
    "sign_in.session_minutes": 480,
    "sign_in.sso_domains": ["example.com"],
}
TEXTS = {"HOST": "llm.example.com", "IPS": "10.0.0.9", "IP_SEGMENTS": "10.0.0.0/24"}


@pytest.mark.parametrize(("variable", "where"), switches())
def test_each_switch_that_is_listed_is_accepted(variable: str, where: str) -> None:
    assert variable in contract().variables
    needed = {
        **provider("okta", issuer=ISSUER),
        "LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com",
        "LANGFUSE_AWS__LANGFUSE__SECRETS__LANGFUSE_EE_LICENSE_KEY": ARN,
    }
    if where.startswith("sign_in."):
        given = {**provider("google"), **setting(where.removeprefix("sign_in."), EXAMPLES[where])}
        assert variable in load("dev", given).sign_in.variables
    elif where == "langfuse.secrets":
        assert is_secret_name(variable)
        loaded = load("dev", {f"LANGFUSE_AWS__LANGFUSE__SECRETS__{variable}": ARN})
        assert variable in loaded.container_secrets
    else:
        assert where == "langfuse.environment"
        (rule, *_) = contract().rules_of(variable)
        text = TEXTS.get(variable.partition("WHITELISTED_")[2], "https://mask.example.com")
        value = rule.values[0] if rule.values else text
        assert load("dev", {**needed, f"{VARIABLE}{variable}": value}).container_variables[variable] == value
