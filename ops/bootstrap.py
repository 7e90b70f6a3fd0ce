"""``ops bootstrap``: creates and checks the bucket for Terraform's state, which must exist before the first deploy."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from modules.policy_document import deny_plain_http, document
from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.environment import Environment, OpsError, load_environment
from settings.partition import partition_of

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
EXPIRY_ID = "expire-old-versions"


@dataclass(frozen=True)
class Requirement:
    """A property that the bucket must have. ``passes`` checks it, and ``fix`` sets it."""

    name: str
    passes: Callable[[], bool]
    fix: Callable[[], object]


def bootstrap(apply: Apply = False, as_json: AsJson = False) -> None:
    """Create the bucket for Terraform's state, or check it.

    The bucket must be versioned and encrypted, block public access, refuse requests without TLS, and expire old
    versions after 90 days. Each requirement is shown with its state.

    Example: ops bootstrap --apply
    """
    environment = load_environment()
    s3 = environment.session.client("s3")
    bucket = environment.settings.state.bucket
    exists = _exists(environment, s3, bucket)
    if not exists and apply:
        _create(environment, s3, bucket)
    fixed = "done" if apply else "missing"
    states = {"bucket exists": "ok" if exists else fixed}
    for requirement in requirements(environment, s3, bucket):
        passes = (exists or apply) and requirement.passes()
        if not passes and apply:
            requirement.fix()
        states[requirement.name] = "ok" if passes else fixed
    if as_json:
        print_json({"bucket": bucket, "points": states})
        return
    show(table("requirement", "state", rows=states.items()), bucket)
    if apply:
        console.print("Nothing had to change." if set(states.values()) == {"ok"} else "Done. Next: `make deploy`.")
    else:
        say_dry_run(changes="missing" in states.values())


def _exists(environment: Environment, s3: "S3Client", bucket: str) -> bool:
    """Whether the bucket exists.

    Raises:
        OpsError: if it is another account's, or in another region.
    """
    try:
        region = s3.head_bucket(Bucket=bucket).get("BucketRegion", environment.settings.region)
    except ClientError as error:
        # S3 answers a HEAD request with a status only.
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return False
        if code in ("400", "403"):
            raise OpsError(
                f"{bucket} is another account's, or these credentials may not see it ({code}): check AWS_PROFILE, or"
                " choose another state.bucket, since names are global"
            ) from None
        raise
    if region != environment.settings.region:
        raise OpsError(
            f"{bucket} is in {region}, {environment.name} in {environment.settings.region}: choose another state.bucket"
        )
    return True


def _create(environment: Environment, s3: "S3Client", bucket: str) -> None:
    region = environment.settings.region
    # S3 refuses us-east-1 as a location constraint: it is the region of a bucket without one.
    location: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=bucket, **location)


def missing(environment: Environment) -> list[str]:
    """The requirements that the bucket does not meet.

    Raises:
        OpsError: if it is another account's, or in another region.
    """
    s3 = environment.session.client("s3")
    bucket = environment.settings.state.bucket
    if not _exists(environment, s3, bucket):
        return ["the bucket itself"]
    return [point.name for point in requirements(environment, s3, bucket) if not point.passes()]


def requirements(environment: Environment, s3: "S3Client", bucket: str) -> list[Requirement]:
    """The properties that the bucket must have."""
    key = environment.settings.state_kms_key_id
    algorithm: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    arn = f"arn:{partition_of(environment.settings.region)}:s3:::{bucket}"
    configuration: ServerSideEncryptionConfigurationTypeDef = {
        "Rules": [{"ApplyServerSideEncryptionByDefault": algorithm}]
    }

    def encryption() -> Any:  # noqa: ANN401
        answer: Any = s3.get_bucket_encryption(Bucket=bucket)
        return answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]

    def statements() -> list[dict[str, Any]]:
        policy = _or_none(lambda: s3.get_bucket_policy(Bucket=bucket)["Policy"])
        statements = json.loads(policy)["Statement"] if policy else []
        return statements if isinstance(statements, list) else [statements]

    def rules() -> list[Any]:
        return list(_or_none(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) or [])

    tls_only = deny_plain_http(arn)
    expiry: Any = {
        "ID": EXPIRY_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return [
        Requirement(
            "versioned",
            lambda: s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
            lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
        ),
        Requirement(
            "encrypted" + (" with the key of the settings" if key else ""),
            lambda: _is_encrypted(_or_none(encryption), key),
            lambda: s3.put_bucket_encryption(
                Bucket=bucket,
                ServerSideEncryptionConfiguration=configuration,
            ),
        ),
        Requirement(
            "public access blocked",
            lambda: (
                _or_none(lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"])
                == PUBLIC_ACCESS_BLOCK
            ),
            lambda: s3.put_public_access_block(
                Bucket=bucket,
                PublicAccessBlockConfiguration=PUBLIC_ACCESS_BLOCK,
            ),
        ),
        Requirement(
            "TLS only",
            lambda: any(_denies_plain_http(statement, arn) for statement in statements()),
            # Other statements of the policy stay.
            lambda: s3.put_bucket_policy(
                Bucket=bucket,
                Policy=document(*(s for s in statements() if s.get("Sid") != tls_only["Sid"]), tls_only),
            ),
        ),
        Requirement(
            f"old versions expire after {OLD_VERSION_DAYS} days",
            lambda: any(_expires_old_versions(rule) for rule in rules()),
            lambda: s3.put_bucket_lifecycle_configuration(
                Bucket=bucket,
                LifecycleConfiguration={"Rules": [*(r for r in rules() if r.get("ID") != EXPIRY_ID), expiry]},
            ),
        ),
    ]


def _or_none(read: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What ``read`` returns, or None if AWS answers that nothing is set."""
    try:
        return read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("NoSuch") or code.endswith("NotFoundError"):
            return None
        raise


def _is_encrypted(default: dict[str, Any] | None, key: str | None) -> bool:
    """Whether the bucket's default encryption is with the key of the settings, or with any key if they name none."""
    return default is not None and (key is None or default.get("KMSMasterKeyID") == key)


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
