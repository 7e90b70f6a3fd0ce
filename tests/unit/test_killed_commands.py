"""Tests that ``ops doctor`` finds what a killed ``ops scale`` or ``ops redeploy`` leaves, which that again mends."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from ops import steady_state
from ops.doctor_checks.autoscaling import services_scale
from ops.doctor_checks.running_tasks import tasks_have_present_secrets
from ops.findings import Finding, Verdict
from tests.unit.signalling_proxy import SignallingProxy
from tests.unit.small_deployment import CLUSTER, WEB, SmallDeployment

SERVICE = f"service/{CLUSTER}/{WEB}"


@pytest.fixture
def proxy(deployment: SmallDeployment) -> Iterator[SignallingProxy]:
    with HTTPServer("127.0.0.1", threaded=True) as server:
        yield SignallingProxy(server, deployment, "ECS")
        server.check()


@pytest.fixture(autouse=True)
def _frequent_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady_state, "POLL_SECONDS", 0.1)


@pytest.fixture
def scaling(deployment: SmallDeployment) -> dict[str, Any]:
    """The scalable target of web."""
    target = {"ServiceNamespace": "ecs", "ResourceId": SERVICE, "ScalableDimension": "ecs:service:DesiredCount"}
    deployment.client("application-autoscaling").register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    return target


def scales(deployment: SmallDeployment) -> Finding:
    (found,) = services_scale(deployment.environment())
    return found


@pytest.mark.usefixtures("scaling")
def test_a_scale_that_was_killed_before_the_service_changed(
    deployment: SmallDeployment, proxy: SignallingProxy
) -> None:
    assert scales(deployment) == Finding("web scales", Verdict.OK, "it has 1 of 1 to 4 tasks")
    proxy.end("UpdateService", 1, signal.SIGKILL, passed_on=False)
    assert proxy.run("scale", "web=0", "--apply").returncode == -signal.SIGKILL
    found = scales(deployment)
    assert (found.verdict, found.remedy) == (Verdict.WARNING, "`ops scale web=1 --apply` resumes it")
    assert found.evidence == "it has 1 of 1 to 4 tasks, and autoscaling is suspended"
    again = proxy.run("scale", "web=1", "--apply", "--no-wait")
    assert again.returncode == 0, again.stderr
    assert scales(deployment).verdict is Verdict.OK


@pytest.mark.usefixtures("scaling")
def test_a_service_that_was_stopped_does_not_scale(deployment: SmallDeployment) -> None:
    """Autoscaling would start its tasks again."""
    assert deployment.ops("scale", "web=0", "--apply", "--no-wait").returncode == 0
    assert list(services_scale(deployment.environment())) == []
    assert deployment.ops("scale", "web=1", "--apply").returncode == 0


def test_tasks_that_have_not_read_a_secret_since_it_was_stored(
    deployment: SmallDeployment, proxy: SignallingProxy
) -> None:
    arn = deployment.store("clickhouse-url", "https://one.example.com:8443")
    deployment.run_web("4.16.0", secrets={"CLICKHOUSE_URL": arn})
    assert deployment.ops("redeploy", "--apply", "web").returncode == 0

    def present() -> Finding:
        (found,) = tasks_have_present_secrets(deployment.environment())
        return found

    assert present().verdict is Verdict.OK
    # The embedded AWS dates versions of secrets in whole seconds.
    while present().verdict is Verdict.OK:
        deployment.store("clickhouse-url", "https://two.example.com:8443")
    found = present()
    assert (found.verdict, found.remedy) == (Verdict.WARNING, "`ops redeploy --apply`")
    assert found.evidence.endswith("and these were stored later: CLICKHOUSE_URL")
    assert "two.example.com" not in str(found)

    proxy.end("UpdateService", 1, signal.SIGKILL, passed_on=False)
    assert proxy.run("redeploy", "web", "--apply").returncode == -signal.SIGKILL
    assert present().verdict is Verdict.WARNING
    assert deployment.ops("redeploy", "web", "--apply").returncode == 0
    assert present().verdict is Verdict.OK
