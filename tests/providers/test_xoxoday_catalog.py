"""Xoxoday's products and balance: prices in the account's currency."""

from typing import Any

import pytest

from domain.catalog import DeliverySpeed, FixedDenominations
from domain.money import Money
from providers.errors import NotFound, Unavailable
from providers.xoxoday import Xoxoday
from simulators.world import price_of
from simulators.xoxoday_wire import ACCOUNT_CURRENCY, RATES
from tests.providers import xoxoday_payloads as payloads
from tests.providers.local import Answer
from tests.providers.plum import Plum, simulated
from tests.providers.shown import shown, sold
from tests.providers.xoxoday_payloads import answer, product


@pytest.mark.parametrize("case", payloads.PRODUCTS, ids=lambda case: case[0])
async def test_a_product_is_read_or_left_out(
    plum: Plum, xoxoday: Xoxoday, case: tuple[str, dict[str, Any], str | None]
) -> None:
    _, row, goods = case
    plum.answers["getVouchers"] = Answer(answer([row], "getVouchers"))
    found = [listing async for listing in xoxoday.catalog()]
    assert [sold(listing) for listing in found] == ([goods] if goods else [])
    if goods is None:
        with pytest.raises((Unavailable, NotFound)):
            await xoxoday.product("2207")
    else:
        assert sold(await xoxoday.product("2207")) == goods


async def test_the_other_facts_of_a_product(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getVouchers"] = Answer(answer([product()], "getVouchers"))
    found = await xoxoday.product("2207")
    assert (found.sku, found.name, found.brand) == ("2207", "Sample Store", "Sample Store")
    assert (found.currency, found.country) == ("INR", "IN")
    assert found.categories == ("food", "home_living")
    assert found.delivery_speed is DeliverySpeed.FAST
    assert found.terms == "<ul><li>One per visit</li></ul>"
    assert isinstance(found.denominations, FixedDenominations)
    assert {one.max_quantity for one in found.denominations.values} == {10}
    asked = plum.asked("getVouchers")[0]
    assert (asked["includeProducts"], asked["exchangeRate"]) == ("2207", 1)


async def test_the_catalog_ends_with_a_short_page_and_shows_a_product_once(
    plum: Plum, xoxoday: Xoxoday
) -> None:
    first = [product(productId=n) for n in range(1, 101)]
    second = [product(productId=n) for n in range(100, 103)]
    plum.answers["getVouchers"] = [
        Answer(answer(first, "getVouchers")),
        Answer(answer(second, "getVouchers")),
    ]
    found = [listing.sku async for listing in xoxoday.catalog()]
    assert found == [str(n) for n in range(1, 103)]
    assert [asked["page"] for asked in plum.asked("getVouchers")] == [1, 2]
    assert len(plum.asked("getBalance")) == 1


@pytest.mark.parametrize(
    "last",
    [
        Answer({"code": 404, "errorId": "PLE10030"}, 404),
        Answer(answer([], "getVouchers")),
        Answer(answer([product(productId=n) for n in range(1, 101)], "getVouchers")),
    ],
    ids=["PLE10030", "empty", "the same again"],
)
async def test_the_catalog_ends(plum: Plum, xoxoday: Xoxoday, last: Answer) -> None:
    full = [product(productId=n) for n in range(1, 101)]
    plum.answers["getVouchers"] = [Answer(answer(full, "getVouchers")), last]
    assert len([listing async for listing in xoxoday.catalog()]) == 100
    assert len(plum.asked("getVouchers")) == 2


async def test_another_product_than_asked_for_is_none(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getVouchers"] = Answer(answer([product(productId=8)], "getVouchers"))
    with pytest.raises(NotFound):
        await xoxoday.product("2207")


async def test_nothing_is_priced_without_the_accounts_currency(
    plum: Plum, xoxoday: Xoxoday
) -> None:
    plum.answers["getBalance"] = Answer({"code": 502, "errorId": "PLE10013"}, 502)
    with pytest.raises(Unavailable):
        await xoxoday.product("2207")


@pytest.mark.parametrize(
    ("data", "amount"),
    [
        ({"value": 1250.5, "currency": "INR"}, "1250.50 INR"),
        ({"value": "1250.50", "currency": "inr", "points": 3}, "1250.50 INR"),
        ({"value": 0, "currency": "USD"}, "0.00 USD"),
        ({"value": -3, "currency": "USD"}, "-3.00 USD"),
        ({"value": "", "currency": "INR"}, None),
        ({"value": 5}, None),
        ({"value": 5, "currency": "points"}, None),
        ([], None),
        ("x", None),
    ],
)
async def test_the_balance(plum: Plum, xoxoday: Xoxoday, data: Any, amount: str | None) -> None:
    plum.answers["getBalance"] = Answer(answer(data, "getBalance"))
    if amount is None:
        with pytest.raises(Unavailable):
            await xoxoday.balances()
    else:
        assert [shown(one) for one in await xoxoday.balances()] == [amount]


async def test_the_simulators_goods_cost_what_they_are_listed_for() -> None:
    async with simulated() as (simulator, adapter):
        found = {listing.sku: listing async for listing in adapter.catalog()}
    goods = [item for item in simulator.world.products.values() if item.available]
    assert set(found) == {item.sku for item in goods}
    rates = {item.currency: RATES[item.currency] for item in goods}
    assert len(rates) > 1
    for item in goods:
        denominations = found[item.sku].denominations
        if isinstance(denominations, FixedDenominations):
            for one in denominations.values:
                price = price_of(
                    item,
                    one.face_value.amount,
                    1,
                    currency=ACCOUNT_CURRENCY,
                    rate=rates[item.currency],
                )
                assert one.price == Money(price.payable, ACCOUNT_CURRENCY)
        else:
            assert denominations.discount_percent == item.discount - item.fee
