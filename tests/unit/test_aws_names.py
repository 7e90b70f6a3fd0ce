"""Tests that the types of names in AWS accept what AWS accepts, and refuse what it refuses.

AWS's own rules are those of botocore's models, and the lists of types of instances in moto and cfn-lint.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint
import moto
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st
from pydantic import TypeAdapter, ValidationError

from local.emulator.model_check import violations
from settings import arns, aws_names, field_types

FEW = hypothesis_settings(max_examples=40, deadline=None)

WRONG: dict[Any, tuple[object, ...]] = {
    aws_names.EnvironmentName: ("a--b", "a-", "-a", "1a", "A", "a_b", "abcdefghijklm", "a.b"),
    aws_names.BucketName: (
        *("ab", "a..b", "a.-b", "a-.b", ".abc", "abc.", "-abc", "abc-", "Abc", "a_b", "192.168.5.4", "xn--abc"),
        *("sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3"),
        "a" * 64,
    ),
    aws_names.VpcCidr: (
        *("127.0.0.0/16", "0.0.0.0/16", "169.254.0.0/16", "10.0.0.0/255.255.0.0", "10.0.0.0/0.0.255.255"),
        *("10.0.0.0", "10.0.0.1/16", "010.0.0.0/16", "10.0.0.0/016", "100.64.0.0/16", "192.0.2.0/24", "224.0.0.0/16"),
        *("240.0.0.0/16", "198.18.0.0/16", "172.32.0.0/16", "fd00::/16", "10.0.0.0/8", "10.0.0.0/25", "10.0.0.0/-1"),
    ),
    aws_names.VpcId: ("vpc-1", "vpc-0123456789abcdef", "vpc-0123456789ABCDEF0", "subnet-00000001", "vpc-0123456g"),
    aws_names.SubnetIds: (["subnet-00000001"] * 2, ["subnet-1"], ["vpc-00000001"]),
    aws_names.RdsInstanceClass: (
        "m7g.large",
        "db.m7g",
        "db.large.m7g",
        "db.m7g.huge",
        "db.m7g.0xlarge",
        "db.serverless",
    ),
    aws_names.CacheNodeType: ("m7g.large", "cache.m7g.huge", "cache.r6gd.xlarge", "cache.m7g"),
    aws_names.GravitonInstanceType: ("m7i.large", "g5.xlarge", "m7g.huge", "t3.large", "m7g", "m7g.Large", "a1.large"),
    aws_names.HostedZoneId: ("Z" * 33, "/hostedzone/Z1", "z1", "A1", "Z"),
    aws_names.DomainName: (
        *("localhost", "-a.example.com", "a-.example.com", "a..example.com", ".example.com", "example.com."),
        *("10.0.0.1", "a_b.example.com", "https://example.com", "example.com:443", f"{'a' * 64}.example.com"),
        *("*.example.com", "example.c", "example.1a", f"{'a.' * 126}com", "Example.com"),
    ),
    aws_names.EmailAddress: (
        *("ops", "ops@localhost", "a b@example.com", "a@b@example.com", "a..b@example.com", ".a@example.com"),
        *(
            "a.@example.com",
            "a@example..com",
            "a@-example.com",
            "Ops <ops@example.com>",
            "a@example.com, b@example.com",
        ),
        *(f"{'a' * 65}@example.com", "a@[10.0.0.1]", "@example.com", "a@", "\u017f@example.com", "a@example.\u017fom"),
    ),
    aws_names.AccountIds: (["12345678901"], ["1234567890123"], [""]),
    aws_names.Region: ("eu-central", "eu-central-9", "us-banana-1", "us-iso-east-1", "eusc-de-east-1", "global"),
    arns.KmsKeyArn: (
        *("alias/state", "arn:aws:kms:eu-central-1:123456789012:key/1", "arn:aws:kms::123456789012:alias/state"),
        *("arn:aws:s3:eu-central-1:123456789012:alias/state", "arn:aws:kms:eu-central-1:12345678901:alias/state"),
        *("arn:aws-iso:kms:us-iso-east-1:123456789012:alias/state", "arn:aws:kms:*:123456789012:alias/state"),
        f"arn:aws:kms:eu-central-1:123456789012:alias/{'a' * 251}",
    ),
    arns.CertificateArn: (
        "arn:aws:acm:eu-central-1:123456789012:certificate/*",
        "arn:aws:iam::123456789012:server-certificate/example",
    ),
    arns.SecretArn: tuple(
        f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{secret}"
        for secret in (
            *(
                "smtp",
                "smtp-AbCdE",
                "smtp-AbCdE*",
                "*",
                "smtp-??????",
                "-AbCdEf",
                "smtp-AbCdEf:url",
                "smtp-AbCdEf:url:",
            ),
            *("smtp-AbCdEf:*::", "smtp-AbCdEf:u?l::", "smtp-AbCdEf:url:::", "smtp-AbCdEf:url:A:B", "smtp AbCdEf"),
            *("smtp-AbCdEf:u\x07l::", "smtp-AbCdEf:url:AWSCURRENT:01234567-89ab-cdef-0123-456789abcdef"),
            f"{'a' * 513}-AbCdEf",
        )
    ),
    field_types.PostgresVersion: ("15.4.2", "15.", "015", "v15", "15.04", "15.0", "latest", "0", "1" * 6),
    field_types.RedisVersion: ("7", "7.1.0", "7.x", "07.1", "v7.1"),
    field_types.ClickhouseVersion: ("26.", ".4", "26.4.1.2.3", "026.4", "26-4", "lts", "26.4.1.2-lts"),
    field_types.LangfuseVersion: ("4", "4.16", "v4.16.0", "4.16.0-rc.1", "04.16.0", "4.16.00"),
    field_types.Tags: (
        *(
            {"aws:x": "y"},
            {"AWS:x": "y"},
            {"rds:x": "y"},
            {"x": "aws:y"},
            {"": "x"},
            {"x" * 129: "y"},
            {"x": "y" * 257},
        ),
        *({"project": "x"}, {"ENVIRONMENT": "x"}, {"name": "x"}, {"Team": "a", "team": "b"}, {"x": "a\tb"}),
        {f"key{number}": "x" for number in range(48)},
    ),
    field_types.Variables: (
        *({"lower": "x"}, {"1X": "x"}, {"X-Y": "x"}, {"": "x"}, {"X": "a\0b"}, {"X": "a\x1bb"}),
        *({"X": "x" * 40_960}, {f"X{number}": "x" * 1000 for number in range(48)}),
    ),
    field_types.SecretArns: (
        {
            f"X{number}": f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:s{number}-AbCdEf"
            for number in range(110)
        },
    ),
}
RIGHT: dict[Any, tuple[object, ...]] = {
    aws_names.EnvironmentName: ("a", "dev", "eu-prod-1", "abcdefghijkl"),
    aws_names.BucketName: ("abc", "a.b", "a--b", "acme.state-1", "1a2", "a" * 63),
    aws_names.VpcCidr: ("10.1.0.0/16", "172.16.0.0/20", "192.168.8.0/24"),
    aws_names.VpcId: ("vpc-0123abcd",),
    aws_names.HostedZoneId: ("Z1", "Z" * 32),
    aws_names.DomainName: ("a.b", "xn--bcher-kva.example", "a.example.xn--p1ai", "a1.example.com", f"{'a' * 63}.com")[
        1:
    ],
    aws_names.EmailAddress: ("o'neil+ops@Example.COM", "a.b_c@mail.example.co.uk", f"{'a' * 64}@example.com"),
    aws_names.AccountIds: ([], ["123456789012", "210987654321"]),
    aws_names.Region: ("us-gov-west-1", "cn-northwest-1"),
    arns.KmsKeyArn: (
        f"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-{'0' * 32}",
        "arn:aws-cn:kms:cn-north-1:123456789012:alias/state",
    ),
    arns.SecretArn: tuple(
        f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/smtp@1-AbCdEf{key}"
        for key in ("", ":url::", "::AWSPREVIOUS:", ":url:AWSCURRENT:", ":url::01234567-89ab-cdef-0123-456789abcdef")
    ),
    field_types.Tags: (
        {},
        {"Project": "x", "Environment": "y"},
        {"Kosten stelle": "größe 1"},
        {"x": ""},
        {"x": "@/:="},
    ),
    field_types.Variables: ({"X": "a\nb\tc"}, {"X": "x" * 40_900}, {"X": ""}),
}


def cases(table: dict[Any, tuple[Any, ...]]) -> list[tuple[Any, object]]:
    """Every type of the table with each of its values."""
    return [(type_, value) for type_, values in table.items() for value in values]


@pytest.mark.parametrize(("type_", "value"), cases(WRONG), ids=lambda part: repr(part)[:60])
def test_what_aws_refuses_is_refused(type_: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(type_).validate_python(value)


@pytest.mark.parametrize(("type_", "value"), cases(RIGHT), ids=lambda part: repr(part)[:60])
def test_what_aws_accepts_is_accepted(type_: Any, value: object) -> None:
    TypeAdapter(type_).validate_python(value)


AWS = botocore.session.get_session()
PARAMETERS = {
    "zone": (aws_names.HostedZoneId, "route53", "ChangeResourceRecordSets", ("HostedZoneId",)),
    "domain": (aws_names.DomainName, "acm", "RequestCertificate", ("DomainName",)),
    "certificate": (arns.CertificateArn, "acm", "DescribeCertificate", ("CertificateArn",)),
    "key": (arns.KmsKeyArn, "kms", "DescribeKey", ("KeyId",)),
    "secret": (arns.SecretArn, "secretsmanager", "GetSecretValue", ("SecretId",)),
    "tag": (field_types.TagKey, "iam", "CreateRole", ("Tags", "member", "Key")),
    "tag's value": (field_types.TagValue, "iam", "CreateRole", ("Tags", "member", "Value")),
}
"""Types, and the parameter of AWS that a value of each becomes."""
LETTERS = st.characters(categories=("L", "N", "Zs"))


@FEW
@given(data=st.data())
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_what_a_type_accepts_fits_botocores_model(parameter: str, data: st.DataObject) -> None:
    type_, service, operation, path = PARAMETERS[parameter]
    shape: Any = AWS.get_service_model(service).operation_model(operation).input_shape
    for part in path:
        shape = shape.member if part == "member" else shape.members[part]
    adapter: TypeAdapter[str] = TypeAdapter(type_)
    pattern = adapter.json_schema()["pattern"]
    strategy = (
        st.text(LETTERS | st.sampled_from("_.:/=+@-")) if r"\p" in pattern else st.from_regex(pattern, fullmatch=True)
    )
    value = data.draw(strategy)
    try:
        adapter.validate_python(value)
    except ValidationError:
        return
    assert list(violations(shape, value)) == []


def accepts(type_: Any, value: str) -> bool:
    try:
        TypeAdapter(type_).validate_python(value)
    except ValidationError:
        return False
    return True


def test_instance_types_are_those_with_arm() -> None:
    file = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
    known = json.loads(gzip.decompress(file.read_bytes()))
    arm = {name for name, about in known.items() if "arm64" in about["ProcessorInfo"]["SupportedArchitectures"]}
    # ClickHouse needs ARMv8.2, which Graviton 1 is not.
    assert {name for name in known if accepts(aws_names.GravitonInstanceType, name)} == {
        name for name in arm if not name.startswith("a1.")
    }


@pytest.mark.parametrize(
    ("type_", "file", "name", "other"),
    [
        (aws_names.RdsInstanceClass, "aws_rds_dbinstance/dbinstanceclass_enum.json", r'"(db\.[^"]+)"', "db.serverless"),
        (aws_names.CacheNodeType, "aws_elasticache_cachecluster/cachenodetype_enum.json", r'"(cache\.[^"]+)"', "r6gd"),
    ],
)
def test_every_class_that_aws_has_is_accepted(type_: Any, file: str, name: str, other: str) -> None:
    known = set(re.findall(name, (Path(cfnlint.__file__).parent / "data/schemas/extensions" / file).read_text()))
    assert len(known) > 50
    assert [one for one in sorted(known) if other not in one and not accepts(type_, one)] == []
