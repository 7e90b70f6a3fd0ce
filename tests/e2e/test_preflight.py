"""Tests of ``ops preflight`` on an embedded AWS without a deployment, whose quotas are those of a new account."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as HttpRequest, Response

from local import embedded_aws
from local.embedded_aws import EmbeddedAws
from ops.environment import Environment
from ops.findings import run_checks
from ops.preflight import CHECKS
from ops.preflight_checks.global_names import instance_profile_names, role_names
from ops.preflight_checks.names import log_group_prefixes
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS, queue_alarm_name
from tests.command_line import assert_one_line, ops_in_process
from tests.environments import ENVIRONMENTS, ISOLATED_EC2, load
from tests.states import resource, state
from tests.synthesis import app

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("preflight")]

BUCKET = "preflight-test-state"
REGION = "us-east-1"
SESSIONS = {
    region: boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    for region in (REGION, "eu-central-1")
}
EXISTING_VPC = {
    "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
    "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
    "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
}
Findings = dict[str, dict[str, str]]
"""By check: verdict, evidence and remedy."""


@pytest.fixture(scope="module")
def running_aws() -> Iterator[EmbeddedAws]:
    with embedded_aws.running(REGION) as running:
        yield running


@pytest.fixture
def aws(running_aws: EmbeddedAws) -> EmbeddedAws:
    with urlopen(Request(f"{running_aws.url}/_ministack/reset", method="POST")):  # noqa: S310
        return running_aws


@pytest.fixture
def client(aws: EmbeddedAws) -> Callable[[str], Any]:
    return lambda service: aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


Preflight = Callable[..., Findings]


@pytest.fixture
def preflight(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Preflight:
    """Makes every check, with some settings of the environment ``changed``."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)

    def look(environment: str = "dev", **changed: str) -> Findings:
        overrides = {f"LANGFUSE_AWS__{name}": value for name, value in changed.items()}
        settings = load(environment, {"LANGFUSE_AWS__STATE__BUCKET": BUCKET, **overrides})
        found = run_checks(Environment(settings, SESSIONS[settings.region]), CHECKS)
        return {one.check: one._asdict() for one in found}

    return look


@pytest.fixture
def variables(aws: EmbeddedAws) -> dict[str, str]:
    return {**aws.environment, "LANGFUSE_ENV": "dev", "LANGFUSE_AWS__STATE__BUCKET": BUCKET}


def findings(variables: Mapping[str, str]) -> Findings:
    """Runs the command, and checks its exit code."""
    ran = ops_in_process("preflight", "--json", environment=variables)
    found = {one["check"]: one for one in json.loads(ran.stdout)["findings"]}
    assert ran.returncode == (1 if "FAILED" in verdicts(found) else 0), ran.stderr
    return found


def verdicts(found: Findings) -> set[str]:
    return {one["verdict"] for one in found.values()}


def test_a_new_account_has_room_for_dev_once_there_is_a_state_bucket(
    variables: dict[str, str], client: Callable[[str], Any]
) -> None:
    absent = findings(variables)
    assert {check for check, one in absent.items() if one["verdict"] == "FAILED"} == {"state bucket"}
    assert "ops bootstrap --apply" in absent["state bucket"]["remedy"]
    client("s3").create_bucket(Bucket=BUCKET)
    assert "versioned" in findings(variables)["state bucket"]["evidence"]
    assert ops_in_process("bootstrap", "--apply", environment=variables).returncode == 0
    found = findings(variables)
    assert {check for check, one in found.items() if one["verdict"] != "ok"} == {"Fargate vCPUs for max_tasks"}
    assert found["Fargate vCPUs for max_tasks"]["verdict"] == "warning"
    shown = ops_in_process("preflight", environment=variables).stdout
    assert all(check in shown for check in found)
    assert "langfuse-dev: account 000000000000, us-east-1" in shown


