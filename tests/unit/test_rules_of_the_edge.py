"""What AWS refuses of web ACLs, certificates, distributions and access logs, the embedded AWS refuses too."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import running

REGION = "eu-central-1"
VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "langfuse"}
SERVICE = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
ACCOUNT = "000000000000"
ANSWER = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Makes the boto3 client of a service."""
    with running(REGION) as aws:
        session = aws.session()

        def client(service: str, region: str = REGION) -> Any:
            return session.client(service, region, endpoint_url=aws.url)  # type: ignore[call-overload]

        yield client


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the error with which AWS refuses the call."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def name() -> str:
    return f"edge-{uuid4().hex[:12]}"


@pytest.fixture
def balancer(client: Client) -> str:
    elbv2 = client("elbv2")
    made = elbv2.create_load_balancer(Name=name(), Subnets=["subnet-00000001", "subnet-00000002"])
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def new_web_acl(client: Client, scope: str) -> dict[str, str]:
    """A web ACL: the parameters that delete it, and its ``ARN``."""
    waf = client("wafv2", "us-east-1" if scope == "CLOUDFRONT" else REGION)
    made = waf.create_web_acl(Name=name(), Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=VISIBLE)
    return {**made["Summary"], "Scope": scope}


def delete(waf: Any, acl: dict[str, str]) -> Callable[[], object]:
    return lambda: waf.delete_web_acl(**{key: acl[key] for key in ("Name", "Id", "Scope", "LockToken")})


def configuration(**more: Any) -> dict[str, Any]:
    """The configuration of a distribution."""
    origin = {
        "Id": "load-balancer",
        "DomainName": "x.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    return {
        "CallerReference": name(),
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "load-balancer", "ViewerProtocolPolicy": "allow-all"},
        **more,
    }


def with_certificate(arn: str, alias: str | None = None) -> dict[str, Any]:
    aliases = {"Aliases": {"Quantity": 1, "Items": [alias]}} if alias else {}
    return {
        **aliases,
        "ViewerCertificate": {
            "ACMCertificateArn": arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }


def test_a_web_acl_of_a_load_balancer(client: Client, balancer: str) -> None:
    waf, acl = client("wafv2"), new_web_acl(client, "REGIONAL")
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer)
    assert refused(delete(waf, acl)) == "WAFAssociatedItemException"
    waf.disassociate_web_acl(ResourceArn=balancer)
    delete(waf, acl)()


def test_a_web_acl_of_a_distribution(client: Client) -> None:
    waf, cloudfront, acl = client("wafv2", "us-east-1"), client("cloudfront"), new_web_acl(client, "CLOUDFRONT")
    made = cloudfront.create_distribution(DistributionConfig=configuration(WebACLId=acl["ARN"]))
    assert refused(delete(waf, acl)) == "WAFAssociatedItemException"
    without = {**made["Distribution"]["DistributionConfig"], "WebACLId": ""}
    cloudfront.update_distribution(DistributionConfig=without, Id=made["Distribution"]["Id"], IfMatch=made["ETag"])
    delete(waf, acl)()


def test_a_web_acl_of_the_other_scope(client: Client, balancer: str) -> None:
    regional, of_cloudfront = (new_web_acl(client, scope)["ARN"] for scope in ("REGIONAL", "CLOUDFRONT"))
    associate = client("wafv2").associate_web_acl
    assert refused(associate, WebACLArn=of_cloudfront, ResourceArn=balancer) == "WAFInvalidParameterException"
    create = client("cloudfront").create_distribution
    assert refused(create, DistributionConfig=configuration(WebACLId=regional)) == "InvalidWebACLId"
    elsewhere = client("wafv2").list_web_acls
    assert refused(elsewhere, Scope="CLOUDFRONT") == "WAFInvalidParameterException"


@pytest.fixture
def listener(client: Client, balancer: str) -> str:
    made = client("elbv2").create_listener(LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[ANSWER])
    return str(made["Listeners"][0]["ListenerArn"])


