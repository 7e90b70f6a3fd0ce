"""``existing_ids`` finds what is there under a resource's name or tags, and nothing else. All types: tests/e2e."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local import embedded_aws
from ops import existing
from ops.environment import aws_session
from ops.existing import existing_ids, state_import_id
from tests.environments import load

PROD = load("prod", {"LANGFUSE_AWS__REGION": "us-east-1"})
UNIQUE = "20261126154145140200000015"
EMAIL = "o'brien@example.com"


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """A session of an embedded AWS."""
    with embedded_aws.running(PROD.region) as aws, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        yield aws.session()


def clients(session: boto3.Session, *services: str) -> list[Any]:
    return [session.client(service) for service in services]  # type: ignore[call-overload]


def ids(session: boto3.Session, type_: str, **values: Any) -> list[str] | None:
    return existing_ids(session, PROD, type_, values)


def tags(environment: str, name: str = "langfuse-prod") -> dict[str, Any]:
    """Returns a resource's attributes ``tags`` and ``tags_all``."""
    own = {"Name": name}
    return {"tags": own, "tags_all": {**own, "Environment": environment, "Project": "langfuse"}}


def specification(type_: str, environment: str, name: str = "langfuse-prod") -> list[Any]:
    """Returns the same tags for EC2."""
    all_tags = tags(environment, name)["tags_all"]
    return [{"ResourceType": type_, "Tags": [{"Key": key, "Value": value} for key, value in all_tags.items()]}]


def test_another_environment_whose_name_starts_alike_is_not_found(session: boto3.Session) -> None:
    ec2, logs, sns, s3 = clients(session, "ec2", "logs", "sns", "s3")
    own, other = (
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc", environment))["Vpc"]["VpcId"]
        for environment in ("prod", "prod-eu")
    )
    for name in ("/langfuse/prod/web", "/langfuse/prod/web-api", "/langfuse/prod-eu/web"):
        logs.create_log_group(logGroupName=name)
    topics = [sns.create_topic(Name=name)["TopicArn"] for name in ("langfuse-prod", "other-langfuse-prod")]
    buckets = [f"langfuse-{middle}-{UNIQUE}" for middle in ("prod-events", "prod-eu-events", "prod-events-events")]
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket)
    assert ids(session, "aws_vpc", **tags("prod")) == [own]
    assert ids(session, "aws_vpc", **tags("prod-eu")) == [other]
    assert ids(session, "aws_vpc", **tags("prod", "langfuse")) == []
    assert ids(session, "aws_cloudwatch_log_group", name="/langfuse/prod/web") == ["/langfuse/prod/web"]
    assert ids(session, "aws_sns_topic", name="langfuse-prod") == topics[:1]
    assert ids(session, "aws_s3_bucket", bucket_prefix="langfuse-prod-events-") == buckets[:1]


