"""EnKash's products and balance, read through the real adapter from a real server."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.catalog import DenominationRange, FixedDenominations
from providers.enkash import PAGE, EnKash
from providers.errors import ProviderError, Unavailable
from providers.port import OrderKey
from tests.providers import enkash_payloads as payloads
from tests.providers.local import Answer, Canned

DETAILS = "/api/v0/order/orderDetails"
SEARCH = "/api/v0/partner/search-order"
CATALOG = "/api/v0/partner/search-catalog"
CONFIG = "/api/v0/partner/search-config/"
KEY = OrderKey("884120", "GW_71f2a0c4", datetime(2026, 2, 3, 20, tzinfo=UTC))


async def test_a_product_with_its_denominations(enkash: EnKash, server: Canned) -> None:
    server.answers[CONFIG + "PC10Q"] = Answer(payloads.enveloped(..., payload=payloads.product()))
    listing = await enkash.product("PC10Q")
    assert (listing.sku, listing.name, listing.brand) == ("PC10Q", "Sample Store", "Sample Store")
    assert isinstance(listing.denominations, FixedDenominations)
    assert [
        (str(one.face_value), str(one.price), one.max_quantity)
        for one in listing.denominations.values
    ] == [("500.00", "485.00", 10), ("1000.00", "970.00", 10)]
    assert (listing.categories, listing.country, listing.currency) == (("Fashion",), "IN", "INR")
    assert (listing.image_url, listing.validity) == ("https://img.example/b.png", "365 days")
    assert (listing.terms, listing.how_to_redeem) == ("<ul><li>One</li></ul>", "Show it")
    assert listing.available


@pytest.mark.parametrize(
    ("changes", "available", "amounts"),
    [
        ({"enabled": False}, False, ["500.00", "1000.00"]),
        ({"active": False}, False, ["500.00", "1000.00"]),
        ({"enabled": "true", "active": 1}, True, ["500.00", "1000.00"]),
        ({"enabled": None, "active": ...}, True, ["500.00", "1000.00"]),
        ({"configResponses": []}, False, []),
        ({"configResponses": [payloads.config(mrp="99.50")]}, False, []),
        ({"configResponses": [payloads.config(), payloads.config(sellRate=1)]}, True, ["500.00"]),
        (
            {"configResponses": [payloads.config(), payloads.config(customAmountEnabled=True)]},
            True,
            ["500.00"],
        ),
        ({"configResponses": ..., "productConfigs": [payloads.config()]}, True, ["500.00"]),
    ],
)
async def test_what_can_be_ordered(
    enkash: EnKash, server: Canned, changes: dict[str, Any], available: bool, amounts: list[str]
) -> None:
    body = payloads.product(**changes)
    server.answers[CONFIG + "PC10Q"] = Answer(payloads.enveloped(..., payload=body))
    listing = await enkash.product("PC10Q")
    assert listing.available is available
    assert isinstance(listing.denominations, FixedDenominations)
    assert [str(one.face_value) for one in listing.denominations.values] == amounts


async def test_a_price_that_is_not_stated_follows_from_the_percentage(
    enkash: EnKash, server: Canned
) -> None:
    body = payloads.product(configResponses=[payloads.config(sellRate=None, enkashDiscount="2.5")])
    server.answers[CONFIG + "PC10Q"] = Answer(payloads.enveloped(..., payload=body))
    denominations = (await enkash.product("PC10Q")).denominations
    assert isinstance(denominations, FixedDenominations)
    assert str(denominations.values[0].price) == "487.50"


async def test_any_amount_up_to_the_maximum(enkash: EnKash, server: Canned) -> None:
    body = payloads.product(configResponses=[payloads.config(customAmountEnabled=True, mrp=10000)])
    server.answers[CONFIG + "PC10Q"] = Answer(payloads.enveloped(..., payload=body))
    found = (await enkash.product("PC10Q")).denominations
    assert isinstance(found, DenominationRange)
    assert (str(found.min), str(found.max)) == ("1.00", "10000.00")
    assert (str(found.step), str(found.discount_percent), found.max_quantity) == ("1", "3", 10)


async def test_a_sku_stays_one_part_of_the_path(enkash: EnKash, server: Canned) -> None:
    with pytest.raises(ProviderError):
        await enkash.product("../../oauth/token?x=1#y")
    assert server.seen[-1].path == CONFIG + "../../oauth/token?x=1#y"


async def test_the_catalog_is_every_product_that_can_be_read(
    enkash: EnKash, server: Canned
) -> None:
    first = [{"productCatalogId": f"P{n}"} for n in range(PAGE)]
    second = [{"productCatalogId": "P0"}, {"productCatalogId": "LAST"}, {"brand": "no id"}]
    server.answers[CATALOG] = [
        Answer(payloads.enveloped(..., payload=first, totalCount=PAGE + 3)),
        Answer(payloads.enveloped(..., payload=second)),
    ]
    for n in range(PAGE):
        body = payloads.product(productCatalogId=f"P{n}")
        server.answers[CONFIG + f"P{n}"] = Answer(payloads.enveloped(..., payload=body))
    server.answers[CONFIG + "LAST"] = server.answers[CONFIG + "P0"]
    server.answers[CONFIG + "P7"] = Answer(payloads.failed("Product not found"), 404)
    server.answers[CONFIG + "P8"] = Answer(payloads.enveloped(..., payload={"brand": [1]}))
    skus = [listing.sku async for listing in enkash.catalog()]
    assert len(skus) == PAGE - 2 + 1
    assert {"P7", "P8"}.isdisjoint(skus)
    assert [seen.query["offset"] for seen in server.asked(CATALOG)] == ["0", str(PAGE)]


async def test_a_catalog_that_never_ends_is_stopped(enkash: EnKash, server: Canned) -> None:
    same = [{"productCatalogId": "P1"}] * PAGE
    server.answers[CATALOG] = Answer(payloads.enveloped(..., payload=same))
    body = payloads.product(productCatalogId="P1")
    server.answers[CONFIG + "P1"] = Answer(payloads.enveloped(..., payload=body))
    async with asyncio.timeout(5):
        assert [listing.sku async for listing in enkash.catalog()] == ["P1"]


async def test_a_catalog_that_breaks_off_says_so(enkash: EnKash, server: Canned) -> None:
    rows = [{"productCatalogId": "P1"}]
    server.answers[CATALOG] = Answer(payloads.enveloped(..., payload=rows))
    server.answers[CONFIG + "P1"] = Answer("<html>", 503)
    with pytest.raises(Unavailable):
        [listing async for listing in enkash.catalog()]


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"otbBalance": Decimal("1234.50")}, "1234.50"),
        ({"otbBalance": "1234.5", "x": 1}, "1234.50"),
        ({"otbBalance": 0}, "0.00"),
    ],
)
async def test_the_balance_is_in_rupees(
    enkash: EnKash, server: Canned, payload: Any, wanted: str
) -> None:
    server.answers["/api/v0/partner/points/balance"] = Answer(
        payloads.enveloped(..., payload=payload)
    )
    (money,) = await enkash.balances()
    assert (str(money), money.currency) == (wanted, "INR")


@pytest.mark.parametrize("payload", [{}, {"otbBalance": None}, {"otbBalance": "much"}, []])
async def test_a_balance_that_is_none_is_unreadable(
    enkash: EnKash, server: Canned, payload: Any
) -> None:
    server.answers["/api/v0/partner/points/balance"] = Answer(
        payloads.enveloped(..., payload=payload)
    )
    with pytest.raises(Unavailable):
        await enkash.balances()
