"""Woohoo's catalog, walked by category, and the reseller's balance."""

from typing import Any

import pytest
import structlog

from domain.catalog import DenominationRange
from domain.money import Money
from domain.providers import Capability
from providers import errors
from providers.errors import NotFound, Unavailable
from providers.woohoo import DIRECT, RESELLER, Woohoo
from simulators.world import price_of
from tests.providers import woohoo_payloads as payloads
from tests.providers.local import Answer
from tests.providers.pine import (
    Pair,
    Pine,
    percent,
    running,
    simulated,
)
from tests.providers.shown import ACCIDENTS, shown, sold
from tests.providers.woohoo_payloads import product


@pytest.mark.parametrize("case", payloads.PRODUCTS, ids=lambda case: case[0])
async def test_a_product_is_read_or_refused(
    woohoo: Pair, case: tuple[str, dict[str, Any], str | None]
) -> None:
    pine, adapter = woohoo
    _, body, goods = case
    pine.answers[pine.path("product", "CNPIN")] = Answer(body)
    if goods is None:
        with (
            structlog.testing.capture_logs() as lines,
            pytest.raises((Unavailable, NotFound)),
        ):
            await adapter.product("CNPIN")
        assert not {line.get("field") for line in lines} & ACCIDENTS
    else:
        assert sold(await adapter.product("CNPIN")) == goods


async def test_the_other_facts_of_a_product(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("product", "CNPIN")] = Answer(product())
    found = await adapter.product("CNPIN")
    assert (found.name, found.brand, found.country) == ("Sample Card", "Sample", "IN")
    assert (found.terms, found.validity) == ("<p>Terms</p>", "12 months")
    assert found.image_url == "https://img.example/b.png"
    assert found.available
    pine.answers[pine.path("product", "CNPIN")] = Answer(product(type="PHYSICAL"))
    assert not (await adapter.product("CNPIN")).available


@pytest.mark.parametrize("sku", ["A B", "A/B", "A'(B)*!", "Ä", "A%2FB", "A?b=1"])
async def test_a_strange_sku_stays_one_part_of_the_path(woohoo: Pair, sku: str) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("product", percent(sku))] = Answer(product(sku=sku))
    assert (await adapter.product(sku)).sku == sku


@pytest.mark.parametrize("sku", ["", ".", ".."])
async def test_a_sku_that_would_be_another_path_is_never_asked_for(woohoo: Pair, sku: str) -> None:
    pine, adapter = woohoo
    with pytest.raises(NotFound):
        await adapter.product(sku)
    assert pine.calls == []


def tree(pine: Pine, *, as_list: bool = False) -> None:
    """Two shelves that share one product; one of its three is broken and one gone."""
    leaf = {"id": "12", "name": "Food", "subcategories": []}
    root = {
        "id": "1",
        "name": "All",
        "subcategoriesCount": 2,
        "subcategories": [leaf, {"id": 13, "name": "Travel", "subcategories": None}],
    }
    pine.answers[pine.path("categories")] = Answer([root] if as_list else root)
    shelves = {"1": [], "12": ["A", "B", "GONE"], "13": ["B", "C", "BROKEN"]}
    for key, skus in shelves.items():
        rows = {"productsCount": len(skus), "products": [{"sku": sku} for sku in skus]}
        pine.answers[pine.path("products", key)] = Answer(rows)
    for sku in "ABC":
        pine.answers[pine.path("product", sku)] = Answer(product(sku=sku))
    pine.answers[pine.path("product", "GONE")] = Answer({"code": 1303}, 400)
    pine.answers[pine.path("product", "BROKEN")] = Answer(product(sku="BROKEN", price=None))


@pytest.mark.parametrize("as_list", [False, True])
async def test_the_catalog_shows_every_readable_product_once(woohoo: Pair, as_list: bool) -> None:
    pine, adapter = woohoo
    tree(pine, as_list=as_list)
    found = {listing.sku: listing async for listing in adapter.catalog()}
    assert set(found) == {"A", "B", "C"}
    assert sorted(found["B"].categories) == ["Food", "Travel"]
    asked = [path for path, _ in pine.calls]
    assert len(asked) == len(set(asked)) == 1 + 3 + 5


async def test_a_category_is_read_page_by_page(woohoo: Pair) -> None:
    pine, adapter = woohoo
    tree(pine)
    path = pine.path("products", "12")
    pine.answers[path] = [
        Answer({"productsCount": "3", "products": [{"sku": "A"}, {"sku": "B"}]}),
        Answer({"productsCount": 3, "products": [{"sku": "C"}]}),
    ]
    pine.answers[pine.path("products", "13")] = Answer({"code": 6652}, 400)
    assert {listing.sku async for listing in adapter.catalog()} == {"A", "B", "C"}
    queries = [query for asked, query in pine.calls if asked == path]
    assert queries == [{"offset": "0", "limit": "500"}, {"offset": "2", "limit": "500"}]


async def test_a_provider_that_fails_leaves_no_half_catalog(woohoo: Pair) -> None:
    pine, adapter = woohoo
    tree(pine)
    pine.answers[pine.path("product", "C")] = Answer({"code": 401}, 401)
    with pytest.raises(Unavailable):
        _ = [listing async for listing in adapter.catalog()]


@pytest.mark.parametrize(
    "body", [None, "x", 5, [5], {"id": "1", "subcategories": {}}, {"id": [], "name": "x"}]
)
async def test_a_hostile_tree_is_unreadable(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("categories")] = Answer(body)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        _ = [listing async for listing in adapter.catalog()]
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        ({"balance": "1250.50", "currency": {"code": "INR"}}, "1250.50 INR"),
        ({"balance": 1250.5, "currency": "INR"}, "1250.50 INR"),
        ({"balance": "0", "currency": "356"}, "0.00 INR"),
        ({"balance": "12"}, "12.00 INR"),
        ({"balance": ""}, None),
        ({"balance": "x", "currency": "INR"}, None),
        ({"balance": "1", "currency": "Rs"}, None),
        ([], None),
    ],
)
async def test_the_resellers_balance(body: Any, amount: str | None) -> None:
    async with running(RESELLER) as (pine, adapter):
        pine.answers[pine.path("balance")] = Answer(body)
        if amount is None:
            with pytest.raises(Unavailable):
                await adapter.balances()
        else:
            assert [shown(one) for one in await adapter.balances()] == [amount]


async def test_there_is_no_balance_without_the_reseller(woohoo_direct: Pair) -> None:
    pine, adapter = woohoo_direct
    with pytest.raises(errors.Unsupported):
        await adapter.balances()
    assert (pine.calls, pine.logins) == ([], [])
    assert Capability.BALANCE not in Woohoo.capabilities


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
async def test_the_simulators_goods_cost_what_they_are_listed_for(profile: str) -> None:
    async with simulated(profile) as (simulator, adapter):
        found = {listing.sku: listing async for listing in adapter.catalog()}
    goods = simulator.world.products
    assert set(found) == set(goods)
    for item in goods.values():
        denominations = found[item.sku].denominations
        assert item.category in found[item.sku].categories
        if isinstance(denominations, DenominationRange):
            assert denominations.discount_percent == item.discount
            continue
        for one in denominations.values:
            price = price_of(item, one.face_value.amount, 1)
            assert one.price == Money(price.payable, "INR")