def test_tags_tell_the_environments_apart(session: boto3.Session) -> None:
    (ec2,) = clients(session, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    service = f"com.amazonaws.{PROD.region}.s3"
    made = {
        environment: {
            "aws_eip": ec2.allocate_address(TagSpecifications=specification("elastic-ip", environment))["AllocationId"],
            "aws_internet_gateway": ec2.create_internet_gateway(
                TagSpecifications=specification("internet-gateway", environment)
            )["InternetGateway"]["InternetGatewayId"],
            "aws_route_table": ec2.create_route_table(
                VpcId=vpc, TagSpecifications=specification("route-table", environment)
            )["RouteTable"]["RouteTableId"],
            "aws_subnet": ec2.create_subnet(
                VpcId=vpc, CidrBlock=cidr, TagSpecifications=specification("subnet", environment)
            )["Subnet"]["SubnetId"],
            "aws_vpc_endpoint": ec2.create_vpc_endpoint(
                VpcId=vpc, ServiceName=service, TagSpecifications=specification("vpc-endpoint", environment)
            )["VpcEndpoint"]["VpcEndpointId"],
        }
        for environment, cidr in (("prod", "10.0.0.0/24"), ("prod-eu", "10.0.1.0/24"))
    }
    place = {"vpc_id": vpc, "service_name": service}
    for environment, resources in made.items():
        found = {type_: ids(session, type_, **place, **tags(environment)) for type_ in resources}
        assert found == {type_: [id_] for type_, id_ in resources.items()}
    elsewhere = {**place, "service_name": f"com.amazonaws.{PROD.region}.dynamodb"}
    assert ids(session, "aws_vpc_endpoint", **elsewhere, **tags("prod")) == []


def test_each_of_two_is_found(session: boto3.Session) -> None:
    (ec2,) = clients(session, "ec2")
    made = {
        ec2.create_volume(
            AvailabilityZone="us-east-1a", Size=1, TagSpecifications=specification("volume", "prod", "twice")
        )["VolumeId"]
        for _ in range(2)
    }
    found = ids(session, "aws_ebs_volume", **tags("prod", "twice"))
    assert found is not None
    assert set(found) == made
    assert len(found) == 2


def test_what_was_deleted_is_not_found(session: boto3.Session) -> None:
    ec2, ecs, secrets = clients(session, "ec2", "ecs", "secretsmanager")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=ec2.allocate_address()["AllocationId"],
        TagSpecifications=specification("natgateway", "prod"),
    )["NatGateway"]["NatGatewayId"]
    (instance,) = ec2.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        MetadataOptions={"HttpPutResponseHopLimit": 1},
        TagSpecifications=specification("instance", "prod"),
    )["Instances"]
    secret = secrets.create_secret(Name="langfuse-prod/salt", SecretString="salt")["ARN"]
    ecs.create_cluster(clusterName="langfuse-prod")
    task: dict[str, Any] = {"family": "langfuse-prod-web", "networkMode": "awsvpc"}
    container = {"name": "web", "image": "langfuse", "essential": True}
    old, new = (
        ecs.register_task_definition(**task, containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]
        for _ in range(2)
    )
    wanted: dict[str, tuple[dict[str, Any], list[str]]] = {
        "aws_nat_gateway": ({**tags("prod"), "subnet_id": subnet}, [gateway]),
        "aws_instance": (tags("prod"), [instance["InstanceId"]]),
        "aws_secretsmanager_secret": ({"name": "langfuse-prod/salt"}, [secret]),
        "aws_ecs_cluster": ({"name": "langfuse-prod"}, ["langfuse-prod"]),
        "aws_ecs_task_definition": ({"family": "langfuse-prod-web"}, [new, old]),
    }
    assert {type_: ids(session, type_, **values) for type_, (values, _) in wanted.items()} == {
        type_: found for type_, (_, found) in wanted.items()
    }
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    secrets.delete_secret(SecretId=secret)
    ecs.delete_cluster(cluster="langfuse-prod")
    for definition in (old, new):
        ecs.deregister_task_definition(taskDefinition=definition)
    assert {type_: ids(session, type_, **values) for type_, (values, _) in wanted.items()} == {
        type_: [] for type_ in wanted
    }


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("aws_db_instance", {"identifier": "langfuse-prod-postgres"}),
        ("aws_ecs_service", {"name": "langfuse-prod-web"}),
        ("aws_iam_role_policy", {"role": "langfuse-prod", "name": "langfuse"}),
        ("aws_lb", {"name": "langfuse-prod"}),
        ("aws_route", {"route_table_id": "rtb-0123456789abcdef0", "destination_cidr_block": "0.0.0.0/0"}),
        ("aws_s3_bucket_policy", {"bucket": f"langfuse-prod-none-{UNIQUE}"}),
        ("aws_secretsmanager_secret", {"name": "langfuse-prod/none"}),
    ],
)
def test_what_was_never_made_is_not_found(session: boto3.Session, type_: str, values: dict[str, Any]) -> None:
    """Whether AWS answers with an empty list, or with an error of any of its spellings."""
    assert ids(session, type_, **values) == []


def test_a_part_of_a_bucket_is_found_only_if_it_is_there(session: boto3.Session) -> None:
    (s3,), bucket = clients(session, "s3"), f"langfuse-prod-parts-{UNIQUE}"
    s3.create_bucket(Bucket=bucket)
    assert ids(session, "aws_s3_bucket_versioning", bucket=bucket) == []
    assert ids(session, "aws_s3_bucket_cors_configuration", bucket=bucket) == []
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert ids(session, "aws_s3_bucket_versioning", bucket=bucket) == [bucket]


