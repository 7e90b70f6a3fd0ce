"""Tests of the stack ``access``: whom its roles trust, the boundary of all other roles, and that ``ops`` leaves it."""

import lazy_bindings  # noqa: F401

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cdktf import Testing as CdktfTesting

from access.policies import policies, values_of
from local.embedded_aws import EmbeddedAws, running
from ops.apply import ADMINISTRATORS_STACK
from ops.environment import Environment, aws_session
from ops.findings import Finding, Verdict
from ops.preflight_checks.global_names import github_provider
from settings import SettingsError, changes
from settings.partition import partition_of
from settings.roles import BOUNDARY_CHARACTERS
from stacks import add_stacks
from stacks.access import AccessStack
from tests import who_may_what
from tests.changes.values import DEPLOYED_WITH, SETTINGS, changed, variables
from tests.ci_roles import DEPLOYS, NOBODYS_CLAIMS, NOT_ASSUMED, deploy_claims, plan_claims
from tests.combinations import Combination, covering
from tests.command_line import PROJECT, Ran, assert_one_line, ops
from tests.environments import ACCESS, EC2, ENVIRONMENTS, EXTERNAL, RUNNING, load
from tests.iam import Request, allows
from tests.states import resource, state
from tests.synthesis import app

TABLE = changes.read()
ACCOUNT = "000000000000"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
BOUNDARY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/langfuse-dev-boundary"
OWN_BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/own"
GRAPH = ("network", "data", "services")
MOST_CHARACTERS, MOST_ATTACHED = 6144, 10
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
PREFIX = "LANGFUSE_AWS__"
REPOSITORY, PROVIDER, ACCOUNTS, POLICY_ARNS = (
    f"{PREFIX}{name}"
    for name in ("ACCESS__REPOSITORY", "ACCESS__OIDC_PROVIDER_ARN", "ALLOWED_ACCOUNT_IDS", "LANGFUSE__POLICY_ARNS")
)
TAGS = f"{PREFIX}TAGS"
REGION, OWN_BOUNDARY_ARN = f"{PREFIX}REGION", f"{PREFIX}PERMISSIONS_BOUNDARY_ARN"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:okta-AbCdEf"
KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"

in_every_partition = pytest.mark.parametrize(
    ("environment", "region"), [("prod", "eu-central-1"), ("dev", "us-gov-west-1"), ("dev", "cn-north-1")]
)


def trust(name: str, overrides: Mapping[str, str] = ACCESS, environment: str = "dev") -> dict[str, Any]:
    """Returns the one statement of the trust policy of a role of the stack."""
    role = app(environment, overrides)["access"].resource("aws_iam_role", name=f"langfuse-{environment}-{name}")
    (statement,) = json.loads(role["assume_role_policy"])["Statement"]
    return dict(statement)


def boundary(overrides: Mapping[str, str], environment: str = "dev") -> dict[str, Any]:
    """Returns the document of the boundary."""
    settings = load(environment, overrides)
    policy = app(environment, overrides)["access"].resource("aws_iam_policy", name=settings.boundary_name)
    return dict(json.loads(policy["policy"]))


