"""Asks AWS's Price List for prices.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.client import BaseClient

from cost.prices import Price, Product, product

ENDPOINT_REGION = "us-east-1"
"""A Region that has the Price List, for all Regions."""
REGION_PREFIX = r"(?:[A-Z]{2,4}\d?-|[a-z]{2}(?:-[a-z]+)+-\d-)?"
"""What a type of usage starts with: ``EUC1-`` or ``eu-central-1-``, in us-east-1 also nothing."""


class PriceListError(Exception):
    """Why an answer can't be read, in one line."""


class Answers(NamedTuple):
    """What the Price List says.

    Args:
        prices: the prices as of today, by their keys.
        unclear: by its key, why a price is not known: there is none, or there are several.
    """

    prices: dict[str, Price]
    unclear: dict[str, str]


def asked(client: BaseClient, region: str, keys: Iterable[str]) -> Answers:
    """The prices of the keys in a Region. A key that the Price List does not have is left out.

    Raises:
        PriceListError: if an answer is none of AWS's.
        BotoCoreError, ClientError: if AWS does not answer.
    """
    answers = Answers({}, {})
    for key in keys:
        wanted = product(key)
        if wanted.service:
            found = _found(client, region, key, wanted)
            if len(found) == 1:
                ((usd, sku),) = found.items()
                answers.prices[key] = Price(
                    usd=round(usd * wanted.per, 10),
                    unit=wanted.unit,
                    source=f"AWS Price List: {wanted.service}, SKU {sku}",
                    as_of=datetime.now(UTC).date(),
                )
            else:
                answers.unclear[key] = f"{len(found) or 'no'} prices of {wanted.service} {wanted.usagetype}"
    return answers


def _found(client: BaseClient, region: str, key: str, wanted: Product) -> dict[float, str]:
    """The different prices of a product, each with the SKU of one that has it."""
    try:
        found = {_first_paid(each): each["product"]["sku"] for each in _products(client, region, wanted)}
    except (KeyError, TypeError, AttributeError, ValueError):
        raise PriceListError(f"what was answered for {key} is none of AWS's: is there a proxy in between") from None
    return {usd: sku for usd, sku in found.items() if usd}


def _products(client: BaseClient, region: str, wanted: Product) -> Iterator[Mapping[str, Any]]:
    """The products of the type of usage: others only contain its name."""
    attributes = {**wanted.attributes, **({wanted.region_attribute: region} if wanted.region_attribute else {})}
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": wanted.usagetype})
    pages = client.get_paginator("get_products").paginate(ServiceCode=wanted.service, Filters=filters)
    for page in pages:
        for text in page["PriceList"]:
            found = json.loads(text)
            if re.fullmatch(REGION_PREFIX + re.escape(wanted.usagetype), found["product"]["attributes"]["usagetype"]):
                yield found


def _first_paid(found: Mapping[str, Any]) -> float | None:
    """The price on demand of the first tier that is not free, None if there is none."""
    dimensions = [
        dimension
        for term in found["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    ]
    for dimension in sorted(dimensions, key=lambda dimension: float(dimension.get("beginRange", 0))):
        if price := float(dimension["pricePerUnit"].get("USD", 0)):
            return price
    return None
