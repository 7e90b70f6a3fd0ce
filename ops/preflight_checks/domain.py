"""Whether the domain's hosted zone and certificate are ready for the deploy."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from ops.environment import Environment
from ops.findings import Finding, finding


def hosted_zone(environment: Environment) -> Iterator[Finding]:
    """It is a public zone of the domain."""
    domain = environment.settings.domain
    if not (domain.name and domain.hosted_zone_id):
        return
    route53: Any = environment.session.client("route53")
    zone_id = domain.hosted_zone_id
    try:
        answer = route53.get_hosted_zone(Id=zone_id)
    except route53.exceptions.NoSuchHostedZone:
        yield finding("hosted zone", False, f"{zone_id} is absent", "correct domain.hosted_zone_id; check the account")
        return
    name = answer["HostedZone"]["Name"].rstrip(".")
    public = not answer["HostedZone"]["Config"]["PrivateZone"]
    fits = domain.name == name or domain.name.endswith(f".{name}")
    evidence = f"{zone_id} is {name}, {'public' if public else 'private'}"
    remedy = f"set domain.hosted_zone_id to the public zone that {domain.name} is in"
    yield finding("hosted zone", public and fits, evidence, remedy)


def certificate(environment: Environment) -> Iterator[Finding]:
    """It is issued and covers the domain."""
    domain = environment.settings.domain
    if not (domain.name and domain.certificate_arn):
        return
    # CloudFront's is in another Region than the environment.
    region = domain.certificate_arn.split(":")[3]
    acm: Any = environment.session.client("acm", region_name=region)
    try:
        described = acm.describe_certificate(CertificateArn=domain.certificate_arn)["Certificate"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        remedy = f"correct domain.certificate_arn: it must be of {region} and of this account"
        yield finding("certificate", False, f"{domain.certificate_arn} is absent", remedy)
        return
    names = described.get("SubjectAlternativeNames", [described["DomainName"]])
    issued = described["Status"] == "ISSUED"
    evidence, remedy = f"it is {described['Status']}", "finish its validation: `aws acm describe-certificate` shows how"
    yield finding("certificate is issued", issued, evidence, remedy)
    covered = any(_covers(name, domain.name) for name in names)
    remedy = f"choose a certificate for {domain.name}, or leave domain.certificate_arn out, with domain.hosted_zone_id"
    yield finding("certificate covers the domain", covered, f"it is for {', '.join(names)}", remedy)


def _covers(name: str, domain: str) -> bool:
    """A wildcard stands for one label: ``*.example.com`` covers ``langfuse.example.com``."""
    return name == domain or (name.startswith("*.") and name[2:] == domain.partition(".")[2])