def test_the_peer_tells_security_group_rules_apart(session: boto3.Session) -> None:
    (ec2,) = clients(session, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    own, peer = (ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"] for name in "ab")
    port: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    permissions = [{**port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, {**port, "UserIdGroupPairs": [{"GroupId": peer}]}]
    to_world, to_peer = (
        ec2.authorize_security_group_egress(GroupId=own, IpPermissions=[permission])["SecurityGroupRules"][0][
            "SecurityGroupRuleId"
        ]
        for permission in permissions
    )
    rule = {"security_group_id": own, "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_id": None}
    world = {"cidr_ipv4": "0.0.0.0/0", "referenced_security_group_id": None}
    group = {"cidr_ipv4": None, "referenced_security_group_id": peer}
    type_ = "aws_vpc_security_group_egress_rule"
    assert ids(session, type_, **rule, **world) == [to_world]
    assert ids(session, type_, **rule, **group) == [to_peer]
    assert ids(session, "aws_vpc_security_group_ingress_rule", **rule, **world) == []
    assert ids(session, type_, **{**rule, "to_port": 444}, **world) == []


def test_terraforms_version_of_a_secret_is_found_and_not_an_operators(session: boto3.Session) -> None:
    (secrets,) = clients(session, "secretsmanager")
    arn = secrets.create_secret(Name="langfuse-prod/rotated")["ARN"]
    first = secrets.put_secret_value(SecretId=arn, SecretString="1", VersionStages=["AWSCURRENT", "TERRAFORM"])
    secrets.put_secret_value(SecretId=arn, SecretString="2")
    assert ids(session, "aws_secretsmanager_secret_version", secret_id=arn) == [f"{arn}|{first['VersionId']}"]


def test_an_alias_for_something_else_is_not_this_projects(session: boto3.Session) -> None:
    (route53,) = clients(session, "route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    alias = {"DNSName": "own.elb.amazonaws.com.", "HostedZoneId": "Z35SXDOTRQ7X7K", "EvaluateTargetHealth": False}
    records: list[Any] = [
        {"Name": "langfuse.example.com.", "Type": "A", "AliasTarget": alias},
        {"Name": "_x.example.com.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "y"}]},
    ]
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]},
    )
    found = {
        (name, type_, target): ids(
            session, "aws_route53_record", zone_id=zone, name=name, type=type_, alias=[{"name": target}]
        )
        for name, type_, target in [
            ("langfuse.example.com", "A", "own.elb.amazonaws.com"),
            ("langfuse.example.com", "A", "other.elb.amazonaws.com"),
            ("langfuse.example.com", "AAAA", "own.elb.amazonaws.com"),
            ("a.example.com", "A", "own.elb.amazonaws.com"),
        ]
    }
    assert list(found.values()) == [[f"{zone}_langfuse.example.com_A"], [], [], []]
    cname = {"zone_id": zone, "name": "_x.example.com", "type": "CNAME", "alias": []}
    assert ids(session, "aws_route53_record", **cname) == [f"{zone}__x.example.com_CNAME"]


def test_a_subscription_is_found_before_it_is_confirmed(session: boto3.Session) -> None:
    """Until then it has no ARN. The address has a quotation mark, which ends a text in JMESPath."""
    (sns,) = clients(session, "sns")
    topic = sns.create_topic(Name="langfuse-prod-alarms")["TopicArn"]
    subscription = {"topic_arn": topic, "protocol": "email", "endpoint": EMAIL}
    assert ids(session, "aws_sns_topic_subscription", **subscription) == []
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=EMAIL)
    assert ids(session, "aws_sns_topic_subscription", **subscription) == [EMAIL]


def test_a_distribution_is_found_by_its_comment(session: boto3.Session) -> None:
    (cloudfront,) = clients(session, "cloudfront")
    origin = {
        "Id": "load-balancer",
        "DomainName": "x.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    made = {
        comment: cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": comment,
                "Comment": comment,
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {"TargetOriginId": "load-balancer", "ViewerProtocolPolicy": "allow-all"},
            }
        )["Distribution"]["Id"]
        for comment in ("langfuse-prod", "langfuse-prod-eu")
    }
    assert ids(session, "aws_cloudfront_distribution", comment="langfuse-prod") == [made["langfuse-prod"]]


def test_what_cloudfront_has_in_us_east_1_is_found_from_another_region(session: boto3.Session) -> None:
    """The session is one of another Region, as that of an environment with CloudFront may be."""
    waf, acm = (session.client(service, "us-east-1") for service in ("wafv2", "acm"))
    elsewhere = boto3.Session(region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "langfuse"}
    for scope, name in (("CLOUDFRONT", "langfuse-prod"), ("CLOUDFRONT", "langfuse-prod-eu"), ("REGIONAL", "langfuse")):
        waf.create_web_acl(Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=visible)
    named = {acl["Name"]: acl["Id"] for acl in waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]}
    acl = {"name": "langfuse-prod", "scope": "CLOUDFRONT"}
    expected = [f"{named['langfuse-prod']}/langfuse-prod/CLOUDFRONT"]
    assert existing_ids(elsewhere, PROD, "aws_wafv2_web_acl", acl) == expected
    assert existing_ids(elsewhere, PROD, "aws_wafv2_web_acl", {"name": "langfuse", "scope": "REGIONAL"}) == []
    certificate = acm.request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    assert existing_ids(elsewhere, PROD, "aws_acm_certificate", {"arn": certificate}) == [certificate]


