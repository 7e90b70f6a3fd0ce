"""Tests of the variable OPENTOFU where the program that it names can't be used. tests/e2e has one that can."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import PROJECT, Ran, assert_one_line
from tests.unit.plans import plan, resource, review

FACES = {
    "make setup": ["setup.terraform"],
    "make local": ["local", "--once"],
    "cdktf synth": ["launchers.cdktf", "synth"],
    "cdktf deploy": ["launchers.cdktf", "deploy", "*", "--auto-approve"],
    "ops plan": ["ops", "plan"],
    "ops apply": ["ops", "apply"],
    "ops recover": ["ops", "recover"],
}


def program(folder: Path, *says: str, name: str = "tofu") -> Path:
    """A program that says this, whatever it is asked."""
    file = folder / name
    file.write_text("\n".join(["#!/bin/sh", *(f"echo '{line}'" for line in says)]))
    file.chmod(0o755)
    return file


def run(*arguments: str, tofu: Path | str, outdir: Path) -> Ran:
    """Runs a module, with a plan in ``outdir`` that could be applied. That folder is on the PATH, and the home."""
    stack = outdir / "stacks" / "network"
    stack.mkdir(parents=True, exist_ok=True)
    (stack / "saved.tfplan").touch()
    manifest = {"stacks": {"network": {"dependencies": [], "workingDirectory": "stacks/network"}}}
    (outdir / "manifest.json").write_text(json.dumps(manifest))
    variables = {
        "OPENTOFU": str(tofu),
        "LANGFUSE_ENV": "dev",
        "CDKTF_OUTDIR": str(outdir),
        "CDKTF_OUTPUT": str(outdir),
        "PATH": os.pathsep.join([str(outdir), os.environ["PATH"]]),
        "HOME": str(outdir),
    }
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("face", FACES)
def test_a_program_that_is_not_there_is_named_in_one_line(face: str, tmp_path: Path) -> None:
    ran = run(*FACES[face], tofu="no-such-tofu", outdir=tmp_path / "out")
    assert_one_line(ran, "OPENTOFU: there is no program no-such-tofu\n")
    assert ran.stdout == ""
    # Neither Terraform nor a synthesis has left anything.
    assert sorted(file.name for file in (tmp_path / "out").rglob("*") if file.is_file()) == [
        "manifest.json",
        "saved.tfplan",
    ]


@pytest.mark.parametrize("face", FACES)
def test_one_that_is_too_old_is_named_in_one_line(face: str, tmp_path: Path) -> None:
    tofu = program(tmp_path, "OpenTofu v1.11.14", "on linux_amd64")
    ran = run(*FACES[face], tofu=tofu, outdir=tmp_path / "out")
    assert_one_line(ran, f"OPENTOFU: {tofu} is OpenTofu 1.11; this project needs 1.12 or newer\n")


@pytest.mark.parametrize("says", [["Terraform v1.15.5"], ["x", "OpenTofu v1.12.0"], []], ids=range(3))
def test_one_that_is_not_opentofu_is_refused(says: list[str], tmp_path: Path) -> None:
    tofu = program(tmp_path, *says)
    assert_one_line(run("setup.terraform", tofu=tofu, outdir=tmp_path), f"OPENTOFU: {tofu} is not OpenTofu")


def test_one_for_another_machine_is_refused(tmp_path: Path) -> None:
    tofu = tmp_path / "tofu"
    tofu.write_bytes(b"\x7fELF")
    tofu.chmod(0o755)
    assert_one_line(run("setup.terraform", tofu=tofu, outdir=tmp_path), f"OPENTOFU: {tofu} is not OpenTofu")


@pytest.mark.parametrize("named", ["a\nb", "\x1b[31m", ""], ids=["two lines", "a colour", "a folder"])
def test_any_name_is_shown_in_one_line(named: str, tmp_path: Path) -> None:
    tofu = named or str(tmp_path)
    assert_one_line(run("setup.terraform", tofu=tofu, outdir=tmp_path), "OPENTOFU: there is no program ")


@pytest.mark.parametrize("version", ["1.12.0", "1.12.6", "1.13.0-dev", "2.0.0"])
@pytest.mark.parametrize("named", ["{}/tofu-of-test", "tofu-of-test", "~/tofu-of-test"])
def test_one_that_can_be_used_needs_no_terraform(version: str, named: str, tmp_path: Path) -> None:
    """Nothing is installed for it."""
    program(tmp_path, f"OpenTofu v{version}", name="tofu-of-test")
    ran = run("setup.terraform", tofu=named.format(tmp_path), outdir=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_plan_of_opentofu_is_reviewed(tmp_path: Path) -> None:
    """Its configuration has the ephemeral resources, as OpenTofu 1.12 writes them."""
    password = {
        "address": "ephemeral.aws_secretsmanager_random_password.postgres",
        "mode": "ephemeral",
        "type": "aws_secretsmanager_random_password",
        "name": "postgres",
        "provider_config_key": "aws",
        "expressions": {"password_length": {"constant_value": 40}},
        "schema_version": 0,
    }
    document = plan(
        resource("aws_s3_bucket.events", "add", after={"bucket": "events"}),
        configuration={"root_module": {"resources": [password]}},
    )
    ran = review(tmp_path, {"data": document})
    assert ran.returncode == 0, ran.stderr
    assert "- add `aws_s3_bucket.events`" in ran.stdout
