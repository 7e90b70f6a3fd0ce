"""Tests of the variables that can't be set, and of what values the others may have, over all that Langfuse has."""

import re

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from settings.variables.filled import FILLED
from settings.variables.rules import contract, misspelt, wrong_value
from settings.variables.secret_values import looks_secret
from tests.environments import EC2, ENVIRONMENTS, RUNNING
from tests.synthesis import app
from tests.unit.test_services import secrets, variables
from tests.variables import SETTABLE, VERSION, refusal, right_value


def filled_by_the_stacks() -> set[str]:
    """The variables of both containers, as they are synthesized without any in the settings."""
    services = [app(name, {**RUNNING, **more})["services"] for name in ENVIRONMENTS for more in (EC2, {})]
    return {
        variable
        for synthesized in services
        for container in ("web", "worker")
        for variable in (variables(synthesized, container).keys() | secrets(synthesized, container).keys())
    }


def test_what_the_stacks_fill_has_a_reason_each_and_can_not_be_set() -> None:
    assert filled_by_the_stacks() == FILLED.keys()
    for name, instead in FILLED.items():
        assert f"langfuse.environment.{name}: is filled by the stacks: {instead}" in refusal({name: "value"})
        assert f"langfuse.secrets.{name}: is filled by the stacks: {instead}" in refusal({}, (name,))


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("REDIS_HOST", "section redis"),
        ("REDIS_AUTH", "section redis"),
        ("REDIS_CLUSTER_ENABLED", "section redis"),
        ("REDIS_SENTINEL_NODES", "section redis"),
        ("REDIS_TLS_ENABLED", "section redis"),
        ("DATABASE_HOST", "section postgres"),
        ("DATABASE_PASSWORD", "section postgres"),
        ("DIRECT_URL", "section postgres"),
        ("LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT", "section storage"),
        ("LANGFUSE_S3_MEDIA_UPLOAD_FORCE_PATH_STYLE", "section storage"),
        ("LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT", "section storage"),
        ("LANGFUSE_S3_MEDIA_UPLOAD_SECRET_ACCESS_KEY", "task role"),
        ("LANGFUSE_USE_AZURE_BLOB", "section storage"),
        ("LANGFUSE_USE_GOOGLE_CLOUD_STORAGE", "section storage"),
        ("LANGFUSE_GOOGLE_CLOUD_STORAGE_CREDENTIALS", "section storage"),
        ("LANGFUSE_USE_OCI_NATIVE_OBJECT_STORAGE", "section storage"),
        ("AWS_ACCESS_KEY_ID", "task role"),
        ("AWS_DEFAULT_REGION", "set region"),
        ("PORT", "3000 and 3030"),
        ("NODE_ENV", "production"),
        ("VERCEL_URL", "domain.name"),
        ("LANGFUSE_QUEUE_METRICS_ENABLED", "alarms.queue_metrics"),
        ("NEXT_PUBLIC_SIGN_UP_DISABLED", "AUTH_DISABLE_SIGNUP"),
        ("AUTH_CLICKHOUSE_CLOUD_CLIENT_ID", "own cloud"),
    ],
)
def test_what_would_shadow_the_stacks_is_refused_with_what_to_use(name: str, instead: str) -> None:
    for line in (refusal({name: "true"}), refusal({}, (name,))):
        assert f"{name}: would go against what the stacks deploy" in line
        assert instead in line


def test_right_values_of_all_variables_are_accepted() -> None:
    wrong = {name: wrong_value(VERSION, name, right_value(name)) for name in SETTABLE}
    assert {name: problem for name, problem in wrong.items() if problem} == {}
    assert [name for name in SETTABLE if looks_secret(name, right_value(name))] == []


