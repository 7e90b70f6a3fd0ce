"""Tests of the documents: their blocks, links, anchors and sentences, and the files that they and the sources name."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.command_line import NOT_COPIED, PROJECT
from tests.docs.blocks import NO_BLOCK_RUN, NOT_RUN, PAGES, anchors, blocks, html, links, name, sentences
from tests.docs.conftest import DEPLOYMENT_OF, run_of
from tests.docs.test_commands import TYPED
from tests.environments import ENVIRONMENTS
from tests.synthesis import app

DOCUMENTS = sorted({*PROJECT.glob("*.md"), *PAGES})
FOLDERS = sorted({init.parent.name for init in PROJECT.glob("*/__init__.py")} | {"docs", "environments"})
SUFFIXES = {".md", ".py", ".sh", ".toml", ".yml", ".yaml", ".json", ".in"}
OWN = [path for path in PROJECT.iterdir() if not any(path.match(pattern) for pattern in NOT_COPIED)]
SOURCES = sorted(
    file
    for path in OWN
    for file in (path.rglob("*") if path.is_dir() else [path])
    if (file.suffix in SUFFIXES or file.name in ("Makefile", "run")) and "node_modules" not in file.parts
)
CHECKS: Mapping[str, Callable[[str], object]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
"""How the languages of data are read."""
LANGUAGES = {*CHECKS, "", "bash", "hcl", "mermaid", "python", "sql", "text"}
PLACEHOLDER = re.compile(r"…|<\w[\w -]*>")
MARK = re.compile(r"<!-- *no[^>]* run\b")
ADDRESS = re.compile(r"\baws_\w+\.[\w-]+\w")
PATH = re.compile(rf"\b(?:{'|'.join(FOLDERS)})/[\w./-]+\.(?:md|py|sh|toml)\b")
ANCHOR = re.compile(r"\b(docs/[\w./-]+\.md|README\.md|CONTRIBUTING\.md)#([\w-]+\w)")
LONGEST_SENTENCE = 45
"""In words."""

of_each_page = pytest.mark.parametrize("page", PAGES, ids=name)
of_each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name)


@of_each_page
def test_a_block_of_bash_is_run_or_says_why_not(page: Path) -> None:
    found = list(blocks(page))
    marked = [block for block in found if block.not_run is not None]
    for block in marked:
        assert block.language == "bash", f"{block.place} is marked, but no block of bash"
        assert len(block.not_run or "") >= 10, f"{block.place}: say why it can't be run"
    marks = [piece.strip() for piece in html(page) if MARK.search(piece)]
    of_page = [mark for mark in marks if NO_BLOCK_RUN.fullmatch(mark)]
    assert all(NOT_RUN.fullmatch(mark) for mark in marks if mark not in of_page), (
        f"not `<!-- not run: REASON -->`: {marks}"
    )
    if of_page:
        assert len(marked) == sum(block.language == "bash" for block in found), (
            f"{name(page)}: its mark belongs above its first block"
        )
    else:
        assert len(marks) == len(marked), f"{name(page)}: a mark stands right above the fence of its block: {marks}"


@of_each_document
def test_blocks_are_of_known_languages_and_can_be_read(document: Path) -> None:
    for block in blocks(document):
        assert block.language in LANGUAGES, block.place
        CHECKS.get(block.language, str)(block.text)


@of_each_document
def test_blocks_of_bash_have_no_placeholders(document: Path) -> None:
    for block in blocks(document):
        assert block.language != "bash" or not PLACEHOLDER.search(block.text), f"{block.place}: set a variable before"


def test_deployments_and_typed_text_are_of_pages_that_are_run() -> None:
    assert all(run_of(page) for page in [*DEPLOYMENT_OF, *TYPED])


@of_each_document
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        url = urlsplit(link)
        if url.scheme or url.netloc:
            assert url.scheme == "https", link
            assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", url.netloc), link
            continue
        target = document.parent / url.path if url.path else document
        assert target.exists(), f"{name(document)}: {link}: there is no such file"
        assert not url.fragment or url.fragment in anchors(target), f"{name(document)}: {link}: no such heading"


def test_paths_and_anchors_in_documents_and_sources_exist() -> None:
    missing = []
    for file in SOURCES:
        text = file.read_text()
        missing += [(name(file), path) for path in PATH.findall(text) if not (PROJECT / path).exists()]
        missing += [
            (name(file), f"{path}#{anchor}")
            for path, anchor in ANCHOR.findall(text)
            if not (PROJECT / path).exists() or anchor not in anchors(PROJECT / path)
        ]
    assert [(file, path) for file, path in missing if not file.startswith("tests/")] == []


@of_each_page
def test_sentences_are_short(page: Path) -> None:
    long = [sentence for sentence in sentences(page) if len(sentence.split()) > LONGEST_SENTENCE]
    assert long == [], name(page)


def test_addresses_in_documents_are_in_the_stacks() -> None:
    """docs/destroy.md and docs/restore.md give them to Terraform."""
    named = {address for document in DOCUMENTS for address in ADDRESS.findall(document.read_text())}
    addresses = {address for name in ENVIRONMENTS for stack in app(name).values() for address in stack.addresses()}
    assert named
    assert named <= addresses


def test_the_readme_is_short() -> None:
    shown = [line for line in (PROJECT / "README.md").read_text().splitlines() if not line.lstrip().startswith("<!--")]
    assert len(shown) <= 120