def test_a_web_acl_of_somebody_else_is_not_taken_for_ours(session: boto3.Session) -> None:
    elbv2, waf = clients(session, "elbv2", "wafv2")
    made = elbv2.create_load_balancer(Name="guarded", Subnets=["subnet-00000001", "subnet-00000002"])
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "guard"}
    own, other = (
        waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible)[
            "Summary"
        ]["ARN"]
        for name in ("guard", "guard-of-others")
    )
    association = {"resource_arn": balancer, "web_acl_arn": own}
    assert ids(session, "aws_wafv2_web_acl_association", **association) == []
    waf.associate_web_acl(WebACLArn=other, ResourceArn=balancer)
    assert ids(session, "aws_wafv2_web_acl_association", **association) == []
    waf.associate_web_acl(WebACLArn=own, ResourceArn=balancer)
    assert ids(session, "aws_wafv2_web_acl_association", **association) == [f"{own},{balancer}"]
    assert state_import_id(PROD, "aws_wafv2_web_acl_association", association) == f"{own},{balancer}"


def test_a_response_headers_policy_is_found_by_its_name(session: boto3.Session) -> None:
    (cloudfront,) = clients(session, "cloudfront")
    made = {
        name: cloudfront.create_response_headers_policy(
            ResponseHeadersPolicyConfig={
                "Name": name,
                "SecurityHeadersConfig": {
                    "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 31536000}
                },
            }
        )["ResponseHeadersPolicy"]["Id"]
        for name in ("langfuse-prod-hsts", "langfuse-prod-eu-hsts")
    }
    name = "langfuse-prod-hsts"
    assert ids(session, "aws_cloudfront_response_headers_policy", name=name) == [made[name]]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("aws_subnet", tags("prod")),  # Without the VPC's ID, which a plan does not know before the VPC is there.
        ("aws_vpc", {"tags": {}, "tags_all": {"Name": "langfuse-prod"}}),
        ("aws_iam_role_policy", {"role": None, "name": "langfuse"}),
        ("aws_route53_zone", {"name": "langfuse.internal", "vpc": [{}]}),
        ("aws_route53_zone", {"name": "langfuse.internal", "vpc": []}),
        ("aws_route53_record", {"zone_id": "Z1", "name": "a.example.com", "type": "A", "alias": [{}]}),
        ("aws_vpc_security_group_egress_rule", {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443}),
    ],
)
def test_what_is_not_known_yet_can_not_be_looked_up(session: boto3.Session, type_: str, values: dict[str, Any]) -> None:
    assert ids(session, type_, **values) is None


def test_other_errors_are_raised(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise, what nobody could ask for would count as not there."""
    with pytest.raises(ClientError, match="ValidationError"):
        ids(session, "aws_iam_role", name="no/name of a role")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:9")
    with pytest.raises(EndpointConnectionError):
        existing_ids(aws_session("us-east-1", attempts=1), PROD, "aws_sns_topic", {"name": "langfuse-prod"})


def test_a_client_is_made_once_for_a_session(session: boto3.Session) -> None:
    """Making one takes longer than a call."""
    assert existing._client(session, "logs") is existing._client(session, "logs")
    assert existing._client(boto3.Session(region_name="us-east-1"), "logs") is not existing._client(session, "logs")


def test_import_ids_of_what_the_state_has() -> None:
    values = {
        "aws_route": {"id": "r-1", "route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0"},
        "aws_ecs_service": {"id": "arn:aws:ecs:us-east-1:1:service/langfuse-prod/web", "name": "langfuse-prod-web"},
        "aws_sns_topic": {"id": "arn:aws:sns:us-east-1:1:langfuse-prod"},
    }
    assert state_import_id(PROD, "aws_sns_topic", {"id": None}) == ""
    assert {type_: state_import_id(PROD, type_, attributes) for type_, attributes in values.items()} == {
        "aws_route": "rtb-1_0.0.0.0/0",
        "aws_ecs_service": "langfuse-prod/langfuse-prod-web",
        "aws_sns_topic": "arn:aws:sns:us-east-1:1:langfuse-prod",
    }