def test_a_new_account_has_no_room_for_prod(preflight: Preflight) -> None:
    """Prod is 4 tasks of 2 vCPUs, and twice as many during a deployment."""
    fargate = preflight("prod")["Fargate vCPUs"]
    assert fargate["verdict"] == "FAILED"
    assert fargate["evidence"] == "needs 8, and 16 during a deployment; the account's quota is 6"
    for part in ("request-service-quota-increase", "fargate", "L-3032A538", "--desired-value 16"):
        assert part in fargate["remedy"]
    smaller = {f"{service}__MIN_TASKS": "1" for service in ("WEB", "WORKER")}
    smaller |= {f"{service}__CPU": "1024" for service in ("WEB", "WORKER")}
    assert preflight("prod", **smaller)["Fargate vCPUs"]["verdict"] == "ok"


def test_spot_has_a_quota_of_its_own(preflight: Preflight) -> None:
    found = preflight("prod", WORKER__SPOT="true")
    assert found["Fargate vCPUs"]["evidence"].startswith("needs 4, and 8 during a deployment")
    assert found["Fargate Spot vCPUs"]["evidence"].startswith("needs 4, and 8 during a deployment")
    assert "L-36FBB829" in found["Fargate Spot vCPUs"]["remedy"]
    assert "Fargate Spot vCPUs" not in preflight("prod")


