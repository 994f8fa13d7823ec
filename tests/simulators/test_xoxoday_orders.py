"""Xoxoday's orders: two currencies, look-ups, error ids, history, penalties, webhooks."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from simulators.catalog import Kind
from simulators.xoxoday import PAST
from simulators.xoxoday_wire import RATES
from tests.simulators.clients import XoxodayClient, answered, at_once, error_id, listening

REF = "VG_XOXO12345"


async def test_an_order_is_answered_and_read_as_in_the_contract(xoxoday: XoxodayClient) -> None:
    product = next(p for p in at_once(xoxoday, Kind.CODE_WITH_PIN) if p.currency == "INR")
    placed = answered(await xoxoday.place(REF, product, 2), "placeOrder")
    assert set(placed) == CREATED
    assert (placed["orderStatus"], placed["deliveryStatus"]) == ("complete", "delivered")
    assert placed["amountCharged"] == placed["orderTotal"] - Decimal(placed["orderDiscount"])
    [first, _] = placed["vouchers"]
    assert first["type"] == "codePin"
    assert first["amount"] == product.usual_value
    assert first["country"] == "IN"
    read = answered(await xoxoday.details(order_id=placed["orderId"]), "getOrderDetails")
    assert set(read) == CREATED | {"orderDate", "deliveryDate", "shippingDetails", "orderMeta"}
    assert read["vouchers"][0]["amount"] == f"{product.usual_value:.2f}"
    assert read["vouchers"][0]["country"] == "India"
    assert len(read["orderDate"]) == 19
    assert "poNumber" not in read
    for order_id in (0, "0", None):
        found = answered(await xoxoday.details(order_id=order_id, reference=REF), "getOrderDetails")
        assert found == read
    assert (
        answered(await xoxoday.details(order_id=str(placed["orderId"])), "getOrderDetails") == read
    )
    assert await xoxoday.requests() == {"token": 1, "place": 1, "order": 2, "find": 3}


CREATED = {
    "orderId",
    "orderTotal",
    "rawOrderTotal",
    "orderDiscount",
    "rawOrderDiscount",
    "discountPercent",
    "currencyCode",
    "currencyValue",
    "amountCharged",
    "orderStatus",
    "deliveryStatus",
    "tag",
    "quantity",
    "vouchers",
    "voucherDetails",
}


async def test_foreign_goods_are_paid_in_the_account_currency(xoxoday: XoxodayClient) -> None:
    product = next(p for p in at_once(xoxoday, Kind.CODE_WITH_PIN) if p.currency == "USD")
    placed = answered(await xoxoday.place(REF, product), "placeOrder")
    rate = RATES["USD"]
    assert (placed["currencyCode"], placed["currencyValue"]) == ("INR", rate)
    percent = 100 - product.discount + product.fee
    exact = product.usual_value * rate * percent / 100
    assert placed["amountCharged"] == exact.quantize(Decimal("0.01"))
    assert placed["vouchers"][0]["currency"] == "USD"
    [row] = await xoxoday.ledger(REF)
    assert row["charged"] == f"{placed['amountCharged']:.2f}"


async def test_some_details_leave_the_type_out(xoxoday: XoxodayClient) -> None:
    for even, reference in ((0, "VG_EVEN"), (1, "VG_ODD")):
        product = next(
            item
            for item in xoxoday.simulator.world.products.values()
            if item.number % 2 == even and item.available and not item.delayed
        )
        placed = answered(await xoxoday.place(reference, product), "placeOrder")
        assert "type" in placed["vouchers"][0]
        read = answered(await xoxoday.details(order_id=placed["orderId"]), "getOrderDetails")
        assert ("type" in read["vouchers"][0]) is bool(even)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (Kind.CODE, "code"),
        (Kind.CODE_WITH_PIN, "codePin"),
        (Kind.URL, "url"),
        (Kind.URL_WITH_PIN, "urlPin"),
    ],
)
async def test_kinds_of_vouchers(xoxoday: XoxodayClient, kind: Kind, word: str) -> None:
    placed = answered(await xoxoday.place(REF, xoxoday.product(kind)), "placeOrder")
    [unit] = placed["vouchers"]
    assert unit["type"] == word
    assert unit["voucherCode"].startswith("https://") is kind.is_link
    assert bool(unit["pin"]) is kind.has_pin


async def test_delayed_goods_are_complete_but_pending(xoxoday: XoxodayClient) -> None:
    await xoxoday.set(instant=False, delivery_seconds=100)
    placed = answered(await xoxoday.place(REF, xoxoday.product()), "placeOrder")
    assert (placed["orderStatus"], placed["vouchers"]) == ("pending", [])
    await xoxoday.set(clock_offset_seconds=60)
    read = answered(await xoxoday.details(reference=REF), "getOrderDetails")
    assert (read["orderStatus"], read["deliveryStatus"]) == ("complete", "pending")
    assert read["deliveryDate"] == ""


async def test_partial_orders_count_what_was_cancelled(xoxoday: XoxodayClient) -> None:
    await xoxoday.break_with("place", "partial")
    answered(await xoxoday.place(REF, xoxoday.product(), 5), "placeOrder")
    read = answered(await xoxoday.details(reference=REF), "getOrderDetails")
    assert (len(read["vouchers"]), read["deliveryStatus"]) == (2, "delivered")
    assert read["voucherDetails"][0]["cancelledQuantity"] == 3


@pytest.mark.parametrize(
    ("change", "status", "wanted"),
    [
        ({"productId": 1}, 404, "PLE10017"),
        ({"denomination": 3}, 400, "PLE10018"),
        ({"quantity": 1000}, 409, "PLE10041"),
        ({"quantity": "x"}, 400, "PLE10001"),
        ({"poNumber": ""}, 400, "PLE10001"),
        ({"poNumber": "x" * 101}, 400, "PLE10001"),
    ],
)
async def test_refusals(
    xoxoday: XoxodayClient, change: dict[str, Any], status: int, wanted: str
) -> None:
    product = xoxoday.product()
    asked = {
        "productId": product.sku,
        "quantity": "1",
        "denomination": str(product.usual_value),
        "poNumber": REF,
    }
    assert error_id(await xoxoday.call("placeOrder", asked | change)) == (status, wanted)
    assert await xoxoday.ledger(REF) == []
    assert (await xoxoday.call("placeOrder", asked)).status == 200


async def test_a_reference_is_taken_once(xoxoday: XoxodayClient) -> None:
    product = xoxoday.product()
    replies = await asyncio.gather(*(xoxoday.place(REF, product) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 422, 422, 422]
    assert error_id(await xoxoday.place(REF, product)) == (422, "PLE10004")
    assert len(await xoxoday.ledger(REF)) == 1


async def test_one_product_wants_a_phone_number(xoxoday: XoxodayClient) -> None:
    product = next(p for p in xoxoday.simulator.world.products.values() if p.habit)
    assert error_id(await xoxoday.place(REF, product)) == (400, "PLE10001")
    asked = {
        "productId": product.sku,
        "quantity": 1,
        "denomination": str(product.usual_value),
        "poNumber": REF,
        "contact": "+91-9000000000",
    }
    assert (await xoxoday.call("placeOrder", asked)).status == 200


async def test_unknown_orders(xoxoday: XoxodayClient) -> None:
    assert error_id(await xoxoday.details(reference="VG_NEVER")) == (404, "PLE10016")
    assert error_id(await xoxoday.details(order_id=5)) == (404, "PLE10016")
    assert error_id(await xoxoday.details()) == (400, "PLE10002")


async def test_an_uncertain_place_has_its_own_id(xoxoday: XoxodayClient) -> None:
    await xoxoday.break_with("place", "error_after")
    assert error_id(await xoxoday.place(REF, xoxoday.product())) == (502, "PLE10025")
    assert len(await xoxoday.ledger(REF)) == 1


async def test_the_history_is_newest_first_and_capitalised(xoxoday: XoxodayClient) -> None:
    await xoxoday.place(REF, xoxoday.product())
    span = {"startDate": "2000-01-01", "endDate": "2999-01-01", "limit": 100, "page": 1}
    rows = answered(await xoxoday.call("getOrderHistory", span), "getOrderHistory")
    assert len(rows) == len(PAST) + 1
    assert (rows[0]["poNumber"], rows[0]["deliveryStatus"]) == (REF, "Delivered")
    assert rows[-1]["poNumber"] == "PO-2041-0001"
    assert {row["deliveryStatus"] for row in rows} == {
        "Delivered",
        "Pending",
        "Canceled",
        "Cancelled",
        "Failed",
    }
    nothing = span | {"startDate": "2999-01-01"}
    assert error_id(await xoxoday.call("getOrderHistory", nothing)) == (404, "PLE10022")
    assert error_id(await xoxoday.call("getOrderHistory", {})) == (400, "PLE10032")


async def test_a_resend_is_counted_as_one(xoxoday: XoxodayClient) -> None:
    order = xoxoday.simulator.seeded_orders[0]
    asked = {"poNumber": "", "orderId": order.order_id, "sendMailToReceiver": 1}
    answered(await xoxoday.call("getOrderDetails", asked), "getOrderDetails")
    assert (await xoxoday.requests())["resend"] == 1


async def test_too_many_calls_are_penalized(xoxoday: XoxodayClient) -> None:
    assert {(await xoxoday.call("getBalance", {})).status for _ in range(12)} == {200}
    await xoxoday.set(rate_limits=True)
    statuses = [(await xoxoday.call("getBalance", {})).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    refused = await xoxoday.call("getBalance", {})
    assert refused.json == {
        "errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]
    }
    assert (await xoxoday.call("getFilters", {})).status == 200
    await xoxoday.set(clock_offset_seconds=61)
    assert (await xoxoday.call("getBalance", {})).status == 200


async def test_webhooks_carry_the_shared_key_and_no_code(xoxoday: XoxodayClient) -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()
    async with listening(received) as url:
        await xoxoday.set(webhook_url=url, webhook_secret="shared0123456789")
        placed = answered(await xoxoday.place(REF, xoxoday.product()), "placeOrder")
        async with asyncio.timeout(3):
            head, body = (await received.get()).split(b"\r\n\r\n", 1)
    assert b"x-api-key: shared0123456789" in head
    event = json.loads(body)
    assert set(event) == {"id", "data", "createdAt"}
    assert event["data"]["orderId"] == placed["orderId"]
    assert (event["data"]["poNumber"], event["data"]["deliveryStatus"]) == (REF, "delivered")
