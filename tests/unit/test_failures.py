"""Tests that the embedded AWS fails as it is told to, with errors that AWS's clients recognize."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws, running

CALLS = {
    "ec2": ("describe_vpcs", ("RequestLimitExceeded", 503)),
    "s3": ("list_buckets", ("SlowDown", 503)),
    "iam": ("list_roles", ("ThrottlingException", 400)),
    "ecs": ("list_clusters", ("ThrottlingException", 400)),
    "route53": ("list_hosted_zones", ("ThrottlingException", 400)),
}
"""One of each protocol."""


@pytest.fixture(scope="module")
def failing_aws() -> Iterator[EmbeddedAws]:
    with running("eu-central-1") as aws:
        yield aws


def client(aws: EmbeddedAws, service: str, attempts: int = 1) -> Any:
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"})
    return aws.session().client(service, endpoint_url=aws.url, config=config)  # type: ignore[call-overload]


@pytest.mark.parametrize("service", CALLS)
def test_each_service_fails_in_two_ways(service: str, failing_aws: EmbeddedAws) -> None:
    operation, throttled = CALLS[service]
    call = getattr(client(failing_aws, service), operation)
    failing_aws.fail(rate=1)
    errors: Counter[tuple[str, int]] = Counter()
    for _ in range(20):
        with pytest.raises(ClientError) as caught:
            call()
        response = caught.value.response
        errors[response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]] += 1
    failing_aws.fail()
    call()
    assert errors.keys() == {throttled, ("InternalError", 500)}


def test_clients_try_again(failing_aws: EmbeddedAws) -> None:
    ec2 = client(failing_aws, "ec2", attempts=10)
    failing_aws.fail(rate=0.1)
    for _ in range(50):
        ec2.describe_vpcs()
    failing_aws.fail()


def test_an_object_that_cant_be_written_can_be_read(failing_aws: EmbeddedAws) -> None:
    s3 = client(failing_aws, "s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("data.tfstate", "network.tfstate"):
        s3.put_object(Bucket="states", Key=key, Body=b"1")
    failing_aws.fail(unwritable="data.tfstate")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="states", Key="data.tfstate", Body=b"2")
    s3.put_object(Bucket="states", Key="network.tfstate", Body=b"2")
    assert s3.get_object(Bucket="states", Key="data.tfstate")["Body"].read() == b"1"
    failing_aws.fail()
    s3.put_object(Bucket="states", Key="data.tfstate", Body=b"3")
