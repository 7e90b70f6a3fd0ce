"""Tests that documents and source files name only existing files."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import PROJECT
from tests.environments import ENVIRONMENTS
from tests.synthesis import app

DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
FOLDERS = sorted({init.parent.name for init in PROJECT.glob("*/__init__.py")} | {"docs", "environments"})
SOURCES = [*PROJECT.glob("*.py"), *(source for folder in FOLDERS for source in (PROJECT / folder).rglob("*.py"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
ADDRESS = re.compile(r"\baws_\w+\.[\w-]+\w")
PATH = re.compile(rf"\b(?:{'|'.join(FOLDERS)})/[\w./-]+\.(?:md|py|sh|toml)\b")


def headings(document: Path) -> Iterator[str]:
    """Yields the anchors of the document's headings, as GitHub generates them."""
    for heading in re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    for path, anchor in LINK.findall(document.read_text()):
        target = document.parent / path if path else document
        assert target.exists(), f"{path} is missing"
        assert not anchor or anchor in headings(target), f"{path} has no heading {anchor}"


def test_paths_in_documents_and_sources_exist() -> None:
    missing = [
        f"{file.relative_to(PROJECT)}: {path}"
        for file in (*DOCUMENTS, *SOURCES)
        for path in PATH.findall(file.read_text())
        if not (PROJECT / path).exists() and "tests" not in file.parts
    ]
    assert missing == []


def test_addresses_in_documents_are_in_the_stacks() -> None:
    """docs/destroy.md and docs/restore.md give them to Terraform."""
    named = {address for document in DOCUMENTS for address in ADDRESS.findall(document.read_text())}
    addresses = {address for name in ENVIRONMENTS for stack in app(name).values() for address in stack.addresses()}
    assert named
    assert named <= addresses


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= 120
