"""Tests of the web ACL, the access logs and CloudFront, at a domain and without one."""

import json
from typing import Any

import pytest

from settings import SettingsError
from settings.partition import OPT_IN_REGIONS
from tests.environments import EDGE, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.test_services import listeners, variables

ELSEWHERE = "eu-central-1"
DOMAIN = {"DOMAIN__NAME": "langfuse.example.com", "DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ"}
CLOUDFRONT = {"DOMAIN__CLOUDFRONT": "true"}
WAF = {"INGRESS__WAF": "true"}
LOGS = {"INGRESS__ACCESS_LOGS": "true"}
CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"


def prefixed(*settings: dict[str, str], **more: str) -> dict[str, str]:
    return {f"LANGFUSE_AWS__{name}": value for each in (*settings, more) for name, value in each.items()}


def services(*settings: dict[str, str], **more: str) -> SynthesizedStack:
    return app("dev", prefixed(*settings, **more))["services"]


def only(stack: SynthesizedStack, type_: str) -> tuple[str, dict[str, Any]]:
    """The name and the arguments of the one resource of the type."""
    ((name, resource),) = stack.resources(type_).items()
    return name, resource


# What the web ACL blocks.


def rules(stack: SynthesizedStack) -> list[dict[str, Any]]:
    _, acl = only(stack, "aws_wafv2_web_acl")
    assert acl["default_action"] == {"allow": {}}
    return sorted(acl["rule"], key=lambda rule: int(rule["priority"]))


def test_the_web_acl_blocks_addresses_and_known_attacks_in_this_order() -> None:
    by_address, reputation, attacks, _ = rules(services(WAF, INGRESS__WAF_REQUESTS_PER_FIVE_MINUTES="500"))
    assert by_address["action"] == {"block": {}}
    assert by_address["statement"]["rate_based_statement"] == {
        "aggregate_key_type": "IP",
        "evaluation_window_sec": 300,
        "limit": 500,
    }
    groups = [rule["statement"]["managed_rule_group_statement"] for rule in (reputation, attacks)]
    assert [group["name"] for group in groups] == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
    ]
    assert [rule["override_action"] for rule in (reputation, attacks)] == [{"none": {}}] * 2


@pytest.mark.parametrize(("place", "inspected_bytes"), [({}, 8192), (CLOUDFRONT, 16384)])
def test_bodies_are_only_counted(place: dict[str, str], inspected_bytes: int) -> None:
    """Prompts are long, and contain any text."""
    _, _, attacks, long_bodies = rules(services(WAF, place))
    overrides = attacks["statement"]["managed_rule_group_statement"]["rule_action_override"]
    counted = ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY")
    assert overrides == [{"name": rule, "action_to_use": {"count": {}}} for rule in counted]
    assert long_bodies["action"] == {"count": {}}
    size = long_bodies["statement"]["size_constraint_statement"]
    assert (size["comparison_operator"], size["size"]) == ("GT", inspected_bytes)
    assert size["field_to_match"] == {"body": {"oversize_handling": "MATCH"}}, "what WAF does not see is counted too"


# Where it is.


def test_the_web_acl_is_at_the_load_balancer() -> None:
    stack = services(WAF, DOMAIN, REGION=ELSEWHERE)
    name, acl = only(stack, "aws_wafv2_web_acl")
    assert (acl["scope"], acl["name"], acl.get("provider")) == ("REGIONAL", "langfuse-dev", None)
    _, association = only(stack, "aws_wafv2_web_acl_association")
    assert association["web_acl_arn"] == f"${{aws_wafv2_web_acl.{name}.arn}}"
    assert association["resource_arn"] == f"${{aws_lb.{only(stack, 'aws_lb')[0]}.arn}}"


@pytest.mark.parametrize(("region", "provider"), [(ELSEWHERE, "aws.us-east-1"), ("us-east-1", None)])
def test_the_web_acl_is_at_cloudfront_in_us_east_1(region: str, provider: str | None) -> None:
    stack = services(WAF, CLOUDFRONT, REGION=region, REGION_IN_GLOBAL_NAMES="true")
    name, acl = only(stack, "aws_wafv2_web_acl")
    assert (acl["scope"], acl["name"], acl.get("provider")) == ("CLOUDFRONT", f"langfuse-dev-{region}", provider)
    _, distribution = only(stack, "aws_cloudfront_distribution")
    assert distribution["web_acl_id"] == f"${{aws_wafv2_web_acl.{name}.arn}}"
    assert not stack.resources("aws_wafv2_web_acl_association")
    # Otherwise Terraform deletes it before it is taken from the distribution, which AWS refuses.
    assert acl["lifecycle"]["create_before_destroy"]


def test_no_address_is_shared_by_two_regions() -> None:
    """Terraform would look for the resource of the one Region in the other, and forget it."""
    here = services(WAF, DOMAIN, REGION=ELSEWHERE)
    for type_ in ("aws_wafv2_web_acl", "aws_acm_certificate", "aws_acm_certificate_validation"):
        at_cloudfront = services(WAF, DOMAIN, CLOUDFRONT, REGION=ELSEWHERE).resources(type_)
        assert len(at_cloudfront) == len(here.resources(type_)) == 1
        assert not at_cloudfront.keys() & here.resources(type_).keys()


