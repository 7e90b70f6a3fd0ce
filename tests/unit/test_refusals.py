"""What AWS refuses, the embedded AWS refuses with the same error code, in every protocol of AWS."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from local.embedded_aws import running
from local.emulator.rules import RULES

Parameters = dict[str, Any]
Call = Callable[[str, str, Parameters], Parameters]

REGION = "eu-central-1"
BUCKET = {"Bucket": "langfuse-events", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
DATABASE = {"DBInstanceIdentifier": "langfuse", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
RECORD = {"Name": "clickhouse.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
TARGET_GROUP = {"Name": "web", "Protocol": "HTTP", "Port": 3000}
DISTRIBUTION = {
    "CallerReference": "langfuse",
    "Comment": "",
    "Enabled": True,
    "Origins": {"Quantity": 1, "Items": [{"Id": "alb", "DomainName": "alb.example.com"}]},
    "DefaultCacheBehavior": {"TargetOriginId": "alb", "ViewerProtocolPolicy": "https-only"},
}
ALARM = {"AlarmName": "cpu", "ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 1}

VIOLATIONS = {
    "query: enumeration": (
        ("rds", "create_db_instance", DATABASE | {"DatabaseInsightsMode": "none"}),
        ("InvalidParameterValue", "'none' at 'DatabaseInsightsMode'", "enum value set: [standard, advanced]"),
    ),
    "query: missing": (
        ("rds", "create_db_instance", {"DBInstanceIdentifier": "langfuse", "Engine": "postgres"}),
        ("MissingParameter", "at 'DBInstanceClass'", "must not be null"),
    ),
    "query: missing, with the code of other services": (
        ("elbv2", "create_target_group", {"Protocol": "HTTP"}),
        ("ValidationError", "at 'Name'", "must not be null"),
    ),
    "query: text for a number": (
        ("rds", "create_db_instance", DATABASE | {"AllocatedStorage": "twenty"}),
        ("MalformedInput", "CreateDBInstance", "'twenty'"),
    ),
    "query: range": (
        ("elbv2", "create_target_group", TARGET_GROUP | {"Port": 70000}),
        ("ValidationError", "'70000' at 'Port'", "less than or equal to 65535"),
    ),
    "query: member of a list": (
        ("elbv2", "add_tags", {"ResourceArns": ["arn"], "Tags": [{"Key": "environment"}, {"Key": "a" * 129}]}),
        ("ValidationError", "at 'Tags.2.Key'", "length less than or equal to 128"),
    ),
    "query: pattern": (
        ("iam", "create_role", {"RoleName": "langfuse task", "AssumeRolePolicyDocument": "{}"}),
        ("ValidationError", "'langfuse task' at 'RoleName'", r"pattern: [\w+=,.@-]+"),
    ),
    "query: pattern, ASCII only": (
        ("iam", "create_role", {"RoleName": "längfuse", "AssumeRolePolicyDocument": "{}"}),
        ("ValidationError", "'längfuse' at 'RoleName'", r"pattern: [\w+=,.@-]+"),
    ),
    "query: code of SNS": (
        ("sns", "create_topic", {}),
        ("InvalidParameter", "at 'Name'", "must not be null"),
    ),
    "ec2: enumeration": (
        ("ec2", "create_volume", {"AvailabilityZone": f"{REGION}a", "VolumeType": "gp9"}),
        ("InvalidParameterValue", "'gp9' at 'VolumeType'", "enum value set: [standard, io1, io2, gp2"),
    ),
    "ec2: missing": (
        ("ec2", "create_vpc_endpoint", {"ServiceName": "s3"}),
        ("MissingParameter", "at 'VpcId'", "must not be null"),
    ),
    "ec2: text for a number": (
        ("ec2", "create_volume", {"AvailabilityZone": f"{REGION}a", "Size": "big"}),
        ("InvalidParameterValue", "CreateVolume", "'big'"),
    ),
    "json: length": (
        ("secretsmanager", "create_secret", {"Name": "a" * 513}),
        ("ValidationException", "at 'Name'", "length less than or equal to 512"),
    ),
    "json: number for text": (
        ("secretsmanager", "create_secret", {"Name": 5}),
        ("ValidationException", "at 'Name'", "Member must be a string"),
    ),
    "json: text for a number": (
        ("ecs", "create_service", {"serviceName": "web", "desiredCount": "one"}),
        ("SerializationException", "CreateService", "'one'"),
    ),
    "json: pattern": (
        ("logs", "create_log_group", {"logGroupName": "langfuse web"}),
        ("InvalidParameterException", "'langfuse web' at 'logGroupName'", "pattern"),
    ),
    "json: range": (
        ("logs", "filter_log_events", {"logGroupName": "web", "limit": 10001}),
        ("InvalidParameterException", "'10001' at 'limit'", "less than or equal to 10000"),
    ),
    "json: enumeration": (
        ("ecs", "create_service", {"serviceName": "web", "launchType": "LAMBDA"}),
        ("InvalidParameterException", "'LAMBDA' at 'launchType'", "FARGATE"),
    ),
    "json: pattern with Unicode categories": (
        ("ecs", "create_cluster", {"clusterName": "langfuse", "tags": [{"key": "größe", "value": "<small>"}]}),
        ("InvalidParameterException", "'<small>' at 'tags.1.value'", "pattern"),
    ),
    "rest-json: pattern": (
        ("backup", "create_backup_vault", {"BackupVaultName": "langfuse vault"}),
        ("InvalidParameterValueException", "'langfuse vault' at 'BackupVaultName'", "pattern"),
    ),
    "rest-json: missing in the body": (
        ("backup", "create_backup_plan", {"BackupPlan": {"BackupPlanName": "daily"}}),
        ("InvalidParameterValueException", "at 'BackupPlan.Rules'", "must not be null"),
    ),
    "rest-xml: header": (
        ("s3", "create_bucket", BUCKET | {"ACL": "everyone"}),
        ("InvalidArgument", "'everyone' at 'ACL'", "enum value set: [private"),
    ),
    "rest-xml: body": (
        ("s3", "put_bucket_versioning", {"Bucket": "langfuse", "VersioningConfiguration": {"Status": "on"}}),
        ("MalformedXML", "'on' at 'VersioningConfiguration.Status'", "[Enabled, Suspended]"),
    ),
    "rest-xml: bucket name": (
        ("s3", "create_bucket", BUCKET | {"Bucket": "Langfuse_Events"}),
        ("InvalidBucketName", "not valid", ""),
    ),
    "rest-xml: Route 53": (
        (
            "route53",
            "change_resource_record_sets",
            {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"Action": "ADD", "ResourceRecordSet": RECORD}]}},
        ),
        ("InvalidInput", "'ADD' at 'ChangeBatch.Changes.1.Action'", "[CREATE, DELETE, UPSERT]"),
    ),
    "rest-xml: CloudFront": (
        ("cloudfront", "create_distribution", {"DistributionConfig": DISTRIBUTION | {"PriceClass": "cheap"}}),
        ("InvalidArgument", "'cheap' at 'DistributionConfig.PriceClass'", "PriceClass_100"),
    ),
    "json: code of CloudWatch": (
        ("cloudwatch", "put_metric_alarm", ALARM | {"EvaluationPeriods": 0}),
        ("ValidationError", "'0' at 'EvaluationPeriods'", "greater than or equal to 1"),
    ),
    "json: union": (
        (
            "cloudwatch",
            "put_metric_alarm",
            ALARM | {"EvaluationWindow": {"WallClockWindow": {}, "SlidingWindow": {}}},
        ),
        ("ValidationError", "at 'EvaluationWindow'", "Exactly one member must be set"),
    ),
}

VALID = {
    "query": ("rds", "describe_db_instances", {"MaxRecords": 20}),
    "ec2": ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
    "json": ("ecs", "create_cluster", {"clusterName": "langfuse", "tags": [{"key": "größe", "value": "klein"}]}),
    "rest-json": ("backup", "create_backup_vault", {"BackupVaultName": "langfuse"}),
    "rest-xml": ("s3", "create_bucket", BUCKET),
    "rest-xml with a body": ("route53", "create_hosted_zone", {"Name": "internal", "CallerReference": "1"}),
    "json to CloudWatch": (
        "cloudwatch",
        "put_metric_alarm",
        ALARM | {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization"},
    ),
    # boto3 compresses bodies of 10 KiB and more.
    "json, compressed": (
        "cloudwatch",
        "put_metric_data",
        {"Namespace": "langfuse", "MetricData": [{"MetricName": "queue length", "Value": 1.0}] * 500},
    ),
}


@pytest.fixture(scope="module")
def call() -> Iterator[Call]:
    """Sends a request without the checks that boto3 makes."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    with running(REGION) as aws:
        session = aws.session()

        def call(service: str, operation: str, parameters: Parameters) -> Parameters:
            client = session.client(service, endpoint_url=aws.url, config=config)  # type: ignore[call-overload]
            answer: Parameters = getattr(client, operation)(**parameters)
            return answer

        yield call


@pytest.mark.parametrize(("request_", "expected"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_request_that_violates_the_model_is_refused(
    call: Call, request_: tuple[str, str, Parameters], expected: tuple[str, str, str]
) -> None:
    code, parameter, allowed = expected
    with pytest.raises(ClientError) as refused:
        call(*request_)
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert parameter in error["Message"]
    assert allowed in error["Message"]


@pytest.mark.parametrize("request_", VALID.values(), ids=VALID)
def test_a_valid_request_is_carried_out(call: Call, request_: tuple[str, str, Parameters]) -> None:
    answer = call(*request_)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] in (200, 201)


def test_a_refusal_does_not_show_a_secret(call: Call) -> None:
    too_long = {"Name": "salt", "SecretString": "hunter2" * 10000}  # pragma: allowlist secret
    with pytest.raises(ClientError) as refused:
        call("secretsmanager", "create_secret", too_long)
    assert "Value at 'SecretString' failed to satisfy constraint" in str(refused.value)


def test_the_rules_name_operations_of_aws() -> None:
    session = Session()
    for rule in RULES:
        assert rule.operation in session.get_service_model(rule.service).operation_names, rule
