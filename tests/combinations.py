"""Combinations of settings: who gets in, from where, under which keys. hypothesis draws them."""

from collections.abc import Iterator, Mapping, Sequence

from hypothesis import strategies as st

from settings import SettingsError
from settings.partition import partition_of
from tests.changes.values import Values, variables
from tests.environments import ENVIRONMENTS, RUNNING, load

REGIONS = ("eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1")
UUID = "01234567-89ab-4cde-8f01-23456789abcd"
ACCOUNT = "123456789012"
DOMAIN = "langfuse.example.com"
ZONE = {"domain.name": DOMAIN, "domain.hosted_zone_id": "Z0123456789"}


class Combination(Mapping[str, str]):
    """The variables of an environment and its name, shown as the settings that differ from its file."""

    def __init__(self, environment: str, values: Values) -> None:
        self.environment = environment
        self.values_ = values
        self._variables = {**RUNNING, **variables(values)}

    def __getitem__(self, variable: str) -> str:
        return self._variables[variable]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __repr__(self) -> str:
        return f"{self.environment} with {self.values_}"


def choices(region: str) -> Sequence[Sequence[Values]]:
    """The settings to combine, by what excludes each other. Each may also be left out."""
    partition = partition_of(region)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"

    def arn(service: str, resource: str, of: str = region) -> str:
        return f"arn:{partition}:{service}:{of}:{ACCOUNT}:{resource}"

    secret = arn("secretsmanager", "secret:any-AbCdEf")
    certificate = {"domain.name": DOMAIN, "domain.certificate_arn": arn("acm", f"certificate/{UUID}")}
    roles: Values = {"access.repository": "acme/langfuse", "allowed_account_ids": [ACCOUNT]}
    provider = f"arn:{partition}:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    ecr = {"langfuse.registry": f"{ACCOUNT}.dkr.ecr.{region}.{suffix}/langfuse"}
    return (
        [{"clickhouse.mode": mode} for mode in ("ec2", "external")],
        [
            ZONE,
            certificate,
            {**ZONE, **certificate},
            {"domain.cloudfront": True},
            {**ZONE, "domain.cloudfront": True},
            {
                **certificate,
                "domain.cloudfront": True,
                "domain.certificate_arn": arn("acm", f"certificate/{UUID}", "us-east-1"),
            },
        ],
        [{"ingress.internal": True}, {"ingress.ip_address_type": "dualstack"}],
        [
            {"ingress.allowed_cidrs": ["203.0.113.0/24", "198.51.100.7/32"]},
            {"ingress.allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"]},
        ],
        [{"ingress.idle_timeout_seconds": 55}],
        [{"ingress.waf": True}, {"ingress.waf": True, "ingress.waf_requests_per_five_minutes": 2000}],
        [{"ingress.access_logs": True}],
        [{"encryption.kms": "own"}, {"encryption.kms": arn("kms", f"key/{UUID}")}],
        [
            ecr,
            {**ecr, "langfuse.base_path": "/langfuse"},
            {"langfuse.registry": "registry.example.com:5000/mirror", "network.egress_ports": [5000]},
        ],
        [{f"langfuse.{name}_digest": f"sha256:{'0123456789abcdef' * 4}" for name in ("web", "worker")}],
        [{"langfuse.ca_certificate_secret_arn": secret}],
        [
            {
                "network.vpc_id": "vpc-0123456789abcdef0",
                "network.public_subnet_ids": ["subnet-00000001", "subnet-00000002"],
                "network.private_subnet_ids": ["subnet-00000003", "subnet-00000004"],
            },
            {"network.isolated": True},
            {
                "network.isolated": True,
                "clickhouse.package_repository": f"https://mirror.s3.{region}.{suffix}/clickhouse/",
            },
        ],
        [{"first.organization": "Example", "first.project": "Shop", "first.user_email": "admin@example.com"}],
        [
            {"sign_in.sign_up": False, "sign_in.session_minutes": 480},
            {
                "sign_in.password": False,
                "sign_in.sso_domains": ["example.com"],
                "sign_in.providers": {
                    "keycloak": {
                        "client_id": "langfuse",
                        "client_secret_arn": secret,
                        "issuer": "https://sso.example.com/realms/main",
                    },
                },
            },
        ],
        [
            {"mail.from_address": "langfuse@example.com"},
            {"mail.from_address": "langfuse@example.com", "mail.hosted_zone_id": "Z0123456789"},
            {"mail.from_address": "langfuse@example.com", "mail.smtp_secret_arn": secret},
        ],
        [roles, {**roles, "access.oidc_provider_arn": provider}],
        [{"permissions_boundary_arn": f"arn:{partition}:iam::{ACCOUNT}:policy/boundary"}],
        [
            {"web_ingestion": {}},
            {"web_api": {"min_tasks": 2}},
            {"worker_ingestion": {}},
            {"web_ingestion": {"cpu": 1024, "memory_mib": 2048}, "web_api": {}, "worker_ingestion": {"max_tasks": 8}},
        ],
        [{"deletion_protection": False}],
        [{"alarms.queue_metrics": False}],
    )


def covering(environment: str, region: str) -> list[Combination]:
    """The fewest combinations, more or less, in which every choice is that the settings accept."""
    found: list[Combination] = []
    covered: list[Values] = []
    while True:
        values: dict[str, object] = {"region": region}
        new = []
        for alternatives in choices(region):
            first_new = sorted(alternatives, key=lambda choice: choice in covered)
            if choice := next((each for each in first_new if accepted(environment, {**values, **each})), None):
                values |= choice
                new += [choice] if choice not in covered else []
        if not new:
            return found
        covered += new
        found.append(Combination(environment, values))


@st.composite
def combinations(draw: st.DrawFn, regions: Sequence[str] = REGIONS) -> Combination:
    """Draws a combination that the settings accept: what conflicts with the choices before it is left out."""
    environment, region = draw(st.sampled_from(ENVIRONMENTS)), draw(st.sampled_from(regions))
    values: dict[str, object] = {"region": region}
    for alternatives in choices(region):
        choice = draw(st.sampled_from([{}, *alternatives]))
        values |= choice if accepted(environment, {**values, **choice}) else {}
    return Combination(environment, values)


def accepted(environment: str, values: Values) -> bool:
    """Whether the settings accept these values."""
    try:
        load(environment, Combination(environment, values))
    except SettingsError:
        return False
    return True
