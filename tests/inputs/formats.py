"""Regions, address blocks, buckets, ARNs, tags, e-mail addresses, instance types, domains, IDs and ports."""

from collections.abc import Iterator, Mapping

from tests.inputs.case import Case, right, setting

ACCOUNT = "123456789012"
KEY = "01234567-89ab-4cde-8f01-23456789abcd"
REGION = "eu-central-1"
KMS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{KEY}"
SUBNETS = [f"subnet-0123456789abcdef{number}" for number in range(4)]
POLICY = "arn:aws:iam::aws:policy/AmazonBedrockFullAccess"
DOMAIN = {"domain__name": "langfuse.example.com"}
VPC: Mapping[str, object] = {
    "network__vpc_id": "vpc-0123456789abcdef0",
    "network__public_subnet_ids": SUBNETS[:2],
    "network__private_subnet_ids": SUBNETS[2:],
}

WRONG: Mapping[str, tuple[str, ...]] = {
    "region": (
        "eu-central", "EU-CENTRAL-1", "eu-central-1a", "eu_central_1", "frankfurt", "eu-central-99", "xx-east-1",
        "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1", "aws", "global", "us-east-1 ", " us-east-1",
        "us-east-1\n", "us-east-１", "cn-1", "eu-central-1,us-east-1", "us--1",
    ),
    "network.cidr": (
        "10.0.0.0", "10.0.0.0/15", "10.0.0.0/25", "10.0.0.1/16", "10.0.0.0/255.255.0.0", "10.0.0.0/0.0.255.255",
        "10.0.0.0/+16", "10.0.0.0/016", "010.0.0.0/16", "10.0.0/16", "10.0.0.0/16 ", " 10.0.0.0/16", "10.0.0.0/-1",
        "10.0.0.0/33", "10.0.0.0/16\n", "10.256.0.0/16", "0x0a.0.0.0/16", "127.0.0.0/16", "127.16.0.0/16",
        "0.0.0.0/16", "0.0.0.0/0", "0.1.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "240.0.0.0/16", "255.255.0.0/16",
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/16", "192.0.0.0/24", "8.8.0.0/16",
        "172.15.0.0/16", "172.32.0.0/16", "192.167.0.0/16", "192.169.0.0/16", "11.0.0.0/16", "100.128.0.0/16",
        "fd00::/16", "::/0", "::ffff:10.0.0.0/112", "10.0.0.0/1٦", "１0.0.0.0/16", "10.0.0.0/16/16", "10.0.0.0/", "/16",
        "10,0,0,0/16",
    ),
    "state.bucket": (
        "a", "ab", "a" * 64, "Acme-state", "acme_state", "acme..state", "-acme", "acme-", ".acme", "acme.",
        "192.168.5.4", "10.0.0.1", "xn--acme", "xn--acme-state", "sthree-acme", "sthree-configurator",
        "amzn-s3-demo-acme", "acme-s3alias", "acme--ol-s3", "acme.mrap", "acme--x-s3", "acme--table-s3", "acme state",
        "acme/state", "s3://acme-state", "arn:aws:s3:::acme-state", "acme-state\n", "acmé-state", "acme\u0661state",
        "acme:state", "acme*state", "acme,state", "ACME", "acme-state ", "-----",
    ),
    "state.kms_key_id": (
        KEY, "alias/acme", f"key/{KEY}", KMS[:-1], KMS + "0", KMS.replace("kms", "KMS"), KMS.upper(), KMS + "\n",
        KMS.replace(REGION, "us-east-1"), KMS.replace("arn:aws:", "arn:aws-cn:"), KMS.replace("arn:aws:", "arn:gcp:"),
        KMS.replace("arn:aws:", "arn:aws-iso:"), KMS.replace(ACCOUNT, "12345678901"), KMS.replace(ACCOUNT, ""),
        KMS.replace(ACCOUNT, "12345678901２"), KMS.replace(":kms:", ":secretsmanager:"),
        KMS.replace(f"key/{KEY}", "alias/"), KMS.replace(f"key/{KEY}", "alias/*"), KMS.replace(f"key/{KEY}", "key/*"),
        KMS.replace(f"key/{KEY}", "alias/" + "a" * 300), "*", KMS.replace("key/", "key:"), f" {KMS}",
        KMS.replace("-4cde-", "-6cde-"), f"arn:aws:kms:{REGION}:{ACCOUNT}:{KEY}", KMS.replace(KEY, "mrk-0123"),
        KMS.replace(KEY, KEY.upper()), KMS.replace(REGION, ""), KMS.replace(REGION, "*"),
    ),
    "alarms.email": (
        "nobody", "@example.com", "ops@", "ops@example", "ops@@example.com", "ops@example..com", "ops@.example.com",
        "ops@example.com.", "ops@-example.com", "ops@example-.com", "ops@exa_mple.com", "ops @example.com",
        "ops@exam ple.com", ".ops@example.com", "ops.@example.com", "o..ps@example.com",
        "ops@example.com, b@example.com", "ops@example.com;b@example.com", "Ops <ops@example.com>",
        "mailto:ops@example.com", "ops@example.com\n", "ops\n@example.com", "ops@example.com\x00", "ops@[127.0.0.1]",
        "ops@127.0.0.1", f"{'o' * 65}@example.com", f"ops@{'e' * 64}.com", f"ops@{'e.' * 200}com", "ops@example.c",
        "öps@example.com", "ops@example.com ", '"o ps"@a.com', "ops@example.123", "ops@münchen.example",
        "ops(comment)@example.com", "ops\u202e@example.com", "<script>@example.com",
    ),
    "postgres.instance_class": (
        "m7g.large", "db.m7g", "db.large", "db..large", "db.m7g.", "cache.m7g.large", "DB.M7G.LARGE", "db.m7g.large ",
        "db-m7g-large", "db.m7g.large.x", "db.m7g.lаrge", "db.-.large", "db.m7g.xx1large", "large", "db.",
        "db.m7g.larg",
    ),
    "redis.node_type": (
        "m7g.large", "cache.m7g", "db.m7g.large", "cache.large", "cache.m7g.", "CACHE.M7G.LARGE", "cache.m7g.large ",
        "cache.m7g.large.x", "cache.-.large", "cache..large", "cache.m7g.larg",
    ),
    "clickhouse.instance_type": (
        "m7i.large", "m7g", "m7.large", "large", "m7g.large ", "M7G.LARGE", "db.m7g.large", "m7a.large", "t3.large",
        "g.large", "m7g..large", "m7g.large.x", "-g.large", "g4dn.xlarge", "mac2.metal", "c7gn", "m7g.larg",
    ),
    "clickhouse.package_repository": (
        "", "packages.example.com/", "http://packages.example.com/", "https://packages.example.com",
        "https://packages.example.com/rpm", "https://packages.example.com:8443/rpm/", "https://a:b@example.com/",
        "https://packages/rpm/", "https://packages.example.com/$(id)/", "https://packages.example.com/`id`/",
        "https://packages.example.com/?x=/", "https://packages.example.com/#/", "https://packages.example.com/a b/",
        "https://packages.example.com/\n/", "https://packages.example.com//", "HTTPS://packages.example.com/",
        "https://Packages.example.com/", "https://pаckages.example.com/", "s3://acme-packages/clickhouse/",
        "https://packages.example.com/${path.cwd}/", f"https://packages.example.com/{'a' * 250}/",
    ),
    "network.vpc_id": (
        "vpc", "vpc-", "vpc-g123", "VPC-0123", "subnet-0123456789abcdef0", "vpc-0123 ", "vpc-*", "vpc-0",
        "vpc-" + "0" * 64, "vpc-0123456789ABCDEF0", "vpc-٠123456789abcdef0",
    ),
    "domain.name": (
        "langfuse", "https://langfuse.example.com", "langfuse.example.com/", "langfuse.example.com:443",
        "*.example.com", "langfuse.example.com.", ".example.com", "langfuse..com", "-langfuse.example.com",
        "langfuse-.example.com", "lang_fuse.example.com", "Langfuse.example.com", "langfuse.example.c",
        f"{'a' * 64}.example.com", f"{'a.' * 126}example.com", "langfuse.example.com\n", "lang fuse.example.com",
        "münchen.example.com", "langfuse.example.123", "192.168.1.1", "10.0.0.1", "localhost", "langfuse.example.com ",
        "user@example.com", "langfuse.example.com?x", "langfuse.example.com#x", "a,b.example.com",
        "langfuse\u3002example.com", "--.example.com", "langfuse.-example.com", "langfuse.example-.com", "[::1]", "",
    ),
    "domain.hosted_zone_id": (
        "z0123456789abcdefghij", "/hostedzone/Z0123456789ABCDEFGHIJ", "Z", "0123456789", "example.com", "Z012 3",
        "Z" * 40, "Z0123456789ABCDEFGHIJ\n", "Z-0123", "Z0123456789abcdefghij", "Z*",  # pragma: allowlist secret
        "arn:aws:route53:::hostedzone/Z0123",
    ),
    "domain.certificate_arn": (
        "certificate", KEY, CERTIFICATE.replace(REGION, "us-east-1"), CERTIFICATE.replace("arn:aws:", "arn:aws-cn:"),
        CERTIFICATE.replace(":acm:", ":iam:"), CERTIFICATE.replace(ACCOUNT, "1"), CERTIFICATE.replace(KEY, ""),
        CERTIFICATE.replace(KEY, "*"), CERTIFICATE.replace(KEY, "x"), CERTIFICATE.replace(KEY, KEY[:-1]),
        CERTIFICATE + "/", CERTIFICATE.replace(KEY, "a b"), CERTIFICATE + "\n", CERTIFICATE.replace(KEY, "${x}"),
        CERTIFICATE.upper(), CERTIFICATE.replace(ACCOUNT, "12345678901２"),
        CERTIFICATE.replace("certificate/", "certificate:"), f" {CERTIFICATE}",
        f"arn:aws:iam::{ACCOUNT}:server-certificate/x", CERTIFICATE.replace("certificate/", "certificate-authority/"),
    ),
    "permissions_boundary_arn": (
        "boundary", "*", f"arn:aws:iam::{ACCOUNT}:role/x", f"arn:aws:iam::{ACCOUNT}:policy/*",
        "arn:aws:iam::*:policy/x", f"arn:aws:iam::{ACCOUNT}:policy/", f"arn:aws:iam::{ACCOUNT}:policy/${{x}}",
        f"arn:aws:iam::{ACCOUNT}:policy/x\n", f"arn:aws-cn:iam::{ACCOUNT}:policy/x",
        f"arn:aws:iam:{REGION}:{ACCOUNT}:policy/x", f"arn:aws:iam::{ACCOUNT}:policy/é",
    ),
}  # fmt: skip
NAMES = (
    "", "ab", "a" * 61, " acme", "acme ", "   ", "a\nb", "a\tb", "acme\n", "a\x00b", "\x1b[31m", "a\u202eb", "a\u2028b",
    "<b>", "a <b> c", "a < b", "a > b", "\ue000ab", "\u00a0acme", "acme\u3000",
)  # fmt: skip
NAMES_RIGHT = (
    "abc",
    "a" * 60,
    "Example Inc.",
    "Ünïcode & Söhne",
    "東京チーム",
    'it\'s "x"',
    "${x} %{y}",
    "-.-",
    "1 2 3",
)
USERS = (*WRONG["alarms.email"], "o/ps@example.com", "ops'@example.com", "ops!@example.com", "ops@example.xn--p1ai")
USERS_RIGHT = ("me@example.com", "o'brien@example.com", "A_b.c+d-e@mail.example.co.uk", "1@2.example")
BESIDE: Mapping[str, Mapping[str, object]] = {
    "clickhouse.package_repository": {"clickhouse__mode": "ec2"},
    "network.vpc_id": {key: value for key, value in VPC.items() if "subnet" in key},
    "domain.name": {"domain__certificate_arn": CERTIFICATE},
    "domain.hosted_zone_id": DOMAIN,
    "domain.certificate_arn": DOMAIN,
    "clickhouse.instance_type": {"clickhouse__mode": "ec2"},
}
RIGHT: Mapping[str, tuple[str, ...]] = {
    "region": (
        "eu-central-1", "us-east-1", "ap-southeast-4", "il-central-1", "mx-central-1", "cn-north-1", "us-gov-west-1",
    ),
    "network.cidr": (
        "10.0.0.0/16", "10.255.0.0/24", "172.16.0.0/16", "172.31.0.0/20", "192.168.0.0/16", "192.168.255.0/24",
    ),
    "clickhouse.package_repository": (
        "https://packages.example.com/", "https://s3.eu-central-1.amazonaws.com/acme.packages/rpm/stable/",
        "https://acme-packages.s3.eu-central-1.amazonaws.com/26.4/_x~y-z/",
    ),
    "state.bucket": (
        "abc", "a" * 63, "acme.state", "acme-state", "123", "1acme", "acme--state", "acme.co.uk", "my-xn--bucket",
        "10.0.0.1a", "acme-s3alias-x", "3com",
    ),
    "state.kms_key_id": (
        KMS, KMS.replace(f"key/{KEY}", "alias/acme"), KMS.replace(f"key/{KEY}", "alias/acme/Prod_1"),
        KMS.replace(KEY, "mrk-" + "0" * 32),
    ),
    "alarms.email": (
        "ops@example.com", "o@e.co", "ops+langfuse@example.com", "ops_1.a-b@mail.example.co.uk", "OPS@EXAMPLE.COM",
        "o'brien@example.com", "ops@xn--mnchen-3ya.example", "1@2.example", f"{'o' * 64}@example.com",
    ),
    "postgres.instance_class": (
        "db.t4g.micro", "db.m7g.16xlarge", "db.r6gd.xlarge", "db.x2iedn.32xlarge", "db.r6i.large",
    ),
    "redis.node_type": ("cache.t4g.micro", "cache.r7g.16xlarge", "cache.m5.large"),
    "clickhouse.instance_type": (
        "t4g.large", "m8g.xlarge", "r7gd.2xlarge", "c7gn.large", "x2gd.medium", "im4gn.large",
    ),
    "network.vpc_id": ("vpc-0123456789abcdef0", "vpc-12345678"),
    "domain.name": (
        "langfuse.example.com", "a.co", "example.com", "xn--mnchen-3ya.example.com", "a-b.c-d.example.technology",
        "1.example.com", f"{'a' * 63}.example.com", "langfuse.example.xn--p1ai",
    ),
    "domain.hosted_zone_id": ("Z0123456789ABCDEFGHIJ", "Z1D633PJN98FT9"), "domain.certificate_arn": (CERTIFICATE,),
    "permissions_boundary_arn": (
        f"arn:aws:iam::{ACCOUNT}:policy/boundary", "arn:aws:iam::aws:policy/PowerUserAccess",
        f"arn:aws:iam::{ACCOUNT}:policy/team/a-b/boundary",
    ),
}  # fmt: skip