@cache
def with_access(environment: str, region: str) -> list[Combination]:
    """The combinations of settings, each with the section."""
    roles = {"access.repository": "acme/langfuse", "allowed_account_ids": ["123456789012"]}
    return [Combination(environment, {**each.values_, **roles}) for each in covering(environment, region)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_there_is_no_such_stack_without_the_section(environment: str) -> None:
    stacks = app(environment)
    assert list(stacks) == list(GRAPH)
    for stack in stacks.values():
        for role in stack.resources("aws_iam_role").values():
            assert "permissions_boundary" not in role


def test_its_outputs_are_the_two_roles() -> None:
    access = app(overrides=ACCESS)["access"]
    assert access.json["output"].keys() == {"plan_role_arn", "deploy_role_arn"}
    for name in ("plan", "deploy"):
        (address,) = re.findall(r"aws_iam_role\.(\S+)\.arn", access.json["output"][f"{name}_role_arn"]["value"])
        assert access.resources("aws_iam_role")[address]["name"] == f"langfuse-dev-{name}"


def test_it_reads_no_other_state_and_none_reads_it() -> None:
    stacks = app(overrides=ACCESS)
    assert "terraform_remote_state" not in stacks["access"].text
    for name in GRAPH:
        assert "access.tfstate" not in stacks[name].text.replace(
            stacks[name].json["terraform"]["backend"]["s3"]["key"], ""
        )


def test_the_graph_is_deployed_after_it_and_destroyed_before_it() -> None:
    """Its roles need the boundary before they are made, and until they are gone."""
    stacks = {stack.node.id: stack for stack in add_stacks(CdktfTesting.app(), load("dev", ACCESS))}
    assert [stack.node.id for stack in stacks["network"].dependencies] == ["access"]
    assert stacks["access"].dependencies == []


def test_the_plan_role_trusts_pull_requests_and_main() -> None:
    assert trust("plan") == {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                f"{ISSUER}:sub": ["repo:acme/langfuse:pull_request", "repo:acme/langfuse:ref:refs/heads/main"],
            }
        },
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_deploy_role_trusts_the_github_environment_on_main_alone(environment: str) -> None:
    assert trust("deploy", ACCESS, environment)["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust("deploy", ACCESS, environment)["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": [f"repo:acme/langfuse:environment:{environment}"],
            f"{ISSUER}:ref": "refs/heads/main",
            f"{ISSUER}:job_workflow_ref": f"acme/langfuse/{DEPLOYS}@refs/heads/main",
        }
    }


def test_only_the_subject_has_the_repository_s_ids() -> None:
    conditions = trust("deploy", {**ACCESS, REPOSITORY: "acme@1234/lang.fuse@5678"})["Condition"]["StringEquals"]
    assert conditions[f"{ISSUER}:sub"] == ["repo:acme@1234/lang.fuse@5678:environment:dev"]
    assert conditions[f"{ISSUER}:job_workflow_ref"] == f"acme/lang.fuse/{DEPLOYS}@refs/heads/main"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """AWS with the roles of the stack, and what these trust."""
    with running("us-east-1") as aws:
        iam = aws.session().client("iam", endpoint_url=aws.url)
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])
        for name in ("plan", "deploy"):
            policy = json.dumps({"Version": "2012-10-17", "Statement": [trust(name)]})
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        yield aws


def assume(aws: EmbeddedAws, name: str, claims: Mapping[str, str]) -> None:
    aws.assume(f"arn:aws:iam::{ACCOUNT}:role/{name}", claims)


@pytest.mark.parametrize("what", NOBODYS_CLAIMS)
def test_who_has_one_other_claim_does_not_get_the_deploy_role(aws: EmbeddedAws, what: str) -> None:
    claims = deploy_claims(load("dev", ACCESS))
    assume(aws, "deploy", claims)
    with pytest.raises(ClientError, match=NOT_ASSUMED):
        assume(aws, "deploy", {**claims, **NOBODYS_CLAIMS[what]})


def test_pull_requests_get_the_plan_role_alone(aws: EmbeddedAws) -> None:
    claims = plan_claims(load("dev", ACCESS))
    assume(aws, "plan", claims)
    with pytest.raises(ClientError, match=NOT_ASSUMED):
        assume(aws, "deploy", claims)


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_branch_and_workflow_are_conditions_only_where_iam_knows_them(region: str, partition: str) -> None:
    """Elsewhere, a condition on a key that IAM does not fill would refuse every deploy."""
    there = {**ACCESS, REGION: region, PROVIDER: PROVIDER_ARN.replace("arn:aws:", f"arn:{partition}:")}
    statement = trust("deploy", there)
    assert statement["Principal"] == {"Federated": there[PROVIDER]}
    assert statement["Condition"]["StringEquals"].keys() == {f"{ISSUER}:aud", f"{ISSUER}:sub"}


def test_the_provider_is_made_before_the_roles() -> None:
    access = app(overrides=ACCESS)["access"]
    ((name, provider),) = access.resources("aws_iam_openid_connect_provider").items()
    assert (provider["url"], provider["client_id_list"]) == (f"https://{ISSUER}", ["sts.amazonaws.com"])
    for role in access.resources("aws_iam_role").values():
        assert role["depends_on"] == [f"aws_iam_openid_connect_provider.{name}"]


