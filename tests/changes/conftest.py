"""Fixtures and an option of the tests that change settings."""

import dataclasses
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from operator import attrgetter
from typing import cast

import pytest

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from settings import Settings
from settings.changes import Change, Effect, read, write
from tests.changes.observation import DeployedStacks, Observation
from tests.changes.values import DEPLOYED_WITH, DOMAIN, SETTINGS, VPC_ID, Existing, Values, changed, variables
from tests.ci_roles import CiDeployment, settings_of, with_ci_roles, with_roles_after, with_settings
from tests.e2e.conftest import REGION, terraform  # noqa: F401
from tests.e2e.inventory import inventory
from tests.environments import ENVIRONMENTS, load
from tests.progress import report_of
from tests.recorded_calls import store_calls

OBSERVED = "observed effect"
DESTROYABLE: Values = {"deletion_protection": False, "secrets.recovery_window_days": 0}

observed: dict[str, dict[str, Effect]] = {}
"""The effects, by setting and environment, in the process that gets the reports of all others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the observed effects to settings/changes.toml")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Groups the tests by environment: pytest-xdist runs those of one environment in sequence, in one process."""
    if isinstance(item, pytest.Function) and "deployed" in item.fixturenames:
        item.add_marker(pytest.mark.xdist_group(item.callspec.params["deployed"]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == OBSERVED and report.when == "call":
            setting, environment, effect = cast(tuple[str, str, Effect], value)
            observed.setdefault(setting, {})[environment] = effect


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write") and not hasattr(session.config, "workerinput"):
        old = read()
        write({setting: _merged(old.get(setting), observed.get(setting, {})) for setting in SETTINGS})


def _merged(old: Change | None, effects: Mapping[str, Effect]) -> Change:
    """Returns the change with the observed effects in place of those that disagree."""
    known = {environment: old.effect_in(environment) for environment in ENVIRONMENTS} if old else {}
    for environment, effect in effects.items():
        if environment not in known or not agrees(effect, known[environment]):
            known[environment] = effect
    main = old.effect if old and old.effect in known.values() else next(iter(known.values()))
    others = {environment: effect for environment, effect in known.items() if effect != main}
    return Change(main, old.note if old else "", others)


def agrees(observed: Effect, expected: Effect) -> bool:
    """Whether a plan can have this effect. It does not tell whether a change in place makes AWS restart something."""
    return observed == expected or (observed, expected) == ("in place", "restarts")


@dataclasses.dataclass
class Deployed:
    """An environment that is deployed to its own embedded AWS, whose settings a test may change."""

    environment: str
    deployment: Deployment
    existing: Existing
    deployed_with: list[Settings]
    """All settings that it was deployed with."""
    values: Values = dataclasses.field(default_factory=dict)
    """What the last change has changed."""

    def change(self, values: Values) -> None:
        """Deploys the environment with these values, and its first ones otherwise."""
        self.values = values
        settings = {"LANGFUSE_ENV": self.environment, **DEPLOYED_WITH, **variables(values)}
        self.deployment = with_settings(self.deployment, settings)
        self.deployed_with.append(settings_of(self.deployment))
        assert self.deployment.deploy() == 0
        self.deployment = with_roles_after(self.deployment)


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def deployed(
    request: pytest.FixtureRequest,
    terraform: str,  # noqa: ARG001, F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    """An environment, deployed to its own embedded AWS. At the end, it is destroyed, and no resource may remain."""
    environment = request.param
    folder = tmp_path_factory.mktemp(environment)
    with embedded_aws.running(REGION) as aws:
        existing = _existing(aws)
        deployment = Deployment(aws, folder, {"LANGFUSE_ENV": environment, **DEPLOYED_WITH}, report_of(environment))
        assert deployment.bootstrap() == 0
        before = inventory(aws)
        deployment = with_ci_roles(deployment)
        assert deployment.deploy() == 0
        deployed = Deployed(environment, deployment, existing, [settings_of(deployment)])
        yield deployed
        settings = load(environment, deployed.deployment.variables)
        if any(attrgetter(setting)(settings) != value for setting, value in DESTROYABLE.items()):
            deployed.change({**deployed.values, **DESTROYABLE})
        assert deployed.deployment.destroy() == 0
        if isinstance(deployed.deployment, CiDeployment):
            assert deployed.deployment.administrator.destroy() == 0
        assert inventory(aws) - before == set()
        store_calls(aws, *deployed.deployed_with)


def _existing(aws: EmbeddedAws) -> Existing:
    """Makes what an operator makes: a hosted zone and a certificate for a domain, a subnet more in the default VPC.

    The default VPC resolves names on AWS from the start.
    """
    session = aws.session()
    ec2 = session.client("ec2", endpoint_url=aws.url)
    ec2.modify_vpc_attribute(VpcId=VPC_ID, EnableDnsHostnames={"Value": True})
    zone_b = f"{session.region_name}b"
    subnet = ec2.create_subnet(VpcId=VPC_ID, CidrBlock="172.31.48.0/20", AvailabilityZone=zone_b)["Subnet"]
    zones = session.client("route53", endpoint_url=aws.url)
    zone = zones.create_hosted_zone(Name=DOMAIN.partition(".")[2], CallerReference="existing")["HostedZone"]
    certificate = session.client("acm", endpoint_url=aws.url).request_certificate(DomainName=DOMAIN)
    return Existing(zone["Id"].removeprefix("/hostedzone/"), certificate["CertificateArn"], subnet["SubnetId"])


@pytest.fixture(scope="session")
def observations(request: pytest.FixtureRequest, deployed: Deployed) -> Iterator[Future[Mapping[str, Observation]]]:
    """What changes do, by setting, for those whose tests were chosen. They are planned while other tests deploy."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = {item.callspec.params["setting"] for item in items if "setting" in item.fixturenames}
    current = load(deployed.environment, DEPLOYED_WITH)
    changes = {setting: changed(setting, current, deployed.existing) for setting in SETTINGS if setting in chosen}
    stacks = DeployedStacks(deployed.deployment)
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(stacks.observe, changes)
