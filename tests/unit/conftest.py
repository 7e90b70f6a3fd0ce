"""Fixtures for the unit tests."""

import lazy_bindings  # noqa: F401  before any test imports cdktf

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from local import embedded_aws
from local.embedded_aws import EmbeddedAws
from ops import apply, plan, unlock
from synth.outdir_lock import held
from tests.unit import small_deployment
from tests.unit.small_deployment import SmallDeployment
from tests.unit.state_bucket import StateBucket


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    return ("127.0.0.1", 0)


@pytest.fixture
def fake_server(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """An HTTP server on 127.0.0.1. An unexpected request fails the test."""
    yield httpserver
    httpserver.check()


@pytest.fixture
def _outdir_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets ``ops plan`` and ``ops apply`` end at once, since another command holds the output folder."""
    for command in (plan, apply):
        monkeypatch.setattr(command, "OUTDIR", tmp_path / "cdktf.out")
    with held(tmp_path / "cdktf.out", "the tests"):
        yield


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS, whose ECS deployments complete sooner than by default. Tests delete what they make."""
    with embedded_aws.running("us-east-1", healthy_seconds=0.5) as running:
        yield running


@pytest.fixture
def state_bucket(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StateBucket]:
    """A versioned state bucket with a state of each stack; the commands use an output folder of the test."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    for command in (plan, unlock):
        monkeypatch.setattr(command, "OUTDIR", tmp_path / "cdktf.out")
    bucket = StateBucket(aws)
    bucket.create()
    yield bucket
    bucket.remove()


@pytest.fixture(scope="module")
def deployment() -> Iterator[SmallDeployment]:
    """A small deployment on an embedded AWS of its own, shared by the tests of a module."""
    with embedded_aws.running("us-east-1") as aws, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        yield small_deployment.create(aws)
