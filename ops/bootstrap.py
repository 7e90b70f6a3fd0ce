"""``ops bootstrap``: the bucket that holds Terraform's state, which must be there before the first deploy."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.target import OpsError, Target, target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef, ServerSideEncryptionConfigurationTypeDef

OLD_VERSION_DAYS = 90
PUBLIC_ACCESS_BLOCK: "PublicAccessBlockConfigurationTypeDef" = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
TLS_STATEMENT_ID = "TlsOnly"
EXPIRY_ID = "expire-old-versions"


@dataclass(frozen=True)
class Point:
    """One thing that the bucket must be, how to see it, and how to make it so."""

    name: str
    holds: Callable[[], bool]
    repair: Callable[[], object]


def bootstrap(apply: Apply = False, as_json: AsJson = False) -> None:
    """Create the bucket for Terraform's state, or check it.

    It is reported point by point: versioned, encrypted, closed to the public and to connections without TLS; old
    versions go after 90 days.
    """
    here = target()
    s3 = here.session.client("s3")
    bucket = here.settings.state.bucket
    created = not _exists(here, s3, bucket)
    if created and apply:
        _create(here, s3, bucket)
    found = {}
    for point in points(here, s3, bucket):
        missing = (created and not apply) or not point.holds()
        if missing and apply:
            point.repair()
        found[point.name] = "ok" if not missing else ("done" if apply else "missing")
    found = {"bucket exists": "ok" if not created else ("done" if apply else "missing"), **found}
    changes = "missing" in found.values()
    if as_json:
        print_json({"bucket": bucket, "points": found})
        return
    console.print(table("point", "state", rows=found.items(), title=bucket))
    if apply:
        console.print("Nothing had to change." if set(found.values()) == {"ok"} else "Done. Next: `make deploy`.")
    else:
        say_dry_run(changes=changes)


def _exists(here: Target, s3: "S3Client", bucket: str) -> bool:
    """Raises ``OpsError`` for a bucket that can't be this environment's."""
    try:
        region = s3.head_bucket(Bucket=bucket).get("BucketRegion", here.settings.region)
    except ClientError as error:
        # S3 gives no reason to a HEAD, only the status.
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return False
        if code in ("400", "403"):
            raise OpsError(
                f"{bucket} is another account's, or these credentials may not see it ({code}): check AWS_PROFILE, or"
                " choose another state.bucket, since names are global"
            ) from None
        raise
    if region != here.settings.region:
        raise OpsError(
            f"{bucket} is in {region}, {here.settings.name} in {here.settings.region}: choose another state.bucket"
        )
    return True


def _create(here: Target, s3: "S3Client", bucket: str) -> None:
    region = here.settings.region
    # S3 takes its oldest region by absence only.
    where: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=bucket, **where)


def points(here: Target, s3: "S3Client", bucket: str) -> list[Point]:
    """All that the bucket must be beside being there."""
    key = here.settings.state.kms_key_id
    algorithm: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    arn = f"arn:{here.session.get_partition_for_region(here.settings.region)}:s3:::{bucket}"
    configuration: ServerSideEncryptionConfigurationTypeDef = {
        "Rules": [{"ApplyServerSideEncryptionByDefault": algorithm}]
    }

    def encryption() -> Any:  # noqa: ANN401
        answer: Any = s3.get_bucket_encryption(Bucket=bucket)
        return answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]

    def statements() -> list[dict[str, Any]]:
        policy = _or_nothing(lambda: s3.get_bucket_policy(Bucket=bucket)["Policy"])
        found = json.loads(policy)["Statement"] if policy else []
        return found if isinstance(found, list) else [found]

    def rules() -> list[Any]:
        return list(_or_nothing(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) or [])

    tls_only = {
        "Sid": TLS_STATEMENT_ID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    expiry: Any = {
        "ID": EXPIRY_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return [
        Point(
            "versioned",
            lambda: s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
            lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
        ),
        Point(
            "encrypted" + (" with the key of the settings" if key else ""),
            lambda: _is_encrypted(_or_nothing(encryption), key),
            lambda: s3.put_bucket_encryption(
                Bucket=bucket,
                ServerSideEncryptionConfiguration=configuration,
            ),
        ),
        Point(
            "public access blocked",
            lambda: (
                _or_nothing(lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"])
                == PUBLIC_ACCESS_BLOCK
            ),
            lambda: s3.put_public_access_block(
                Bucket=bucket,
                PublicAccessBlockConfiguration=PUBLIC_ACCESS_BLOCK,
            ),
        ),
        Point(
            "TLS only",
            lambda: any(_denies_plain_http(statement, arn) for statement in statements()),
            # What others wrote into the policy stays.
            lambda: s3.put_bucket_policy(
                Bucket=bucket,
                Policy=json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [*(s for s in statements() if s.get("Sid") != TLS_STATEMENT_ID), tls_only],
                    }
                ),
            ),
        ),
        Point(
            f"old versions expire after {OLD_VERSION_DAYS} days",
            lambda: any(_expires_old_versions(rule) for rule in rules()),
            lambda: s3.put_bucket_lifecycle_configuration(
                Bucket=bucket,
                LifecycleConfiguration={"Rules": [*(r for r in rules() if r.get("ID") != EXPIRY_ID), expiry]},
            ),
        ),
    ]


def _or_nothing(read: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What ``read`` gives, or nothing where AWS says that nothing was ever set."""
    try:
        return read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("NoSuch") or code.endswith("NotFoundError"):
            return None
        raise


def _is_encrypted(found: dict[str, Any] | None, key: str | None) -> bool:
    """Without a key in the settings, whichever the bucket has is as good."""
    return found is not None and (key is None or found.get("KMSMasterKeyID") == key)


def _denies_plain_http(statement: dict[str, Any], arn: str) -> bool:
    resources = statement.get("Resource")
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in ("s3:*", ["s3:*"])
        and {arn, f"{arn}/*"} <= set(resources if isinstance(resources, list) else [])
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") in ("false", False)
    )


def _expires_old_versions(rule: dict[str, Any]) -> bool:
    everything = rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")) == "" and not (
        rule.get("Filter", {}).keys() - {"Prefix"}
    )
    days = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
    return everything and rule["Status"] == "Enabled" and days is not None and int(days) <= OLD_VERSION_DAYS
