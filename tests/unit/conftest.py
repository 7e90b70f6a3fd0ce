"""Fixtures for the unit tests."""

import lazy_bindings  # noqa: F401  before any test imports cdktf

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    return ("127.0.0.1", 0)


@pytest.fixture
def fake_server(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """An HTTP server on 127.0.0.1. An unexpected request fails the test."""
    yield httpserver
    httpserver.check()
