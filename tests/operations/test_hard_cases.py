"""Each hard case of buying on its own: what a provider can do to us, and what must come of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from simulators.world import State, Step
from tests.operations.buying import (
    Buyer,
    age,
    faults,
    ledger,
    money_is_right,
    opened,
    pass_time,
    until,
)
from tests.operations.service import Service

LOOKUP = ("enkash", "xoxoday", "woohoo")
ALL = ("enkash", "starship", "xoxoday", "woohoo")
DONE = ("FULFILLED",)


@pytest.fixture
async def buyer(monkeypatch: pytest.MonkeyPatch, service: Service) -> Buyer:
    found = await opened(service)
    # From here on nobody waits long for an answer that never comes.
    for provider in service.program.providers.values():
        monkeypatch.setattr(provider.transport, "_timeout", 1.0)
    return found


async def sql(service: Service, statement: str, *arguments: Any) -> Any:
    async with service.program.database.worker() as conn:
        return await conn.fetch(statement, *arguments)


def accepted(service: Service, provider: str) -> Any:
    """The simulator's order of ours, to be turned."""
    simulator = service.simulators[provider]
    [row] = ledger(service, provider)
    return simulator.world.by_reference(row["reference"])


# ------------------------------------------------------------------ unknown outcomes


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "error_after", "garbage"])
@pytest.mark.parametrize("name", ALL)
async def test_done_and_not_heard_is_found_and_never_bought_twice(
    service: Service, buyer: Buyer, name: str, fault: str
) -> None:
    faults(service, name, {"operation": "place", "fault": fault, "times": 1})
    order = await buyer.buy(name)
    found = await until(service, buyer, order["id"], *DONE)
    assert found["status"] == "DELIVERED"
    assert len(ledger(service, name)) == 1
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("fault", ["timeout_before", "error_before"])
@pytest.mark.parametrize("name", ALL)
async def test_not_done_and_not_heard_is_sent_again_with_the_same_reference(
    service: Service, buyer: Buyer, name: str, fault: str
) -> None:
    faults(service, name, {"operation": "place", "fault": fault, "times": 1})
    order = await buyer.buy(name)
    found = await until(service, buyer, order["id"], *DONE)
    [row] = ledger(service, name)
    assert row["reference"] == found["fulfillments"][0]["reference"]
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("name", LOOKUP)
async def test_refused_for_low_balance_because_the_first_attempt_took_it(
    service: Service, buyer: Buyer, name: str
) -> None:
    """Not found for hours, sent again, refused; and all the while the first one stands."""
    simulator = service.simulators[name]
    simulator.settings.change({"settling_seconds": 86_400})
    faults(service, name, {"operation": "place", "fault": "timeout_after"})
    order = await buyer.buy(name)
    await until(service, buyer, order["id"], "UNKNOWN")
    faults(service, name, {"operation": "place", "fault": "low_balance"})
    for _ in range(12):
        if simulator.requests["place"] == 2:
            break
        await age(service)
    assert simulator.requests["place"] == 2
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "UNKNOWN", "a refusal releases nothing yet"
    await money_is_right(buyer, found["id"])
    simulator.settings.change({"settling_seconds": 0})
    await age(service)
    found = await until(service, buyer, order["id"], *DONE)
    assert len(ledger(service, name)) == 1
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("name", LOOKUP)
async def test_refused_after_an_unknown_attempt_and_really_not_there(
    service: Service, buyer: Buyer, name: str
) -> None:
    simulator = service.simulators[name]
    faults(
        service,
        name,
        {"operation": "place", "fault": "timeout_before", "times": 1},
        {"operation": "place", "fault": "low_balance"},
    )
    order = await buyer.buy(name)
    await until(service, buyer, order["id"], "UNKNOWN")
    for _ in range(12):
        await age(service)
    found = await buyer.order(order["id"])
    [part] = found["fulfillments"]
    assert (part["status"], part["problem"]["code"]) == ("REJECTED", "PROVIDER_BALANCE_LOW")
    assert simulator.requests["place"] == 2
    assert ledger(service, name) == []
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize(
    ("hours", "state", "found"),
    [
        (19, "FULFILLED", True),
        (21, "FULFILLED", True),
        (25, "FULFILLED", True),
        (21, "NEEDS_REVIEW", False),
        (25, "NEEDS_REVIEW", False),
    ],
)
async def test_starship_unknown_for_hours(
    service: Service, buyer: Buyer, hours: int, state: str, *, found: bool
) -> None:
    """Within 20 hours the same key is repeated; later the list alone may prove, and only that."""
    fault = "timeout_after" if found else "timeout_before"
    faults(service, "starship", {"operation": "place", "fault": fault})
    order = await buyer.buy("starship")
    await until(service, buyer, order["id"], "UNKNOWN")
    faults(service, "starship")
    simulator = service.simulators["starship"]
    simulator.settings.change({"clock_offset_seconds": hours * 3600})
    await sql(
        service,
        "UPDATE fulfillments SET first_sent_at = first_sent_at - $1::interval",
        timedelta(hours=hours),
    )
    simulator.requests.clear()
    await pass_time(service)
    bought = await buyer.order(order["id"])
    assert bought["fulfillments"][0]["status"] == state
    assert len(ledger(service, "starship")) == (1 if found else 0)
    # Never sent again after the window: the key may be forgotten there.
    assert simulator.requests["place"] == (1 if hours < 20 else 0)
    await money_is_right(buyer, bought["id"])


