"""orderCancel: withdrawn before it was sent, confirmed by the provider after; never in between."""

from decimal import Decimal
from typing import Any

import pytest

from simulators.world import State
from tests.operations.buying import Buyer, faults, ledger, money_is_right, pass_time
from tests.operations.operating import (
    CANCEL,
    Operator,
    accepted,
    never_found,
    sql,
    state,
    stuck,
    turned,
)
from tests.operations.service import Service


async def cancel(buyer: Buyer, order: str, reason: str = "ordered twice") -> Any:
    answer = await buyer.client.data(CANCEL, {"input": {"orderId": order, "reason": reason}})
    return answer["orderCancel"]


def told(found: Any) -> list[str]:
    return [event["type"] for event in found["events"]["nodes"]]


async def test_what_was_not_sent_is_cancelled_at_once(service: Service, buyer: Buyer) -> None:
    before = await buyer.balance("INR")
    await Operator(service).pause("enkash")
    order = await buyer.buy("enkash")
    payload = await cancel(buyer, order["id"])
    assert payload == {
        "pending": False,
        "order": {"id": order["id"], "status": "CANCELLED", "settled": True},
        "problems": [],
    }
    assert await buyer.balance("INR") == before
    found = await buyer.order(order["id"])
    assert told(found).count("CANCELLED") == 1
    await Operator(service).resume("enkash")
    await pass_time(service)
    assert ledger(service, "enkash") == []
    # Once more is the same answer, and moves nothing.
    unmoved = await state(service)
    again = await cancel(buyer, order["id"])
    assert (again["order"]["status"], again["problems"]) == ("CANCELLED", [])
    assert await state(service) == unmoved
    await money_is_right(buyer, order["id"])


async def test_a_delivered_order_is_voided_and_refunded_once_confirmed(
    service: Service, buyer: Buyer
) -> None:
    before, _ = await buyer.balance("INR")
    service.simulators["woohoo"].settings.change({"delivery_seconds": 0})
    order = await buyer.buy("woohoo")
    found = await buyer.order(order["id"])
    assert found["status"] == "DELIVERED"
    [total] = found["totals"]
    payload = await cancel(buyer, order["id"])
    assert (payload["pending"], payload["problems"]) == (True, [])
    assert payload["order"]["status"] == "DELIVERED"
    # Asked twice is asked once.
    assert (await cancel(buyer, order["id"]))["pending"] is True
    assert service.simulators["woohoo"].requests["cancel"] == 1
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert (found["status"], found["settled"]) == ("CANCELLED", True)
    assert {voucher["state"] for voucher in found["vouchers"]["nodes"]} == {"VOIDED"}
    assert {"CANCELLED", "REFUNDED"} <= set(told(found))
    [refunded] = found["totals"]
    assert refunded["refunded"]["amount"] == total["captured"]["amount"]
    assert (await buyer.balance("INR")) == (before, Decimal(0))
    unit = found["fulfillments"][0]
    assert (unit["status"], unit["delivered"]) == ("CANCELLED", 0)
    # Read daily from now on; the same units are no late ones.
    await pass_time(service, 2)
    assert (await buyer.order(order["id"]))["status"] == "CANCELLED"
    await money_is_right(buyer, order["id"])


async def test_an_accepted_order_is_cancelled_before_it_is_delivered(
    service: Service, buyer: Buyer
) -> None:
    before = await buyer.balance("INR")
    service.simulators["woohoo"].settings.change({"delivery_seconds": 0})
    order = await stuck(service, buyer, "woohoo")
    assert (await cancel(buyer, order["id"]))["pending"] is True
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["status"] == "CANCELLED"
    assert await buyer.balance("INR") == before
    await money_is_right(buyer, order["id"])


async def test_while_it_is_not_confirmed_nothing_moves(service: Service, buyer: Buyer) -> None:
    service.simulators["woohoo"].settings.change({"delivery_seconds": 3600})
    order = await buyer.buy("woohoo")
    assert (await cancel(buyer, order["id"]))["pending"] is True
    await pass_time(service, 2)
    found = await buyer.order(order["id"])
    assert found["status"] == "DELIVERED"
    assert {voucher["state"] for voucher in found["vouchers"]["nodes"]} == {"ACTIVE"}
    [row] = await sql(service, "SELECT due_at FROM fulfillments")
    assert row["due_at"] is not None, "it is looked at until it is confirmed"


async def test_one_that_was_noted_and_never_asked_is_asked_again(
    service: Service, buyer: Buyer
) -> None:
    """As after a crash between the note and the call."""
    order = await buyer.buy("woohoo")
    await sql(service, "UPDATE fulfillments SET cancel_asked_at = now() - interval '2 minutes'")
    assert (await cancel(buyer, order["id"]))["pending"] is True
    assert service.simulators["woohoo"].requests["cancel"] == 1


