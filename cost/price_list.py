"""Asks AWS's Price List for prices.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient

from cost.prices import Price, Product, product

ENDPOINT_REGION = "us-east-1"
"""A Region that has the Price List, for all Regions."""
REGION_PREFIX = r"(?:[A-Z]{2,4}\d?-|[a-z]{2}(?:-[a-z]+)+-\d-)?"
"""What a type of usage starts with: ``EUC1-`` or ``eu-central-1-``, in us-east-1 also nothing."""


class PriceListError(Exception):
    """What the Price List does not say, in one line."""


def asked(client: BaseClient, region: str, keys: Iterable[str]) -> dict[str, Price]:
    """The prices of the keys in a Region, as of today. A key that the Price List does not have is left out.

    Raises:
        PriceListError: if the Price List has no price of a key that it should have, or several.
        BotoCoreError, ClientError: if AWS does not answer.
    """
    products = ((key, product(key)) for key in keys)
    return {key: _price(client, region, key, wanted) for key, wanted in products if wanted.service}


def _price(client: BaseClient, region: str, key: str, wanted: Product) -> Price:
    try:
        usd = {_first_paid(found): found["product"]["sku"] for found in _products(client, region, wanted)}
    except (KeyError, TypeError, AttributeError, ValueError):
        raise PriceListError(f"what was answered for {key} is none of AWS's: is there a proxy in between") from None
    usd.pop(None, None)
    if len(usd) != 1:
        what = "no price" if not usd else f"{len(usd)} prices"
        raise PriceListError(f"AWS's Price List has {what} of {key} in {region} ({wanted.service}, {wanted.usagetype})")
    ((price, sku),) = usd.items()
    assert price is not None  # noqa: S101  for mypy
    today = datetime.now(UTC).date()
    source = f"AWS Price List: {wanted.service}, SKU {sku}"
    return Price(usd=round(price * wanted.per, 10), unit=wanted.unit, source=source, as_of=today)


def _products(client: BaseClient, region: str, wanted: Product) -> Iterator[Mapping[str, Any]]:
    """The products of the type of usage: others only contain its name."""
    assert wanted.service  # noqa: S101  for mypy
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
