"""Tests that services of the embedded AWS roll out as those of ECS do, and that ``ops wait`` waits for them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from local.embedded_aws import EmbeddedAws
from ops import steady_state
from tests.command_line import Ran, assert_one_line, ops_in_process

GOOD, CRASHING = "langfuse/langfuse:1", "langfuse/langfuse:2"
DEADLINE_SECONDS = 20


@pytest.fixture(autouse=True)
def _crashing(aws: EmbeddedAws) -> None:
    aws.crash(CRASHING)


class Ecs:
    """A cluster with at most one service, web."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.client: Any = aws.session().client("ecs", endpoint_url=aws.url)
        self.client.create_cluster(clusterName="cluster")

    def definition(self, image: str) -> str:
        containers = [{"name": "web", "image": image, "essential": True}]
        answer = self.client.register_task_definition(family="web", containerDefinitions=containers)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, image: str, count: int = 1, strategy: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        answer = self.client.create_service(
            cluster="cluster",
            serviceName="web",
            taskDefinition=self.definition(image),
            desiredCount=count,
            capacityProviderStrategy=strategy,
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        return dict(answer["service"])

    def update(self, **changes: object) -> dict[str, Any]:
        return dict(self.client.update_service(cluster="cluster", service="web", **changes)["service"])

    @property
    def service(self) -> dict[str, Any]:
        (service,) = self.client.describe_services(cluster="cluster", services=["web"])["services"]
        return dict(service)

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition(service := self.service):
            assert time.monotonic() < deadline, service
            time.sleep(0.05)
        return service

    def until_primary_is(self, state: str) -> dict[str, Any]:
        return self.until(lambda service: primary(service)["rolloutState"] == state)

    def stopped_tasks(self) -> list[dict[str, Any]]:
        arns = self.client.list_tasks(cluster="cluster", serviceName="web", desiredStatus="STOPPED")["taskArns"]
        return list(self.client.describe_tasks(cluster="cluster", tasks=arns)["tasks"]) if arns else []


def primary(service: dict[str, Any]) -> dict[str, Any]:
    (only,) = [deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY"]
    return dict(only)


@pytest.fixture
def ecs(aws: EmbeddedAws) -> Iterator[Ecs]:
    ecs = Ecs(aws)
    yield ecs
    ecs.client.delete_service(cluster="cluster", service="web", force=True)


def test_tasks_run_before_a_new_service_is_complete(ecs: Ecs) -> None:
    created = ecs.create(GOOD)
    assert primary(created)["rolloutState"] == "IN_PROGRESS"
    assert (created["runningCount"], created["desiredCount"]) == (1, 1)
    complete = ecs.until_primary_is("COMPLETED")
    assert primary(complete)["id"] == primary(created)["id"]
    assert complete["events"][0]["message"] == "(service web) has reached a steady state."


def test_a_service_without_tasks_is_complete_at_once(ecs: Ecs) -> None:
    assert primary(ecs.create(GOOD, count=0))["rolloutState"] == "COMPLETED"


@pytest.mark.parametrize("forced", [False, True])
def test_the_old_tasks_run_until_the_new_ones_are_healthy(ecs: Ecs, forced: bool) -> None:
    ecs.create(GOOD)
    old = primary(ecs.until_primary_is("COMPLETED"))
    changes = {"forceNewDeployment": True} if forced else {"taskDefinition": ecs.definition(GOOD)}
    updated = ecs.update(**changes)
    assert primary(updated)["rolloutState"] == "IN_PROGRESS"
    assert {deployment["id"] for deployment in updated["deployments"]} == {old["id"], primary(updated)["id"]}
    assert updated["runningCount"] == 2
    complete = ecs.until_primary_is("COMPLETED")
    assert [deployment["id"] for deployment in complete["deployments"]] == [primary(updated)["id"]]
    reason = f"Scaling activity initiated by (deployment {old['id']})"
    (stopped,) = [task for task in ecs.stopped_tasks() if task["stoppedReason"] == reason]
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["containers"][0]["exitCode"] == 137


def test_another_count_is_no_new_deployment(ecs: Ecs) -> None:
    ecs.create(GOOD)
    before = primary(ecs.until_primary_is("COMPLETED"))
    scaled = primary(ecs.update(desiredCount=2))
    assert (scaled["id"], scaled["rolloutState"]) == (before["id"], "COMPLETED")


def test_a_first_version_that_crashes_stays_failed(ecs: Ecs) -> None:
    created = primary(ecs.create(CRASHING))
    failed = ecs.until_primary_is("FAILED")
    assert primary(failed)["id"] == created["id"]
    assert primary(failed)["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert primary(failed)["failedTasks"] == 3
    assert failed["runningCount"] == 0
    tasks = [task for task in ecs.stopped_tasks() if task["taskDefinitionArn"] == created["taskDefinition"]]
    assert len(tasks) == 3
    for task in tasks:
        assert task["stoppedReason"] == "Essential container in task exited"
        assert task["stopCode"] == "EssentialContainerExited"
        assert task["containers"][0]["exitCode"] == 1
    assert primary(ecs.service)["rolloutState"] == "FAILED"


def test_a_later_version_that_crashes_is_rolled_back(ecs: Ecs) -> None:
    good = ecs.create(GOOD)
    ecs.until_primary_is("COMPLETED")
    crashing = primary(ecs.update(taskDefinition=ecs.definition(CRASHING)))
    rolling_back = ecs.until(lambda service: primary(service)["id"] != crashing["id"])
    states = {deployment["id"]: deployment["rolloutState"] for deployment in rolling_back["deployments"]}
    assert states[crashing["id"]] == "FAILED"
    assert primary(rolling_back)["rolloutState"] == "IN_PROGRESS"
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {primary(good)['id']}."
    assert primary(rolling_back)["rolloutStateReason"] == reason
    assert rolling_back["events"][0]["message"] == f"(service web) rolling back to deployment {primary(good)['id']}."
    complete = ecs.until_primary_is("COMPLETED")
    assert complete["taskDefinition"] == good["taskDefinition"]
    assert len(complete["deployments"]) == 1
    assert complete["runningCount"] == 1


def test_an_image_can_stop_crashing(aws: EmbeddedAws, ecs: Ecs) -> None:
    ecs.create(CRASHING)
    ecs.until_primary_is("FAILED")
    aws.crash()
    ecs.update(forceNewDeployment=True)
    complete = ecs.until_primary_is("COMPLETED")
    assert len(complete["deployments"]) == 1


@pytest.fixture
def wait(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs ``ops wait`` for a task definition, without any settings."""
    monkeypatch.setattr(steady_state, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(steady_state, "UNSEEN_SECONDS", 1)

    def run(task_definition: str, *options: str) -> Ran:
        arguments = ["--cluster", "cluster", "--service", "web", "--region", "us-east-1"]
        return ops_in_process(
            "wait",
            *arguments,
            "--task-definition",
            task_definition.rpartition("/")[2],
            *options,
            environment={**aws.environment, "LANGFUSE_ENV": "none"},
        )

    return run


def test_wait_ends_when_the_tasks_are_healthy(ecs: Ecs, wait: Callable[..., Ran]) -> None:
    created = ecs.create(GOOD)
    ran = wait(created["taskDefinition"])
    assert ran.returncode == 0, ran.stderr
    assert primary(ecs.service)["rolloutState"] == "COMPLETED"
    assert "web: COMPLETED, 1 of 1 tasks run, 0 failed; (service web) has reached" in ran.stdout.splitlines()[-1]


def test_wait_says_that_there_is_no_capacity(aws: EmbeddedAws, ecs: Ecs, wait: Callable[..., Ran]) -> None:
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    ecs.client.put_cluster_capacity_providers(
        cluster="cluster", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    aws.exhaust("FARGATE_SPOT")
    created = ecs.create(GOOD, strategy=spot)
    # Longer than a task needs to be healthy. A deployment without tasks does not fail by itself.
    ran = wait(created["taskDefinition"], "--timeout", "3")
    assert_one_line(
        ran, "0 of 1 tasks run", "Fargate Spot may have no capacity", "was unable to place a task. Reason: Capac"
    )
    assert primary(ecs.service)["rolloutState"] == "IN_PROGRESS"
    aws.exhaust()
    assert wait(created["taskDefinition"]).returncode == 0
    assert ecs.service["runningCount"] == 1


def test_wait_ends_at_once_without_tasks(ecs: Ecs, wait: Callable[..., Ran]) -> None:
    assert wait(ecs.create(GOOD, count=0)["taskDefinition"]).returncode == 0


def test_wait_says_why_a_first_version_fails(ecs: Ecs, wait: Callable[..., Ran]) -> None:
    ran = wait(ecs.create(CRASHING)["taskDefinition"])
    assert_one_line(ran, "tasks failed to start", "Essential container in task exited, exit code 1", "ops logs")


def test_wait_says_why_a_version_is_rolled_back(ecs: Ecs, wait: Callable[..., Ran]) -> None:
    good = ecs.create(GOOD)["taskDefinition"]
    assert wait(good).returncode == 0
    crashing = ecs.update(taskDefinition=ecs.definition(CRASHING))["taskDefinition"]
    assert_one_line(wait(crashing), "exit code 1", "rolling back to deployment")
    ecs.until_primary_is("COMPLETED")
    assert wait(good).returncode == 0
    assert_one_line(wait(crashing), "web: is not steady after 1 s", "exit code 1")


def test_wait_starts_again_what_had_failed_before(aws: EmbeddedAws, ecs: Ecs, wait: Callable[..., Ran]) -> None:
    definition = ecs.create(CRASHING)["taskDefinition"]
    ecs.until_primary_is("FAILED")
    assert_one_line(wait(definition, "--restart-failed"), "exit code 1")
    aws.crash()
    assert_one_line(wait(definition), "exit code 1")
    ran = wait(definition, "--restart-failed")
    assert ran.returncode == 0, ran.stderr
    assert "started again" in ran.stdout


def test_wait_says_that_there_is_no_service(aws: EmbeddedAws, wait: Callable[..., Ran]) -> None:
    Ecs(aws)
    assert_one_line(wait("web:1"), "there is no service web in cluster")


REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
"""ECR's of the account and Region of the embedded AWS."""


@pytest.fixture
def repository(aws: EmbeddedAws) -> Iterator[Any]:
    """ECR with the repository ``mirror/langfuse``, which has an image with the tag 1."""
    ecr: Any = aws.session().client("ecr", endpoint_url=aws.url)
    ecr.create_repository(repositoryName="mirror/langfuse")
    ecr.put_image(repositoryName="mirror/langfuse", imageManifest="{}", imageTag="1")
    yield ecr
    ecr.delete_repository(repositoryName="mirror/langfuse", force=True)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("image", ["mirror/langfuse:2", "mirror/other:1", f"mirror/langfuse:1@sha256:{'0' * 64}"])
def test_wait_says_that_an_image_is_not_in_its_registry(ecs: Ecs, wait: Callable[..., Ran], image: str) -> None:
    definition = ecs.create(f"{REGISTRY}/{image}")["taskDefinition"]
    ran = wait(definition)
    assert_one_line(ran, "its registry does not have it", "check langfuse.registry", f"{REGISTRY}/{image}: not found")
    assert "ended by itself" not in ran.stderr
    stopped = next(task for task in ecs.stopped_tasks() if task["taskDefinitionArn"] == definition)
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert "exitCode" not in stopped["containers"][0]


def test_an_image_that_is_in_its_registry_starts(ecs: Ecs, repository: Any, wait: Callable[..., Ran]) -> None:
    (image,) = repository.describe_images(repositoryName="mirror/langfuse")["imageDetails"]
    by_digest = f"{REGISTRY}/mirror/langfuse:any@{image['imageDigest']}"
    for name in (f"{REGISTRY}/mirror/langfuse:1", by_digest, "123456789012.dkr.ecr.us-east-1.amazonaws.com/other:1"):
        created = ecs.create(name)
        ran = wait(created["taskDefinition"])
        assert ran.returncode == 0, ran.stderr
        ecs.client.delete_service(cluster="cluster", service="web", force=True)
    ecs.create(GOOD)