def test_a_trial_needs_no_elastic_ip_address(preflight: Preflight) -> None:
    found = preflight("trial")
    assert "Elastic IP addresses" not in found
    assert "Fargate vCPUs" not in found
    assert found["Fargate Spot vCPUs"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("quota", "least", "most"), [(15.0, "FAILED", "warning"), (16.0, "ok", "warning"), (56.0, "ok", "ok")]
)
def test_a_raised_quota(
    preflight: Preflight,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    quota: float,
    least: str,
    most: str,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", httpserver.url_for("/"))
    httpserver.expect_request("/", "POST").respond_with_json({"Quota": {"Value": quota}})
    found = preflight("prod")
    assert (found["Fargate vCPUs"]["verdict"], found["Fargate vCPUs for max_tasks"]["verdict"]) == (least, most)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ServiceException"])
def test_what_may_not_be_asked_is_not_checked(
    preflight: Preflight, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", httpserver.url_for("/"))
    answer = Response(json.dumps({"__type": code, "Message": "no"}), 400)
    httpserver.expect_request("/", "POST").respond_with_response(answer)
    found = preflight("prod")
    assert found["Fargate vCPUs"]["verdict"] == "not checked"
    assert code in found["Fargate vCPUs"]["evidence"]
    assert found["Elastic IP addresses"]["verdict"] == "not checked"
    assert found["Availability Zones"]["verdict"] == "ok"


def test_without_credentials_nothing_is_asked(variables: dict[str, str], httpserver: HTTPServer) -> None:
    refusal = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>no</Message></Error></ErrorResponse>"
    httpserver.expect_request("/", "POST").respond_with_data(refusal, 403)
    ran = ops_in_process("preflight", environment={**variables, "AWS_ENDPOINT_URL_STS": httpserver.url_for("/")})
    assert_one_line(ran, "InvalidClientTokenId", "AWS_PROFILE")


def test_a_region_that_is_not_enabled(
    preflight: Preflight, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", httpserver.url_for("/"))
    regions = "<regionInfo><item><regionName>us-east-1</regionName><optInStatus>not-opted-in</optInStatus></item>"

    def answer(request: HttpRequest) -> Response:
        if request.form["Action"] == "DescribeRegions":
            return Response(f"<DescribeRegionsResponse>{regions}</regionInfo></DescribeRegionsResponse>")
        refusal = "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>"
        return Response(refusal, 401)

    httpserver.expect_request("/", "POST").respond_with_handler(answer)
    found = preflight()
    assert found["Region"]["verdict"] == "FAILED"
    assert "aws account enable-region --region-name us-east-1" in found["Region"]["remedy"]
    assert found["Availability Zones"]["verdict"] == "not checked"


def test_vpcs_and_addresses_that_are_in_use(preflight: Preflight, client: Callable[[str], Any]) -> None:
    ec2 = client("ec2")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
        ec2.allocate_address(Domain="vpc")
    found = preflight()
    assert found["VPCs"]["evidence"] == "needs 1; 5 are in use, and the account's quota is 5"
    assert found["VPCs"]["verdict"] == "FAILED"
    assert found["Elastic IP addresses"]["verdict"] == "ok"
    assert preflight(NETWORK__NAT_GATEWAYS="2")["Elastic IP addresses"]["verdict"] == "FAILED"


def test_instances_that_run(preflight: Preflight, client: Callable[[str], Any]) -> None:
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    options = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    ec2.run_instances(ImageId=image, InstanceType="m7g.xlarge", MinCount=1, MaxCount=1, MetadataOptions=options)
    found = preflight()["EC2 vCPUs"]
    assert found["verdict"] == "FAILED"
    assert found["evidence"] == "needs 2; 4 are in use, and the account's quota is 5"
    assert "L-1216C47A" in found["remedy"]
    assert preflight(CLICKHOUSE__INSTANCE_TYPE="g5g.xlarge")["EC2 vCPUs"]["verdict"] == "not checked"


def test_zones(preflight: Preflight) -> None:
    """In the embedded AWS, us-east-1a is use1-az3, which lacks instance types, and eu-central-1 has three zones."""
    asked = {"NETWORK__AVAILABILITY_ZONES": "4"}
    assert preflight(**asked)["Availability Zones"]["verdict"] == "ok"
    assert "us-east-1a" not in preflight(**asked)["Availability Zones"]["evidence"]
    few = preflight(REGION="eu-central-1", **asked)["Availability Zones"]
    assert few["verdict"] == "FAILED"
    assert few["evidence"] == "needs 4; 3 can be used: eu-central-1a, eu-central-1b, eu-central-1c"


def test_a_version_that_the_instance_class_lacks(preflight: Preflight) -> None:
    found = preflight(POSTGRES__VERSION="15.99")["PostgreSQL's instance class"]
    assert found["verdict"] == "FAILED"
    assert "15.15" in found["remedy"]


@pytest.fixture
def existing(client: Callable[[str], Any]) -> dict[str, Any]:
    """A VPC with a public and a private subnet in each of two zones, and one in a zone that lacks instance types."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("bcbca")
    ]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    for ids, target in ((subnets[:2], {"GatewayId": gateway}), (subnets[2:], {"NatGatewayId": nat})):
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        for id_ in ids:
            ec2.associate_route_table(RouteTableId=table, SubnetId=id_)
    return {"vpc": vpc, "public": subnets[:2], "private": subnets[2:]}


def network(vpc: str, public: list[str], private: list[str]) -> dict[str, str]:
    return {
        "NETWORK__VPC_ID": vpc,
        "NETWORK__PUBLIC_SUBNET_IDS": json.dumps(public),
        "NETWORK__PRIVATE_SUBNET_IDS": json.dumps(private),
    }


def test_an_existing_vpc(preflight: Preflight, existing: dict[str, Any]) -> None:
    public, private, elsewhere = existing["public"], existing["private"][:2], existing["private"][2]
    good = preflight(**network(existing["vpc"], public, private))
    assert {check for check, one in good.items() if one["verdict"] == "FAILED"} == {"state bucket"}
    assert good[f"public {public[0]}"]["evidence"].startswith("0.0.0.0/0 leads to igw-")
    assert good[f"private {private[0]}"]["evidence"].startswith("0.0.0.0/0 leads to nat-")
    assert not {"VPCs", "Elastic IP addresses", "Availability Zones"} & good.keys()

    swapped = preflight(**network(existing["vpc"], private, public))
    assert {swapped[f"public {private[0]}"]["verdict"], swapped[f"private {public[0]}"]["verdict"]} == {"FAILED"}

    one_zone = preflight(**network(existing["vpc"], [public[0], private[0]], [private[1], elsewhere]))
    assert one_zone["zones of the public subnets"]["verdict"] == "FAILED"

    lacking = preflight(**network(existing["vpc"], public, [elsewhere, private[0]]))
    assert lacking["ClickHouse's instance type"]["verdict"] == "FAILED"


def test_an_existing_vpc_for_an_internal_load_balancer(
    preflight: Preflight, existing: dict[str, Any], client: Callable[[str], Any]
) -> None:
    """It needs no public subnets, and addresses in the private ones."""
    private = existing["private"][:2]
    vpc = {name: value for name, value in network(existing["vpc"], [], private).items() if "PUBLIC" not in name}
    good = preflight(**vpc, INGRESS__INTERNAL="true")
    assert {check for check, one in good.items() if one["verdict"] == "FAILED"} == {"state bucket"}
    assert not {check for check in good if "public" in check}
    assert {f"addresses of {id_}" for id_ in private} <= good.keys()
    zone = client("route53").create_hosted_zone(
        Name="example.com", CallerReference="3", VPC={"VPCRegion": REGION, "VPCId": existing["vpc"]}
    )["HostedZone"]["Id"]
    arn = client("acm").request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    domain = {"DOMAIN__NAME": "langfuse.example.com", "DOMAIN__HOSTED_ZONE_ID": zone.rpartition("/")[2]}
    domain["DOMAIN__CERTIFICATE_ARN"] = arn
    assert preflight(**vpc, **domain, INGRESS__INTERNAL="true")["hosted zone"]["verdict"] == "ok"
    assert preflight(**domain)["hosted zone"]["verdict"] == "FAILED"


def test_an_existing_vpc_for_a_load_balancer_with_ipv6(
    preflight: Preflight, existing: dict[str, Any], client: Callable[[str], Any]
) -> None:
    ec2 = client("ec2")
    vpc = network(existing["vpc"], existing["public"], existing["private"][:2])
    first, second = existing["public"]
    without = preflight(**vpc, INGRESS__IP_ADDRESS_TYPE="dualstack")
    failed = {f"{check} {id_}" for id_ in (first, second) for check in ("IPv6 of", "public")}
    assert {check for check, one in without.items() if one["verdict"] == "FAILED"} == {"state bucket", *failed}
    assert without[f"public {first}"]["evidence"].endswith("::/0 leads to nowhere")
    given = ec2.associate_vpc_cidr_block(VpcId=existing["vpc"], AmazonProvidedIpv6CidrBlock=True)
    block = given["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]
    for number, id_ in enumerate((first, second)):
        part = block.replace("00::/56", f"0{number}::/64")
        ec2.associate_subnet_cidr_block(SubnetId=id_, Ipv6CidrBlock=part)
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [first]}])["RouteTables"]
    (gateway,) = (route["GatewayId"] for route in tables[0]["Routes"] if route.get("GatewayId", "").startswith("igw-"))
    ec2.create_route(RouteTableId=tables[0]["RouteTableId"], DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
    fit = preflight(**vpc, INGRESS__IP_ADDRESS_TYPE="dualstack")
    assert {check for check, one in fit.items() if one["verdict"] == "FAILED"} == {"state bucket"}


def test_an_existing_vpc_that_does_not_exist(
    preflight: Preflight, existing: dict[str, Any], client: Callable[[str], Any]
) -> None:
    absent = preflight(**network("vpc-0123456789abcdef0", existing["public"], existing["private"]))["existing VPC"]
    assert (absent["verdict"], "vpc-0123456789abcdef0" in absent["evidence"]) == ("FAILED", True)
    subnets = ["subnet-0123456789abcdef0", existing["public"][0]]
    assert preflight(**network(existing["vpc"], subnets, existing["private"]))["existing VPC"]["verdict"] == "FAILED"
    other = client("ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    found = preflight(**network(other, existing["public"], existing["private"]))
    assert "are of another VPC" in found["existing VPC"]["evidence"]


def test_a_subnet_without_a_route_to_the_internet(
    preflight: Preflight, existing: dict[str, Any], client: Callable[[str], Any]
) -> None:
    """It has the VPC's main route table."""
    ec2 = client("ec2")
    subnet = ec2.create_subnet(VpcId=existing["vpc"], CidrBlock="10.9.99.0/24", AvailabilityZone=f"{REGION}c")
    id_ = subnet["Subnet"]["SubnetId"]
    found = preflight(**network(existing["vpc"], existing["public"], [existing["private"][0], id_]))
    assert found[f"private {id_}"]["verdict"] == "FAILED"
    assert found[f"private {id_}"]["evidence"] == "0.0.0.0/0 leads to nowhere"


def test_an_existing_vpc_with_endpoints_instead_of_routes(
    preflight: Preflight, existing: dict[str, Any], client: Callable[[str], Any]
) -> None:
    ec2 = client("ec2")
    private = existing["private"][:2]
    for table in ec2.describe_route_tables()["RouteTables"]:
        if private[0] in {one.get("SubnetId") for one in table["Associations"]}:
            ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    ec2.modify_vpc_attribute(VpcId=existing["vpc"], EnableDnsHostnames={"Value": True})
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "monitoring", "ssm", "ssmmessages", "kms"):
        ec2.create_vpc_endpoint(
            VpcId=existing["vpc"],
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            PrivateDnsEnabled=True,
            SubnetIds=private,
        )
    deployed = network(existing["vpc"], existing["public"], private)
    check = f"private {private[0]}"
    lacking = preflight(**deployed)[check]
    assert (lacking["verdict"], "VPC endpoints for s3" in lacking["remedy"]) == ("FAILED", True)
    ec2.create_vpc_endpoint(VpcId=existing["vpc"], ServiceName=f"com.amazonaws.{REGION}.s3")
    assert preflight(**deployed)[check]["verdict"] == "ok"


def test_an_isolated_vpc_needs_endpoints_and_no_addresses(preflight: Preflight) -> None:
    isolated = {name.removeprefix("LANGFUSE_AWS__"): value for name, value in ISOLATED_EC2.items()}
    found = preflight(**isolated)
    assert found["interface endpoints"]["verdict"] == "ok"
    assert "ssmmessages" in found["interface endpoints"]["evidence"]
    assert "Elastic IP addresses" not in found
    assert "interface endpoints" not in preflight()


def test_the_hosted_zone(preflight: Preflight, client: Callable[[str], Any]) -> None:
    route53 = client("route53")
    vpc = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    public = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    private = route53.create_hosted_zone(
        Name="example.com", CallerReference="2", VPC={"VPCRegion": REGION, "VPCId": vpc}
    )["HostedZone"]["Id"]

    def verdict(zone: str, name: str = "langfuse.example.com") -> str:
        found = preflight(DOMAIN__NAME=name, DOMAIN__HOSTED_ZONE_ID=zone.rpartition("/")[2])
        return found["hosted zone"]["verdict"]

    assert verdict(public) == "ok"
    assert verdict(public, "example.com") == "ok"
    assert verdict(public, "langfuse.another-example.com") == "FAILED"
    assert verdict(private) == "FAILED"
    assert verdict("Z0123456789ABCDEFGHIJ") == "FAILED"


def test_the_certificate(preflight: Preflight, client: Callable[[str], Any]) -> None:
    arn = client("acm").request_certificate(DomainName="*.example.com", ValidationMethod="DNS")["CertificateArn"]

    def found(name: str, arn: str = arn) -> Findings:
        return preflight(DOMAIN__NAME=name, DOMAIN__CERTIFICATE_ARN=arn)

    good = found("langfuse.example.com")
    assert {good[f"certificate {what}"]["verdict"] for what in ("is issued", "covers the domain")} == {"ok"}
    for name in ("example.com", "a.b.example.com", "langfuse.example.org"):
        assert found(name)["certificate covers the domain"]["verdict"] == "FAILED"
    absent = f"arn:aws:acm:{REGION}:000000000000:certificate/01234567-89ab-cdef-0123-456789abcdef"
    assert found("langfuse.example.com", absent)["certificate"]["verdict"] == "FAILED"


def test_the_certificate_of_cloudfront(preflight: Preflight, client: Callable[[str], Any]) -> None:
    """It is in us-east-1, and the environment is not."""
    arn = client("acm").request_certificate(DomainName="langfuse.example.com")["CertificateArn"]
    found = preflight(
        REGION="eu-central-1",
        DOMAIN__NAME="langfuse.example.com",
        DOMAIN__CERTIFICATE_ARN=arn,
        DOMAIN__CLOUDFRONT="true",
    )
    assert {found[f"certificate {what}"]["verdict"] for what in ("is issued", "covers the domain")} == {"ok"}


def test_a_certificate_that_is_not_issued_yet(
    preflight: Preflight, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ACM", httpserver.url_for("/"))
    pending = {"DomainName": "langfuse.example.com", "Status": "PENDING_VALIDATION"}
    httpserver.expect_request("/", "POST").respond_with_json({"Certificate": pending})
    found = preflight(
        DOMAIN__NAME="langfuse.example.com",
        DOMAIN__CERTIFICATE_ARN=f"arn:aws:acm:{REGION}:000000000000:certificate/01234567-89ab-cdef-0123-456789abcdef",
    )
    assert found["certificate is issued"]["verdict"] == "FAILED"
    assert found["certificate covers the domain"]["verdict"] == "ok"


def test_secrets_of_an_earlier_deployment(preflight: Preflight, client: Callable[[str], Any]) -> None:
    secrets = client("secretsmanager")
    for name in ("langfuse-dev/salt", "langfuse-dev/database-url", "langfuse-prod/salt", "langfuse-dev-other/salt"):
        secrets.create_secret(Name=name, SecretString="value")  # pragma: allowlist secret
    secrets.delete_secret(SecretId="langfuse-dev/salt", RecoveryWindowInDays=30)  # pragma: allowlist secret
    found = preflight()["secrets' names"]
    assert found["verdict"] == "FAILED"
    assert "existing: langfuse-dev/database-url;" in found["evidence"]
    assert re.search(r"scheduled for deletion, and kept until [-\d]{10}: langfuse-dev/salt$", found["evidence"])
    assert (
        "for name in langfuse-dev/database-url langfuse-dev/salt; do aws secretsmanager delete-secret"
        " --force-delete-without-recovery --secret-id $name --region us-east-1; done" in found["remedy"]
    )
    for name in ("langfuse-dev/salt", "langfuse-dev/database-url"):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert preflight()["secrets' names"]["verdict"] == "ok"


def test_what_the_state_lists_is_the_deployments_own(preflight: Preflight, client: Callable[[str], Any]) -> None:
    """After a deploy that failed half-way, its resources are not taken for those of an earlier deployment."""
    client("secretsmanager").create_secret(Name="langfuse-dev/salt", SecretString="value")  # pragma: allowlist secret
    client("logs").create_log_group(logGroupName="/langfuse/dev/web")
    assert preflight()["secrets' names"]["verdict"] == "FAILED"
    resources = [
        resource("aws_secretsmanager_secret", name="langfuse-dev/salt"),
        resource("aws_cloudwatch_log_group", name="/langfuse/dev/web"),
        resource("aws_vpc", id="vpc-1"),
    ]
    stored = json.dumps(state({}, resources))
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="langfuse/dev/network.tfstate", Body=stored.encode())
    found = preflight()
    assert found["secrets' names"]["verdict"] == "ok"
    assert found["log groups' names"]["verdict"] == "ok"
    assert "VPCs" not in found


def test_log_groups_of_an_earlier_deployment(preflight: Preflight, client: Callable[[str], Any]) -> None:
    client("logs").create_log_group(logGroupName="/aws/rds/instance/langfuse-dev-postgres/postgresql")
    found = preflight()["log groups' names"]
    assert found["verdict"] == "FAILED"
    assert found["evidence"] == "/aws/rds/instance/langfuse-dev-postgres/postgresql"
    assert "delete-log-group" in found["remedy"]


def test_the_backup_vault_of_an_earlier_deployment(preflight: Preflight, client: Callable[[str], Any]) -> None:
    client("backup").create_backup_vault(BackupVaultName="langfuse-dev-clickhouse-backups")
    assert preflight()["backup vault's name"]["verdict"] == "FAILED"
    assert "backup vault's name" not in preflight(CLICKHOUSE__MODE="external")


def role(client: Callable[[str], Any], name: str, region: str | None, **tags: str) -> None:
    """Makes a role as a deploy does, with a policy that names a log group of the Region."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    if region:
        arn = f"arn:aws:logs:{region}:000000000000:log-group:/langfuse/dev/web:*"
        logs = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [logs]})
        iam.put_role_policy(RoleName=name, PolicyName="start-tasks", PolicyDocument=policy)


DEV = {"Project": "langfuse", "Environment": "dev"}


def test_the_environment_is_in_another_region_already(preflight: Preflight, client: Callable[[str], Any]) -> None:
    assert {preflight()[check]["verdict"] for check in ("IAM names", "dashboard's name")} == {"ok"}
    role(client, "langfuse-dev-task", None, **DEV)
    role(client, "langfuse-dev-web-execution", REGION, **DEV)
    client("iam").create_instance_profile(InstanceProfileName="langfuse-dev-clickhouse", Tags=[])
    shown = {"type": "metric", "properties": {"region": REGION}}
    body = json.dumps({"widgets": [shown]})
    for name in ("langfuse-dev", "langfuse-dev-2"):
        client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=body)
    client("iam").tag_instance_profile(
        InstanceProfileName="langfuse-dev-clickhouse", Tags=[{"Key": key, "Value": value} for key, value in DEV.items()]
    )

    found = preflight(REGION="eu-central-1")
    assert {found[check]["verdict"] for check in ("IAM names", "dashboard's name")} == {"FAILED"}
    names = "langfuse-dev-task, langfuse-dev-web-execution, the profile langfuse-dev-clickhouse"
    assert found["IAM names"]["evidence"] == f"{names}: of langfuse dev in {REGION}"
    assert found["dashboard's name"]["evidence"] == f"langfuse-dev shows {REGION}: a deploy overwrites it"
    for check in ("IAM names", "dashboard's name"):
        assert found[check]["remedy"].startswith("`region_in_global_names = true`, or another name")
    apart = preflight(REGION="eu-central-1", REGION_IN_GLOBAL_NAMES="true")
    assert {apart[check]["verdict"] for check in ("IAM names", "dashboard's name")} == {"ok"}

    # In its own Region, it is what a deploy has left that was interrupted; the dashboard is simply written again.
    here = preflight()
    assert (here["IAM names"]["verdict"], here["dashboard's name"]["verdict"]) == ("FAILED", "ok")
    assert here["IAM names"]["remedy"] == "they are left from a deploy that was interrupted: `ops recover`"


def test_a_role_that_does_not_tell_its_region(preflight: Preflight, client: Callable[[str], Any]) -> None:
    role(client, "langfuse-dev-task", None, **DEV)
    remedy = preflight()["IAM names"]["remedy"]
    assert "`ops recover`, if" in remedy
    assert "region_in_global_names" in remedy


def test_a_role_of_something_else(preflight: Preflight, client: Callable[[str], Any]) -> None:
    role(client, "langfuse-dev-task", REGION)
    found = preflight()["IAM names"]
    assert found["verdict"] == "FAILED"
    assert found["evidence"] == f"langfuse-dev-task: of ? ? in {REGION}"
    assert found["remedy"].startswith("they are of something else: `region_in_global_names = true`")
    role(client, "langfuse-dev-us-east-1-task", REGION)
    assert "choose another name" in preflight(REGION_IN_GLOBAL_NAMES="true")["IAM names"]["remedy"]


def test_roles_of_the_environments_own_state(preflight: Preflight, client: Callable[[str], Any]) -> None:
    role(client, "langfuse-dev-task", REGION, **DEV)
    stored = json.dumps(state({}, [resource("aws_iam_role", name="langfuse-dev-task")]))
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="langfuse/dev/network.tfstate", Body=stored.encode())
    assert preflight()["IAM names"]["verdict"] == "ok"


def test_another_environment_has_alarms_on_the_queues(preflight: Preflight, client: Callable[[str], Any]) -> None:
    def alarm(name: str) -> None:
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace=METRIC_NAMESPACE,
            MetricName=QUEUE_DEPTHS["ingestion"],
            ComparisonOperator="GreaterThanThreshold",
            Threshold=1,
            Period=60,
            EvaluationPeriods=1,
            Statistic="Maximum",
        )

    alarm("langfuse-dev-ingestion-queue")
    assert preflight()["queue metrics"]["verdict"] == "ok"
    found = preflight("prod")["queue metrics"]
    assert (found["verdict"], found["evidence"].partition(":")[0]) == ("warning", "langfuse-dev-ingestion-queue")
    assert "alarms.queue_metrics = false" in found["remedy"]
    assert "queue metrics" not in preflight("prod", ALARMS__QUEUE_METRICS="false")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("with_region", ["false", "true"])
def test_the_global_names_are_those_of_the_stacks(environment: str, with_region: str) -> None:
    """What the checks look for is what a deploy creates."""
    variables = {"LANGFUSE_AWS__REGION_IN_GLOBAL_NAMES": with_region}
    settings = load(environment, variables)
    stacks = app(environment, variables).values()

    def names(type_: str, attribute: str = "name") -> set[str]:
        return {resource[attribute] for stack in stacks for resource in stack.resources(type_).values()}

    assert names("aws_iam_role") == set(role_names(settings))
    assert names("aws_iam_instance_profile") == set(instance_profile_names(settings))
    assert names("aws_cloudwatch_dashboard", "dashboard_name") == {settings.global_prefix}
    existing_vpc = load(environment, {**variables, **EXISTING_VPC})
    assert {*role_names(settings)} - {*role_names(existing_vpc)} == {f"{settings.global_prefix}-flow-logs"}
    queues = {
        alarm["alarm_name"]
        for stack in stacks
        for alarm in stack.resources("aws_cloudwatch_metric_alarm").values()
        if alarm["namespace"] == METRIC_NAMESPACE
    }
    assert queues == {queue_alarm_name(settings.prefix, queue) for queue in QUEUE_DEPTHS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_names_are_those_of_the_stacks(environment: str) -> None:
    """What the checks look for is what a deploy creates."""
    settings = load(environment)
    stacks = app(environment).values()

    def names(type_: str) -> set[str]:
        return {resource["name"] for stack in stacks for resource in stack.resources(type_).values()}

    beginnings = tuple(log_group_prefixes(settings.name, settings.prefix))
    assert names("aws_cloudwatch_log_group")
    assert all(name.startswith(beginnings) for name in names("aws_cloudwatch_log_group"))
    assert all(name.startswith(f"{settings.prefix}/") for name in names("aws_secretsmanager_secret"))
    assert names("aws_backup_vault") <= {f"{settings.prefix}-clickhouse-backups"}