def test_an_existing_provider_is_used() -> None:
    second = {**ACCESS, PROVIDER: PROVIDER_ARN}
    assert app(overrides=second)["access"].resources("aws_iam_openid_connect_provider") == {}
    assert trust("plan", second)["Principal"] == trust("deploy", second)["Principal"] == {"Federated": PROVIDER_ARN}


def test_the_repository_is_as_in_the_subject() -> None:
    immutable = {**ACCESS, REPOSITORY: "acme@1234/lang.fuse@5678"}
    subjects = trust("plan", immutable)["Condition"]["StringEquals"][f"{ISSUER}:sub"]
    assert subjects[0] == "repo:acme@1234/lang.fuse@5678:pull_request"


@in_every_partition
def test_the_policies_fit_into_the_quotas_of_iam(environment: str, region: str) -> None:
    for combination in with_access(environment, region):
        access = app(environment, combination)["access"]
        attached: dict[str, set[str]] = {}
        for attachment in access.resources("aws_iam_role_policy_attachment").values():
            attached.setdefault(attachment["role"], set()).add(attachment["policy_arn"])
        assert len(attached) == 2
        assert all(1 <= len(arns) <= MOST_ATTACHED for arns in attached.values())
        for policy in access.resources("aws_iam_policy").values():
            assert len(policy["policy"]) <= MOST_CHARACTERS, policy["name"]


@pytest.mark.parametrize("role", ["plan", "deploy"])
def test_a_role_has_the_policies_of_the_templates(role: str) -> None:
    wanted = policies(role, values_of(load("dev", ACCESS), account=ACCOUNT))  # type: ignore[arg-type]
    access = app(overrides=ACCESS)["access"]
    (address,) = [
        name for name, each in access.resources("aws_iam_role").items() if each["name"] == f"langfuse-dev-{role}"
    ]
    made = {
        f"${{aws_iam_policy.{name}.arn}}": (policy["name"], json.loads(policy["policy"]))
        for name, policy in access.resources("aws_iam_policy").items()
    }
    attached = [
        made[attachment["policy_arn"]]
        for attachment in access.resources("aws_iam_role_policy_attachment").values()
        if attachment["role"] == f"${{aws_iam_role.{address}.name}}"
    ]
    assert dict(attached) == {f"langfuse-dev-{role}-{purpose}": document for purpose, document in wanted.items()}


@in_every_partition
def test_every_role_of_the_graph_has_the_boundary(environment: str, region: str) -> None:
    for combination in with_access(environment, region):
        stacks = app(environment, combination)
        own = combination.get(OWN_BOUNDARY_ARN)
        expected = own or f"arn:{partition_of(region)}:iam::123456789012:policy/langfuse-{environment}-boundary"
        roles = [role for name in GRAPH for role in stacks[name].resources("aws_iam_role").values()]
        assert len(roles) >= 3
        assert {role.get("permissions_boundary") for role in roles} == {expected}
        assert not any("permissions_boundary" in role for role in stacks["access"].resources("aws_iam_role").values())
        names = {policy["name"] for policy in stacks["access"].resources("aws_iam_policy").values()}
        assert (f"langfuse-{environment}-boundary" in names) == (own is None)


def granted(environment: str, overrides: Mapping[str, str]) -> Iterator[Request]:
    """Yields a request for each right of the graph's roles."""
    settings = load(environment, overrides)
    for role in who_may_what.by_the_stacks(app(environment, overrides), settings).values():
        yield from (who_may_what.request_of(right, settings) for right in sorted(role.rights))


def request(action: str, resource: str, **context: str) -> Request:
    return Request(action, who_may_what.exemplary(resource), context)


@in_every_partition
def test_the_boundary_allows_what_the_roles_need(environment: str, region: str) -> None:
    for each in with_access(environment, region):
        values = {name: value for name, value in each.values_.items() if name != "permissions_boundary_arn"}
        combination, asked = Combination(environment, values), 0
        document = boundary(combination, environment)
        for wanted in granted(environment, combination):
            asked += 1
            assert allows([document], wanted), f"{wanted.action} on {wanted.resource} with {combination}"
        assert asked > 20


