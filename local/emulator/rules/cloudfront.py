"""Requests that CloudFront refuses."""

import re
from collections.abc import Iterator

from ministack.core.responses import get_account_id
from ministack.services import acm, cloudfront, s3, waf

from local.emulator.rules.rule import Request, refuses
from settings.partition import CLOUDFRONT_REGION

CHANGES = ("CreateDistribution", "CreateDistributionWithTags", "UpdateDistribution")


def values_of_distributions(tag: str, *, but: str | None = None) -> Iterator[str]:
    """The texts of an element, ``WebACLId`` for example, in the configurations of all distributions ``but`` one."""
    for id_, distribution in cloudfront._distributions.items():
        if id_ != but:
            yield from re.findall(rf"<(?:\w+:)?{tag}>([^<]+)<", distribution["config_xml"])


def _configuration(request: Request) -> Request:
    configuration: Request = request.get("DistributionConfigWithTags", request)["DistributionConfig"]
    return configuration


@refuses("cloudfront", *CHANGES, code="CNAMEAlreadyExists")
def alias_taken(request: Request) -> str | None:
    """A domain name is an alias of one distribution in all of AWS."""
    aliases = _configuration(request).get("Aliases", {}).get("Items", [])
    taken = set(aliases) & set(values_of_distributions("CNAME", but=request.get("Id")))
    return "One or more of the CNAMEs you provided are already associated with a different resource." if taken else None


@refuses("cloudfront", *CHANGES, code="InvalidViewerCertificate")
def certificate_elsewhere(request: Request) -> str | None:
    """A certificate is in us-east-1, and issued.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """
    arn = _configuration(request).get("ViewerCertificate", {}).get("ACMCertificateArn")
    certificate = acm._certificates.get_scoped(get_account_id(), CLOUDFRONT_REGION, arn) or {}
    if not arn or certificate.get("Status") == "ISSUED":
        return None
    return f"The specified SSL certificate doesn't exist, isn't in us-east-1 region, or isn't valid: {arn}"


@refuses("cloudfront", *CHANGES, code="InvalidViewerCertificate")
def alias_without_certificate(request: Request) -> str | None:
    """An alias needs a certificate of its own."""
    configuration = _configuration(request)
    certificate = configuration.get("ViewerCertificate", {})
    named = configuration.get("Aliases", {}).get("Items") and not certificate.get("ACMCertificateArn")
    return "To add an alternate domain name (CNAME), you must attach a trusted certificate." if named else None


@refuses("cloudfront", *CHANGES, code="InvalidWebACLId")
def web_acl_elsewhere(request: Request) -> str | None:
    """A web ACL has the scope of CloudFront."""
    arn = _configuration(request).get("WebACLId")
    known = {acl["ARN"] for acl in waf._values_for_scope(waf._web_acls, "CLOUDFRONT")}
    return f"Web ACL is not accessible by the requester: {arn}" if arn and arn not in known else None


@refuses("cloudfront", *CHANGES, code="InvalidArgument")
def log_bucket_without_acl(request: Request) -> str | None:
    """Standard logs (legacy) need a bucket with ACLs.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
    """
    bucket = _configuration(request).get("Logging", {}).get("Bucket", "").removesuffix(".s3.amazonaws.com")
    ownership = s3._buckets.get(bucket, {}).get("_ownership_controls") or "BucketOwnerEnforced"
    if not bucket or "BucketOwnerEnforced" not in ownership:
        return None
    return f"The S3 bucket that you specified for CloudFront logs does not enable ACL access: {bucket}.s3.amazonaws.com"
