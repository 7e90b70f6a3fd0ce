"""The bucket for Terraform's state on the embedded AWS."""

from local.embedded_aws import EmbeddedAws


def create(aws: EmbeddedAws, name: str) -> None:
    """Makes the bucket as the README says to make the real one: versioned."""
    s3 = aws.session().client("s3", endpoint_url=aws.url)
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