async def test_a_cancellation_that_nobody_asked_for_takes_no_unit_back(
    service: Service, buyer: Buyer
) -> None:
    order = await buyer.buy("woohoo")
    turned(service, "woohoo", State.CANCELLED, 0)
    await sql(service, "UPDATE fulfillments SET due_at = now()")
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["status"] == "DELIVERED"
    assert {voucher["state"] for voucher in found["vouchers"]["nodes"]} == {"ACTIVE"}


@pytest.mark.parametrize("name", ["enkash", "starship", "xoxoday"])
async def test_who_cannot_cancel_is_named(service: Service, buyer: Buyer, name: str) -> None:
    order = await stuck(service, buyer, name)
    before = await state(service)
    payload = await cancel(buyer, order["id"])
    [problem] = payload["problems"]
    assert problem["code"] == "NOT_CANCELLABLE"
    assert service.program.providers[name].display_name in problem["message"]
    assert (payload["pending"], payload["order"]["id"]) == (False, order["id"])
    assert await state(service) == before


async def test_too_late_is_said_and_nothing_moves(service: Service, buyer: Buyer) -> None:
    order = await buyer.buy("woohoo")
    theirs = accepted(service, "woohoo")
    theirs.course = [type(step)(step.at - 3600, step.state, step.units) for step in theirs.course]
    before = await state(service)
    payload = await cancel(buyer, order["id"])
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_CANCELLABLE"]
    assert payload["pending"] is False
    assert await state(service) == before
    [row] = await sql(service, "SELECT due_at, cancel_asked_at FROM fulfillments")
    assert (row["due_at"], row["cancel_asked_at"]) == (None, None)


async def test_it_never_overtakes_what_is_unknown(service: Service, buyer: Buyer) -> None:
    faults(service, "enkash", {"operation": "place", "fault": "error_after"})
    order = await buyer.buy("enkash")
    before = await state(service)
    payload = await cancel(buyer, order["id"])
    [problem] = payload["problems"]
    assert (problem["code"], problem["retry"]) == ("NOT_CANCELLABLE", "AFTER")
    assert problem["retryAfterMs"] > 0
    assert await state(service) == before
    review = await never_found(service, buyer)
    payload = await cancel(buyer, review["id"])
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_CANCELLABLE"]


async def test_an_answer_that_never_came_is_looked_into(service: Service, buyer: Buyer) -> None:
    service.simulators["woohoo"].settings.change({"delivery_seconds": 0})
    order = await buyer.buy("woohoo")
    faults(service, "woohoo", {"operation": "cancel", "fault": "error_after"})
    assert (await cancel(buyer, order["id"]))["pending"] is True
    faults(service, "woohoo")
    await pass_time(service)
    assert (await buyer.order(order["id"]))["status"] == "CANCELLED"
    await money_is_right(buyer, order["id"])


async def test_a_provider_that_is_busy_leaves_it_as_it_was(service: Service, buyer: Buyer) -> None:
    order = await buyer.buy("woohoo")
    faults(service, "woohoo", {"operation": "cancel", "fault": "rate_limited"})
    before = await state(service)
    payload = await cancel(buyer, order["id"])
    [problem] = payload["problems"]
    assert (problem["code"], problem["retry"]) == ("PROVIDER_UNAVAILABLE", "AFTER")
    assert payload["pending"] is False
    assert await state(service) == before


async def test_of_a_mixed_order_is_cancelled_what_can_be(service: Service, buyer: Buyer) -> None:
    operator = Operator(service)
    await operator.pause("woohoo")
    cart = await buyer.cart([("enkash", 1), ("woohoo", 1)])
    placed = await buyer.place(cart, "mixed-order")
    payload = await cancel(buyer, placed["order"]["id"])
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_CANCELLABLE"]
    found = await buyer.order(placed["order"]["id"])
    assert sorted(part["status"] for part in found["fulfillments"]) == ["CANCELLED", "FULFILLED"]
    assert found["status"] == "PARTIALLY_DELIVERED"
    await money_is_right(buyer, found["id"])


async def test_an_order_that_is_over_cannot_be_cancelled(service: Service, buyer: Buyer) -> None:
    faults(service, "enkash", {"operation": "place", "fault": "out_of_stock"})
    order = await buyer.buy("enkash")
    before = await state(service)
    payload = await cancel(buyer, order["id"])
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_CANCELLABLE"]
    assert await state(service) == before


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 501])
async def test_a_reason_is_needed(service: Service, buyer: Buyer, reason: str) -> None:
    await Operator(service).pause("enkash")
    order = await buyer.buy("enkash")
    before = await state(service)
    payload = await cancel(buyer, order["id"], reason)
    assert [problem["code"] for problem in payload["problems"]] == ["INVALID_INPUT"]
    assert await state(service) == before
