"""Tests of what ``ops plan`` says before it plans."""

from local.embedded_aws import EmbeddedAws
from tests.command_line import assert_one_line, ops_in_process


def test_an_environment_can_not_move_to_another_region(aws: EmbeddedAws) -> None:
    s3 = aws.session().client("s3", endpoint_url=aws.url)
    s3.create_bucket(Bucket="state-of-another-region")
    variables = {"LANGFUSE_AWS__REGION": "eu-central-1", "LANGFUSE_AWS__STATE__BUCKET": "state-of-another-region"}
    try:
        moved = ops_in_process("plan", environment={**aws.environment, "LANGFUSE_ENV": "dev", **variables})
    finally:
        s3.delete_bucket(Bucket="state-of-another-region")
    assert_one_line(moved, "region is eu-central-1, but the state of dev is in us-east-1", "docs/settings.md")
