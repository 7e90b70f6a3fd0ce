"""Tests of ``ops prices`` with a server that answers as AWS's Price List does, in its documented form.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
"""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

import cost.prices
from cost.prices import Price, as_toml, prices_of, product
from tests.command_line import Ran, assert_one_line, ops_in_process

Json = dict[str, Any]
TODAY = datetime.now(UTC).date()
PAGE = 2
PREFIXES = {"us-east-1": ("", "USE1-", "us-east-1-"), "eu-central-1": ("EUC1-", "eu-central-1-")}
NOT_LISTED = ("fargate-arm-spot-vcpu", "fargate-arm-spot-gb")


def listed(sku: str, usagetype: str, usd: str, **attributes: str) -> Json:
    """A product as the Price List has it: the first tier is free, and there are prices of reservations."""
    free, paid, more = (
        {"rateCode": f"{sku}.1.{number}", "beginRange": begin, "unit": "Hrs", "pricePerUnit": {"USD": price}}
        for number, begin, price in ((1, "0", "0.0000000000"), (2, "1", usd), (3, "10240", "0.0000000001"))
    )
    family = attributes.pop("productFamily", "Any")
    return {
        "product": {
            "productFamily": family,
            "sku": sku,
            "attributes": {**attributes, "usagetype": usagetype},
        },
        "terms": {
            "OnDemand": {f"{sku}.1": {"priceDimensions": {each["rateCode"]: each for each in (more, paid, free)}}},
            "Reserved": {f"{sku}.2": {"priceDimensions": {f"{sku}.2.1": {"pricePerUnit": {"USD": "0.01"}}}}},
        },
    }


class PriceList:
    """Every price that the files have, a tenth higher, with products whose names are alike."""

    def __init__(self, server: HTTPServer) -> None:
        self.products: list[tuple[str, Json]] = []
        self.requests: list[Json] = []
        server.expect_request("/").respond_with_handler(self.answer)
        for region, prefixes in PREFIXES.items():
            for number, (key, price) in enumerate(prices_of(region).items()):
                if key not in NOT_LISTED:
                    self.add(region, key, price.usd * 1.1, prefixes[number % len(prefixes)], f"SKU{region}{number}")

    def add(self, region: str, key: str, usd: float, prefix: str, sku: str) -> None:
        wanted = product(key)
        where = {wanted.region_attribute: region} if wanted.region_attribute else {}
        if not where and any(
            service == wanted.service and sku[-2:] == item["product"]["sku"][-2:] for service, item in self.products
        ):
            return
        attributes = {**wanted.attributes, **where}
        text = f"{usd / wanted.per:.14f}"
        alike = (
            f"{prefix}Sync-{wanted.usagetype}",
            f"{prefix}{wanted.usagetype}-Other",
            f"{prefix}Regional{wanted.usagetype}",
        )
        assert wanted.service
        self.products += [
            (wanted.service, listed(f"X{number}{sku}", usagetype, "9.9", **attributes))
            for number, usagetype in enumerate(alike)
        ]
        self.products.append((wanted.service, listed(sku, f"{prefix}{wanted.usagetype}", text, **attributes)))

    def answer(self, request: Request) -> Response:
        asked = request.get_json(force=True)
        self.requests.append(asked)
        assert request.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
        found = [item for service, item in self.products if service == asked["ServiceCode"] and matches(item, asked)]
        start = int(asked.get("NextToken", 0))
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        body = {
            "FormatVersion": "aws_v1",
            "PriceList": [json.dumps(item) for item in found[start : start + PAGE]],
            **more,
        }
        return Response(json.dumps(body), content_type="application/x-amz-json-1.1")


