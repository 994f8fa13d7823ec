"""Woohoo's orders and statuses, bare and signed as well as in the reseller's envelope."""

from datetime import datetime
from typing import Any

import pytest
import structlog

from domain.money import Money
from domain.orders import OrderStatus
from providers.errors import Unavailable
from providers.port import OrderKey
from providers.woohoo import DIRECT, RESELLER
from tests.providers import woohoo_payloads as payloads
from tests.providers.local import Answer
from tests.providers.pine import (
    KEY,
    ORDER,
    REFERENCE,
    Pair,
    simulated,
)
from tests.providers.shown import ACCIDENTS, secrets_of, shown
from tests.providers.woohoo_payloads import details, row


@pytest.mark.parametrize("case", payloads.ORDERS, ids=lambda case: case.name)
async def test_an_order_is_read(woohoo: Pair, case: payloads.Case) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(case.body)
    order = await adapter.order(ORDER)
    reading = order.reading
    assert reading.provider_order_id == ORDER
    assert (reading.status, reading.final) == (case.status, case.final)
    assert (reading.quantity, reading.delivered) == (case.quantity, case.delivered)
    assert reading.reference == case.body.get("refno")
    assert shown(order.charged) == case.charged
    assert shown(order.face_value) == case.face
    assert (order.sku, order.vouchers) == (None, None)
    assert "RECEIPT" not in repr(order)


async def test_the_rest_of_the_order(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details(orderId="KLM-OTHER-1"))
    order = await adapter.order(ORDER)
    assert order.reading.provider_order_id == "KLM-OTHER-1"
    assert order.reading.raw_status == "success"
    assert order.product_name == "Sample Card"
    assert order.placed_at == datetime.fromisoformat("2026-03-04T11:35:09+00:00")
    assert pine.calls == [(pine.path("order", ORDER), {})]


async def test_an_order_is_found_by_our_reference(woohoo: Pair) -> None:
    pine, adapter = woohoo
    status = {"status": "PROCESSING", "statusLabel": "x", "orderId": ORDER, "refno": REFERENCE}
    pine.answers[pine.path("status", REFERENCE)] = Answer(status)
    pine.answers[pine.path("order", ORDER)] = Answer(details(refno=None))
    order = await adapter.find(REFERENCE)
    assert order is not None
    assert (order.reading.provider_order_id, order.reading.reference) == (ORDER, REFERENCE)
    assert (order.reading.quantity, shown(order.face_value)) == (2, "500.00 INR")


async def test_a_status_without_details_is_an_order_all_the_same(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("status", REFERENCE)] = Answer({"status": "PENDING", "orderId": ORDER})
    pine.answers[pine.path("order", ORDER)] = Answer({"code": 5320}, 400)
    order = await adapter.find(REFERENCE)
    assert order is not None
    assert (order.reading.provider_order_id, order.reading.status) == (ORDER, OrderStatus.PENDING)


async def test_only_its_own_word_says_that_an_order_is_missing(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("status", REFERENCE)] = Answer({"code": 5320, "message": "x"}, 400)
    assert await adapter.find(REFERENCE) is None


@pytest.mark.parametrize(
    "wrong",
    [
        Answer({"code": 11429}, 400),
        Answer({"code": 5329}, 400),
        Answer({"code": 400}, 400),
        Answer({"code": 404}, 404),
        Answer({"message": "no route"}, 404),
        Answer("", 404),
        Answer({"status": "COMPLETE", "orderId": None}),
        Answer({"status": "COMPLETE", "orderId": ORDER, "refno": "VG_OTHER"}),
        Answer("oauth_problem=signature_invalid", 401),
    ],
)
async def test_anything_else_says_nothing_about_it(woohoo: Pair, wrong: Answer) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("status", REFERENCE)] = wrong
    with pytest.raises(Unavailable):
        await adapter.find(REFERENCE)


async def test_one_status_is_one_read(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details())
    assert (await adapter.statuses([KEY]))[ORDER].status is OrderStatus.DELIVERED
    assert len(pine.calls) == 1
    assert await adapter.statuses([]) == {}
    assert len(pine.calls) == 1


@pytest.mark.parametrize("case", payloads.ROWS, ids=lambda case: case[0])
async def test_several_statuses_are_one_list(
    woohoo: Pair, case: tuple[str, dict[str, Any], OrderStatus, bool, int | None]
) -> None:
    pine, adapter = woohoo
    _, listed, status, final, quantity = case
    answer = {"ordersCount": 900, "orders": [row(orderId="A", refNo="B"), listed]}
    pine.answers[pine.path("orders")] = Answer(answer)
    found = await adapter.statuses([KEY, OrderKey("NOT-THERE", "VG_NOT")])
    assert set(found) == {ORDER}
    reading = found[ORDER]
    assert (reading.status, reading.final, reading.quantity) == (status, final, quantity)
    assert (reading.reference, reading.delivered) == (REFERENCE, None)
    assert pine.calls == [(pine.path("orders"), {"offset": "0", "limit": "100"})]


async def test_a_row_is_known_by_our_reference_too(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = Answer({"orders": [row(orderId="ANOTHER")]})
    found = await adapter.statuses([KEY, OrderKey("X")])
    assert {asked: one.provider_order_id for asked, one in found.items()} == {ORDER: "ANOTHER"}


@pytest.mark.parametrize("body", [{}, {"orders": None}, {"orders": []}])
async def test_an_empty_list_holds_nobody(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = Answer(body)
    assert await adapter.statuses([KEY, OrderKey("X")]) == {}


@pytest.mark.parametrize("body", [[], "x", {"orders": {}}, {"orders": [None]}, {"orders": [{}]}])
async def test_a_hostile_list_is_unreadable(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = Answer(body)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        await adapter.statuses([KEY, OrderKey("X")])
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
async def test_the_simulators_past_is_read_as_it_was(profile: str) -> None:
    async with simulated(profile) as (simulator, adapter):
        now = simulator.settings.now()
        for order in simulator.seeded_orders:
            found = await adapter.find(order.reference)
            assert found is not None
            assert found == await adapter.order(order.order_id)
            assert found.reading.provider_order_id == order.order_id
            assert found.reading.status.value == order.at(now).state.value
            assert (found.reading.quantity, found.reading.reference) == (
                order.quantity,
                order.reference,
            )
            assert found.charged == Money(order.price.payable, "INR")
            assert found.face_value == Money(order.face_value, "INR")
            issued = order.issued(now)
            units = await adapter.vouchers(OrderKey(order.order_id))
            assert [secrets_of(unit) for unit in units] == [
                (unit.code, unit.pin, unit.claim_url) for unit in issued
            ]
            assert {unit.type.value for unit in units} <= {order.product.kind.value}
            assert {unit.sku for unit in units} <= {order.product.sku}
            assert [unit.expiry.on for unit in units] == [unit.expires_on for unit in issued]
