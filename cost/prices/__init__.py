"""The prices of AWS: a dated file for each Region, and the table of what each price is in AWS's Price List."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent
DEFAULT_REGION = "us-east-1"
"""The Region whose prices are taken for one without a file."""
HEADER = """\
# Prices of AWS in {region}, in USD, without taxes, discounts and the free tier. `ops prices --apply` writes this file
# from AWS's Price List. The units are in keys.toml.
# estimate = true: no public document with the price was found.
"""


class Price(BaseModel):
    """A price.

    Args:
        usd: for one of the unit, in USD.
        unit: the unit, such as ``GB``; of an instance ``hour``.
        source: where it is from.
        as_of: when the source was read, or was made if it says so.
        estimate: whether the source does not say it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: float = Field(ge=0, allow_inf_nan=False)
    unit: str
    source: str
    as_of: date
    estimate: bool = False


class Product(BaseModel):
    """What a price is in AWS's Price List.

    Args:
        unit: the unit of the price.
        service: the service's code, None if the Price List does not have the price.
        usagetype: the type of usage, without the Region's prefix.
        attributes: other attributes of the product.
        region_attribute: the attribute that has the Region, empty if the price is the same in all.
        per: how many of the Price List's units the price is for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: str
    service: str | None = None
    usagetype: str = ""
    attributes: Mapping[str, str] = {}
    region_attribute: str = "regionCode"
    per: float = 1

    def of_type(self, type_: str) -> Self:
        """The product of a type of instance, which takes the place of ``*``."""
        attributes = {name: value.replace("*", type_) for name, value in self.attributes.items()}
        return self.model_copy(update={"usagetype": self.usagetype.replace("*", type_), "attributes": attributes})


class Prices(Mapping[str, Price]):
    """The prices of a Region by their keys.

    Attributes:
        region: the Region of the prices, which is us-east-1 for a Region without a file.
        asked: the Region that was asked for.
    """

    def __init__(self, region: str, asked: str, prices: Mapping[str, Price]) -> None:
        self.region = region
        self.asked = asked
        self._prices = dict(sorted(prices.items()))

    def __getitem__(self, key: str) -> Price:
        return self._prices[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._prices)

    def __len__(self) -> int:
        return len(self._prices)


def product(key: str) -> Product:
    """What the price of a key is in the Price List. A key with ``/`` ends with a type: ``ec2/m7g.large``.

    Raises:
        KeyError: if there is no such key.
    """
    kind, separator, type_ = key.partition("/")
    found = _products()[f"{kind}/*" if separator else kind]
    return found.of_type(type_) if separator else found


@cache
def prices_of(region: str) -> Prices:
    """The prices of a Region, or those of us-east-1 if it has no file."""
    path = file_of(region)
    used = region if path.is_file() else DEFAULT_REGION
    content = tomllib.loads(file_of(used).read_text())
    return Prices(
        used, region, {key: Price(**{"unit": product(key).unit, **fields}) for key, fields in content.items()}
    )


def file_of(region: str) -> Path:
    """The file of a Region's prices."""
    return FOLDER / f"{region}.toml"


def as_toml(region: str, prices: Mapping[str, Price]) -> str:
    """The text of a Region's file, sorted by keys."""
    parts = [HEADER.format(region=region)]
    for key, price in sorted(prices.items()):
        lines = [f"[{json.dumps(key)}]", f"usd = {price.usd:.10f}".rstrip("0").removesuffix(".")]
        lines += [f"source = {json.dumps(price.source)}", f"as_of = {price.as_of}"]
        parts.append("\n".join([*lines, *(["estimate = true"] if price.estimate else []), ""]))
    return "\n".join(parts)


@cache
def _products() -> dict[str, Product]:
    content = tomllib.loads((FOLDER / "keys.toml").read_text())
    return {key: Product(**fields) for key, fields in content.items()}
