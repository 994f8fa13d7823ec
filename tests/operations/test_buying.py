"""One cart, every provider, one order: placed once, delivered, paid to the last unit."""

import asyncio
from decimal import Decimal

import pytest

from tests.operations.buying import (
    Buyer,
    faults,
    ledger,
    money_is_right,
    pass_time,
    until,
)
from tests.operations.service import Service

ALL = ("enkash", "starship", "xoxoday", "woohoo")
DONE = ("FULFILLED",)


async def test_one_cart_of_four_providers_is_one_order_delivered_at_once(
    service: Service, buyer: Buyer
) -> None:
    before = await buyer.balance("INR")
    cart = await buyer.cart([(name, 2) for name in ALL])
    payload = await buyer.place(cart, "four-providers")
    assert payload["problems"] == []
    assert payload["replayed"] is False
    assert payload["order"]["status"] == "DELIVERED"
    found = await buyer.order(payload["order"]["id"])
    assert sorted(part["provider"]["name"] for part in found["fulfillments"]) == sorted(ALL)
    assert {part["status"] for part in found["fulfillments"]} == {"FULFILLED"}
    assert found["vouchers"]["totalCount"] == 8
    opened_now = (await buyer.secrets(found["id"])).data["order"]["vouchers"]["nodes"]
    assert all(v["code"] or v["claimUrl"] for v in opened_now)
    for part in found["fulfillments"]:
        [row] = ledger(service, part["provider"]["name"])
        assert row["reference"] == part["reference"]
        assert (row["providerOrderId"], row["quantity"]) == (part["providerOrderId"], 2)
        assert len(part["reference"]) <= 25
    assert found["events"]["nodes"][0]["type"] == "PLACED"
    await money_is_right(buyer, found["id"])
    for total in found["totals"]:
        assert total["captured"] == {"amount": total["price"]["amount"]}
        assert total["held"]["amount"] == total["released"]["amount"] == "0.00"
    available, held = await buyer.balance("INR")
    assert held == before[1]
    assert available < before[0]


async def test_the_same_key_is_the_same_order_also_while_it_runs(
    service: Service, buyer: Buyer
) -> None:
    for simulator in service.simulators.values():
        simulator.settings.change({"latency_ms": 200})
    cart = await buyer.cart([(name, 1) for name in ALL])
    payloads = await asyncio.gather(*(buyer.place(cart, "one-key-many") for _ in range(10)))
    assert all(payload["problems"] == [] for payload in payloads)
    assert len({payload["order"]["id"] for payload in payloads}) == 1
    assert [payload["replayed"] for payload in payloads].count(False) == 1
    await until(service, buyer, payloads[0]["order"]["id"], *DONE)
    assert [len(ledger(service, name)) for name in ALL] == [1, 1, 1, 1]
    other = await buyer.place(cart, "another-key")
    assert [problem["code"] for problem in other["problems"]] == ["CART_CHECKED_OUT"]
    again = await buyer.place(cart, "one-key-many", maxTotals=[{"amount": "1", "currency": "INR"}])
    assert [problem["code"] for problem in again["problems"]] == ["KEY_REUSED"]


async def test_money_for_ten_of_a_hundred_is_ten_orders(service: Service, buyer: Buyer) -> None:
    carts = [await buyer.cart([("enkash", 1)]) for _ in range(100)]
    found = await buyer.client.data(
        "query ($id: ID!) { cart(id: $id) { totals { price { amount currency } } } }",
        {"id": carts[0]},
    )
    [total] = found["cart"]["totals"]
    price, currency = total["price"]["amount"], total["price"]["currency"]
    async with service.program.database.worker() as conn:
        await conn.execute(
            "UPDATE wallets SET available = $1::numeric * 10 WHERE currency = $2 AND account ="
            " (SELECT id FROM accounts WHERE name = 'demo')",
            *(Decimal(price), currency),
        )
    payloads = await asyncio.gather(
        *(buyer.place(cart, f"race-{number:03d}") for number, cart in enumerate(carts))
    )
    codes = [problem["code"] for payload in payloads for problem in payload["problems"]]
    assert codes == ["INSUFFICIENT_FUNDS"] * 90
    for payload in payloads:
        if payload["order"]:
            await until(service, buyer, payload["order"]["id"], *DONE)
    assert len(ledger(service, "enkash")) == 10
    assert await buyer.balance(currency) == (Decimal(0), Decimal(0))


