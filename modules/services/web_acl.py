"""The AWS WAF web ACL in front of Langfuse."""

from typing import Any

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleActionCount,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleOverrideActionNone,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from modules.accepted_findings import LOG4J_IN_BODIES, accept_findings
from modules.metric import Metric
from modules.services.load_balancer import LoadBalancer

# Traces contain any text: prompts about Log4j, source code, stack traces. These rules would refuse them, and an SDK
# then loses the batch. WAF ignores the name of a rule that the Region's version of the group does not have.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html#aws-managed-rule-groups-baseline-known-bad-inputs,
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RuleActionOverride.html
ONLY_COUNTED = ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY")
# WAF inspects the first 8 KB of a body at a load balancer, and the first 16 KB at CloudFront. A rule that blocks longer
# ones would refuse most batches of traces, so that the size is only counted: it shows how much WAF does not see.
# https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html
INSPECTED_BYTES_OF_LOAD_BALANCER, INSPECTED_BYTES_OF_CLOUDFRONT = 8 * 1024, 16 * 1024


class WebAcl(Construct):
    """A web ACL that blocks addresses with too many requests or a bad reputation, and known attacks outside of bodies.

    AWS's core rule set is left out. It refuses bodies over 8 KB, URLs in queries, as the callbacks of single sign-on
    have, requests without a user agent, as some SDKs send, and text that looks like an attack, which prompts contain:
    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html#aws-managed-rule-groups-baseline-crs

    Args:
        name: its name, which is also that of its metrics.
        cloudfront: whether it is for a distribution, whose web ACL is in us-east-1, and not for a load balancer.
        requests_per_five_minutes: the number of requests above which an address is blocked.
        region: the AWS Region that it is in.
        provider: the provider of that Region. By default, that of the stack.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        cloudfront: bool,
        requests_per_five_minutes: int,
        region: str,
        provider: TerraformProvider | None = None,
    ) -> None:
        super().__init__(scope, id_)
        rate = {
            "limit": requests_per_five_minutes,
            "evaluation_window_sec": 300,
            # CloudFront's web ACL sees the viewer's address, and not CloudFront's.
            "aggregate_key_type": "IP",
        }
        size = {
            "field_to_match": {"body": {"oversize_handling": "MATCH"}},
            "comparison_operator": "GT",
            "size": INSPECTED_BYTES_OF_CLOUDFRONT if cloudfront else INSPECTED_BYTES_OF_LOAD_BALANCER,
            "text_transformation": [{"priority": 0, "type": "NONE"}],
        }
        block = Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock())
        count = Wafv2WebAclRuleAction(count=Wafv2WebAclRuleActionCount())
        acl = Wafv2WebAcl(
            self,
            "web-acl",
            name=name,
            description="Langfuse: docs/ingress.md",
            scope="CLOUDFRONT" if cloudfront else "REGIONAL",
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            rule=[
                _rule(0, "requests-per-address", {"rate_based_statement": rate}, action=block),
                _rule(1, "ip-reputation", _managed("AWSManagedRulesAmazonIpReputationList")),
                _rule(2, "known-bad-inputs", _managed("AWSManagedRulesKnownBadInputsRuleSet", *ONLY_COUNTED)),
                _rule(3, "long-bodies", {"size_constraint_statement": size}, action=count),
            ],
            visibility_config=Wafv2WebAclVisibilityConfig(
                metric_name=name, cloudwatch_metrics_enabled=True, sampled_requests_enabled=True
            ),
            provider=provider,
            # AWS refuses to delete a web ACL that a distribution still has. Only so does Terraform take it from the
            # distribution first.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        accept_findings(
            acl,
            {
                "CKV2_AWS_31": "Its metrics and sampled requests show what it blocks; access logs have each request",
            },
        )
        self.arn = acl.arn
        # Those of CloudFront have no Region: https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
        dimensions = {"WebACL": name, "Rule": "ALL", **({} if cloudfront else {"Region": region})}
        self.blocked_requests = Metric("AWS/WAFV2", "BlockedRequests", dimensions, region)

    def protect(self, load_balancer: LoadBalancer) -> None:
        """Associates it with a load balancer. A distribution takes ``arn`` instead."""
        Wafv2WebAclAssociation(self, "association", resource_arn=load_balancer.arn, web_acl_arn=self.arn)
        accept_findings(load_balancer.balancer, {"CKV2_AWS_76": LOG4J_IN_BODIES})


def _managed(name: str, *only_counted: str) -> dict[str, Any]:
    """A group of AWS's own rules, of which some only count."""
    overrides = [{"name": rule, "action_to_use": {"count": {}}} for rule in only_counted]
    return {
        "managed_rule_group_statement": {
            "vendor_name": "AWS",
            "name": name,
            **({"rule_action_override": overrides} if overrides else {}),
        }
    }


def _rule(
    priority: int, name: str, statement: dict[str, Any], *, action: Wafv2WebAclRuleAction | None = None
) -> Wafv2WebAclRule:
    """A rule with an action of its own or, for a group of rules, with theirs."""
    as_group = Wafv2WebAclRuleOverrideAction(none=Wafv2WebAclRuleOverrideActionNone())
    return Wafv2WebAclRule(
        priority=priority,
        name=name,
        statement=statement,
        action=action,
        override_action=None if action else as_group,
        visibility_config=Wafv2WebAclRuleVisibilityConfig(
            metric_name=name, cloudwatch_metrics_enabled=True, sampled_requests_enabled=True
        ),
    )