def matches(item: Json, asked: Json) -> bool:
    fields = {**item["product"]["attributes"], "productFamily": item["product"]["productFamily"]}
    return all(
        fields.get(each["Field"]) == each["Value"]
        if each["Type"] == "TERM_MATCH"
        else each["Type"] == "CONTAINS" and each["Value"] in fields.get(each["Field"], "")
        for each in asked["Filters"]
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the files of prices, which the command may write."""
    copy = tmp_path / "prices"
    shutil.copytree(cost.prices.FOLDER, copy)
    monkeypatch.setattr(cost.prices, "FOLDER", copy)
    prices_of.cache_clear()
    yield copy
    prices_of.cache_clear()


@pytest.fixture
def price_list(httpserver: HTTPServer) -> PriceList:
    return PriceList(httpserver)


def ops_prices(server: HTTPServer, *arguments: str, region: str = "us-east-1") -> Ran:
    environment = {
        "LANGFUSE_ENV": "dev",
        "LANGFUSE_AWS__REGION": region,
        "AWS_ENDPOINT_URL": server.url_for("/").rstrip("/"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
        "AWS_MAX_ATTEMPTS": "1",
    }
    ran = ops_in_process("prices", *arguments, environment=environment)
    prices_of.cache_clear()
    return ran


@pytest.mark.parametrize("region", PREFIXES)
def test_every_price_of_the_region_is_asked_for_and_written(
    region: str, folder: Path, price_list: PriceList, httpserver: HTTPServer
) -> None:
    before = dict(prices_of(region))
    ran = ops_prices(httpserver, "--apply", region=region)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith(f"cost/prices/{region}.toml is written.\n")
    after = prices_of(region)
    assert after.keys() == before.keys()
    for key, price in after.items():
        if key in NOT_LISTED:
            assert price == before[key]
        else:
            assert price.usd == pytest.approx(before[key].usd * 1.1), key
            assert (price.as_of, price.estimate) == (TODAY, False)
            assert price.source.startswith(f"AWS Price List: {product(key).service}, SKU SKU")
    assert all({"Type", "Field", "Value"} == each.keys() for asked in price_list.requests for each in asked["Filters"])
    text = (folder / f"{region}.toml").read_text()
    assert text == as_toml(region, after)
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "__init__.py",
        "eu-central-1.toml",
        "keys.toml",
        "us-east-1.toml",
    ]


@pytest.mark.usefixtures("price_list")
def test_without_apply_nothing_is_written(folder: Path, httpserver: HTTPServer) -> None:
    before = (folder / "us-east-1.toml").read_text()
    ran = ops_prices(httpserver)
    assert ran.returncode == 0
    assert re.search(r"│ alb +│ 0.0225 +│ 0.02475 +│", ran.stdout)
    assert ran.stdout.endswith("Nothing was changed: add --apply to do it.\n")
    assert (folder / "us-east-1.toml").read_text() == before


@pytest.mark.usefixtures("folder")
def test_a_price_that_the_file_lacks(price_list: PriceList, httpserver: HTTPServer) -> None:
    price_list.add("us-east-1", "rds/db.r7g.16xlarge", 7.5, "", "NEW")
    ran = ops_prices(httpserver, "rds/db.r7g.16xlarge", "--apply")
    assert ran.returncode == 0, ran.stderr
    assert prices_of("us-east-1")["rds/db.r7g.16xlarge"] == Price(
        usd=7.5, unit="hour", source="AWS Price List: AmazonRDS, SKU NEW", as_of=TODAY
    )
    assert "rds/db.r7g.16xlarge" not in prices_of("eu-central-1")


@pytest.mark.usefixtures("folder")
def test_a_region_without_a_file_gets_one(price_list: PriceList, httpserver: HTTPServer) -> None:
    for number, (key, price) in enumerate(prices_of("us-east-1").items()):
        if key not in NOT_LISTED and product(key).region_attribute:
            price_list.add("eu-west-3", key, price.usd * 2, "EUW3-", f"W{number}")
    ran = ops_prices(httpserver, "--apply", region="eu-west-3")
    assert ran.returncode == 0, ran.stderr
    made = prices_of("eu-west-3")
    assert made.region == "eu-west-3"
    assert made["nat"].usd == pytest.approx(0.09)
    # Those of us-east-1 say nothing of Spot there.
    assert all(made[key].estimate for key in NOT_LISTED)


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        ([], "no prices of AmazonEC2 NatGateway-Hours"),
        (["0.045", "0.046"], "2 prices of AmazonEC2 NatGateway-Hours"),
        (["0.0"], "no prices of AmazonEC2 NatGateway-Hours"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_price_that_is_not_clear_stays_and_is_named(
    prices: list[str], why: str, price_list: PriceList, httpserver: HTTPServer
) -> None:
    price_list.products = [
        (service, item)
        for service, item in price_list.products
        if not item["product"]["attributes"]["usagetype"].endswith("NatGateway-Hours")
    ]
    for usd in prices:
        item = listed(f"N{usd}", "NatGateway-Hours", usd, regionCode="us-east-1")
        price_list.products.append(("AmazonEC2", item if float(usd) else {**item, "terms": {}}))
    before = prices_of("us-east-1")
    ran = ops_prices(httpserver, "--apply")
    assert_one_line(ran, f"has not one price in us-east-1 of these, which stay as they were: nat ({why})")
    assert prices_of("us-east-1")["nat"] == before["nat"]
    assert prices_of("us-east-1")["alb"].as_of == TODAY


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            Response(json.dumps({"__type": "AccessDeniedException", "Message": "no pricing:GetProducts"}), 400),
            "AWS refused GetProducts: AccessDeniedException: no pricing:GetProducts",
        ),
        (Response("<html>", 200), "what was answered for alb is none of AWS's: is there a proxy in between: nothing"),
        (Response('{"PriceList": ["{}"]}', 200), "what was answered for alb is none of AWS's"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(
    answer: Response, says: str, folder: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_response(answer)
    before = (folder / "us-east-1.toml").read_text()
    assert_one_line(ops_prices(httpserver, "--apply"), says)
    assert (folder / "us-east-1.toml").read_text() == before


@pytest.mark.parametrize("key", ["m7g.large", "ec3/m7g.large", "*", "ec2"])
def test_a_key_that_is_none_is_refused(key: str, httpserver: HTTPServer) -> None:
    assert_one_line(ops_prices(httpserver, key), f"{key}: is no key of cost/prices/keys.toml", code=2)


def test_what_is_written_is_read_back() -> None:
    for region in PREFIXES:
        assert cost.prices.file_of(region).read_text() == as_toml(region, prices_of(region))
