"""Tests of the policies of the roles that plan and deploy in CI."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from access.calls import BOUNDED, Calls, is_named
from access.calls_file import read_calls
from access.derivation import as_text, statements
from access.policies import PLACEHOLDER, ROLES, Role, policies, template_file, values_of
from access.unseen import needed_calls
from local.emulator.authorization.reference import reads
from tests.environments import DOMAIN, load
from tests.iam import ACCOUNT, Request, allows

CHARACTERS = 6144
"""Of a managed policy, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
ATTACHED = 10
"""Managed policies of a role, unless AWS raises the quota."""
PASSED = "arn:aws:iam::{account}:role/{name}"
STATES = "arn:aws:s3:::states"
ESCALATIONS = tomllib.loads(Path(__file__).with_name("escalations.toml").read_text())
REQUEST_TAGS = {"aws:RequestTag/Project": "langfuse", "aws:RequestTag/Environment": "dev"}
RESOURCE_TAGS = {"aws:ResourceTag/Project": "langfuse", "aws:ResourceTag/Environment": "prod"}
OWN_TAGS = {"aws:ResourceTag/Project": "langfuse", "aws:ResourceTag/Environment": "dev"}
CONTEXTS = (
    RESOURCE_TAGS,
    # If the request gives a resource of others the environment's tags.
    {**RESOURCE_TAGS, **REQUEST_TAGS},
    {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"},
)
LIMITS = {
    "aws:RequestTag/Environment",
    "aws:ResourceTag/Environment",
    "ec2:Owner",
    "route53:ChangeResourceRecordSetsNormalizedRecordNames",
}
UNLIMITED = {
    # Of a key that nobody has tagged, which the role may tag anyway.
    "kms:CreateAlias",
    "kms:EnableKeyRotation",
    # AWS limits these to no resource, and what they make has no tags.
    "backup-storage:MountCapsule",
    "cloudfront:CreateResponseHeadersPolicy",
    "cloudfront:DeleteResponseHeadersPolicy",
    "ecs:DeregisterTaskDefinition",
    "elasticloadbalancing:SetWebAcl",
    "route53:CreateHostedZone",
    # The network interface that an instance is made with.
    "ec2:RunInstances",
    # For the private names of VPC endpoints, in zones that AWS owns.
    "route53:AssociateVPCWithHostedZone",
    # Of a hosted zone, which policies know by its ID only. Route 53 deletes it only once its records are gone.
    "route53:ChangeTagsForResource",
    "route53:DeleteHostedZone",
}
"""What the deploy role may do to resources of others."""
BOUNDARY = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/langfuse-dev-boundary"}

GOV_KEY = "arn:aws-us-gov:kms:us-gov-east-1:123456789012:key/mrk-" + 30 * "0"
LONGEST = {
    "LANGFUSE_AWS__REGION": "us-gov-east-1",
    "LANGFUSE_AWS__REGION_IN_GLOBAL_NAMES": "true",
    "LANGFUSE_AWS__STATE__BUCKET": "s" * 63,
    "LANGFUSE_AWS__STATE__KMS_KEY_ID": f"{GOV_KEY}00",
    "LANGFUSE_AWS__ENCRYPTION__KMS": f"{GOV_KEY}01",
    "LANGFUSE_AWS__PERMISSIONS_BOUNDARY_ARN": f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{'b' * 128}",
    "LANGFUSE_AWS__LANGFUSE__POLICY_ARNS": json.dumps(
        [f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{number:0120d}" for number in range(3)]
    ),
    "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-0123456789abcdef0",
    "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": json.dumps([f"subnet-{number:017d}" for number in range(3)]),
    "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": json.dumps([f"subnet-{number:017d}" for number in range(3, 6)]),
    "LANGFUSE_AWS__DOMAIN__NAME": f"{'d' * 52}.example.com",
    "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z" + "0" * 31,
    "LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@" + ".".join(["m" * 60] * 3),
    "LANGFUSE_AWS__MAIL__HOSTED_ZONE_ID": "Z" + "1" * 31,
}
"""Settings with long values of whatever the policies name."""
KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"
CHINESE_KEY = KEY.replace("arn:aws:kms:us-east-1", "arn:aws-cn:kms:cn-north-1")


def rendered(role: Role, **overrides: str) -> list[dict[str, Any]]:
    settings = load("dev", {"LANGFUSE_AWS__STATE__BUCKET": "states", **overrides})
    return list(policies(role, values_of(settings, account=ACCOUNT)).values())


def conditions(documents: Iterable[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yields the key and the values of each condition."""
    for document in documents:
        for statement in document["Statement"]:
            for keys in statement.get("Condition", {}).values():
                yield from keys.items()


def every_statement(role: Role) -> Iterator[dict[str, Any]]:
    for policy in json.loads(template_file(role).read_text()).values():
        yield from policy


@pytest.fixture(scope="module")
def calls() -> Calls:
    return read_calls()


@pytest.mark.parametrize("role", ROLES)
def test_the_policies_are_derived_from_the_calls(role: Role, calls: Calls) -> None:
    """`make roles` writes them: nobody adds to them by hand."""
    assert template_file(role).read_text() == as_text(statements(needed_calls(role, calls[role])))


@pytest.mark.parametrize("role", ROLES)
def test_every_action_is_in_aws_s_reference(role: Role) -> None:
    for statement in every_statement(role):
        for action in statement["Action"]:
            reads(action)  # raises LookupError


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_pattern(role: Role) -> None:
    assert [action for statement in every_statement(role) for action in statement["Action"] if "*" in action] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_resource_is_an_arn(role: Role) -> None:
    arn = re.compile(r"[*]|<[a-z_]+_arn>|<boundary>|arn:<partition>:[a-z0-9-]+:[^:\\]*:(<account>)?:[^\\]+")
    for statement in every_statement(role):
        assert [resource for resource in statement["Resource"] if not arn.fullmatch(resource)] == []


@pytest.mark.parametrize("role", ROLES)
def test_no_service_is_a_pattern(role: Role) -> None:
    """IAM refuses that: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    for statement in every_statement(role):
        for resource in statement["Resource"]:
            assert resource == "*" or resource.startswith("<") or re.fullmatch("[a-z0-9-]+", resource.split(":")[2])


@pytest.mark.parametrize("role", ROLES)
def test_every_placeholder_has_its_values(role: Role) -> None:
    values = values_of(load(), account=ACCOUNT)
    assert set(PLACEHOLDER.findall(template_file(role).read_text())) <= set(values)
    assert "<" not in json.dumps(rendered(role))


@pytest.mark.parametrize("role", ROLES)
def test_policies_are_as_short_as_iam_wants(role: Role) -> None:
    """In an environment that names as much as it can, by the longest names, in the partition with the longest ARNs."""
    settings = load("dev", LONGEST).model_copy(update={"name": "environments"})
    values = values_of(settings, account=ACCOUNT)
    assert [name for name, given in values.items() if not given] == []
    documents = policies(role, values)
    sizes = {purpose: len(re.sub(r"\s", "", json.dumps(policy))) for purpose, policy in documents.items()}
    assert {purpose: size for purpose, size in sizes.items() if size > CHARACTERS} == {}
    assert len(documents) <= ATTACHED


def test_the_plan_role_only_reads() -> None:
    """S3 decrypts the states for it, with a key that the settings name."""
    for statement in every_statement("plan"):
        changing = [action for action in statement["Action"] if not reads(action)]
        if changing == ["kms:Decrypt"]:
            assert statement["Resource"] == ["<kms_key_arn>"]
            assert statement["Condition"] == {"StringEquals": {"kms:ViaService": ["s3.<region>.amazonaws.com"]}}
        else:
            assert changing == [], statement["Sid"]


def test_the_plan_role_reads_no_secret_and_no_object_but_states() -> None:
    dev = rendered("plan")
    for action, resource in (
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:langfuse-dev/salt-AbCdEf",
        ),
        ("secretsmanager:BatchGetSecretValue", "*"),
        ("s3:GetObject", "arn:aws:s3:::langfuse-dev-events-1/events/any"),
        ("s3:GetObject", "arn:aws:s3:::any/object"),
        ("s3:GetObject", f"{STATES}/langfuse/prod/data.tfstate"),
        ("s3:PutObject", f"{STATES}/langfuse/dev/data.tfstate"),
        ("logs:GetLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/langfuse/dev/web:log-stream:any"),
        ("logs:FilterLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/langfuse/dev/web"),
        ("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/any"),
        ("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/any"),
    ):
        assert not allows(dev, Request(action, resource, RESOURCE_TAGS)), action
    assert allows(dev, Request("s3:GetObject", f"{STATES}/langfuse/dev/data.tfstate"))


def _limited_by(statement: Mapping[str, Any]) -> set[str]:
    """The condition keys whose values the statement names. That a tag is absent limits to nothing of one's own."""
    return {key for operator, keys in statement.get("Condition", {}).items() if operator != "Null" for key in keys}


def test_what_changes_is_limited_to_the_environment() -> None:
    """By a name, by tags, or, where AWS knows neither, as listed here."""
    unlimited = {
        action
        for statement in every_statement("deploy")
        for action in statement["Action"]
        if not reads(action)
        and not all(is_named(resource) for resource in statement["Resource"])
        and not LIMITS & _limited_by(statement)
    }
    assert unlimited == UNLIMITED


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("list_", ESCALATIONS)
def test_no_known_escalation_is_allowed(role: Role, list_: str) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-{role}"
    documents = rendered(role)
    for action, resources in ESCALATIONS[list_].items():
        for resource in resources:
            arn = resource.replace("<own>", own).replace("<account>", ACCOUNT).replace("<prefix>", "langfuse-dev")
            arn = arn.replace("<other>", "langfuse-prod").replace("<other_name>", "prod").replace("<name>", "dev")
            for context in CONTEXTS:
                assert not allows(documents, Request(action, arn, context)), f"{action} on {arn}"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_domain_at_the_load_balancer_is_made_in_any_region(region: str) -> None:
    named = {"LANGFUSE_AWS__REGION": region, **DOMAIN}
    plan, deploy = (rendered(role, **named) for role in ("plan", "deploy"))
    certificate = f"arn:aws:acm:{region}:{ACCOUNT}:certificate/01234567-89ab-4cde-8f01-23456789abcd"
    listener = f"arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:listener/app/langfuse-dev/0123456789abcdef/0"
    record = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    zone = f"arn:aws:route53:::hostedzone/{DOMAIN['LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID']}"
    proof = f"_0123456789abcdef0123456789abcdef.{DOMAIN['LANGFUSE_AWS__DOMAIN__NAME']}"
    needed = [
        Request("acm:RequestCertificate", "*", {**REQUEST_TAGS, "aws:RequestedRegion": region}),
        Request("acm:AddTagsToCertificate", certificate, REQUEST_TAGS),
        Request("acm:DescribeCertificate", certificate),
        Request("acm:DeleteCertificate", certificate, OWN_TAGS),
        Request("route53:ChangeResourceRecordSets", zone, {record: DOMAIN["LANGFUSE_AWS__DOMAIN__NAME"]}),
        Request("route53:ChangeResourceRecordSets", zone, {record: proof}),
        Request("elasticloadbalancing:ModifyListener", listener),
        Request("elasticloadbalancing:ModifyListenerAttributes", listener),
    ]
    assert [request for request in needed if not allows(deploy, request)] == []
    assert allows(plan, Request("acm:DescribeCertificate", certificate))
    others = Request("route53:ChangeResourceRecordSets", zone, {record: "_acme-challenge.langfuse.example.com"})
    assert not allows(deploy, others)


SERVICES = ("ec2", "ecs-tasks", "lambda", "glue", "cloudformation", "codebuild", "sagemaker", "backup", "vpc-flow-logs")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ["admin", "langfuse-dev-deploy", "langfuse-dev-plan", "langfuse-prod-task"])
def test_no_foreign_role_is_passed(role: Role, service: str, name: str) -> None:
    arn = PASSED.format(account=ACCOUNT, name=name)
    assert not allows(rendered(role), Request("iam:PassRole", arn, {"iam:PassedToService": f"{service}.amazonaws.com"}))


def test_a_role_is_passed_to_its_own_service_only() -> None:
    passed = {
        (name, service)
        for name in ("task", "web-execution", "worker-execution", "clickhouse", "clickhouse-backups", "flow-logs")
        for service in SERVICES
        if allows(
            rendered("deploy"),
            Request(
                "iam:PassRole",
                PASSED.format(account=ACCOUNT, name=f"langfuse-dev-{name}"),
                {"iam:PassedToService": f"{service}.amazonaws.com"},
            ),
        )
    }
    assert passed == {
        ("task", "ecs-tasks"),
        ("web-execution", "ecs-tasks"),
        ("worker-execution", "ecs-tasks"),
        ("clickhouse", "ec2"),
        ("clickhouse-backups", "backup"),
        ("flow-logs", "vpc-flow-logs"),
    }


@pytest.mark.parametrize("action", sorted(BOUNDED))
def test_roles_are_made_and_changed_within_the_boundary_only(action: str) -> None:
    arn = PASSED.format(account=ACCOUNT, name="langfuse-dev-task")
    deploy = rendered("deploy")
    other = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert not allows(deploy, Request(action, arn))
    assert not allows(deploy, Request(action, arn, other))
    if action in ("iam:CreateRole", "iam:PutRolePolicy"):
        assert allows(deploy, Request(action, arn, BOUNDARY))


@pytest.mark.parametrize("suffix", ["", ".cn"])
def test_in_china_services_have_their_names_with_and_without_the_suffix(suffix: str) -> None:
    """AWS's documentation does not say where they have it."""
    deploy, plan = (
        rendered(role, LANGFUSE_AWS__REGION="cn-north-1", LANGFUSE_AWS__STATE__KMS_KEY_ID=CHINESE_KEY)
        for role in ("deploy", "plan")
    )
    task = PASSED.format(account=ACCOUNT, name="langfuse-dev-task").replace("arn:aws:", "arn:aws-cn:")
    for service, allowed in (("ecs-tasks", True), ("ec2", False), ("ecs-tasks-2", False)):
        context = {"iam:PassedToService": f"{service}.amazonaws.com{suffix}"}
        assert allows(deploy, Request("iam:PassRole", task, context)) == allowed
    for service, allowed in (("s3", True), ("ssm", False)):
        context = {"kms:ViaService": f"{service}.cn-north-1.amazonaws.com{suffix}"}
        for role in (deploy, plan):
            assert allows(role, Request("kms:Decrypt", CHINESE_KEY, context)) == allowed
    elsewhere = {"kms:ViaService": f"s3.cn-northwest-1.amazonaws.com{suffix}"}
    assert not allows(deploy, Request("kms:Decrypt", CHINESE_KEY, elsewhere))


@pytest.mark.parametrize("role", ROLES)
def test_elsewhere_no_service_has_a_suffix(role: Role) -> None:
    for key, services in conditions(rendered(role, LANGFUSE_AWS__STATE__KMS_KEY_ID=KEY)):
        if key in ("iam:PassedToService", "kms:ViaService"):
            assert all(service.endswith(".amazonaws.com") for service in services), services


@pytest.mark.parametrize("role", ROLES)
def test_in_china_policies_are_short_enough_too(role: Role) -> None:
    region = "cn-northwest-1"
    overrides = {
        "REGION": region,
        "REGION_IN_GLOBAL_NAMES": "true",
        "STATE__BUCKET": "s" * 63,
        "STATE__KMS_KEY_ID": CHINESE_KEY.replace("cn-north-1", region),
        "ENCRYPTION__KMS": CHINESE_KEY.replace("cn-north-1", region).replace("-23456789abcd", "-000000000000"),
    }
    settings = load("dev", {f"LANGFUSE_AWS__{name}": value for name, value in overrides.items()})
    settings = settings.model_copy(update={"name": "environments"})
    for purpose, policy in policies(role, values_of(settings, account=ACCOUNT)).items():
        assert len(re.sub(r"\s", "", json.dumps(policy))) <= CHARACTERS, purpose


@pytest.mark.parametrize("role", ROLES)
def test_a_condition_has_values_or_its_statement_is_left_out(role: Role) -> None:
    """AWS refuses an empty list, or nothing matches it: whatever has no value in the environment."""
    whole = values_of(load("dev", {"LANGFUSE_AWS__STATE__BUCKET": "states"}), account=ACCOUNT)
    conditional = {
        name
        for statement in every_statement(role)
        for _, templates in conditions([{"Statement": [statement]}])
        for name in PLACEHOLDER.findall("".join(templates))
    }
    assert "region" in conditional
    for name in conditional:
        documents = list(policies(role, {**whole, name: []}).values())
        assert all(wanted for _, wanted in conditions(documents)), name