async def test_xoxoday_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch, service: Service, buyer: Buyer
) -> None:
    """The mutation answers within about two seconds; the call goes on and settles."""
    monkeypatch.setattr(service.program.providers["xoxoday"].transport, "_timeout", 20.0)
    faults(service, "xoxoday", {"operation": "place", "fault": "slow", "delay_ms": 4000})
    order = await buyer.buy("xoxoday")
    assert order["status"] in ("PENDING", "PROCESSING")
    found = await until(service, buyer, order["id"], *DONE)
    assert found["status"] == "DELIVERED"
    assert len(ledger(service, "xoxoday")) == 1


# ------------------------------------------------------------------ duplicates


@pytest.mark.parametrize("name", LOOKUP)
async def test_a_duplicate_that_differs_is_for_a_person(
    service: Service, buyer: Buyer, name: str
) -> None:
    """Somebody used our reference for another quantity: it is neither adopted nor released."""
    faults(service, name, {"operation": "place", "fault": "timeout_after", "times": 1})
    order = await buyer.buy(name)
    await until(service, buyer, order["id"], "UNKNOWN")
    theirs = accepted(service, name)
    theirs.quantity += 3
    found = await until(service, buyer, order["id"], "NEEDS_REVIEW", *DONE)
    assert found["fulfillments"][0]["status"] == "NEEDS_REVIEW"
    [total] = found["totals"]
    assert total["held"] == {"amount": total["price"]["amount"]}
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("name", ALL)
async def test_a_restored_backup_and_the_clients_retry_buy_once(
    service: Service, buyer: Buyer, name: str
) -> None:
    """The same retry makes the same reference; the provider knows it, and its order is adopted."""
    cart = await buyer.cart([(name, 2)])
    first = await buyer.place(cart, "before-the-restore")
    assert first["order"]["status"] == "DELIVERED"
    # The database goes back to before the order: cart and wallet as they were.
    async with service.program.database._acquired() as conn:
        await conn.execute(
            "BEGIN; SET LOCAL session_replication_role = replica;"
            " DELETE FROM vouchers; DELETE FROM transfers WHERE fulfillment_id IS NOT NULL;"
            " DELETE FROM fulfillment_attempts; DELETE FROM fulfillments; DELETE FROM order_lines;"
            " DELETE FROM order_events; DELETE FROM event_heads;"
            " UPDATE carts SET order_id = NULL; DELETE FROM orders;"
            " UPDATE wallets w SET held = 0, available = (SELECT sum(amount) FROM transfers t"
            " WHERE t.account = w.account AND t.currency = w.currency); COMMIT"
        )
    again = await buyer.place(cart, "before-the-restore")
    assert again["problems"] == []
    found = await until(service, buyer, again["order"]["id"], *DONE)
    assert len(ledger(service, name)) == 1
    assert found["vouchers"]["totalCount"] == 2
    await money_is_right(buyer, found["id"])


# ------------------------------------------------------------------ prices


async def test_a_price_that_moved_after_the_cart_is_not_paid(
    service: Service, buyer: Buyer
) -> None:
    cart = await buyer.cart([("starship", 2)])
    faults(service, "starship", {"operation": "quote", "fault": "drifted_price"})
    payload = await buyer.place(cart, "moved-in-between")
    assert [problem["code"] for problem in payload["problems"]] == ["PRICE_CHANGED"]
    assert ledger(service, "starship") == []


async def test_a_price_that_moved_before_sending_is_rejected_and_released(
    service: Service, buyer: Buyer
) -> None:
    faults(service, "starship", {"operation": "place", "fault": "rate_limited"})
    order = await buyer.buy("starship")
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "READY"
    # Nothing was ever taken, so the price may still be looked at before it is sent.
    await sql(service, "UPDATE fulfillments SET sends = 0")
    faults(service, "starship", {"operation": "quote", "fault": "drifted_price"})
    service.program.providers["starship"].transport._pace._held.clear()
    await pass_time(service)
    found = await buyer.order(order["id"])
    [part] = found["fulfillments"]
    assert (part["status"], part["problem"]["code"]) == ("REJECTED", "PRICE_CHANGED")
    assert ledger(service, "starship") == []
    await money_is_right(buyer, found["id"])


# ------------------------------------------------------------------ deliveries


