"""The deployments against which the documents' commands are run."""

from collections.abc import Iterator

import pytest

from local import embedded_aws
from local.deployment import Deployment
from tests.docs.blocks import PAGES, Block, blocks, name
from tests.e2e.conftest import REGION, terraform  # noqa: F401
from tests.progress import report_of

DEPLOYMENT_OF = {
    "docs/destroy.md": "dev-destroyed",
    "docs/disaster-recovery.md": "dev-lost",
    "docs/recover.md": "dev-recovered",
    "docs/restore.md": "dev-restored",
}
"""Pages that change what is deployed, with the name of their own deployment: the environment, a dash and the purpose.

The others share ``dev``, one after the other.
"""


def run_of(page: str) -> list[Block]:
    """Returns the blocks of the page that are run."""
    (path,) = (path for path in PAGES if name(path) == page)
    return [block for block in blocks(path) if block.language == "bash" and block.not_run is None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test of each page with blocks to run, in one process for each deployment."""
    if "page" in metafunc.fixturenames:
        pages = [name(path) for path in PAGES if run_of(name(path))]
        of_deployment = [(page, DEPLOYMENT_OF.get(page, "dev")) for page in pages]
        metafunc.parametrize(
            ("page", "deployment"),
            [
                pytest.param(page, group, marks=pytest.mark.xdist_group(group), id=page)
                for page, group in sorted(of_deployment, key=lambda pair: pair[1])
            ],
            indirect=["deployment"],
            scope="session",
        )


@pytest.fixture(scope="session")
def deployment(
    request: pytest.FixtureRequest,
    terraform: str,  # noqa: ARG001, F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """An environment, deployed to its own embedded AWS."""
    group = request.param
    variables = {"LANGFUSE_ENV": group.partition("-")[0]}
    with embedded_aws.running(REGION) as aws:
        deployed = Deployment(aws, tmp_path_factory.mktemp(group), variables, report_of(group))
        assert deployed.bootstrap() == 0
        assert deployed.deploy() == 0
        _back_up_clickhouse(deployed)
        yield deployed


def _back_up_clickhouse(deployment: Deployment) -> None:
    """Takes the snapshot that AWS Backup takes every night."""
    session, url = deployment.aws.session(), deployment.aws.url
    named = "langfuse-dev-clickhouse"
    volumes = session.client("ec2", endpoint_url=url).describe_volumes(
        Filters=[{"Name": "tag:Name", "Values": [named]}]
    )["Volumes"]
    role_arn = session.client("iam", endpoint_url=url).get_role(RoleName=f"{named}-backups")["Role"]["Arn"]
    session.client("backup", endpoint_url=url).start_backup_job(
        BackupVaultName=f"{named}-backups",
        ResourceArn=f"arn:aws:ec2:{REGION}:{role_arn.split(':')[4]}:volume/{volumes[0]['VolumeId']}",
        IamRoleArn=role_arn,
    )
