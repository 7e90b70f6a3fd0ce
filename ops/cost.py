"""``ops cost``: a month's cost of the environment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cost.usage import Usage
from ops.console import AsJson, console, print_json, show, table
from ops.errors import OpsError
from settings import Settings, load_or_exit

if TYPE_CHECKING:
    from cost.month import Line, Month
    from cost.prices import Price

NO_CLICKHOUSE = "ClickHouse is external: what it costs is not counted, only traffic to it through NAT gateways."
CONFIGURED = {"LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true"}


def cost(
    usage: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=NUMBER",
            help="What the environment is used for in a month, which can be repeated. Keys, with their defaults: "
            f"{Usage.documented()}.",
        ),
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Also show what costs nothing, and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the environment costs in a month.

    Line by line, for 730 hours, from the synthesized JSON and AWS's list prices, without AWS. Services are counted with
    min_tasks, also while clickhouse.configured is false. A price with * is an estimate. --json has the source of each
    price.

    Exit code 1 if something has no price or no rule: the total is then without it.

    Example: ops cost --usage traffic_gb=200
    """
    # Imported here: the command line imports this module for the help.
    from ops.synthesized import synthesized_stacks

    try:
        used = Usage().with_values(usage or ())
    except ValueError as error:
        raise typer.BadParameter(f"--usage: {error}") from None
    settings = load_or_exit()
    stacks = synthesized_stacks({} if settings.clickhouse.ready else CONFIGURED)
    counted = month_of(stacks, used)
    if as_json:
        print_json(_json(settings, counted))
    else:
        _show(settings, counted, free=free)
    if found := problems(counted):
        raise OpsError(f"the total is incomplete: {'; '.join(found)}")


def month_of(stacks: Mapping[str, dict[str, Any]], usage: Usage | None = None) -> "Month":
    """A month's cost of synthesized stacks."""
    from cost.month import month
    from cost.prices import prices_of
    from cost.resources import region_of, synthesized

    return month(synthesized(stacks), prices_of(region_of(stacks)), usage or Usage())


def notes(settings: Settings, counted: "Month") -> list[str]:
    """What a reader of the sum must know, as sentences."""
    prices = counted.prices
    if prices.region != prices.asked:
        what = f"No file has the prices of {prices.asked}, and these are those of {prices.region}"
        other_region = [f"{what}: `ops prices --apply` asks AWS for them."]
    else:
        other_region = []
    return [
        *other_region,
        *([NO_CLICKHOUSE] if settings.clickhouse.mode == "external" else []),
        *(f"Not counted: {problem}." for problem in problems(counted)),
    ]


def problems(counted: "Month") -> list[str]:
    """What has no price, with the command that asks for it, and what could not be counted."""
    keys = " ".join(counted.without_price)
    missing = [f"no price of {keys} in {counted.prices.region}, run `ops prices {keys} --apply`"] if keys else []
    return [*missing, *(f"{what}, {why}" for what, why in counted.uncounted.items())]


def _show(settings: Settings, counted: "Month", *, free: bool) -> None:
    sources = list(dict.fromkeys(_source(line.price) for line in counted.lines if line.price))
    rows: list[tuple[str, ...]] = []
    for part, usd in counted.parts().items():
        rows.append((part, "", "", f"{usd:,.2f}", ""))
        for line in counted.lines:
            if line.item.part == part and (free or line.item.quantity):
                what = line.item.what.removeprefix(f"{settings.prefix}-")
                source = f"[{sources.index(_source(line.price)) + 1}]" if line.price else ""
                rows.append((f"- {what}{_assumed(line, counted.usage)}", *_priced(line), source))
    rows.append(("total", "", "", f"{counted.total:,.2f}", ""))
    title = f"{settings.prefix} in {counted.prices.asked}"
    show(table("what", "how many", "unit price", "USD a month", "source", rows=rows), title)
    for number, source in enumerate(sources, start=1):
        console.print(f"[{number}] {source}")
    if free:
        reasons = [(type_, count, why) for type_, (count, why) in sorted(counted.free.items())]
        show(table("free", "how many", "why", rows=reasons))
    for note in notes(settings, counted):
        console.print(note)


def _priced(line: "Line") -> tuple[str, str, str]:
    """How many, the unit price and the cost."""
    quantity = f"{line.item.quantity:,.6g}"
    if line.price is None:
        return quantity, "?", "no price"
    times = " ×" if line.price.unit[0].isdigit() else ""
    estimated = " *" if line.price.estimate else ""
    return f"{quantity}{times} {line.price.unit}", f"{line.price.usd:.6g}{estimated}", f"{line.usd:,.2f}"


def _assumed(line: "Line", usage: Usage) -> str:
    """What the quantity depends on, in brackets."""
    knobs = ", ".join(f"{name} = {getattr(usage, name):g}" for name in line.item.assumes)
    return f" ({knobs})" if knobs else ""


def _source(price: "Price") -> str:
    """The start of its address, which tells most, and the date."""
    return f"{'/'.join(price.source.split('/')[2:5]) or price.source}, {price.as_of}"


def _json(settings: Settings, counted: "Month") -> Mapping[str, Any]:
    return {
        "environment": settings.name,
        "region": counted.prices.asked,
        "prices_of": counted.prices.region,
        "usd_a_month": round(counted.total, 2),
        "parts": {part: round(usd, 2) for part, usd in counted.parts().items()},
        "lines": [
            {
                "part": line.item.part,
                "what": line.item.what,
                "quantity": line.item.quantity,
                "unit": line.price.unit if line.price else None,
                "unit_usd": line.price.usd if line.price else None,
                "usd_a_month": round(line.usd, 2) if line.price else None,
                "estimate": line.price.estimate if line.price else None,
                "source": line.price.source if line.price else None,
                "as_of": str(line.price.as_of) if line.price else None,
                "assumes": {name: getattr(counted.usage, name) for name in line.item.assumes},
            }
            for line in counted.lines
        ],
        "free": {type_: {"resources": count, "why": why} for type_, (count, why) in sorted(counted.free.items())},
        "not_counted": problems(counted),
        "notes": notes(settings, counted),
    }
