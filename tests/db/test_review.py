"""A person's decision: taking a fulfillment over, beginning it anew, delivering what came late."""

from decimal import Decimal
from uuid import UUID

import pytest

from db import claims, fulfillments, orders, vouchers, wallets
from db.claims import Claim
from db.pool import Database
from db.wallets import Insufficient
from domain.money import Money
from domain.orders import Fulfillment
from domain.vouchers import VoucherState
from tests.db import samples, working
from tests.db.samples import NOON, Whole
from tests.db.working import (
    LEASE,
    OVER,
    State,
    arrived,
    claimed,
    column,
    free,
    settle,
    states,
    told,
)

account, placed = working.account, working.placed


async def reviewed(database: Database, of: Whole) -> Claim:
    async with database.worker() as conn:
        await conn.execute("UPDATE fulfillments SET state = 'needs_review', due_at = NULL")
        await orders.lock(conn, of.order.id)
        assert await claims.take(conn, of.fulfillment.id, [State.READY, State.FAILED]) is None
        found = await claims.take(conn, of.fulfillment.id, [State.NEEDS_REVIEW])
    assert found is not None
    return found


async def test_taking_overtakes_whoever_is_at_it(
    database: Database, account: UUID, placed: Whole
) -> None:
    holder = await claimed(database, placed)
    claim = await reviewed(database, placed)
    assert (claim.was, claim.was_due_at) == (State.NEEDS_REVIEW, None)
    assert await column(database, placed, "due_at") is None
    released = await settle(database, claim, told(State.REJECTED))
    assert released is not None
    assert await samples.pockets(database, account) == {"INR": (100, 0)}
    assert await settle(database, holder, told(State.UNKNOWN)) is None


async def test_a_retry_begins_anew_under_another_reference(
    database: Database, account: UUID, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    async with database.worker() as conn:
        await claims.sent(conn, claim)
    await settle(database, claim, told(State.UNKNOWN, uncertain=True, call_ended_at=NOON))
    taken = await reviewed(database, placed)
    async with database.worker() as conn:
        fresh = await claims.renew(conn, taken, "REF-new", b"new", 1)
        assert fresh is not None
        assert (fresh.reference, fresh.progress.state) == ("REF-new", State.READY)
        assert await fulfillments.generation(conn, fresh.id) == 1
        known = await fulfillments.by_references(conn, "acme", ["REF-1", "REF-new", "REF-x"])
    assert {reference: part.id for reference, part in known.items()} == {
        "REF-1": fresh.id, "REF-new": fresh.id,
    }  # fmt: skip
    claim = await claimed(database, placed)
    assert (claim.sends, claim.uncertain, claim.first_sent_at, claim.call_ended_at) == (
        0, False, None, None,
    )  # fmt: skip
    assert (claim.body, claim.reference, claim.generation) == (b"new", "REF-new", 1)
    assert await samples.pockets(database, account) == {"INR": (0, 100)}
    await settle(database, claim, told(State.ACCEPTED, provider_order_id="P-7"))
    taken = await reviewed(database, placed)
    async with database.worker() as conn:
        assert await claims.renew(conn, taken, "REF-newer", b"newer", 2) is None


async def deliver_late(database: Database, of: Whole) -> tuple[int, Fulfillment]:
    async with database.worker() as conn:
        await orders.lock(conn, of.order.id)
        claim = await claims.take(conn, of.fulfillment.id, [State.NEEDS_REVIEW])
        assert claim is not None
        units = await claims.deliver_late(conn, claim)
        found = await claims.settle(conn, claim, told(State.PARTIALLY_FULFILLED, final=True))
    assert found is not None
    return units, found


async def test_late_units_are_delivered_and_paid_when_a_person_says_so(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(database, quick, told(State.FAILED, final=True, ended=True, due_in=LEASE))
    await arrived(database, slow, placed, "A", "B")
    units, part = await deliver_late(database, placed)
    assert (units, part.progress.delivered, part.progress.failed) == (2, 2, 1)
    assert await states(database, placed) == [VoucherState.ACTIVE] * 2
    assert await free(database, account) == "33.34"


async def test_late_units_that_cannot_be_paid_stay_where_they_are(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(database, quick, told(State.FAILED, final=True))
    await arrived(database, slow, placed, "A", "B")
    async with database.worker() as conn:
        await wallets.adjust(conn, account, Money(Decimal(-50), "INR"), "gone", "ops")
    with pytest.raises(Insufficient):
        await deliver_late(database, placed)
    assert await states(database, placed) == [VoucherState.QUARANTINED] * 2


async def test_quarantined_units_whose_money_is_held_are_paid_from_the_hold(
    database: Database, account: UUID, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    async with database.worker() as conn:
        await vouchers.quarantine(
            conn, list(await vouchers.add(conn, [samples.voucher(placed, c) for c in "ABC"]))
        )
        await claims.settle(conn, claim, told(State.NEEDS_REVIEW, failed=1))
    units, part = await deliver_late(database, placed)
    assert (units, part.progress.delivered, part.progress.failed) == (3, 3, 0)
    # Two from the hold, one that had been released.
    assert await samples.pockets(database, account) == {"INR": (0, 0)}
