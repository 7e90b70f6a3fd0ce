"""Tests of ``make setup`` without a registry: it finds the provider, or reports in one line what is missing."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from setup import PROJECT
from setup.provider import MIRROR_VARIABLE, ProviderError, ensure_provider, mirror_configuration
from tests.e2e.conftest import TERRAFORM

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local"), pytest.mark.usefixtures("terraform")]

DEADLINE_SECONDS = 15


@dataclass
class Machine:
    """The folder ``kept``, into which the provider is installed, and the sources: ``disk`` and ``registry``."""

    kept: Path
    disk: Path
    place: Path
    """Path of the provider in a mirror: <registry>/hashicorp/aws/<version>/<platform>"""
    terraform: list[str]
    registry: socket.socket

    def ensure_provider(self) -> None:
        ensure_provider(self.terraform, self.kept, [self.disk])

    @property
    def provider(self) -> Path:
        """Path at which Terraform finds the provider."""
        return self.kept / self.place

    def mirror(self, folder: Path, *, content: Path, version: str | None = None) -> Path:
        """Creates a filesystem mirror in ``folder``, with a link to ``content`` as the provider."""
        place = folder / self.place.parent.parent / (version or self.place.parent.name) / self.place.name
        place.parent.mkdir(parents=True)
        place.symlink_to(content)
        return folder


@pytest.fixture
def content() -> Path:
    """Folder of the provider that ``make setup`` has installed for this project."""
    (unpacked,) = Path(sys.prefix, "terraform-providers").glob("*/*/*/*/*")
    return unpacked.resolve()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine without a mirror or a plugin cache, whose registry refuses every connection."""
    mirror = Path(sys.prefix, "terraform-providers")
    (place,) = [unpacked.relative_to(mirror) for unpacked in mirror.glob("*/*/*/*/*")]
    launcher = Path(TERRAFORM).read_text().splitlines()[-1]
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    with socket.socket() as registry:
        registry.bind(("127.0.0.1", 0))
        configuration = tmp_path / "user.terraformrc"
        url = f"https://127.0.0.1:{registry.getsockname()[1]}/"
        configuration.write_text(f'provider_installation {{\n  network_mirror {{\n    url = "{url}"\n  }}\n}}\n')
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
        made = Machine(tmp_path / "kept", tmp_path / "disk", place, shlex.split(launcher)[1:-1], registry)
        made.disk.mkdir()
        yield made
    # An unpacked provider is large.
    shutil.rmtree(made.kept, ignore_errors=True)
    shutil.rmtree(made.disk, ignore_errors=True)


def test_a_mirror_anywhere_on_the_disk_is_found_once(machine: Machine, content: Path) -> None:
    machine.mirror(machine.disk / "some" / "where" / "deep", content=content)
    machine.ensure_provider()
    assert machine.provider.resolve() == content
    shutil.rmtree(machine.disk)
    machine.ensure_provider()
    assert machine.provider.resolve() == content


def test_the_users_own_configuration_of_terraform_comes_first(machine: Machine, content: Path, tmp_path: Path) -> None:
    machine.mirror(machine.disk, content=tmp_path)
    elsewhere = machine.mirror(tmp_path / "elsewhere", content=content)
    configuration = Path(os.environ["TF_CLI_CONFIG_FILE"])
    configuration.write_text(mirror_configuration(elsewhere))
    machine.ensure_provider()
    assert machine.provider.resolve() == content


def test_an_archive_in_a_mirror_is_unpacked(machine: Machine, content: Path) -> None:
    _, type_, version, platform = machine.place.parts[-4:]
    archive = (
        machine.disk / "mirror" / machine.place.parent.parent / f"terraform-provider-{type_}_{version}_{platform}.zip"
    )
    archive.parent.mkdir(parents=True)
    with ZipFile(archive, "w") as packed:
        for file in content.iterdir():
            packed.write(file, file.name)
    machine.ensure_provider()
    assert {file.name for file in machine.provider.iterdir()} == {file.name for file in content.iterdir()}
    (program,) = machine.provider.glob("terraform-provider-*")
    assert os.access(program, os.X_OK)


def test_what_has_another_checksum_is_passed_over(machine: Machine, content: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "terraform-provider-aws").write_text("#!/bin/sh\n")
    machine.mirror(machine.disk / "wrong", content=other)
    machine.mirror(machine.disk / "right" / "mirror", content=content)
    machine.ensure_provider()
    assert machine.provider.resolve() == content


def test_the_named_mirror_wins(
    machine: Machine, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.mirror(machine.disk / "mirror", content=content)
    machine.ensure_provider()
    copy = tmp_path / "copy"
    shutil.copytree(content, copy)
    monkeypatch.setenv(MIRROR_VARIABLE, str(machine.mirror(tmp_path / "named", content=copy)))
    machine.ensure_provider()
    assert machine.provider.resolve() == copy
    shutil.rmtree(copy)


@pytest.mark.parametrize("answers", [True, False])
def test_a_mirror_of_another_version_is_not_taken(machine: Machine, content: Path, answers: bool) -> None:
    """The error is reported soon, whether the registry refuses connections or does not answer."""
    machine.mirror(machine.disk / "mirror", content=content, version="5.99.0")
    if not answers:
        machine.registry.listen()
    start = time.monotonic()
    with pytest.raises(ProviderError, match=rf"no registry answers.* export {MIRROR_VARIABLE}=FOLDER$") as raised:
        machine.ensure_provider()
    assert time.monotonic() - start < DEADLINE_SECONDS
    assert "\n" not in str(raised.value)
    assert not machine.provider.exists()


def test_a_named_mirror_without_the_provider_is_told(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ProviderError, match=r"^TERRAFORM_PROVIDER_MIRROR: there is no folder .*nowhere$"):
        machine.ensure_provider()
    monkeypatch.setenv(MIRROR_VARIABLE, str(machine.disk))
    with pytest.raises(ProviderError, match=rf"^TERRAFORM_PROVIDER_MIRROR: .*disk has no {machine.place}$"):
        machine.ensure_provider()


def test_terraform_does_not_hear_of_a_configuration_that_is_not_there() -> None:
    variables = {**os.environ, "TF_CLI_CONFIG_FILE": "/nowhere/terraform.rc"}
    ran = subprocess.run([TERRAFORM, "version"], env=variables, capture_output=True, text=True, check=True)
    assert "Warning" not in ran.stdout + ran.stderr


def test_a_second_set_up_has_nothing_to_say() -> None:
    ran = subprocess.run(
        ["make", "--no-print-directory", "setup"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout + ran.stderr == ""
