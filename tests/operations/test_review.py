"""Reviews: each decision has its effect, or changes nothing; audited in the account it touches."""

from decimal import Decimal

import pytest

from domain.ids import Kind, global_id, uuid7
from tests.operations.buying import (
    Buyer,
    faults,
    ledger,
    money_is_right,
    pass_time,
    until,
)
from tests.operations.operating import (
    Operator,
    accepted,
    late,
    never_found,
    revealed,
    state,
)
from tests.operations.service import Service

ATTEMPTS = "{ fulfillments { nodes { attempts { outcome } } } }"
SOME = global_id(Kind.FULFILLMENT, uuid7())


@pytest.fixture
def operator(service: Service) -> Operator:
    return Operator(service)


async def test_release_gives_the_money_back(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await never_found(service, buyer)
    [part] = found["fulfillments"]
    payload = await operator.resolve(part["id"], "RELEASE", reason="they never had it")
    assert payload["problems"] == []
    assert payload["fulfillment"]["status"] == "REJECTED"
    assert payload["fulfillment"]["order"] == {"id": found["id"], "status": "FAILED"}
    settled = await buyer.order(found["id"])
    assert (settled["status"], settled["settled"]) == ("FAILED", True)
    assert [total["held"]["amount"] for total in settled["totals"]] == ["0.00"]
    assert "RESOLVED" in [event["type"] for event in settled["events"]["nodes"]]
    await money_is_right(buyer, found["id"])
    [row] = await operator.audited("FULFILLMENT_RESOLVED")
    assert (row["name"], row["fields"], row["purpose"]) == (
        "demo",
        ["RELEASE"],
        "they never had it",
    )


async def test_an_act_is_audited_in_the_account_that_it_touched(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await never_found(service, Buyer(service, "other"))
    await operator.resolve(found["fulfillments"][0]["id"], "RELEASE")
    [row] = await operator.audited("FULFILLMENT_RESOLVED")
    assert row["name"] == "other"


async def test_retry_buys_once_under_a_new_reference(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await never_found(service, buyer)
    [part] = found["fulfillments"]
    payload = await operator.resolve(part["id"], "RETRY")
    assert payload["problems"] == []
    assert payload["fulfillment"]["status"] == "READY"
    assert payload["fulfillment"]["reference"] != part["reference"]
    bought = await until(service, buyer, found["id"], "FULFILLED")
    [row] = ledger(service, "starship")
    assert row["reference"] == bought["fulfillments"][0]["reference"] != part["reference"]
    outcomes = (await service.client("operator").data(ATTEMPTS))["fulfillments"]["nodes"][0][
        "attempts"
    ]
    assert [attempt["outcome"] for attempt in outcomes][-1] == "ACCEPTED"
    assert len(outcomes) >= 2
    await money_is_right(buyer, found["id"])


async def test_an_order_that_is_found_is_linked_with_its_units(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    faults(service, "starship", {"operation": "place", "fault": "error_after"})
    order = await buyer.buy("starship")
    found = await until(service, buyer, order["id"], "UNKNOWN")
    faults(service, "starship")
    [part] = found["fulfillments"]
    theirs = accepted(service, "starship")
    payload = await operator.resolve(
        part["id"], "LINK_PROVIDER_ORDER", providerOrderId=theirs.order_id
    )
    assert payload["problems"] == []
    assert payload["fulfillment"]["status"] == "FULFILLED"
    assert payload["fulfillment"]["providerOrderId"] == theirs.order_id
    units = await revealed(buyer, order["id"])
    assert [v["code"] or v["claimUrl"] for v in units] == [
        unit.code or unit.claim_url for unit in theirs.vouchers
    ]
    await pass_time(service)
    assert len(ledger(service, "starship")) == 1
    await money_is_right(buyer, order["id"])


async def test_a_wrong_order_is_not_linked(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    other = await buyer.buy("starship", 1)
    known = (await buyer.order(other["id"]))["fulfillments"][0]["providerOrderId"]
    seeded = service.simulators["starship"].seeded_orders[0].order_id
    found = await never_found(service, buyer)
    [part] = found["fulfillments"]
    before = await state(service)
    for wrong in (known, seeded, "99999999"):
        payload = await operator.resolve(part["id"], "LINK_PROVIDER_ORDER", providerOrderId=wrong)
        assert payload["fulfillment"] is None
        assert [p["code"] for p in payload["problems"]] == ["INVALID_INPUT"], wrong
    assert await state(service) == before


async def test_late_units_are_delivered_and_paid(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await late(service, buyer)
    free, _ = await buyer.balance("INR")
    payload = await operator.resolve(found["fulfillments"][0]["id"], "DELIVER_LATE")
    assert payload["problems"] == []
    assert payload["fulfillment"]["status"] == "FULFILLED"
    now = await buyer.order(found["id"])
    assert (now["status"], now["settled"]) == ("DELIVERED", True)
    assert {voucher["state"] for voucher in now["vouchers"]["nodes"]} == {"ACTIVE"}
    assert all(unit["code"] or unit["claimUrl"] for unit in await revealed(buyer, found["id"]))
    [total] = now["totals"]
    left, held = await buyer.balance("INR")
    assert free - left == Decimal(total["price"]["amount"])
    assert held == 0


async def test_late_units_wait_while_funds_are_short(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await late(service, buyer)
    async with service.program.database._acquired() as conn:
        await conn.execute("UPDATE wallets SET available = 1 WHERE currency = 'INR'")
    before = await state(service)
    payload = await operator.resolve(found["fulfillments"][0]["id"], "DELIVER_LATE")
    assert [p["code"] for p in payload["problems"]] == ["INSUFFICIENT_FUNDS"]
    assert await state(service) == before


async def test_keeping_late_units_out_moves_nothing(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    found = await late(service, buyer)
    balance = await buyer.balance("INR")
    payload = await operator.resolve(found["fulfillments"][0]["id"], "KEEP")
    assert payload["problems"] == []
    assert payload["fulfillment"]["status"] == "FAILED"
    await pass_time(service)
    now = await buyer.order(found["id"])
    assert (now["status"], now["settled"]) == ("FAILED", True)
    assert {voucher["state"] for voucher in now["vouchers"]["nodes"]} == {"QUARANTINED"}
    assert await buyer.balance("INR") == balance


@pytest.mark.parametrize(
    "resolution", ["RELEASE", "RETRY", "DELIVER_LATE", "KEEP", "LINK_PROVIDER_ORDER"]
)
async def test_what_needs_no_person_cannot_be_resolved(
    service: Service, buyer: Buyer, operator: Operator, resolution: str
) -> None:
    order = await buyer.order((await buyer.buy("enkash", 1))["id"])
    more = {"providerOrderId": "1"} if resolution == "LINK_PROVIDER_ORDER" else {}
    before = await state(service)
    payload = await operator.resolve(order["fulfillments"][0]["id"], resolution, **more)
    assert payload["fulfillment"] is None
    assert [(p["code"], p["path"]) for p in payload["problems"]] == [
        ("INVALID_INPUT", ["input", "resolution"])
    ]
    assert await state(service) == before


async def test_decisions_that_do_not_fit_a_review_change_nothing(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    held = (await never_found(service, buyer))["fulfillments"][0]["id"]
    came = (await late(service, buyer))["fulfillments"][0]["id"]
    before = await state(service)
    for fulfillment, resolution, more in (
        (held, "KEEP", {}),
        (held, "DELIVER_LATE", {}),
        (came, "RELEASE", {}),
        (came, "RETRY", {}),
        (held, "LINK_PROVIDER_ORDER", {}),
        (held, "RELEASE", {"providerOrderId": "1"}),
        (held, "RELEASE", {"reason": " "}),
    ):
        payload = await operator.resolve(fulfillment, resolution, **more)
        assert [p["code"] for p in payload["problems"]] == ["INVALID_INPUT"], resolution
    for unknown in (SOME, "nonsense", global_id(Kind.ORDER, uuid7())):
        payload = await operator.resolve(unknown, "RELEASE")
        assert [p["code"] for p in payload["problems"]] == ["NOT_FOUND"]
    assert await state(service) == before
