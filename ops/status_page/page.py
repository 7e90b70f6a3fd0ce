"""Makes the page of what the parts, the alarms, the dashboard and the picture tell."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment as Templates, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from entry_point import one_line
from ops import cost
from ops.environment import AWS_ERRORS, Environment, OpsError, reason
from ops.findings import Verdict
from ops.parts import ALARMS, Row, Sections
from ops.status_page import architecture, plot
from ops.status_page.graphs import graphs
from ops.synthesized import synthesized_stacks

SEVERITY = [Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED, None, Verdict.OK]
"""The order of what needs attention, and of the alarms."""


class Asked(NamedTuple):
    """What was asked for, or else why there is none."""

    answer: Any
    why_not: str


def html(environment: Environment, sections: Sections) -> str:
    """The page, as of now. What can't be had is left out, with the reason in its place."""
    now = datetime.now(UTC)
    stacks = _ask(synthesized_stacks)
    alarms = _by_severity(sections[ALARMS])
    parts = {section: rows for section, rows in sections.items() if section != ALARMS}
    return (
        _templates()
        .get_template("page.html.jinja")
        .render(
            environment=environment,
            account=_ask(lambda: environment.session.client("sts").get_caller_identity()["Account"]),
            now=now,
            parts=parts,
            alarms=alarms,
            attention=_by_severity(
                row for rows in sections.values() for row in rows if row.verdict not in (Verdict.OK, None)
            ),
            graphs=_ask(lambda: graphs(environment, alarms, now)),
            picture=_of(stacks, architecture.image),
            month=_of(_counted(environment, stacks), cost.month_of),
            notes_of=lambda month: cost.notes(environment.settings, month),
        )
    )


def _counted(environment: Environment, stacks: Asked) -> Asked:
    """The stacks whose cost is that of ``ops cost``: with the tasks that run once ClickHouse is configured."""
    return stacks if environment.settings.clickhouse.ready else _ask(lambda: synthesized_stacks(cost.CONFIGURED))


def _by_severity(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: SEVERITY.index(row.verdict))


def _ask(question: Callable[[], object]) -> Asked:
    try:
        return Asked(question(), "")
    except (OpsError, *AWS_ERRORS) as error:
        return Asked(None, reason(error))


def _of(asked: Asked, question: Callable[[Any], object]) -> Asked:
    """Asks something of an answer, or says why there is none."""
    return asked if asked.why_not else _ask(lambda: question(asked.answer))


def _templates() -> Templates:
    """Every text of the page is escaped, and has no control characters."""
    templates = Templates(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else one_line(str(value)),
    )
    templates.globals["plot"] = plot
    templates.filters["shown"] = plot.shown
    return templates
