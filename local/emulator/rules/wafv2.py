"""Requests that AWS WAF refuses."""

from ministack.core.responses import get_region
from ministack.services import waf

from local.emulator.rules.cloudfront import values_of_distributions
from local.emulator.rules.rule import Request, refuses
from settings.partition import CLOUDFRONT_REGION

WEB_ACLS = ("CreateWebACL", "GetWebACL", "UpdateWebACL", "DeleteWebACL", "ListWebACLs")


@refuses("wafv2", "DeleteWebACL", code="WAFAssociatedItemException")
def web_acl_in_use(request: Request) -> str | None:
    """What it is associated with, a load balancer or a distribution, is changed or deleted first."""
    acl = waf._resource_from_scope(waf._web_acls, request["Id"], request["Scope"])
    used = {*waf._associations.values(), *values_of_distributions("WebACLId")}
    in_use = acl is not None and acl["ARN"] in used
    return "Your resource is being used by another resource or it is associated with one." if in_use else None


@refuses("wafv2", "AssociateWebACL", code="WAFInvalidParameterException")
def web_acl_of_cloudfront(request: Request) -> str | None:
    """A web ACL with the scope of CloudFront is for distributions, which have it in their configuration."""
    return "The ARN isn't valid: it is of scope CLOUDFRONT" if ":global/webacl/" in request["WebACLArn"] else None


@refuses("wafv2", *WEB_ACLS, code="WAFInvalidParameterException")
def scope_elsewhere(request: Request) -> str | None:
    """What has the scope of CloudFront is in us-east-1.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
    """
    elsewhere = request["Scope"] == "CLOUDFRONT" and get_region() != CLOUDFRONT_REGION
    return "The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT" if elsewhere else None
