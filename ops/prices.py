"""``ops prices``: asks AWS's Price List for the prices of the environment's Region."""

import sys
from collections.abc import Collection, Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from ops.console import Apply, console, say_dry_run, show, table
from ops.environment import aws_session
from ops.errors import OpsError
from ops.replaced_file import replaced
from settings import load_or_exit


def prices(
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY",
            help="Prices that the file lacks, such as ec2/m7g.4xlarge, rds/db.r7g.4xlarge, elasticache-redis/cache.r7g"
            ".large. Those in the file are always asked for.",
            show_default=False,
        ),
    ] = None,
    apply: Apply = False,
) -> None:
    """Ask AWS for its prices in the environment's Region.

    With --apply, they are written to the Region's file in cost/prices, which ops cost reads. The account needs the
    right pricing:GetProducts. Prices that AWS's Price List does not have, those of Fargate Spot, stay as they are. So
    do those for which it has no answer, or several: they are named, and the exit code is 1.

    Example: ops prices ec2/m7g.4xlarge --apply
    """
    # Imported here: the command line imports this module for the help.
    from cost.price_list import ENDPOINT_REGION, PriceListError, asked
    from cost.prices import as_toml, file_of, prices_of, product

    try:
        for key in keys or ():
            product(key)
    except KeyError:
        raise typer.BadParameter(f"{key}: is no key of cost/prices/keys.toml; keys are like ec2/m7g.4xlarge") from None
    region = load_or_exit().region
    present = prices_of(region)
    client = aws_session(region).client("pricing", region_name=ENDPOINT_REGION)
    try:
        new, unclear = asked(client, region, _with_progress(dict.fromkeys([*present, *(keys or ())])))
    except PriceListError as error:
        raise OpsError(f"{error}: nothing was written") from None
    # What the Price List lacks is an estimate in a Region to which it was copied.
    copied = {} if present.region == region else {"estimate": True}
    found = {**{key: price.model_copy(update=copied) for key, price in present.items()}, **new}
    before = present if present.region == region else {}
    changed = {key: price for key, price in sorted(found.items()) if key not in before or before[key].usd != price.usd}
    rows = [(key, f"{before[key].usd:g}" if key in before else "", f"{price.usd:g}") for key, price in changed.items()]
    show(table("price", "in the file", "new", rows=rows), f"{len(new)} prices of {region}, {len(changed)} changed")
    if apply:
        path = file_of(region)
        with replaced(path, "cost/prices") as file:
            file.write(as_toml(region, found))
        console.print(f"cost/prices/{path.name} is written.")
    else:
        say_dry_run(changes=True)
    if unclear:
        what = "; ".join(f"{key} ({why})" for key, why in unclear.items())
        raise OpsError(f"AWS's Price List has not one price in {region} of these, which stay as they were: {what}")


def _with_progress(keys: Collection[str]) -> Iterable[str]:
    """The keys, with a bar on a terminal: each is a request."""
    on_terminal = sys.stderr.isatty()
    return track(keys, "Asking AWS", console=Console(stderr=True), transient=True, disable=not on_terminal)
