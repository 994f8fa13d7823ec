"""vouchersResend: once in ten minutes, where it helps; a changed PIN is the one opened."""

import asyncio
from typing import Any

import pytest

from simulators.world import State
from tests.operations.buying import Buyer, faults
from tests.operations.operating import RESEND, sql, state, stuck
from tests.operations.service import Service


async def resend(buyer: Buyer, order: str) -> Any:
    answer = await buyer.client.data(RESEND, {"input": {"orderId": order}})
    return answer["vouchersResend"]


def codes(payload: Any) -> list[str]:
    return [problem["code"] for problem in payload["problems"]]


async def resent_events(service: Service) -> int:
    return len(await sql(service, "SELECT FROM order_events WHERE type = 'RESENT'"))


async def test_it_is_sent_again_once_in_ten_minutes(service: Service, buyer: Buyer) -> None:
    order = await buyer.buy("xoxoday")
    payload = await resend(buyer, order["id"])
    assert payload == {"order": {"id": order["id"]}, "problems": []}
    assert service.simulators["xoxoday"].requests["resend"] == 1
    assert await resent_events(service) == 1
    again = await resend(buyer, order["id"])
    [problem] = again["problems"]
    assert (problem["code"], problem["retry"]) == ("RATE_LIMITED", "AFTER")
    assert 0 < problem["retryAfterMs"] <= 600_000
    assert service.simulators["xoxoday"].requests["resend"] == 1
    await sql(service, "UPDATE orders SET resent_at = resent_at - interval '10 minutes'")
    assert codes(await resend(buyer, order["id"])) == []
    assert await resent_events(service) == 2


async def test_of_many_at_once_one_is_sent(service: Service, buyer: Buyer) -> None:
    order = await buyer.buy("xoxoday")
    payloads = await asyncio.gather(*(resend(buyer, order["id"]) for _ in range(5)))
    assert sorted(codes(payload) for payload in payloads) == [[], *[["RATE_LIMITED"]] * 4]
    assert service.simulators["xoxoday"].requests["resend"] == 1


@pytest.mark.parametrize("name", ["enkash", "starship", "woohoo"])
async def test_where_it_cannot_help_it_is_refused(
    service: Service, buyer: Buyer, name: str
) -> None:
    order = await buyer.buy(name)
    before = await state(service)
    for _ in range(2):
        payload = await resend(buyer, order["id"])
        assert codes(payload) == ["NOT_RESENDABLE"]
    assert service.simulators[name].requests["resend"] == 0
    assert await state(service) == before


async def test_what_has_not_come_cannot_be_sent_again(service: Service, buyer: Buyer) -> None:
    order = await stuck(service, buyer, "xoxoday")
    assert codes(await resend(buyer, order["id"])) == ["NOT_RESENDABLE"]
    assert service.simulators["xoxoday"].requests["resend"] == 0


async def test_a_provider_that_cannot_now_gives_the_turn_back(
    service: Service, buyer: Buyer
) -> None:
    order = await buyer.buy("xoxoday")
    faults(service, "xoxoday", {"operation": "resend", "fault": "rate_limited"})
    payload = await resend(buyer, order["id"])
    assert codes(payload) == ["PROVIDER_UNAVAILABLE"]
    assert await resent_events(service) == 0
    faults(service, "xoxoday")
    await asyncio.sleep(1.1)  # it asked to be left alone for a second
    assert codes(await resend(buyer, order["id"])) == []


async def test_a_pin_that_changes_is_the_one_that_is_opened(service: Service, buyer: Buyer) -> None:
    """Mailed orders of Woohoo may get another PIN; the voucher is the same one."""
    simulator = service.simulators["woohoo"]
    theirs = next(
        order
        for order in simulator.seeded_orders
        if order.course[-1].state is State.DELIVERED and order.vouchers[0].pin
    )
    theirs.extra["mode"] = "EMAIL"
    order = await service.imported("woohoo", theirs.order_id)
    query = "query ($id: ID!) { order(by: {id: $id}) { vouchers { nodes { id code pin } } } }"

    async def units() -> Any:
        found = await buyer.client.data(query, {"id": order})
        return found["order"]["vouchers"]["nodes"]

    before = await units()
    assert codes(await resend(buyer, order)) == []
    after = await units()
    assert [(unit["id"], unit["code"]) for unit in after] == [
        (unit["id"], unit["code"]) for unit in before
    ]
    assert [unit["pin"] for unit in after] == [unit.pin for unit in theirs.vouchers]
    assert [unit["pin"] for unit in after] != [unit["pin"] for unit in before]
    assert await resent_events(service) == 1