def paths(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def test_a_priority_is_that_of_one_rule_of_a_listener(client: Client, listener: str) -> None:
    create = client("elbv2").create_rule
    rule = {"ListenerArn": listener, "Priority": 100, "Conditions": [paths("/a*")], "Actions": [ANSWER]}
    arn = create(**rule)["Rules"][0]["RuleArn"]
    assert refused(create, **rule) == "PriorityInUse"
    client("elbv2").delete_rule(RuleArn=arn)
    create(**rule)


@pytest.mark.parametrize(
    "conditions",
    [
        [paths(*"abcdef")],
        [paths("/a", "/b", "/c"), {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.1/32"] * 3}}],
        [paths("/*/*/*", "/?/*/*")],
        [paths("/" + "a" * 128)],
    ],
    ids=["values of a condition", "values of all conditions", "wildcards", "length"],
)
def test_a_rule_has_few_values_and_short_ones(client: Client, listener: str, conditions: list[Any]) -> None:
    elbv2 = client("elbv2")
    create: dict[str, Any] = {"ListenerArn": listener, "Actions": [ANSWER]}
    assert refused(elbv2.create_rule, **create, Priority=1, Conditions=conditions) == "ValidationError"
    few = [paths("/*/*/a", "/" + "b" * 127, "/c", "/d*"), {"Field": "http-request-method", "Values": ["GET"]}]
    arn = elbv2.create_rule(**create, Priority=1, Conditions=few)["Rules"][0]["RuleArn"]
    assert refused(elbv2.modify_rule, RuleArn=arn, Conditions=conditions) == "ValidationError"


def test_a_load_balancer_has_at_most_a_hundred_rules(client: Client, listener: str) -> None:
    elbv2 = client("elbv2")
    rule: dict[str, Any] = {"ListenerArn": listener, "Conditions": [paths("/a*")], "Actions": [ANSWER]}
    for priority in range(1, 101):
        elbv2.create_rule(**rule, Priority=priority)
    assert refused(elbv2.create_rule, **rule, Priority=101) == "TooManyRules"


def test_a_certificate_of_a_listener(client: Client, balancer: str) -> None:
    acm, elbv2 = client("acm"), client("elbv2")
    arn = acm.request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[ANSWER],
    )["Listeners"][0]["ListenerArn"]
    assert refused(acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"
    elbv2.delete_listener(ListenerArn=listener)
    acm.delete_certificate(CertificateArn=arn)


def test_a_certificate_of_a_distribution(client: Client) -> None:
    acm, cloudfront = client("acm", "us-east-1"), client("cloudfront")
    arn = acm.request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    cloudfront.create_distribution(DistributionConfig=configuration(**with_certificate(arn)))
    assert refused(acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"


def test_a_certificate_of_another_region(client: Client) -> None:
    arn = client("acm").request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    create = client("cloudfront").create_distribution
    elsewhere = configuration(**with_certificate(arn, "langfuse.example.com"))
    assert refused(create, DistributionConfig=elsewhere) == "InvalidViewerCertificate"
    none = configuration(Aliases={"Quantity": 1, "Items": ["langfuse.example.com"]})
    assert refused(create, DistributionConfig=none) == "InvalidViewerCertificate"


def test_a_domain_is_the_alias_of_one_distribution(client: Client) -> None:
    arn = client("acm", "us-east-1").request_certificate(DomainName="*.example.com")["CertificateArn"]
    cloudfront, alias = client("cloudfront"), f"{name()}.example.com"
    made = cloudfront.create_distribution(DistributionConfig=configuration(**with_certificate(arn, alias)))
    again = configuration(**with_certificate(arn, alias))
    assert refused(cloudfront.create_distribution, DistributionConfig=again) == "CNAMEAlreadyExists"
    tagged = {"DistributionConfig": again, "Tags": {"Items": []}}
    assert refused(cloudfront.create_distribution_with_tags, DistributionConfigWithTags=tagged) == "CNAMEAlreadyExists"
    # Its own alias is no other's.
    cloudfront.update_distribution(
        DistributionConfig={**made["Distribution"]["DistributionConfig"], "Comment": "changed"},
        Id=made["Distribution"]["Id"],
        IfMatch=made["ETag"],
    )


def test_cloudfront_logs_to_a_bucket_with_acls(client: Client) -> None:
    s3, create, bucket = client("s3"), client("cloudfront").create_distribution, name()
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    logging = {"Enabled": True, "IncludeCookies": False, "Bucket": f"{bucket}.s3.amazonaws.com", "Prefix": "logs/"}
    # ACLs are off by default.
    assert refused(create, DistributionConfig=configuration(Logging=logging)) == "InvalidArgument"
    for ownership in ("BucketOwnerEnforced", "BucketOwnerPreferred"):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
        if ownership == "BucketOwnerEnforced":
            assert refused(create, DistributionConfig=configuration(Logging=logging)) == "InvalidArgument"
    create(DistributionConfig=configuration(Logging=logging))


def policy(bucket: str, prefix: str = "logs", **changed: Any) -> str:
    log = f"arn:aws:s3:::{bucket}/{prefix}/AWSLogs/{ACCOUNT}/*"
    statement = {"Effect": "Allow", "Principal": SERVICE, "Action": "s3:PutObject", "Resource": log, **changed}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_load_balancer_logs_to_a_bucket_that_allows_it(client: Client, balancer: str) -> None:
    s3, elbv2, bucket = client("s3"), client("elbv2"), name()

    def log(to: str = bucket) -> object:
        values = {"enabled": "true", "bucket": to, "prefix": "logs"}
        attributes = [{"Key": f"access_logs.s3.{key}", "Value": value} for key, value in values.items()]
        return elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)

    assert refused(log) == "InvalidConfigurationRequest", "there is no bucket"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert refused(log) == "InvalidConfigurationRequest", "there is no policy"
    for wrong in (
        policy(bucket, "other"),
        policy(bucket, Principal={"Service": "delivery.logs.amazonaws.com"}),
        policy(bucket, Action="s3:GetObject"),
        policy(bucket, Effect="Deny"),
        policy(bucket, Resource=f"arn:aws:s3:::{bucket}/logs/AWSLogs/123456789012/*"),
    ):
        s3.put_bucket_policy(Bucket=bucket, Policy=wrong)
        assert refused(log) == "InvalidConfigurationRequest"
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=kms)
    assert refused(log) == "InvalidConfigurationRequest", "a load balancer can't write to a bucket with a KMS key"
    s3.delete_bucket_encryption(Bucket=bucket)
    log()