@pytest.mark.parametrize("settings", [CLOUDFRONT, WAF, {**DOMAIN}])
def test_a_provider_of_us_east_1_is_there_as_long_as_something_may_have_been_made_by_it(
    settings: dict[str, str],
) -> None:
    """Without it, Terraform can't destroy what CloudFront had, after CloudFront is turned off."""
    providers = services(settings, REGION=ELSEWHERE).json["provider"]["aws"]
    assert [(provider["region"], provider.get("alias")) for provider in providers] == [
        (ELSEWHERE, None),
        ("us-east-1", "us-east-1"),
    ]
    assert providers[0]["default_tags"] == providers[1]["default_tags"]


@pytest.mark.parametrize(
    "settings",
    [{"REGION": ELSEWHERE}, {**WAF, **CLOUDFRONT, **DOMAIN, "REGION": "us-east-1"}, {**WAF, "REGION": "us-gov-west-1"}],
)
def test_otherwise_there_is_one_provider(settings: dict[str, str]) -> None:
    assert len(services(settings).json["provider"]["aws"]) == 1


def test_the_dashboard_shows_what_the_web_acl_blocks() -> None:
    def graph(*settings: dict[str, str]) -> list[Any]:
        _, dashboard = only(services(*settings, REGION=ELSEWHERE), "aws_cloudwatch_dashboard")
        (shown,) = (
            widget["properties"]["metrics"]
            for widget in json.loads(dashboard["dashboard_body"])["widgets"]
            if "web ACL" in widget["properties"]["title"]
        )
        ((namespace, name, *dimensions, options),) = shown
        assert (namespace, name, options.pop("label")) == ("AWS/WAFV2", "BlockedRequests", "blocked")
        return [*dimensions, options]

    always = ["WebACL", "langfuse-dev", "Rule", "ALL"]
    assert graph(WAF) == [*always, "Region", ELSEWHERE, {"region": ELSEWHERE}]
    assert graph(WAF, CLOUDFRONT) == [*always, {"region": "us-east-1"}]


# Access logs.

WRITERS = {
    "us-east-1": ("aws", {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}),
    "ap-southeast-5": ("aws", {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}),
    "us-gov-west-1": ("aws-us-gov", {"AWS": "arn:aws-us-gov:iam::048591011584:root"}),
    "cn-north-1": ("aws-cn", {"AWS": "arn:aws-cn:iam::638102146993:root"}),
}


