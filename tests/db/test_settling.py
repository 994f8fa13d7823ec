"""Settling what was placed here: money follows the units, whatever order the news comes in."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from db import claims, vouchers, wallets
from db.pool import Database
from domain.vouchers import VoucherState
from tests.db import samples, working
from tests.db.samples import Whole
from tests.db.working import (
    LEASE,
    OVER,
    State,
    again,
    arrived,
    claimed,
    column,
    free,
    settle,
    states,
    told,
)

account, placed = working.account, working.placed


async def test_an_unknown_outcome_moves_nothing(
    database: Database, account: UUID, placed: Whole
) -> None:
    for state in (State.UNKNOWN, State.READY, State.NEEDS_REVIEW):
        claim = await again(database, placed)
        await settle(database, claim, told(state, due_in=timedelta()))
    assert await samples.pockets(database, account) == {"INR": (0, 100)}


@pytest.mark.parametrize("state", [State.REJECTED, State.FAILED, State.CANCELLED])
async def test_what_is_given_up_releases_what_was_not_delivered(
    database: Database, account: UUID, placed: Whole, state: State
) -> None:
    part = await arrived(database, await claimed(database, placed), placed, "A")
    assert (part.progress.delivered, part.progress.failed) == (1, 0)
    claim = await again(database, placed)
    settled = await settle(database, claim, told(state, final=True))
    assert settled is not None
    # The stored unit stays delivered, whatever is said later.
    assert (settled.progress.delivered, settled.progress.failed) == (1, 2)
    assert await free(database, account) == "66.67"


async def test_settling_a_claim_twice_moves_money_once(
    database: Database, account: UUID, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    for _ in range(2):
        await arrived(database, claim, placed, "A", "B")
    assert await samples.pockets(database, account) == {"INR": (0, Decimal("33.33"))}
    assert await states(database, placed) == [VoucherState.ACTIVE] * 2


async def test_stored_units_count_whatever_is_told(
    database: Database, account: UUID, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    await samples.issued(database, placed, ["A", "B"])
    settled = await settle(database, claim, told(State.PARTIALLY_FULFILLED, delivered=1))
    assert settled is not None
    assert settled.progress.delivered == 2
    assert await samples.pockets(database, account) == {"INR": (0, Decimal("33.33"))}


async def test_two_attempts_that_read_different_units_pay_for_all(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await asyncio.gather(
        arrived(database, quick, placed, "A", "B"), arrived(database, slow, placed, "B", "C")
    )
    assert await states(database, placed) == [VoucherState.ACTIVE] * 3
    assert await samples.pockets(database, account) == {"INR": (0, 0)}


async def test_a_stale_refusal_moves_no_money(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    assert await settle(database, slow, told(State.REJECTED)) is None
    # Nor does a stale failure, which may be that of an order given up since.
    kept = await settle(database, slow, told(State.FAILED, final=True, failed=3, ended=True))
    assert kept is not None
    assert kept.progress.state is State.SENDING
    assert await samples.pockets(database, account) == {"INR": (0, 100)}
    assert await column(database, placed, "ended_at") is None
    # The one that is sending keeps its lease.
    async with database.worker() as conn:
        assert await claims.claim(conn, placed.fulfillment.id, LEASE) is None
    await arrived(database, quick, placed, "A", "B", "C")
    assert await samples.pockets(database, account) == {"INR": (0, 0)}


async def test_units_of_a_stale_attempt_are_kept_and_paid(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(database, quick, told(State.UNKNOWN, due_in=LEASE))
    news = told(State.CANCELLED, delivered=1, failed=2, provider_order_id="P-9", final=True)
    kept = await settle(database, slow, news)
    assert kept is not None
    # The unit counts; that the rest was cancelled is for a newer look to say.
    assert (kept.progress.state, kept.progress.final) == (State.PARTIALLY_FULFILLED, False)
    assert (kept.progress.delivered, kept.progress.failed) == (1, 0)
    assert kept.provider_order_id == "P-9"
    assert await samples.pockets(database, account) == {"INR": (0, Decimal("66.67"))}
    claim = await claimed(database, placed)
    await settle(database, claim, told(State.PARTIALLY_FULFILLED, delivered=1, failed=2))
    assert await free(database, account) == "66.67"


async def test_units_that_come_late_are_quarantined_and_move_nothing(
    database: Database, account: UUID, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(database, quick, told(State.FAILED, final=True, ended=True, due_in=LEASE))
    assert await samples.pockets(database, account) == {"INR": (100, 0)}
    part = await arrived(database, slow, placed, "A", "B")
    assert part.progress.state is State.NEEDS_REVIEW
    assert (part.progress.delivered, part.progress.failed) == (0, 3)
    assert await states(database, placed) == [VoucherState.QUARANTINED] * 2
    assert await samples.pockets(database, account) == {"INR": (100, 0)}
    assert await column(database, placed, "evidence") == '{"why": "LATE_UNITS", "units": 2}'
    # Until somebody decides nothing is done, and the next look changes nothing.
    assert await column(database, placed, "due_at") is None
    again_ = await arrived(database, quick, placed, "A", "B")
    assert again_.progress == part.progress


async def test_more_units_than_were_bought_are_quarantined(
    database: Database, account: UUID, placed: Whole
) -> None:
    part = await arrived(database, await claimed(database, placed), placed, *"ABCD")
    assert (part.progress.state, part.progress.delivered) == (State.NEEDS_REVIEW, 3)
    assert part.progress.quantity == 3
    assert await states(database, placed) == [
        *[VoucherState.ACTIVE] * 3, VoucherState.QUARANTINED,
    ]  # fmt: skip
    assert await samples.pockets(database, account) == {"INR": (0, 0)}


async def test_quarantined_units_told_with_a_review_count_as_nothing(
    database: Database, account: UUID, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    async with database.worker() as conn:
        added = await vouchers.add(conn, [samples.voucher(placed, "A")])
        await vouchers.quarantine(conn, list(added))
        found = await claims.settle(conn, claim, told(State.NEEDS_REVIEW))
    assert found is not None
    assert (found.progress.delivered, found.progress.failed) == (0, 0)
    assert await samples.pockets(database, account) == {"INR": (0, 100)}


async def test_a_review_that_began_meanwhile_is_not_ended_by_a_look(
    database: Database, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(database, quick, told(State.ACCEPTED, provider_order_id="P-1", due_in=OVER))
    look = await claimed(database, placed)
    second = await settle(database, slow, told(State.ACCEPTED, provider_order_id="P-2"))
    assert second is not None
    assert second.progress.state is State.NEEDS_REVIEW
    part = await arrived(database, look, placed, "A", "B", "C")
    assert (part.progress.state, part.progress.delivered) == (State.NEEDS_REVIEW, 3)


async def test_imported_orders_post_nothing(database: Database, account: UUID) -> None:
    sample = samples.whole(account, 5, quantity=0)
    await samples.stored(database, sample)
    claim = await claimed(database, sample)
    await settle(database, claim, told(State.PARTIALLY_FULFILLED, delivered=2, quantity=5))
    claim = await again(database, sample)
    await settle(database, claim, told(State.FAILED, failed=9, quantity=5, final=True))
    claim = await again(database, sample)
    settled = await settle(database, claim, told(State.FULFILLED, delivered=6))
    assert settled is not None
    assert (settled.progress.quantity, settled.progress.delivered) == (6, 6)
    assert await samples.pockets(database, account) == {"INR": (100, 0)}
    async with database.worker() as conn:
        assert await wallets.totals_of_orders(conn, [sample.order.id]) == {sample.order.id: {}}