async def test_max_totals_refuses_before_anything_is_charged(
    service: Service, buyer: Buyer
) -> None:
    cart = await buyer.cart([("woohoo", 2)])
    payload = await buyer.place(
        cart, "too-little", maxTotals=[{"amount": "0.01", "currency": "INR"}]
    )
    assert [problem["code"] for problem in payload["problems"]] == ["PRICE_CHANGED"]
    missing = await buyer.place(
        cart, "too-little", maxTotals=[{"amount": "100000", "currency": "USD"}]
    )
    assert [problem["code"] for problem in missing["problems"]] == ["INVALID_INPUT"]
    assert ledger(service, "woohoo") == []
    # The key is free again: a request refused before anything was written never used it.
    enough = await buyer.place(
        cart, "too-little", maxTotals=[{"amount": "100000", "currency": "INR"}]
    )
    assert enough["problems"] == []
    assert enough["order"]["status"] == "DELIVERED"


@pytest.mark.parametrize("name", ALL)
async def test_a_definite_refusal_is_rejected_and_released(
    service: Service, buyer: Buyer, name: str
) -> None:
    faults(service, name, {"operation": "place", "fault": "low_balance"})
    order = await buyer.buy(name)
    found = await until(service, buyer, order["id"], "REJECTED")
    assert (found["status"], found["settled"]) == ("FAILED", True)
    [part] = found["fulfillments"]
    assert part["problem"]["code"] == "PROVIDER_BALANCE_LOW"
    assert ledger(service, name) == []
    await money_is_right(buyer, found["id"])
    [total] = found["totals"]
    assert total["released"] == {"amount": total["price"]["amount"]}


@pytest.mark.parametrize("name", ALL)
async def test_a_provider_that_was_never_reached_is_tried_again(
    service: Service, buyer: Buyer, name: str
) -> None:
    faults(service, name, {"operation": "place", "fault": "rate_limited", "times": 1})
    order = await buyer.buy(name)
    service.program.providers[name].transport._pace._held.clear()
    await pass_time(service)
    found = await until(service, buyer, order["id"], *DONE)
    assert found["status"] == "DELIVERED"
    assert len(ledger(service, name)) == 1
    await money_is_right(buyer, found["id"])


async def test_a_demand_for_a_phone_number_is_told_in_words(service: Service, buyer: Buyer) -> None:
    """Nothing was sent to the provider, so the words are ours and say what is missing."""
    goods = service.simulators["xoxoday"].world.products.values()
    sku = next(product.sku for product in goods if product.habit == "phone")
    found = await buyer.client.data(
        """query { products(first: 100, filter: {provider: ["xoxoday"], available: true}) {
             nodes { id sku denominations { ... on FixedDenominations {
               values { faceValue { amount } } } } } } }"""
    )
    [node] = [node for node in found["products"]["nodes"] if node["sku"] == sku]
    face = node["denominations"]["values"][0]["faceValue"]["amount"]
    buyer.goods["xoxoday"] = {"id": node["id"], "sku": sku, "faceValue": face}
    cart = await buyer.cart([("xoxoday", 1)])
    [problem] = (await buyer.place(cart, "key-without-phone"))["problems"]
    assert problem["code"] == "INVALID_INPUT"
    assert problem["path"] == ["input", "cartId"]
    assert problem["message"] == (
        "the product demands the recipient's phone number with its country code"
    )
    assert ledger(service, "xoxoday") == []
    recipient = {"name": "Asha", "email": "asha@example.com", "phone": "+919812345678"}
    placed = await buyer.place(cart, "key-with-phone", recipient=recipient)
    assert placed["problems"] == []
