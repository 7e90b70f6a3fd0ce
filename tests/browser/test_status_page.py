"""Tests of the page of ``ops status --html`` in a browser, in light and dark, on a phone and on a desktop."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ops.cost import month_of
from tests.browser.busy_deployment import FULL_DISK, HOSTILE
from tests.browser.chromium import NODE_MODULES
from tests.synthesis import app

AXE = (NODE_MODULES / "axe-core" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PARTS = ("web", "worker", "load balancer's targets", "PostgreSQL", "Redis", "ClickHouse", "queue ingestion")


class Opened(NamedTuple):
    """A page in the browser, the addresses that it asked for, and what the console says."""

    page: Page
    requests: list[str]
    messages: list[str]


@pytest.fixture(scope="session", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    scheme: Literal["light", "dark"] = request.param
    return scheme


@pytest.fixture(scope="session", params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def viewport(request: pytest.FixtureRequest) -> ViewportSize:
    viewport: ViewportSize = request.param
    return viewport


@pytest.fixture(scope="session", params=["quiet", "busy", "unanswered"])
def opened(
    request: pytest.FixtureRequest,
    browser: Browser,
    pages: dict[str, Path],
    scheme: Literal["light", "dark"],
    viewport: ViewportSize,
) -> Iterator[Opened]:
    with browser.new_page(color_scheme=scheme, viewport=viewport) as page:
        requests: list[str] = []
        messages: list[str] = []
        page.on("request", lambda sent: requests.append(sent.url))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(pages[request.param].as_uri())
        yield Opened(page, requests, messages)


busy = pytest.mark.parametrize("opened", ["busy"], indirect=True, scope="session")
quiet = pytest.mark.parametrize("opened", ["quiet"], indirect=True, scope="session")
unanswered = pytest.mark.parametrize("opened", ["unanswered"], indirect=True, scope="session")


def test_the_page_needs_nothing_but_itself(opened: Opened) -> None:
    assert [url for url in opened.requests if not url.startswith("data:")] == [opened.page.url]
    assert opened.messages == []


def test_the_page_is_as_wide_as_the_screen(opened: Opened) -> None:
    wide, screen = opened.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide == screen


def test_the_page_is_accessible(opened: Opened) -> None:
    """Contrast, headings, names of images and so on."""
    opened.page.evaluate(AXE)
    violations = opened.page.evaluate("rules => axe.run(rules)", RULES)["violations"]
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []


@busy
def test_every_part_is_visible(opened: Opened) -> None:
    parts = opened.page.get_by_role("region", name="Parts")
    for part in PARTS:
        _assert_visible(opened.page, parts.get_by_role("rowheader", name=part, exact=True))


@busy
def test_every_alarm_is_visible_with_what_to_do(opened: Opened) -> None:
    alarms = opened.page.get_by_role("region", name="Alarms")
    expected = {
        alarm["alarm_name"].removeprefix("langfuse-dev-"): alarm["alarm_description"]
        for stack in app().values()
        for alarm in stack.resources("aws_cloudwatch_metric_alarm").values()
        if not alarm["alarm_name"].startswith("$")
    }
    assert len(expected) > 10
    for name, description in expected.items():
        row = alarms.get_by_role("row").filter(has=opened.page.get_by_role("rowheader", name=name, exact=True))
        _assert_visible(opened.page, row)
        expect(row).to_contain_text(description)
        expect(row).to_contain_text("ALARM" if name == FULL_DISK.removeprefix("langfuse-dev-") else "OK")
    # What is wrong comes first.
    expect(alarms.get_by_role("rowheader").first).to_have_text(FULL_DISK.removeprefix("langfuse-dev-"))


def _assert_visible(page: Page, thing: Any) -> None:
    expect(thing).to_be_visible()
    box, viewport = thing.bounding_box(), page.viewport_size
    assert box is not None
    assert viewport is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]


@busy
def test_the_summary_names_what_is_wrong(opened: Opened) -> None:
    summary = opened.page.get_by_role("region", name="Needs attention: 2")
    expect(summary).to_contain_text("worker's last failed task")
    expect(summary).to_contain_text(FULL_DISK)


@busy
def test_each_graph_of_the_dashboard_is_plotted_with_units(opened: Opened) -> None:
    dashboard = app()["services"].resource("aws_cloudwatch_dashboard")["dashboard_body"]
    for widget in json.loads(dashboard)["widgets"]:
        title = re.sub(r" \(.*", "", widget["properties"]["title"])
        plot = opened.page.get_by_role("img", name=f"{title} in the last day")
        expect(plot).to_be_visible()
        texts = plot.locator("text").all_text_contents()
        assert texts[0] in ("%", "s", "GiB", "number", "per 5 minutes")
        assert {"00:00", "06:00", "12:00", "18:00", "UTC"} <= set(texts)
        assert plot.locator("path").count() == len(widget["properties"]["metrics"])
        assert all(path.bounding_box() for path in plot.locator("path").all())
    disk = opened.page.get_by_role("img", name="ClickHouse disk")
    expect(disk).to_contain_text("alarm above 80 %")
    storage = opened.page.get_by_role("figure").filter(has_text="PostgreSQL free storage").get_by_role("row")
    expect(storage.last).to_have_text(re.compile(r"PostgreSQL\s*13.2\s*13.2\s*14.2"))


@busy
def test_what_a_container_prints_is_no_markup(opened: Opened) -> None:
    expect(opened.page.get_by_role("region", name="Parts")).to_contain_text(HOSTILE)
    assert opened.page.locator("script").count() == 0
    assert opened.page.title().startswith("langfuse-dev at ")


@quiet
def test_without_data_the_plots_say_so(opened: Opened) -> None:
    plots = opened.page.get_by_role("region", name="The last day").get_by_role("img")
    assert plots.count() == 14
    # What is added up has no data where there was none.
    for plot in plots.all():
        none = "per 5 minutes" in (plot.text_content() or "")
        expect(plot).to_contain_text("none in the last day" if none else "no data in the last day")
    expect(opened.page.get_by_role("region", name="Nothing needs attention")).to_be_visible()


@unanswered
def test_what_is_not_answered_has_a_reason(opened: Opened) -> None:
    expect(opened.page.get_by_text("There are no plots: ")).to_contain_text("127.0.0.1:9")
    expect(opened.page.get_by_role("region", name="Alarms")).to_contain_text("unknown")
    _assert_visible(opened.page, opened.page.get_by_role("rowheader", name="PostgreSQL", exact=True))


@unanswered
def test_without_a_picture_there_is_a_reason(opened: Opened) -> None:
    expect(opened.page.get_by_role("region", name="Architecture")).to_contain_text("There is no picture: ")


@busy
def test_the_architecture_is_drawn(opened: Opened) -> None:
    picture = opened.page.get_by_role("img", name="The architecture of langfuse-dev")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0


@busy
def test_the_cost_of_a_month_is_that_of_ops_cost(opened: Opened) -> None:
    month = month_of({name: stack.json for name, stack in app().items()})
    cost = opened.page.get_by_role("region", name="A month's cost")
    expect(cost).to_contain_text(f"About {month.total:,.0f} USD")
    for part, usd in month.parts().items():
        row = cost.get_by_role("row").filter(has=opened.page.get_by_role("rowheader", name=part, exact=True))
        _assert_visible(opened.page, row)
        expect(row).to_contain_text(f"{usd:,.2f}")


@unanswered
def test_without_a_cost_there_is_a_reason(opened: Opened) -> None:
    expect(opened.page.get_by_role("region", name="A month's cost")).to_contain_text("There is no cost: ")