@pytest.mark.parametrize("name", ALL)
async def test_units_are_paid_as_they_come_and_released_when_they_fail(
    service: Service, buyer: Buyer, name: str
) -> None:
    """Two of four delivered, then FAILED: two captured, two released, to the last unit."""
    faults(service, name, {"operation": "place", "fault": "stuck"})
    order = await buyer.buy(name, quantity=4)
    theirs = accepted(service, name)
    now = service.simulators[name].settings.now()
    theirs.turn(Step(now - 1, State.PARTIALLY_DELIVERED, 2))
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["status"] == "PARTIALLY_DELIVERED"
    assert found["lines"][0]["delivered"] == 2
    await money_is_right(buyer, found["id"])
    theirs.turn(Step(service.simulators[name].settings.now(), State.FAILED, 2))
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert (found["status"], found["settled"]) == ("PARTIALLY_DELIVERED", True)
    # Who follows the log hears that nothing more comes, though the status is what it was.
    assert found["events"]["nodes"][-1] == {
        "type": "STATUS_CHANGED",
        "status": "PARTIALLY_DELIVERED",
    }
    assert (found["lines"][0]["delivered"], found["lines"][0]["failed"]) == (2, 2)
    [total] = found["totals"]
    assert total["held"] == {"amount": "0.00"}
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("name", ALL)
async def test_a_unit_after_a_reported_failure_stays_out_of_the_customers_hands(
    service: Service, buyer: Buyer, name: str
) -> None:
    faults(service, name, {"operation": "place", "fault": "stuck"})
    order = await buyer.buy(name)
    theirs = accepted(service, name)
    theirs.turn(Step(service.simulators[name].settings.now() - 1, State.FAILED, 0))
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert (found["status"], found["fulfillments"][0]["status"]) == ("FAILED", "FAILED")
    [total] = found["totals"]
    assert total["released"] == {"amount": total["price"]["amount"]}
    theirs.turn(Step(service.simulators[name].settings.now(), State.DELIVERED, 2))
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "NEEDS_REVIEW"
    assert {voucher["state"] for voucher in found["vouchers"]["nodes"]} == {"QUARANTINED"}
    asked = await buyer.secrets(found["id"])
    assert set(asked.codes) == {"UNSUPPORTED"}
    nodes = asked.body["data"]["order"]["vouchers"]["nodes"]
    assert {voucher["code"] or voucher["claimUrl"] for voucher in nodes} == {None}
    assert "NEEDS_REVIEW" in [event["type"] for event in found["events"]["nodes"]]
    await money_is_right(buyer, found["id"])


@pytest.mark.parametrize("name", ["enkash", "starship", "xoxoday"])
async def test_polls_that_answer_a_then_b_and_a_store_each_unit_once(
    service: Service, buyer: Buyer, name: str
) -> None:
    faults(service, name, {"operation": "place", "fault": "stuck"})
    order = await buyer.buy(name)
    theirs = accepted(service, name)
    theirs.turn(Step(service.simulators[name].settings.now() - 1, State.PROCESSING, 1))
    await pass_time(service)
    theirs.vouchers = theirs.vouchers[::-1]
    theirs.turn(Step(service.simulators[name].settings.now(), State.DELIVERED, 2))
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["status"] == "DELIVERED"
    assert found["vouchers"]["totalCount"] == 2
    await money_is_right(buyer, found["id"])


async def test_two_accounts_may_hold_the_same_card_and_operators_are_told(
    service: Service, buyer: Buyer
) -> None:
    """The provider sold one card twice: each buyer has what was paid for; somebody must look."""
    other = Buyer(service, "other")
    faults(service, "enkash", {"operation": "place", "fault": "stuck"})
    mine = await buyer.buy("enkash")
    theirs = await other.buy("enkash", key="of-the-other-account")
    simulator = service.simulators["enkash"]
    first, second = (
        simulator.world.by_reference(row["reference"]) for row in ledger(service, "enkash")
    )
    assert first is not None
    assert second is not None
    second.vouchers = first.vouchers
    with capture_logs() as logs:
        for order in (first, second):
            order.turn(Step(simulator.settings.now() - 1, State.DELIVERED, 2))
            await pass_time(service)
    told = [line for line in logs if line["event"] == "voucher.seen_before"]
    assert [(line["provider"], len(line["others"])) for line in told] == [("enkash", 1)]
    for who, id in ((buyer, mine["id"]), (other, theirs["id"])):
        assert (await who.order(id))["vouchers"]["totalCount"] == 2
        await money_is_right(who, id)


async def test_a_client_that_leaves_gets_its_order_on_retry(service: Service, buyer: Buyer) -> None:
    for simulator in service.simulators.values():
        simulator.settings.change({"latency_ms": 300})
    cart = await buyer.cart([("enkash", 2), ("woohoo", 2)])
    leaving = asyncio.create_task(buyer.place(cart, "left-at-once"))
    await asyncio.sleep(0.25)
    leaving.cancel()
    payload = await buyer.place(cart, "left-at-once")
    assert payload["problems"] == []
    found = await until(service, buyer, payload["order"]["id"], *DONE)
    assert found["status"] == "DELIVERED"
    assert [len(ledger(service, name)) for name in ("enkash", "woohoo")] == [1, 1]