@pytest.mark.parametrize(
    ("kind", "value", "allowed"),
    [
        ("enum", "yes", "must be one of "),
        ("number", "ten", "must be a number"),
        ("number", "1_000", "must be a number"),
        ("number", "١", "must be a number"),  # noqa: RUF001
        ("url", "example.com", "must be a URL"),
        ("url", "https://exa mple.com", "must be a URL"),
        ("date", "2026-13-01", "must be a date"),
    ],
)
def test_a_wrong_value_of_every_variable_of_a_kind_is_refused(kind: str, value: str, allowed: str) -> None:
    names = [name for name, rules in SETTABLE.items() if all(rule.kind == kind for rule in rules)]
    assert names
    for name in names:
        line = refusal({name: value})
        assert f"langfuse.environment.{name}: {allowed}" in line
        for rule in contract().rules_of(name):
            assert all(right in line for right in rule.values)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("AUTH_GOOGLE_CHECKS", "pkce, state", "pkce;state"),
        ("LANGFUSE_INIT_USER_EMAIL", "me@example.com", "me@example"),
        ("LANGFUSE_ALLOWED_ORGANIZATION_CREATORS", "me@example.com,you@example.com", "me@example.com,"),
        ("REDIS_SOCKET_TIMEOUT_MS", "10000", "500"),
    ],
)
def test_rules_that_are_code_are_checked_too(name: str, right: str, wrong: str) -> None:
    assert wrong_value(VERSION, name, right) is None
    assert f"langfuse.environment.{name}: must be " in refusal({name: wrong})


def test_every_rule_that_is_code_is_checked() -> None:
    names = [name for name, rules in SETTABLE.items() if any(rule.unchecked for rule in rules)]
    assert names
    assert [name for name in names if not wrong_value(VERSION, name, "1")] == []


def test_a_form_is_told_by_an_example() -> None:
    patterns = [name for name, rules in SETTABLE.items() if any(rule.pattern for rule in rules)]
    assert patterns
    for name in patterns:
        line = str(wrong_value(VERSION, name, "! !"))
        example = re.search(r"for example (\S+)", line)
        assert example
        assert wrong_value(VERSION, name, example[1]) is None


def test_a_newer_version_may_know_more_values_and_variables() -> None:
    newer = "4.99.0"
    assert refusal({"LANGFUSE_LOG_LEVEL": "verbose"})
    assert not refusal({"LANGFUSE_LOG_LEVEL": "verbose", "LANGFUSE_LOG_LEVELS": "x"}, version=newer)
    assert "must be a number" in refusal({"LANGFUSE_S3_CONCURRENT_READS": "many"}, version=newer)


@hypothesis_settings(max_examples=40, deadline=None)
@given(known=st.sampled_from(sorted(SETTABLE)), place=st.integers(0, 99), letter=st.sampled_from("AES_0"))
def test_a_variable_with_a_wrong_letter_is_refused_with_the_right_one(known: str, place: int, letter: str) -> None:
    place %= len(known)
    for slip in (known[:place] + letter + known[place:], known[:place] + known[place + 1 :]):
        if slip in contract().variables or slip == "HTTP_PROXY":
            assert misspelt(VERSION, slip) is None
        else:
            assert misspelt(VERSION, slip) in contract().variables


def test_a_misspelt_variable_is_refused_in_both_places() -> None:
    assert "AUTH_DISABLE_SIGNUPS: is not known: did you mean AUTH_DISABLE_SIGNUP?" in refusal(
        {"AUTH_DISABLE_SIGNUPS": "true"}
    )
    assert "LANGFUSE_EE_LICENCE_KEY: is not known: did you mean LANGFUSE_EE_LICENSE_KEY?" in refusal(
        {}, ("LANGFUSE_EE_LICENCE_KEY",)
    )


@pytest.mark.parametrize(
    "name",
    [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "AWS_USE_FIPS_ENDPOINT",
        "OTEL_RESOURCE_ATTRIBUTES",
        "NODE_EXTRA_CA_CERTS",
        "TZ",
        "LANGFUSE_AUTO_POSTGRES_MIGRATION_DISABLED",
        "REDIS_SOCKET_TIMEOUT_MS",
        "MAX_TOKENS",
    ],
)
def test_other_variables_are_passed_on(name: str) -> None:
    assert refusal({name: right_value(name)}) == ""