LISTED = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*)`")
BY_OTHERS = {"network.isolated", "sign_in.password", "sign_in.sso_domains"}
"""Settings whose other values need others, which change the stack."""
NOT_ALONE = {"allowed_account_ids", "domain.name", "langfuse.environment"}
"""Settings that change the stack with other values or others beside them: another account, a hosted zone, SSE-KMS."""


def access_stack(overrides: Mapping[str, str]) -> str:
    """Synthesizes the stack alone."""
    stack = AccessStack(CdktfTesting.app(), ADMINISTRATORS_STACK, load("dev", overrides))
    return str(CdktfTesting.synth(stack))


def test_the_manual_lists_the_settings_that_change_the_stack() -> None:
    text = (PROJECT / "docs/access.md").read_text().partition("These change `access`:")[2].partition("The boundary")[0]
    can_change = [setting for setting in SETTINGS if TABLE[setting].effect_in("dev") != "refused"]
    listed = set(LISTED.findall(text)) & set(can_change)
    current, before = load("dev", DEPLOYED_WITH), access_stack(DEPLOYED_WITH)
    changing = {
        setting
        for setting in can_change
        if access_stack({**DEPLOYED_WITH, **variables(changed(setting, current))}) != before
    }
    assert changing - BY_OTHERS == listed - NOT_ALONE


NAMED = {
    **RUNNING,
    **ACCESS,
    f"{PREFIX}LANGFUSE__SECRETS__ANY": f"{SECRET}:key::",
    f"{PREFIX}LANGFUSE__KMS_KEY_ARNS": json.dumps([KEY]),
    f"{PREFIX}LANGFUSE__ENVIRONMENT__LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms",
    f"{PREFIX}LANGFUSE__ENVIRONMENT__LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": KEY.replace(
        "-23456789abcd", "-000000000000"
    ),
}


@pytest.mark.parametrize("mode", [EC2, EXTERNAL])
def test_the_boundary_allows_the_secrets_and_keys_of_the_settings(mode: Mapping[str, str]) -> None:
    overrides = {**NAMED, **mode}
    asked = list(granted("dev", overrides))
    assert {SECRET, KEY, KEY.replace("-23456789abcd", "-000000000000")} <= {each.resource for each in asked}
    assert [each for each in asked if not allows([boundary(overrides)], each)] == []


ESCAPES = [
    request("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-x"),
    request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-deploy"),
    request("iam:CreatePolicyVersion", BOUNDARY_ARN),
    request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-deploy"),
    request("lambda:CreateFunction", "*"),
    request("ssm:SendCommand", "*"),
    request("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x"),
    request("ec2:RunInstances", "*"),
    request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:okta-GhIjKl"),
    request(
        "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:langfuse-prod/salt-AbCdEf"
    ),
    request(
        "secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:langfuse-dev/salt-AbCdEf"
    ),
    request("s3:GetObject", "arn:aws:s3:::langfuse-dev-terraform-state/langfuse/dev/data.tfstate"),
    request("s3:GetObject", "arn:aws:s3:::langfuse-dev-events-events-20261127095608563900000001/events/x"),
    request("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/01234567-89ab-4cde-8f01-23456789abcd"),
    request("kms:CreateGrant", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/01234567-89ab-4cde-8f01-23456789abcd"),
    request("cloudwatch:PutMetricData", "*", **{"cloudwatch:namespace": "AWS/Other"}),
    request("ec2:DeleteSnapshot", "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"),
    request(
        "ec2:DeleteSnapshot",
        "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0",
        **{"aws:ResourceTag/Environment": "dev"},
    ),
    request(
        "ec2:CreateSnapshot",
        f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-0123456789abcdef0",
        **{"aws:ResourceTag/Environment": "prod"},
    ),
    request("backup:CopyIntoBackupVault", f"arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:langfuse-dev-2-vault"),
]


@pytest.mark.parametrize("wanted", ESCAPES, ids=lambda each: f"{each.action} {each.resource}")
def test_the_boundary_allows_no_way_out(wanted: Request) -> None:
    assert not allows([boundary(NAMED)], wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        request("ec2:CreateSnapshot", "arn:aws:ec2:us-east-1::snapshot/*"),
        request(
            "ec2:CreateSnapshot",
            f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-0123456789abcdef0",
            **{"aws:ResourceTag/Environment": "dev"},
        ),
        request(
            "ec2:DeleteSnapshot",
            "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0",
            **{"aws:ResourceTag/aws:backup:source-resource": "vol-0123456789abcdef0"},
        ),
        request(
            "backup:CopyIntoBackupVault",
            f"arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:langfuse-dev-clickhouse-backups",
        ),
    ],
    ids=lambda each: f"{each.action} {each.resource}",
)
def test_the_boundary_allows_backups(wanted: Request) -> None:
    assert allows([boundary(NAMED)], wanted)


def test_another_s_boundary_stays_that_of_the_roles() -> None:
    overrides = {**ACCESS, OWN_BOUNDARY_ARN: OWN_BOUNDARY}
    assert values_of(load("dev", overrides), account=ACCOUNT)["boundary"] == [OWN_BOUNDARY]
    assert values_of(load("dev", ACCESS), account=ACCOUNT)["boundary"] == [BOUNDARY_ARN]


MANY = {
    f"{PREFIX}LANGFUSE__SECRETS__ANY_{number}": f"{SECRET[:-11]}{number:062d}-AbCdEf"  # pragma: allowlist secret
    for number in range(10)
}
"""As many as fit."""
TOO_MANY = {
    **MANY,
    f"{PREFIX}LANGFUSE__SECRETS__LAST": SECRET,
    f"{PREFIX}LANGFUSE__SECRETS__NEXT": SECRET.replace("okta", "o" * 64),
    f"{PREFIX}LANGFUSE__KMS_KEY_ARNS": json.dumps([KEY]),
}


@pytest.mark.parametrize(
    ("region", "suffix"), [("ap-northeast-1", "amazonaws.com"), ("cn-northwest-1", "amazonaws.com.cn")]
)
def test_the_longest_boundary_fits(region: str, suffix: str) -> None:
    largest = {
        **ACCESS,
        **{
            name: arn.replace("us-east-1", region).replace("arn:aws:", f"arn:{partition_of(region)}:")
            for name, arn in MANY.items()
        },
        REGION: region,
        f"{PREFIX}REGION_IN_GLOBAL_NAMES": "true",
        f"{PREFIX}LANGFUSE__REGISTRY": f"{ACCOUNT}.dkr.ecr.{region}.{suffix}/{'m' * 140}",
        f"{PREFIX}ENCRYPTION__KMS": KEY.replace("us-east-1", region)
        .replace("123456789012", ACCOUNT)
        .replace("arn:aws:", f"arn:{partition_of(region)}:"),
        f"{PREFIX}MAIL__FROM_ADDRESS": f"{'l' * 64}@{'d' * 60}.{'e' * 60}.{'f' * 40}.example.com",
    }
    if partition_of(region) == "aws-cn":  # It has no SES.
        del largest[f"{PREFIX}MAIL__FROM_ADDRESS"]
    (document,) = [
        policy["policy"]
        for policy in app("prod", largest)["access"].resources("aws_iam_policy").values()
        if policy["name"].endswith("-boundary")
    ]
    # Names of environments have up to eight characters more.
    longest = document.replace("langfuse-prod", "langfuse-prod-abcdefg").replace(
        "langfuse/prod", "langfuse/prod-abcdefg"
    )
    settings = load("prod", largest)
    rest = BOUNDARY_CHARACTERS - sum(
        len(arn) + 3 for arn in {*settings.foreign_secret_arns, *settings.foreign_key_arns}
    )
    assert 0 <= rest < len(next(iter(MANY.values())))
    assert 5000 < len(longest) + rest <= MOST_CHARACTERS


WRONG = [
    # variables, parts of the error message
    ({ACCOUNTS: "[]"}, ["access.repository", "needs exactly one account in allowed_account_ids (there are 0)"]),
    ({ACCOUNTS: f'["{ACCOUNT}", "123456789012"]'}, ["access.repository", "exactly one account", "(there are 2)"]),
    ({TAGS: '{"Environment": "prod"}'}, ["tags.Environment", "must be left out with access.repository"]),
    ({TAGS: '{"Team": "ml", "Project": "x"}'}, ["tags.Project", "must be left out with access.repository"]),
    ({TAGS: '{"PROJECT": "x"}'}, ["tags", "PROJECT and Project are the same key"]),
    ({REPOSITORY: "langfuse"}, ["access.repository", "owner and name of a repository", "acme/langfuse"]),
    ({REPOSITORY: "acme/*"}, ["access.repository", "owner and name"]),
    ({REPOSITORY: "acme@1234/langfuse"}, ["access.repository", "both with their IDs or both without"]),
    ({REPOSITORY: "acme/langfuse:ref"}, ["access.repository"]),
    (
        {PROVIDER: PROVIDER_ARN.replace(ACCOUNT, "123456789012")},
        ["access.oidc_provider_arn", f"arn:aws:iam::{ACCOUNT}:"],
    ),
    ({PROVIDER: PROVIDER_ARN.replace("arn:aws:", "arn:aws-cn:")}, ["access.oidc_provider_arn", "arn:aws:iam::"]),
    (
        {PROVIDER: PROVIDER_ARN.replace(ISSUER, "oidc.example.com")},
        ["access.oidc_provider_arn", "GitHub's OIDC provider"],
    ),
    ({POLICY_ARNS: '["arn:aws:iam::aws:policy/ReadOnlyAccess"]'}, ["langfuse.policy_arns", "permissions_boundary_arn"]),
    (
        {
            OWN_BOUNDARY_ARN: OWN_BOUNDARY,
            POLICY_ARNS: json.dumps([f"arn:aws:iam::{ACCOUNT}:policy/{number:060d}" for number in range(7)]),
        },
        ["langfuse.policy_arns", "its ARNs have 672 characters, and at most 500 fit into the policies"],
    ),
    (
        TOO_MANY,
        ["langfuse.secrets", f"at most {BOUNDARY_CHARACTERS} fit into the boundary"],
    ),
]


@pytest.mark.parametrize(("variables", "parts"), WRONG)
def test_what_can_not_be_is_refused(variables: Mapping[str, str], parts: list[str]) -> None:
    load("dev", ACCESS)
    with pytest.raises(SettingsError) as raised:
        load("dev", {**ACCESS, **variables})
    assert "\n" not in str(raised.value)
    assert all(part in str(raised.value) for part in parts), raised.value


def test_tags_that_a_role_does_not_know_its_own_by_are_not_refused() -> None:
    load("dev", {**ACCESS, TAGS: '{"Team": "ml", "Environments": "x"}'})
    load("dev", {TAGS: '{"Environment": "prod", "Project": "x"}'})


def test_a_provider_needs_a_repository() -> None:
    with pytest.raises(SettingsError, match=r"access.oidc_provider_arn.*needs repository beside it"):
        load("dev", {ACCOUNTS: ACCESS[ACCOUNTS], PROVIDER: PROVIDER_ARN})


@pytest.mark.parametrize("variables", [{POLICY_ARNS: '["arn:aws:iam::aws:policy/ReadOnlyAccess"]'}, TOO_MANY])
def test_with_another_s_boundary_it_is_not(variables: Mapping[str, str]) -> None:
    load("dev", {**ACCESS, **variables, OWN_BOUNDARY_ARN: OWN_BOUNDARY})


TOFU = """#!/bin/sh
case "$1" in
  version) echo "OpenTofu v1.12.0" ;;
  show) cat plan.json ;;
  apply) basename "$PWD" >> "$APPLIED" ;;
esac
"""


class Outdir:
    """A folder with the stacks as ``ops plan`` leaves it, and a program that notes which stacks it applies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tofu = folder / "tofu"
        self._tofu.write_text(TOFU)
        self._tofu.chmod(0o755)
        self._applied = folder / "applied"
        self._applied.touch()
        stacks = {
            "access": [],
            "network": ["access"],
            "data": ["network"],
            "services": ["data", "network"],
        }
        manifest = {name: {"dependencies": on, "workingDirectory": f"stacks/{name}"} for name, on in stacks.items()}
        (folder / "manifest.json").write_text(json.dumps({"stacks": manifest}))
        for name in stacks:
            (folder / "stacks" / name).mkdir(parents=True)

    def save(self, *stacks: str, **actions: list[str]) -> None:
        """Saves plans. ``actions`` are those of the policies of the stack ``access``, by what these are."""
        addresses = app(overrides=ACCESS)["access"].resources("aws_iam_policy")
        changes = [
            {"address": f"aws_iam_policy.{address}", "change": {"actions": done}}
            for which, done in actions.items()
            for address in addresses
            if address.startswith(f"{which}_")
        ]
        assert len(changes) == len(actions)
        for stack in stacks:
            folder = self._folder / "stacks" / stack
            (folder / "saved.tfplan").touch()
            (folder / "plan.json").write_text(json.dumps({"resource_changes": changes if stack == "access" else []}))

    def apply(self, *options: str) -> Ran:
        """Runs ``ops apply``."""
        variables = {"OPENTOFU": self._tofu, "APPLIED": self._applied, "CDKTF_OUTDIR": self._folder}
        return ops("apply", *options, environment={name: str(path) for name, path in variables.items()})

    @property
    def applied(self) -> list[str]:
        """The stacks that were applied, in this order."""
        return self._applied.read_text().split()


@pytest.fixture
def outdir(tmp_path: Path) -> Outdir:
    return Outdir(tmp_path)


LEFT = "access: changed, and left to an administrator: make deploy ARGS=access"


def test_ops_apply_leaves_what_changed_to_an_administrator(outdir: Outdir) -> None:
    """Who applies reads it first: without a right that the change adds, the apply may fail."""
    outdir.save("access", *GRAPH, boundary=["update"], **{"deploy_network-and-logs": ["create"]})
    ran = outdir.apply()
    assert ran.returncode == 0, ran.stderr
    assert outdir.applied == list(GRAPH)
    assert ran.stdout.splitlines() == [LEFT, "network: applied", "data: applied", "services: applied"]
    assert "access" not in ran.stderr


def test_github_actions_shows_it_as_a_warning(outdir: Outdir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    outdir.save("access", "network", boundary=["update"])
    assert outdir.apply().stdout.splitlines()[0] == f"::warning::{LEFT}"


@pytest.mark.parametrize("actions", [["create"], ["delete", "create"]])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_without_the_boundary_nothing_is_applied(actions: list[str], options: list[str], outdir: Outdir) -> None:
    outdir.save("access", *GRAPH, boundary=actions)
    ran = outdir.apply(*options)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert_one_line(ran, "access is not deployed: an administrator runs `make deploy ARGS=access` first")
    assert outdir.applied == []


def test_ops_apply_says_nothing_of_it_without_changes(outdir: Outdir) -> None:
    outdir.save("network")
    ran = outdir.apply()
    assert ran.stdout.splitlines() == [
        "network: applied",
        "data, services: waits for these, run `make plan` and `make apply` again",
    ]
    assert outdir.applied == ["network"]


def test_ops_apply_has_a_key_for_it_in_json(outdir: Outdir) -> None:
    outdir.save("access", "network", "data")
    expected = {
        "applied": ["network", "data"],
        "waiting": ["services"],
        "left_to_administrator": [ADMINISTRATORS_STACK],
    }
    assert json.loads(outdir.apply("--json").stdout) == expected


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    """An empty account."""
    with running("us-east-1") as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        yield aws


def test_preflight_finds_the_provider_that_an_account_has_once(account: EmbeddedAws) -> None:
    """Before the deploy of a second environment fails."""

    def found(overrides: Mapping[str, str]) -> list[Finding]:
        return list(github_provider(Environment(load("dev", overrides), aws_session("us-east-1"))))

    named = {**ACCESS, PROVIDER: PROVIDER_ARN}
    assert found({}) == []
    assert [each.verdict for each in found(ACCESS)] == [Verdict.OK]
    assert [each.verdict for each in found(named)] == [Verdict.FAILED]

    iam = account.session().client("iam", endpoint_url=account.url)
    iam.create_open_id_connect_provider(Url="https://oidc.example.com", ClientIDList=["any"])
    assert [each.verdict for each in found(ACCESS)] == [Verdict.OK]
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])
    (taken,) = found(ACCESS)
    assert (taken.verdict, taken.evidence) == (Verdict.FAILED, f"the account has it already: {PROVIDER_ARN}")
    assert f'oidc_provider_arn = "{PROVIDER_ARN}"' in taken.remedy
    assert [each.verdict for each in found(named)] == [Verdict.OK]

    s3 = account.session().client("s3", endpoint_url=account.url)
    s3.create_bucket(Bucket=load("dev").state.bucket)
    own = state({}, [resource("aws_iam_openid_connect_provider", arn=PROVIDER_ARN)])
    s3.put_object(Bucket=load("dev").state.bucket, Key="langfuse/dev/access.tfstate", Body=json.dumps(own).encode())
    assert [each.verdict for each in found(ACCESS)] == [Verdict.OK]
