"""Tests of ``ops.replaced_file``, with which ``ops status --html`` and ``ops plan --picture`` write their files."""

import os
import stat
from pathlib import Path

import pytest

from ops.replaced_file import replaced
from tests.command_line import assert_one_line, ops_in_process


@pytest.fixture
def old_page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("old")
    return path


@pytest.mark.parametrize(
    ("command", "option", "suffix"), [("status", "--html", ".html"), ("plan", "--picture", ".svg")]
)
def test_a_command_that_fails_leaves_what_was_there(old_page: Path, command: str, option: str, suffix: str) -> None:
    old = old_page.rename(old_page.with_suffix(suffix))
    nowhere = {"LANGFUSE_ENV": "dev", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}  # pragma: allowlist secret
    ran = ops_in_process(command, option, str(old), environment={**nowhere, **keys})
    assert_one_line(ran)
    assert old.read_text() == "old"
    assert os.listdir(old.parent) == [old.name]


def test_nothing_is_at_the_path_before_all_of_it_is(old_page: Path) -> None:
    with replaced(old_page, "--html") as file:
        file.write("new")
        file.flush()
        assert old_page.read_text() == "old"
    assert old_page.read_text() == "new"
    assert os.listdir(old_page.parent) == [old_page.name]


def test_an_interrupted_command_leaves_what_was_there(old_page: Path) -> None:
    def interrupt() -> None:
        with replaced(old_page, "--html") as file:
            file.write("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert old_page.read_text() == "old"
    assert os.listdir(old_page.parent) == [old_page.name]


def test_a_link_stays_a_link(old_page: Path) -> None:
    link = old_page.with_name("link.html")
    link.symlink_to(old_page.name)
    with replaced(link, "--html") as file:
        file.write("new")
    assert link.is_symlink()
    assert old_page.read_text() == "new"


def test_a_new_file_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    umask = os.umask(0o027)
    try:
        with replaced(page, "--html"):
            pass
    finally:
        os.umask(umask)
    assert stat.S_IMODE(page.stat().st_mode) == 0o640


def test_who_may_not_read_the_old_file_may_not_read_the_new_one(old_page: Path) -> None:
    old_page.chmod(0o600)
    with replaced(old_page, "--html") as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE(old_page.stat().st_mode) == 0o600