TAGS: tuple[object, ...] = (
    {"aws:team": "x"}, {"AWS:team": "x"}, {"Aws:x": "x"}, {"k": "aws:x"}, {"": "x"}, {"k" * 129: "x"},
    {"k": "v" * 257}, {"k\n": "x"}, {"k": "v\n"}, {"k": "v\x1b"}, {"k": "a\x00b"}, {"k": "<b>"}, {"k": "a,b"},
    {"k": "a;b"}, {"k": "a*"}, {"k": "a|b"}, {"k": "(a)"}, {"k": "{a}"}, {"k": "a\\b"}, {"k": '"'}, {"k": "a&b"},
    {"k": "a'b"}, {"k": "a#b"}, {"k": "a%b"}, {"k": "a!b"}, {"k": "a?b"}, {"k": "a$b"}, {"k": "$${a}"},
    {"k": "${path.cwd}"}, {"k": "%{x}"}, {"${path.cwd}": "x"}, {"k": "a\u202eb"}, {"k": "🙂"},
    {f"k{number}": "v" for number in range(51)}, {"k ": "x", " k": "x", "k": "\t"},
)  # fmt: skip
TAGS_RIGHT: tuple[object, ...] = (
    {}, {"Team": ""}, {"k" * 128: "v" * 256}, {"Équipe": "données"}, {"a b": "c d"}, {"x_.:/=+-@1": "x_.:/=+-@1"},
    {"Cost": "人"}, {"laws:x": "x"}, {f"k{number}": "v" for number in range(40)},
)  # fmt: skip
LISTS: Mapping[str, tuple[object, ...]] = {
    "allowed_account_ids": (
        ["1"], ["12345678901"], ["1234567890123"], ["12345678901a"],  # pragma: allowlist secret
        ["12345678901２"], ["١٢٣٤٥٦٧٨٩٠١٢"],
        ["1234-5678-9012"], [ACCOUNT + "\n"], ["*"], [ACCOUNT, "x"], [ACCOUNT + " "], ["acme"], [123456789012],
        ["arn:aws:iam::123456789012:root"],
    ),
    "network.public_subnet_ids": (
        [], SUBNETS[:1], ["subnet-x", "subnet-y"], ["vpc-0123456789abcdef0"] * 2, SUBNETS[:1] * 2,
        [*SUBNETS[:2], SUBNETS[0]], SUBNETS[1:3], [SUBNETS[0], "subnet-*"], [SUBNETS[0], SUBNETS[1] + "\n"],
        ["subnet-", SUBNETS[0]], [SUBNETS[0].upper(), SUBNETS[1]],
    ),
    "network.egress_ports": (
        [0], [65536], [-1], ["8443"], [8443, 8443], [1.5], [True], [None], [9**30], list(range(1, 70)),
    ),
    "langfuse.policy_arns": (
        ["*"], [POLICY, POLICY], [POLICY.replace("policy/", "role/")], [POLICY.replace("policy/", "policy/*")],
        [POLICY.replace("Bedrock", "${x}")], [POLICY.replace("arn:aws:", "arn:aws-cn:")], [POLICY + "\n"], [""],
        [f"{POLICY}{number}" for number in range(25)],
    ),
    "langfuse.kms_key_arns": (
        ["*"], [KMS, KMS], [KMS.replace("key/", "alias/")], [KMS.replace(REGION, "us-east-1")], [KMS.replace(KEY, "*")],
        [KMS.replace(KEY, KEY[:-1])], [KEY], [KMS.replace(ACCOUNT, "*")],
    ),
    "network.private_subnet_ids": (
        [], SUBNETS[2:3], SUBNETS[3:] * 2, SUBNETS[1:3], SUBNETS[:2], [SUBNETS[2], "subnet-g"],
    ),
}  # fmt: skip
RIGHT_LISTS: tuple[tuple[str, object], ...] = (
    ("network.egress_ports", []), ("network.egress_ports", [587]), ("network.egress_ports", [8443, 3128]),
    ("network.egress_ports", [65535]), ("langfuse.policy_arns", [POLICY]), ("langfuse.kms_key_arns", [KMS]),
    ("langfuse.policy_arns", ["arn:aws:iam::aws:policy/job-function/Billing"]),
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yields the cases."""
    yield from _first()
    for path, wrong in WRONG.items():
        beside = BESIDE.get(path, {})
        yield from (setting(path, value, **beside) for value in wrong)
        yield from (right(setting(path, value, **beside)) for value in RIGHT[path])
    yield from (setting("tags", tags) for tags in TAGS)
    yield from (right(setting("tags", tags)) for tags in TAGS_RIGHT)
    for path, lists in LISTS.items():
        beside = {key: value for key, value in VPC.items() if "subnet" in path and key != path.replace(".", "__")}
        yield from (setting(path, value, **beside) for value in lists)
    yield right(setting("allowed_account_ids", [ACCOUNT, "000000000000"]))
    for path, value in RIGHT_LISTS:
        yield right(setting(path, value))
    yield setting(
        "permissions_boundary_arn", RIGHT["permissions_boundary_arn"][0], allowed_account_ids=["000000000000"]
    )
    yield right(setting("network.vpc_id", "vpc-12345678", **{k: v for k, v in VPC.items() if "subnet" in k}))
    yield setting("domain.certificate_arn", CERTIFICATE, allowed_account_ids=["000000000000"], **DOMAIN)
    yield right(setting("domain.certificate_arn", CERTIFICATE, allowed_account_ids=[ACCOUNT], **DOMAIN))


def _first() -> Iterator[Case]:
    """The first organization, project and user: all or none."""
    given: Mapping[str, object] = {
        "first__organization": "Example", "first__project": "Web", "first__user_email": "me@example.com"
    }  # fmt: skip
    for name, wrong, accepted in (
        ("organization", NAMES, NAMES_RIGHT), ("project", NAMES, NAMES_RIGHT), ("user_email", USERS, USERS_RIGHT),
    ):  # fmt: skip
        others = {key: value for key, value in given.items() if key != f"first__{name}"}
        yield from (setting(f"first.{name}", value, **others) for value in wrong)
        yield from (right(setting(f"first.{name}", value, **others)) for value in accepted)
        yield setting(f"first.{name}", given[f"first__{name}"])
