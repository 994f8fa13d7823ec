"""Woohoo's orders in both profiles: one SKU each, cards, reversal, resend, sandbox SKUs."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulators.catalog import Kind, Product
from simulators.woohoo import PAST
from tests.simulators.clients import (
    ResellerClient,
    WoohooClient,
    refused_as,
    unwrapped,
    woohoo_order,
)

REF = "VGWH_WOOHOO1234"


async def test_a_synchronous_order_brings_its_cards(woohoo: WoohooClient) -> None:
    product = woohoo.product()
    placed = await woohoo.place(REF, product, 2)
    assert placed.status == 201
    assert placed.json["status"] == "COMPLETE"
    assert set(placed.json) == {
        "status",
        "orderId",
        "refno",
        "cancel",
        "currency",
        "payments",
        "cards",
        "products",
    }
    assert list(placed.json["products"]) == [product.sku]
    [first, second] = placed.json["cards"]
    assert (len(first["cardNumber"]), len(first["cardPin"])) == (16, 6)
    assert first["cardNumber"] != second["cardNumber"]
    assert first["amount"] == f"{product.usual_value:.2f}"
    [row] = await woohoo.ledger(REF)
    assert [unit["code"] for unit in row["vouchers"]] == [
        card["cardNumber"] for card in placed.json["cards"]
    ]
    path = f"/order/{placed.json['orderId']}/cards/?limit=10&offset=0"
    read = (await woohoo.call("GET", path)).json
    assert read["cards"] == placed.json["cards"]
    assert read["total_cards"] == 2


@pytest.mark.parametrize("change", [{"syncOnly": False}, {"qty": 11}])
async def test_other_orders_are_accepted_first(
    woohoo: WoohooClient, change: dict[str, Any]
) -> None:
    quantity = change.pop("qty", 1)
    product = next(
        p
        for p in woohoo.simulator.world.products.values()
        if p.max_quantity > 10 and p.values and p.available and not p.delayed
    )
    order = woohoo_order(REF, product, quantity, **change)
    placed = await woohoo.call("POST", "/orders", order)
    assert placed.status == 202
    assert placed.json["status"] == "PROCESSING"
    assert "cards" not in placed.json
    status = (await woohoo.call("GET", f"/order/{REF}/status")).json
    assert (status["status"], status["orderId"]) == ("COMPLETE", placed.json["orderId"])


async def test_details_count_cards_and_name_neither_code_nor_sku(woohoo: WoohooClient) -> None:
    product = woohoo.product(number=2)
    order_id = (await woohoo.place(REF, product, 3)).json["orderId"]
    reply = await woohoo.call("GET", f"/orders/{order_id}")
    shown = reply.json
    assert shown["cards"]["summary"] == {
        "success": 3,
        "inProgress": 0,
        "failed": 0,
        "totalCardsCount": 3,
    }
    assert (shown["refno"], shown["totalQty"]) == (REF, 3)
    assert Decimal(shown["subTotal"]) == product.usual_value * 3
    assert Decimal(shown["grandTotal"]) == Decimal(shown["subTotal"]) - shown["discount"]
    assert isinstance(shown["grandTotal"], str)
    text = reply.raw.decode()
    assert product.sku not in text
    [row] = await woohoo.ledger(REF)
    assert row["charged"] == shown["grandTotal"]
    assert not any(unit["code"] in text for unit in row["vouchers"])
    assert shown["payments"][0]["poNumber"].startswith(REF)


async def test_the_reseller_says_success_in_lower_case(reseller: ResellerClient) -> None:
    product = reseller.product()
    placed = await reseller.call("POST", "/order", woohoo_order(REF, product, 2))
    assert placed.status == 201
    assert placed.json["code"] == "0x0201"
    assert unwrapped(placed)["status"] == "success"
    order_id = unwrapped(placed)["orderId"]
    shown = unwrapped(await reseller.call("GET", f"/order/details/{order_id}"))
    assert (shown["status"], shown["statusLabel"]) == ("success", "Complete")
    assert unwrapped(await reseller.call("GET", f"/order/status/{REF}"))["orderId"] == order_id
    cards = unwrapped(await reseller.call("GET", f"/order/cards/{order_id}?offset=0&limit=10"))
    assert cards["cards"] == unwrapped(placed)["cards"]


async def test_cards_are_paged(woohoo: WoohooClient) -> None:
    order = next(o for o in woohoo.simulator.seeded_orders if len(o.issued(2e10)) == 12)
    start = f"/order/{order.order_id}/cards/"
    usual = (await woohoo.call("GET", start)).json
    assert (len(usual["cards"]), usual["total_cards"]) == (10, 12)
    rest = (await woohoo.call("GET", f"{start}?offset=10&limit=10")).json
    assert len(rest["cards"]) == 2
    assert (await woohoo.call("GET", f"{start}?offset=5&limit=10")).status == 400
    assert refused_as(await woohoo.call("GET", "/order/KLM1/cards/")) == (400, 5320)


async def test_cards_that_are_not_there(woohoo: WoohooClient, reseller: ResellerClient) -> None:
    seen = {}
    for order in woohoo.simulator.seeded_orders:
        reply = await woohoo.call("GET", f"/order/{order.order_id}/cards/")
        wrapped = await reseller.call("GET", f"/order/cards/{order.order_id}")
        assert wrapped.status == reply.status
        assert unwrapped(wrapped) == reply.json
        seen[order.course[0].word] = (reply.status, reply.json.get("state"))
    assert seen["PENDING"] == (409, "PROCESSING")
    assert seen["CANCELED"] == seen["CLOSED"] == (410, "CANCELED")
    assert seen["SUCCESS"] == (200, None)


async def test_the_last_day_begins_in_india(woohoo: WoohooClient) -> None:
    product = woohoo.product()
    [card] = (await woohoo.place(REF, product)).json["cards"]
    begins = datetime.fromisoformat(card["validity"])
    assert begins.strftime("%H:%M") == "18:30"
    [unit] = woohoo.simulator.world._by_reference[REF].vouchers
    assert (begins + timedelta(hours=5, minutes=30)).date() == unit.expires_on


def order_of(product: Product, **change: Any) -> dict[str, Any]:
    order = woohoo_order(REF, product, 1)
    line = order["products"][0]
    for name, value in change.items():
        (line if name in line else order)[name] = value
    return order


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"sku": "NOPE"}, 5310),
        ({"sku": "DISABLEDSTS"}, 5306),
        ({"sku": "INVFAILURE"}, 11135),
        ({"price": 3}, 5307),
        ({"qty": 100_000}, 11152),
        ({"currency": 840}, 5316),
        ({"payments": [{"code": "svc", "amount": 1}]}, 5036),
        ({"payments": [{"code": "card", "amount": 1}]}, 5035),
        ({"refno": "has space"}, 5329),
        ({"address": None}, 5312),
        ({"products": []}, 400),
    ],
)
async def test_refusals_are_400_with_a_code(
    woohoo: WoohooClient, reseller: ResellerClient, change: dict[str, Any], wanted: int
) -> None:
    product = woohoo.simulator.world.products["CNPIN"]
    order = order_of(product, **change)
    assert refused_as(await woohoo.call("POST", "/orders", order)) == (400, wanted)
    wrapped = await reseller.call("POST", "/order", order)
    assert (wrapped.json["code"], unwrapped(wrapped)["code"]) == ("0x0400", wanted)
    assert await woohoo.ledger(REF) == []


async def test_two_skus_are_refused(woohoo: WoohooClient) -> None:
    order = woohoo_order(REF, woohoo.product(), 1)
    order["products"] *= 2
    assert refused_as(await woohoo.call("POST", "/orders", order)) == (400, 400)


async def test_a_refno_is_taken_once(woohoo: WoohooClient) -> None:
    product = woohoo.product()
    replies = await asyncio.gather(*(woohoo.place(REF, product) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 400, 400, 400]
    assert refused_as(await woohoo.place(REF, product)) == (400, 5313)
    assert len(await woohoo.ledger(REF)) == 1


async def test_a_dry_run_orders_nothing(woohoo: WoohooClient) -> None:
    product = woohoo.product()
    order = woohoo_order(REF, product, 2)
    quote = (await woohoo.call("POST", "/orders/validate", order)).json
    assert await woohoo.ledger(REF) == []
    order_id = (await woohoo.call("POST", "/orders", order)).json["orderId"]
    shown = (await woohoo.call("GET", f"/orders/{order_id}")).json
    assert quote["grandTotal"] == shown["grandTotal"]


async def test_unknown_orders_are_400(woohoo: WoohooClient) -> None:
    assert refused_as(await woohoo.call("GET", "/order/VGWH_NEVER/status")) == (400, 5320)
    assert refused_as(await woohoo.call("GET", "/orders/KLM1")) == (400, 5320)


async def test_the_list(woohoo: WoohooClient) -> None:
    await woohoo.place(REF, woohoo.product())
    page = (await woohoo.call("GET", "/orders?offset=0&limit=50")).json
    assert page["ordersCount"] == len(page["orders"]) == len(PAST) + 1
    assert page["orders"][0]["refNo"] == REF
    assert {row["status"] for row in page["orders"]} == {
        "COMPLETE", "SUCCESS", "PENDING", "PROCESSING", "CANCELED", "CANCELLED", "CLOSED",
        "ACTIVATE ERROR", "FAILED",
    }  # fmt: skip
    second = (await woohoo.call("GET", "/orders?offset=20&limit=20")).json
    assert len(second["orders"]) == len(PAST) + 1 - 20


async def test_reversal(woohoo: WoohooClient) -> None:
    await woohoo.set(delivery_seconds=100)
    product = woohoo.product()
    order = woohoo_order(REF, product, 1)
    await woohoo.call("POST", "/orders", order)
    reply = await woohoo.call("POST", "/orders/reverse", order)
    assert (reply.status, reply.json["code"], reply.json["order"]["refno"]) == (202, 0, REF)
    assert refused_as(await woohoo.call("POST", "/orders/reverse", order)) == (400, 8221)
    await woohoo.set(clock_offset_seconds=101)
    status = (await woohoo.call("GET", f"/order/{REF}/status")).json
    assert (status["status"], status["cancel"]["allowed"]) == ("CANCELED", False)
    assert (await woohoo.call("POST", "/orders/reverse", order)).status == 200


async def test_reversal_has_a_window(woohoo: WoohooClient) -> None:
    order = woohoo_order(REF, woohoo.product(), 1)
    await woohoo.call("POST", "/orders", order)
    await woohoo.set(clock_offset_seconds=16 * 60)
    assert refused_as(await woohoo.call("POST", "/orders/reverse", order)) == (400, 10467)


async def test_resending_changes_the_pin_of_mailed_orders_only(woohoo: WoohooClient) -> None:
    product = woohoo.product()
    api = (await woohoo.place(REF, product)).json["orderId"]
    assert refused_as(await woohoo.call("POST", f"/orders/{api}/resend", {"cards": []})) == (
        400,
        5352,
    )
    mailed = woohoo_order(REF + "2", product, 1, deliveryMode="EMAIL")
    placed = (await woohoo.call("POST", "/orders", mailed)).json
    sent = await woohoo.call("POST", f"/orders/{placed['orderId']}/resend", {"cards": []})
    assert sent.status == 202
    [after] = (await woohoo.call("GET", f"/order/{placed['orderId']}/cards/")).json["cards"]
    [before] = placed["cards"]
    assert after["cardNumber"] == before["cardNumber"]
    assert after["cardPin"] != before["cardPin"]


async def test_balances(woohoo: WoohooClient, reseller: ResellerClient) -> None:
    product = woohoo.product()
    [card] = (await woohoo.place(REF, product)).json["cards"]
    one = await woohoo.call("POST", "/balance", {"cardNumber": card["cardNumber"]})
    assert (one.status, one.json["balance"]) == (201, f"{product.usual_value:.2f}")
    wrong = await woohoo.call("POST", "/balance", {"cardNumber": "1"})
    assert (wrong.status, wrong.json["code"]) == (400, "6049")
    [row] = await woohoo.ledger(REF)
    left = unwrapped(await reseller.call("GET", "/balance"))["balance"]
    assert Decimal(left) == 50_000_000 - Decimal(row["charged"])


# The sandbox SKUs


@pytest.mark.parametrize(
    ("sku", "present", "absent"),
    [
        ("CNPIN", {"cardNumber", "cardPin"}, {"activationUrl"}),
        ("CLAIMCODE", {"cardNumber", "cardPin"}, {"activationUrl"}),
        ("UBEFLOW", {"activationUrl"}, {"cardPin", "activationCode"}),
    ],
)
async def test_sandbox_cards(
    woohoo: WoohooClient, sku: str, present: set[str], absent: set[str]
) -> None:
    [card] = (await woohoo.place(REF, woohoo.simulator.world.products[sku])).json["cards"]
    assert all(card[name] for name in present)
    assert not any(card[name] for name in absent)
    if sku == "CLAIMCODE":
        assert card["labels"]["cardPin"] == "Claim Code"


async def test_a_code_only_card(woohoo: WoohooClient) -> None:
    [card] = (await woohoo.place(REF, woohoo.simulator.world.products["VOUCHERCODE"])).json["cards"]
    assert bool(card["cardNumber"]) is not bool(card["activationCode"])
    assert card["cardPin"] is None


async def test_a_sandbox_order_that_stays_in_processing(woohoo: WoohooClient) -> None:
    product = woohoo.simulator.world.products["PROCESSINGSTS"]
    assert (await woohoo.place(REF, product)).status == 202
    await woohoo.set(clock_offset_seconds=86400)
    assert (await woohoo.call("GET", f"/order/{REF}/status")).json["status"] == "PROCESSING"


@pytest.mark.parametrize(
    ("sku", "ends"), [("APITESTTIMFAIL", "FAILED"), ("testsuccess001", "DELIVERED")]
)
async def test_sandbox_orders_that_time_out(woohoo: WoohooClient, sku: str, ends: str) -> None:
    with pytest.raises(TimeoutError):
        await woohoo.place(REF, woohoo.simulator.world.products[sku], patience=0.1)
    await woohoo.set(clock_offset_seconds=10)
    [row] = await woohoo.ledger(REF)
    assert row["status"] == ends


@pytest.mark.parametrize("kind", list(Kind))
async def test_cards_of_each_kind_agree_with_the_ledger(woohoo: WoohooClient, kind: Kind) -> None:
    for n, product in enumerate(
        p
        for p in woohoo.simulator.world.products.values()
        if p.kind is kind and p.available and p.values and not p.delayed and not p.habit
    ):
        reference = f"{REF}{n}"
        [card] = (await woohoo.place(reference, product)).json["cards"]
        [row] = await woohoo.ledger(reference)
        [unit] = row["vouchers"]
        assert unit["claimUrl"] == card["activationUrl"]
        found = {card["cardNumber"], card["cardPin"], card["activationCode"]}
        assert unit["code"] in found
        assert unit["pin"] in found
