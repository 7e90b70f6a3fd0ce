"""Settings that are right one by one, and wrong or without an effect together."""

from collections.abc import Iterator

from tests.inputs.case import BASE, STATE, Case, file, right, says, setting
from tests.inputs.formats import CERTIFICATE, KMS, SUBNETS, VPC

IN_CLOUDFRONT = {"domain__name": "langfuse.example.com", "domain__cloudfront": "true"}
MIRROR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror"
ISOLATED = {"network__isolated": "true", "langfuse__registry": MIRROR}
WITH_ROLES = {"access__repository": "acme/langfuse", "allowed_account_ids": ["123456789012"]}
CHINA, GOVCLOUD = "cn-north-1", "us-gov-west-1"


def cases() -> Iterator[Case]:
    """Yields the cases."""
    # Without an effect.
    for path, value in {
        "network.cidr": "10.1.0.0/16",
        "network.availability_zones": "3",
        "network.nat_gateways": "2",
    }.items():
        yield says(setting(path, value, **VPC), path, "vpc_id")
    yield says(setting("network.nat_gateways", "0", **VPC), "network.nat_gateways", "vpc_id")
    yield says(setting("network.nat_gateways", "0", **ISOLATED), "network.nat_gateways", "isolated")
    yield says(
        setting("network.nat_gateways", "0", ingress__ip_address_type="dualstack"), "network.nat_gateways", "dualstack"
    )
    yield setting("clickhouse.cluster_enabled", "true", clickhouse__mode="ec2")
    # Sizes.
    for heap in ("0", "1", "255", "-1", "3687", "4096", "99999"):
        yield setting("web.heap_mib", heap)
        yield setting("worker.heap_mib", heap)
    yield file("web.heap_mib = 0, in the file", f"{BASE}{STATE}[web]\nheap_mib = 0\n")
    for cpu, memory_mib in (
        (256, 4096),
        (512, 512),
        (1024, 1024),
        (2048, 2048),
        (4096, 4097),
        (8192, 17408),
        (16384, 1),
        (0, 0),
    ):
        yield setting("web.cpu", str(cpu), web__memory_mib=str(memory_mib))
    yield setting("web.min_tasks", "5", web__max_tasks="4")
    yield setting("worker.min_tasks", "0")
    yield setting("web.max_tasks", "0", web__min_tasks="0")
    for iops, gib, mib in (
        (16000, 20, 125),
        (3000, 5, 125),
        (3000, 100, 1000),
        (16001, 100, 125),
        (2999, 100, 125),
        (3000, 16385, 125),
    ):
        yield setting(
            "clickhouse.volume_iops", str(iops), clickhouse__volume_gib=str(gib),
            clickhouse__volume_throughput_mib=str(mib), clickhouse__mode="ec2",
        )  # fmt: skip
    for storage, most in ((20, 21), (100, 109), (65536, 100), (20, 65537), (19, 100), (70000, 80000)):
        yield setting("postgres.storage_gib", str(storage), postgres__max_storage_gib=str(most))
    yield setting("redis.nodes", "0")
    yield setting("redis.nodes", "7")
    # The network.
    yield setting("network.nat_gateways", "3")
    yield setting("network.availability_zones", "5")
    yield setting("network.nat_gateways", "-1")
    yield setting("web.spot", "maybe")
    for less in VPC:
        yield setting("log_retention_days", "30", **{key: value for key, value in VPC.items() if key != less})
    yield says(setting("network.public_subnet_ids", SUBNETS[:2]), "vpc_id")
    # Without the internet.
    yield says(setting("network.isolated", "true"), "langfuse.registry")
    for path, wrong in {
        "network.nat_gateways": "1",
        "region": CHINA,
        "langfuse.registry": MIRROR.replace("eu-central-1", "us-east-1"),
        "clickhouse.mode": "ec2",
        "langfuse.environment": {"SMTP_CONNECTION_URL": "ses://eu-central-1", "EMAIL_FROM_ADDRESS": "a@example.com"},
    }.items():
        yield setting(path, wrong, **{**ISOLATED, **{path.replace(".", "__"): wrong}})
    yield setting("network.isolated", "true", **{**ISOLATED, **VPC})
    # The domain.
    yield setting("domain.name", "langfuse.example.com")
    yield setting("domain.hosted_zone_id", "Z0123456789ABCDEFGHIJ")
    yield setting("domain.certificate_arn", CERTIFICATE)
    yield setting("domain.certificate_arn", CERTIFICATE, **IN_CLOUDFRONT)
    yield setting("ingress.access_logs", "true", region="eu-south-1", domain__cloudfront="true")
    yield setting("ingress.waf_requests_per_five_minutes", "500")
    yield setting("domain.cloudfront", "true", region=CHINA)
    yield setting("domain.cloudfront", "true", region=GOVCLOUD)
    # Partitions and Regions.
    for region in (CHINA, GOVCLOUD, "us-east-1"):
        yield setting("state.kms_key_id", KMS, region=region)
        yield setting("domain.certificate_arn", CERTIFICATE, region=region, domain__name="langfuse.example.com")
    # The roles of GitHub Actions.
    yield says(setting("access.repository", "acme/langfuse"), "exactly one account", "(there are 0)")
    for key in ("Environment", "Project"):
        yield says(setting("tags", {key: "x"}, **WITH_ROLES), f"tags.{key}", "access.repository")
    # The secrets that never rotate.
    for name in ("salt_version", "encryption_key_version"):
        for value in ("1", "2", "x", ""):
            yield says(setting(f"secrets.{name}", value), name)
    for days in ("-1", "1", "6", "31", "3"):
        yield setting("secrets.recovery_window_days", days)
    for days in ("0", "2", "8", "31", "3654", "-1"):
        yield setting("log_retention_days", days)
    yield from _accepted()


