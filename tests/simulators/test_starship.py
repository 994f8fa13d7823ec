"""Starship: keys, signatures, catalog, quotes, wallets."""

import json

import aiohttp
import pytest

from simulators.starship import Starship
from tests.simulators.clients import StarshipClient

REF = "VG_STARSHIP1234"


async def test_keys_are_checked(starship: StarshipClient) -> None:
    structured = await starship.call("GET", "/products", headers={"X-API-Secret": "x"})
    assert structured.status == 401
    assert structured.json["error"]["code"] == "E_UNAUTHORIZED_ACCESS"
    flat = await starship.call("GET", "/orders/1", headers={"X-API-Key": "x"})
    assert (flat.status, flat.json["error"]) == (401, "unauthorized")


async def test_signatures_are_checked_when_demanded(http: aiohttp.ClientSession) -> None:
    simulator = Starship(signing=True)
    await simulator.start()
    try:
        client = StarshipClient(http, simulator)
        assert client.credentials["signing"] == "on"
        body = json.dumps({"denomination": 1, "quantity": 1}).encode()
        path = "/products/3001/availability"
        right = client.signature("POST", path, body)
        assert (await client.call("POST", path, body, right)).status == 200
        assert (await client.call("POST", path, body + b" ", right)).status == 401
        assert (await client.call("POST", path, body)).status == 401
        old = client.signature("POST", path, body, age=301)
        assert (await client.call("POST", path, body, old)).status == 401
        for signed in ("/products", "/products?limit=3"):
            headers = client.signature("GET", signed)
            assert (await client.call("GET", "/products?limit=3", headers=headers)).status == 200
    finally:
        await simulator.stop()


async def test_products_are_paged_with_headers(starship: StarshipClient) -> None:
    first = await starship.call("GET", "/products?limit=30")
    last = await starship.call("GET", "/products?limit=30&page=3")
    assert first.headers["X-Total-Count"] == "80"
    assert first.headers["X-Total-Pages"] == "3"
    assert (first.headers["X-Has-More"], last.headers["X-Has-More"]) == ("true", "false")
    assert [row["id"] for row in first.json] == list(range(3080, 3050, -1))
    assert len(last.json) == 20
    assert set(first.json[0]) == {
        "id",
        "name",
        "category",
        "sub_category",
        "country_id",
        "currency_id",
        "image_url",
        "delivery_type",
        "delivery_time",
        "validity",
        "available_denominations",
    }


async def test_products_are_sorted_and_filtered(starship: StarshipClient) -> None:
    upward = await starship.call(
        "GET", "/products?sort=%7B%22field%22%3A%22name%22%2C%22direction%22%3A%22ASC%22%7D"
    )
    names = [row["name"] for row in upward.json]
    assert names == sorted(names)
    currency = (await starship.call("GET", "/currencies")).json[1]
    rows = (await starship.call("GET", f"/products?currency_id={currency['id']}")).json
    assert currency["code"] == "USD"
    assert rows
    assert all(row["currency_id"] == currency["id"] for row in rows)


async def test_denominations_are_fixed_or_ranges(starship: StarshipClient) -> None:
    rows = (await starship.call("GET", "/products?limit=100")).json
    shapes = {
        "none"
        if not (found := row["available_denominations"])
        else "fixed"
        if found[0]["min_value"] == found[0]["max_value"]
        else "range"
        for row in rows
    }
    assert shapes == {"none", "fixed", "range"}
    assert {row["delivery_time"] for row in rows} == {"instant", "DELAYED"}
    assert {row["delivery_type"] for row in rows} == {
        "code",
        "code_with_pin",
        "url",
        "url_with_pin",
    }


@pytest.mark.parametrize("limit", ["0", "10001", "x"])
async def test_wrong_pages_are_refused(starship: StarshipClient, limit: str) -> None:
    reply = await starship.call("GET", f"/products?limit={limit}")
    assert reply.status == 400
    assert reply.json["error"]["code"] == "E_VALIDATION_FAILURE"
    assert reply.json["error"]["messages"]["limit"][0]["field"] == "limit"


async def test_an_unknown_product_is_400(starship: StarshipClient) -> None:
    reply = await starship.call("GET", "/products/1")
    assert (reply.status, reply.json["error"]["code"]) == (400, "RESOURCE_NOT_FOUND")


async def test_a_quote_takes_texts_and_numbers(starship: StarshipClient) -> None:
    product = starship.product()
    path = f"/products/{product.sku}/charges"
    value = product.usual_value
    replies = [
        (await starship.call("POST", path, {"denomination": sent, "quantity": 3})).json
        for sent in (int(value), str(value))
    ]
    assert replies[0] == replies[1]
    assert set(replies[0]) == {
        "non_discounted_total",
        "discount",
        "discount_amount",
        "total_amount",
        "net_amount",
        "gst_amount",
        "handling_fee_amount",
        "total_payable",
        "max_quantity",
        "charges_details",
    }
    assert replies[0]["total_payable"] == value * 3 * (100 - product.discount) / 100
    assert replies[0]["charges_details"]["forex_rate"] is None


async def test_another_wallet_is_charged_in_its_currency(starship: StarshipClient) -> None:
    product = next(
        item
        for item in starship.simulator.world.products.values()
        if item.currency == "EUR" and item.available and item.values
    )
    wallets = dict(pair.split("=") for pair in starship.credentials["wallet_ids"].split(","))
    body = {
        "denomination": int(product.usual_value),
        "quantity": 1,
        "wallet_id": int(wallets["USD"]),
    }
    quote = (await starship.call("POST", f"/products/{product.sku}/charges", body)).json
    assert quote["charges_details"]["source_currency"] == "USD"
    assert quote["charges_details"]["destination_currency"] == "EUR"
    assert quote["total_payable"] > product.usual_value * (100 - product.discount) / 100
    before = (await starship.call("GET", f"/wallets/{wallets['USD']}")).json["amount"]
    order = body | {"product_id": int(product.sku), "ref": REF}
    placed = (await starship.call("POST", "/orders", order, {"Idempotency-Key": REF})).json
    assert placed["amount"] == quote["total_payable"]
    after = (await starship.call("GET", f"/wallets/{wallets['USD']}")).json["amount"]
    assert before - after == quote["total_payable"]
    wrong = await starship.call(
        "POST", f"/products/{product.sku}/charges", body | {"wallet_id": 99}
    )
    assert wrong.json["error"]["code"] == "INVALID_INPUT"


async def test_availability(starship: StarshipClient) -> None:
    product = starship.product()
    path = f"/products/{product.sku}/availability"
    asked = {"denomination": int(product.usual_value), "quantity": product.max_quantity}
    reply = (await starship.call("POST", path, asked)).json
    assert reply == {"available": True, "max_quantity": product.max_quantity}
    asked["quantity"] += 1
    assert not (await starship.call("POST", path, asked)).json["available"]
    await starship.break_with("quote", "out_of_stock")
    refused = await starship.call("POST", path, asked)
    assert (refused.status, refused.json["error"]["code"]) == (409, "OUT_OF_STOCK")
