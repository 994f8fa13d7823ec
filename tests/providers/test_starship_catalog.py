"""Starship's lists and products, read through the real adapter from a real server."""

import asyncio
from typing import Any

import pytest

from domain.catalog import DenominationRange, FixedDenominations
from domain.orders import OrderStatus
from providers.errors import Reason, Unavailable
from providers.port import OrderKey
from providers.starship import ORDERS_PAGE, Starship
from tests.providers import starship_payloads as payloads
from tests.providers.local import Answer, Canned

ORDER = "/api/v1/orders/40817"
ORDERS = "/api/v1/orders"
PRODUCT = "/api/v1/products/3052"
PRODUCTS = "/api/v1/products"
CURRENCIES = "/api/v1/currencies"
WALLETS = "/api/v1/wallets"
KEY = OrderKey("40817", "GW_71f2a0c4")


async def test_several_statuses_are_one_page_of_the_list(
    starship: Starship, server: Canned
) -> None:
    server.answers[ORDERS] = Answer(
        [
            payloads.listed(id=3, status="PARTIALLY_DELIVERED"),
            payloads.listed(id=2, status="delivered"),
            payloads.listed(id=1, status="ODD"),
            payloads.listed(id=77),
        ]
    )
    readings = await starship.statuses([OrderKey(str(n)) for n in (1, 2, 3, 4)])
    assert {key: (row.status, row.final, row.delivered) for key, row in readings.items()} == {
        "3": (OrderStatus.PARTIALLY_DELIVERED, False, None),
        "2": (OrderStatus.DELIVERED, True, None),
        "1": (OrderStatus.PROCESSING, False, None),
    }
    assert readings["2"].quantity == 2
    (seen,) = server.seen
    assert (seen.path, seen.query) == (ORDERS, {"page": "1", "limit": str(ORDERS_PAGE)})


@pytest.mark.parametrize("body", [{}, "x", [1], [{"status": "DELIVERED"}], [None]])
async def test_a_list_that_is_none_is_unreadable(
    starship: Starship, server: Canned, body: Any
) -> None:
    server.answers[ORDERS] = Answer(body)
    with pytest.raises(Unavailable) as caught:
        await starship.statuses([KEY, OrderKey("5")])
    assert caught.value.reason is Reason.UNREADABLE


async def test_no_statuses_are_no_request(starship: Starship, server: Canned) -> None:
    assert await starship.statuses([]) == {}
    assert server.seen == []


@pytest.mark.parametrize("name", payloads.LISTINGS)
async def test_a_product_is_read(starship: Starship, server: Canned, name: str) -> None:
    changes, wanted = payloads.LISTINGS[name]
    server.answers[PRODUCT] = Answer(payloads.product(**changes))
    listing = await starship.product("3052")
    assert {field: getattr(listing, field) for field in wanted} == wanted


@pytest.mark.parametrize("name", payloads.BROKEN_PRODUCTS)
async def test_a_broken_product_is_unreadable_alone_and_left_out_of_the_catalog(
    starship: Starship, server: Canned, name: str
) -> None:
    broken = payloads.product(**payloads.BROKEN_PRODUCTS[name])
    server.answers[PRODUCT] = Answer(broken)
    server.answers[PRODUCTS] = Answer([payloads.product(id=1), broken, payloads.product(id=2)])
    with pytest.raises(Unavailable) as caught:
        await starship.product("3052")
    assert caught.value.reason is Reason.UNREADABLE
    assert [listing.sku async for listing in starship.catalog()] == ["1", "2"]


async def test_denominations_are_fixed_where_least_is_most(
    starship: Starship, server: Canned
) -> None:
    found = (await starship.product("3052")).denominations
    assert isinstance(found, FixedDenominations)
    assert [(str(one.face_value), str(one.price)) for one in found.values] == [
        ("25.00", "24.38"),  # 24.375, rounded half to even once
        ("50.00", "49.00"),
    ]


async def test_of_several_ranges_the_widest_is_offered(starship: Starship, server: Canned) -> None:
    offers = [
        {"min_value": 5, "max_value": 10, "discount": 1},
        {"min_value": "10", "max_value": "500.50", "discount": "2"},
        {"min_value": 25, "max_value": 25, "discount": 9},
    ]
    server.answers[PRODUCT] = Answer(payloads.product(available_denominations=offers))
    found = (await starship.product("3052")).denominations
    assert isinstance(found, DenominationRange)
    assert (str(found.min), str(found.max), str(found.discount_percent)) == (
        "10.00",
        "500.50",
        "2",
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"X-Has-More": "true"}, {"X-Has-More": "false"}),
        ({"X-Total-Pages": "2"}, {"X-Total-Pages": "2"}),
        ({"X-Has-More": "True", "X-Total-Pages": "1"}, {"X-Has-More": "FALSE"}),
    ],
)
async def test_pages_follow_whichever_header_there_is(
    starship: Starship, server: Canned, first: dict[str, str], second: dict[str, str]
) -> None:
    server.answers[PRODUCTS] = [
        Answer([payloads.product(id=1)], headers=first),
        Answer([payloads.product(id=2)], headers=second),
    ]
    assert [listing.sku async for listing in starship.catalog()] == ["1", "2"]
    pages = [seen.query["page"] for seen in server.asked(PRODUCTS)]
    assert pages == ["1", "2"]
    assert len(server.asked(CURRENCIES)) == 1


async def test_without_headers_a_full_page_is_followed(
    starship: Starship, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.starship.PRODUCTS_PAGE", 3)
    full = [payloads.product(id=n) for n in (1, 2, 3)]
    server.answers[PRODUCTS] = [Answer(full), Answer([])]
    server.answers[CURRENCIES] = [Answer(payloads.CURRENCIES), Answer([])]
    async with asyncio.timeout(5):
        assert len([listing async for listing in starship.catalog()]) == 3


async def test_a_catalog_that_breaks_off_says_so(starship: Starship, server: Canned) -> None:
    server.answers[PRODUCTS] = [
        Answer([payloads.product(id=1)], headers={"X-Has-More": "true"}),
        Answer("<html>"),
    ]
    with pytest.raises(Unavailable):
        [listing async for listing in starship.catalog()]