def _accepted() -> Iterator[Case]:
    yield right(setting("network.cidr", "10.0.0.0/16"))
    yield right(setting("network.nat_gateways", "0"))
    yield right(setting("network.nat_gateways", "0", ingress__internal="true"))
    yield right(setting("web.spot", "true", worker__spot="true"))
    yield right(setting("web.heap_mib", "256"))
    yield right(setting("web.heap_mib", "3686"))
    yield right(setting("clickhouse.volume_iops", "10000", clickhouse__volume_gib="20", clickhouse__mode="ec2"))
    yield right(
        setting("clickhouse.volume_throughput_mib", "1000", clickhouse__volume_iops="4000", clickhouse__mode="ec2")
    )
    yield right(setting("postgres.storage_gib", "100", postgres__max_storage_gib="110"))
    yield right(setting("web.cpu", "256", web__memory_mib="512"))
    yield right(setting("web.cpu", "16384", web__memory_mib="122880"))
    yield right(setting("secrets.recovery_window_days", "0"))
    yield right(setting("log_retention_days", "3653"))
    yield right(setting("redis.engine", "valkey"))
    yield right(setting("clickhouse.cluster_enabled", "true", clickhouse__configured="true"))
    yield right(setting("domain.cloudfront", "true"))
    yield right(setting("domain.certificate_arn", CERTIFICATE.replace("eu-central-1", "us-east-1"), **IN_CLOUDFRONT))
    yield right(setting("ingress.waf_requests_per_five_minutes", "500", ingress__waf="true"))
    yield right(setting("network.isolated", "true", langfuse__registry=MIRROR))
    yield right(setting("network.egress_ports", [443], **ISOLATED))
    yield right(setting("tags", {"Team": "ml"}, **WITH_ROLES))
    yield right(setting("tags", {"Environment": "x", "Project": "x"}))
    china = CERTIFICATE.replace("arn:aws:", "arn:aws-cn:").replace("eu-central-1", CHINA)
    yield right(setting("domain.certificate_arn", china, region=CHINA, domain__name="langfuse.example.cn"))
    yield right(
        setting(
            "domain.name",
            "a.example.com",
            domain__hosted_zone_id="Z0123456789ABCDEFGHIJ",
            domain__certificate_arn=CERTIFICATE,
        )
    )