@pytest.mark.parametrize("region", WRITERS)
def test_elastic_load_balancing_may_write_the_logs_of_this_account_and_nothing_else(region: str) -> None:
    stack = services(LOGS, REGION=region)
    bucket, _ = only(stack, "aws_s3_bucket")
    only_tls, logs = json.loads(only(stack, "aws_s3_bucket_policy")[1]["policy"])["Statement"]
    assert (only_tls["Effect"], only_tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (logs["Effect"], logs["Action"], logs["Principal"]) == ("Allow", "s3:PutObject", WRITERS[region][1])
    (account,) = stack.json["data"]["aws_caller_identity"]
    assert logs["Resource"] == (
        f"${{aws_s3_bucket.{bucket}.arn}}/load-balancer/AWSLogs/${{data.aws_caller_identity.{account}.account_id}}/*"
    )


def test_the_load_balancer_logs_once_it_may() -> None:
    stack = services(LOGS, LOG_RETENTION_DAYS="90")
    bucket, arguments = only(stack, "aws_s3_bucket")
    _, balancer = only(stack, "aws_lb")
    assert balancer["access_logs"] == {
        "bucket": f"${{aws_s3_bucket.{bucket}.bucket}}",
        "enabled": True,
        "prefix": "load-balancer",
    }
    assert balancer["depends_on"] == [f"aws_s3_bucket_policy.{only(stack, 'aws_s3_bucket_policy')[0]}"]
    assert arguments == {"bucket_prefix": "langfuse-dev-access-logs-", "force_destroy": True}
    (rule,) = only(stack, "aws_s3_bucket_lifecycle_configuration")[1]["rule"]
    assert (rule["status"], rule["filter"], rule["expiration"]) == ("Enabled", [{"prefix": ""}], [{"days": 90}])
    (encryption,) = only(stack, "aws_s3_bucket_server_side_encryption_configuration")[1]["rule"]
    # A load balancer can't write to a bucket with a KMS key.
    assert encryption["apply_server_side_encryption_by_default"] == {"sse_algorithm": "AES256"}


def test_logs_of_a_protected_environment_are_not_destroyed() -> None:
    _, bucket = only(services(LOGS, DELETION_PROTECTION="true"), "aws_s3_bucket")
    assert bucket["force_destroy"] is False


def test_cloudfront_logs_to_a_bucket_with_acls() -> None:
    stack = services(LOGS, CLOUDFRONT)
    bucket, _ = only(stack, "aws_s3_bucket")
    _, distribution = only(stack, "aws_cloudfront_distribution")
    assert distribution["logging_config"] == {
        "bucket": f"${{aws_s3_bucket.{bucket}.bucket_domain_name}}",
        "include_cookies": False,
        "prefix": "cloudfront/",
    }
    name, ownership = only(stack, "aws_s3_bucket_ownership_controls")
    assert distribution["depends_on"] == [f"aws_s3_bucket_ownership_controls.{name}"]
    assert ownership["rule"] == {"object_ownership": "BucketOwnerPreferred"}
    _, without = only(services(LOGS), "aws_s3_bucket_ownership_controls")
    assert without["rule"] == {"object_ownership": "BucketOwnerEnforced"}


# A domain in CloudFront.


def test_a_domain_in_cloudfront() -> None:
    stack = services(DOMAIN, CLOUDFRONT, REGION=ELSEWHERE)
    name, distribution = only(stack, "aws_cloudfront_distribution")
    assert distribution["aliases"] == ["langfuse.example.com"]
    issued, validation = only(stack, "aws_acm_certificate_validation")
    assert validation["provider"] == only(stack, "aws_acm_certificate")[1]["provider"] == "aws.us-east-1"
    assert distribution["viewer_certificate"] == {
        "acm_certificate_arn": f"${{aws_acm_certificate_validation.{issued}.certificate_arn}}",
        "minimum_protocol_version": "TLSv1.2_2021",
        "ssl_support_method": "sni-only",
    }
    aliases = [record for record in stack.resources("aws_route53_record").values() if "alias" in record]
    assert sorted(record["type"] for record in aliases) == ["A", "AAAA"]
    assert {record["alias"]["name"] for record in aliases} == {f"${{aws_cloudfront_distribution.{name}.domain_name}}"}
    assert variables(stack, "web")["NEXTAUTH_URL"] == "https://langfuse.example.com"
    assert listeners(stack) == {80: "forward"}, "CloudFront connects by HTTP"
    assert (
        stack.json["output"]["cloudfront_dns_name"]["value"] == f"${{aws_cloudfront_distribution.{name}.domain_name}}"
    )


def test_an_existing_certificate_in_cloudfront() -> None:
    arn = CERTIFICATE.format("us-east-1")
    own = {"DOMAIN__NAME": "langfuse.example.com", "DOMAIN__CERTIFICATE_ARN": arn}
    stack = services(own, CLOUDFRONT, REGION=ELSEWHERE)
    _, distribution = only(stack, "aws_cloudfront_distribution")
    assert distribution["viewer_certificate"]["acm_certificate_arn"] == arn
    assert not stack.resources("aws_acm_certificate")
    assert not stack.resources("aws_route53_record")


@pytest.mark.parametrize("settings", [CLOUDFRONT, {**CLOUDFRONT, **DOMAIN}])
def test_cloudfront_tells_browsers_to_use_https_only(settings: dict[str, str]) -> None:
    stack = services(settings)
    name, policy = only(stack, "aws_cloudfront_response_headers_policy")
    assert policy["security_headers_config"] == {
        "strict_transport_security": {"access_control_max_age_sec": 31536000, "override": True}
    }
    _, distribution = only(stack, "aws_cloudfront_distribution")
    assert distribution["default_cache_behavior"]["response_headers_policy_id"] == (
        f"${{aws_cloudfront_response_headers_policy.{name}.id}}"
    )


# What is refused.


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({**WAF, "INGRESS__WAF_REQUESTS_PER_FIVE_MINUTES": "9"}, "must be greater than or equal to 10"),
        (
            {
                **CLOUDFRONT,
                "DOMAIN__NAME": "langfuse.example.com",
                "DOMAIN__CERTIFICATE_ARN": CERTIFICATE.format(ELSEWHERE),
                "REGION": ELSEWHERE,
            },
            'domain.certificate_arn .* must start with "arn:aws:acm:us-east-1:", since cloudfront is true',
        ),
        *(
            (
                {**CLOUDFRONT, **LOGS, "REGION": region},
                f"ingress.access_logs .* is not possible with domain.cloudfront in {region}",
            )
            for region in OPT_IN_REGIONS
        ),
    ],
)
def test_what_aws_refuses_is_refused_in_one_line(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refusal:
        load("dev", prefixed(settings))
    assert "\n" not in str(refusal.value)


def test_the_default_makes_none_of_it() -> None:
    types = {type_ for stack in app("dev").values() for type_ in stack.json["resource"]}
    assert not [type_ for type_ in types if "waf" in type_ or "cloudfront" in type_]
    assert not app("dev")["services"].resources("aws_s3_bucket")
    both = load("dev", EDGE)
    assert (both.ingress.waf, both.ingress.access_logs, both.domain.cloudfront) == (True, True, True)
