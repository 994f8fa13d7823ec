"""From a claim to a place: who may send, and what is known of a call that ended, or did not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from db import attempts, claims, pauses
from db.claims import Overtaken
from db.pool import Database
from domain.money import Money
from domain.orders import AttemptOutcome
from tests.db import samples, working
from tests.db.samples import NOON, Whole
from tests.db.working import LEASE, OVER, State, claimed, column, settle, told

account, placed = working.account, working.placed


async def test_a_claim_knows_what_was_bought(database: Database, placed: Whole) -> None:
    claim = await claimed(database, placed)
    assert (claim.total, claim.body, claim.generation) == (placed.total, b"{}", 0)
    assert (claim.sku, claim.face_value) == ("sku-1", Money(Decimal(100), "INR"))
    assert claim.item is not None
    assert claim.item.quantity == 3
    assert (claim.sends, claim.uncertain, claim.call_ended_at, claim.problem) == (
        0, False, None, None,
    )  # fmt: skip
    assert "{}" not in repr(claim)


async def test_nothing_is_claimed_to_be_placed_at_a_paused_provider(
    database: Database, account: UUID, placed: Whole
) -> None:
    other = samples.whole(account, 2, State.ACCEPTED)
    await samples.stored(database, other)
    async with database.worker() as conn:
        await pauses.pause(conn, "acme", "trouble", "ops")
        assert await claims.claim(conn, placed.fulfillment.id, LEASE) is None
        due = await claims.claim_due(conn, 10, {"acme": LEASE})
        assert [claim.id for claim in due] == [other.fulfillment.id]
        await pauses.resume(conn, "acme")
        assert await claims.claim(conn, placed.fulfillment.id, LEASE)


@pytest.mark.parametrize(("age", "taken"), [(13, True), (15, False)])
async def test_what_was_given_up_is_read_for_two_weeks(
    database: Database, placed: Whole, age: int, taken: bool
) -> None:
    claim = await claimed(database, placed)
    failed = told(State.FAILED, ended=True, due_in=timedelta(days=1))
    await settle(database, claim, failed)
    assert await column(database, placed, "due_at") is not None
    async with database.worker() as conn:
        await conn.execute(
            "UPDATE fulfillments SET due_at = now(), ended_at = now() - $1 * interval '1 day'", age
        )
        found = await claims.claim(conn, placed.fulfillment.id, LEASE)
        assert (found is not None) == taken
        if found is None:
            return
        assert found.ended_at is not None
        # A day later still lies within the two weeks, two days later no more.
        await claims.settle(conn, found, replace(failed, due_in=timedelta(days=2)))
    assert await column(database, placed, "due_at") is None
    assert await column(database, placed, "ended_at") == found.ended_at


# ----------------------------------------------------------------------------------- the place
async def test_a_place_goes_out_once_under_a_claim_that_still_holds(
    database: Database, placed: Whole
) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    async with database.worker() as conn:
        with pytest.raises(Overtaken):
            await claims.sent(conn, slow)
        first = await claims.sent(conn, quick)
    assert await column(database, placed, "sends") == 1
    assert await column(database, placed, "first_sent_at") == first
    async with database.worker() as conn:
        with pytest.raises(Overtaken):
            await claims.sent(conn, replace(quick, at=quick.at - timedelta(seconds=5)))
        await pauses.pause(conn, "acme", "trouble", "ops")
        with pytest.raises(Overtaken):
            await claims.sent(conn, quick)
    async with database.worker() as conn:
        [found] = (await attempts.of(conn, [placed.fulfillment.id]))[placed.fulfillment.id]
    assert (found.number, found.outcome, found.finished_at) == (1, AttemptOutcome.RUNNING, None)


async def test_whoever_dies_in_a_place_leaves_an_uncertain_one(
    database: Database, placed: Whole
) -> None:
    dead = await claimed(database, placed)
    async with database.worker() as conn:
        await claims.sent(conn, dead)
    assert await column(database, placed, "call_ended_at") is None
    async with database.worker() as conn:
        # Its lease has ended.
        await conn.execute("UPDATE fulfillments SET due_at = now() - interval '1 second'")
    heir = await claimed(database, placed)
    assert (heir.was, heir.uncertain, heir.sends) == (State.SENDING, True, 1)
    assert heir.call_ended_at == heir.was_due_at
    await settle(database, heir, told(State.READY, attempt_outcome=AttemptOutcome.NOT_FOUND))
    async with database.worker() as conn:
        found = (await attempts.of(conn, [heir.id]))[heir.id]
    assert [(a.number, a.outcome) for a in found] == [
        (1, AttemptOutcome.UNKNOWN), (2, AttemptOutcome.NOT_FOUND),
    ]  # fmt: skip
    # Should the dead one live after all, its own try is ended by it.
    assert (
        await settle(
            database, dead,
            told(State.UNKNOWN, attempt_outcome=AttemptOutcome.ACCEPTED, provider_code="OK"),
        )
        is None
    )  # fmt: skip
    async with database.worker() as conn:
        found = (await attempts.of(conn, [heir.id]))[heir.id]
    assert (found[0].outcome, found[0].provider_code) == (AttemptOutcome.ACCEPTED, "OK")
    assert found[0].finished_at is not None


async def test_a_claim_that_sent_nothing_leaves_nothing_uncertain(
    database: Database, placed: Whole
) -> None:
    await claimed(database, placed, OVER)
    heir = await claimed(database, placed)
    assert (heir.was, heir.uncertain, heir.sends) == (State.SENDING, False, 0)


async def test_what_is_known_of_calls_is_kept_and_a_new_place_clears_it(
    database: Database, placed: Whole
) -> None:
    claim = await claimed(database, placed)
    await settle(
        database, claim,
        told(
            State.UNKNOWN, uncertain=True, call_ended_at=NOON, not_found_at=NOON,
            evidence={"why": "X"}, due_in=timedelta(),
        ),
    )  # fmt: skip
    claim = await claimed(database, placed)
    assert (claim.uncertain, claim.call_ended_at, claim.not_found_at) == (True, NOON, NOON)
    assert claim.evidence == {"why": "X"}
    # Nothing said: kept, but for "not found", which is written as told.
    earlier = NOON - timedelta(minutes=1)
    await settle(database, claim, told(State.UNKNOWN, call_ended_at=earlier, due_in=timedelta()))
    claim = await claimed(database, placed)
    assert (claim.uncertain, claim.call_ended_at, claim.not_found_at) == (True, NOON, None)
    async with database.worker() as conn:
        await claims.sent(conn, claim)
    assert await column(database, placed, "call_ended_at") is None


async def test_dropped_news_still_tells_of_its_call(database: Database, placed: Whole) -> None:
    slow = await claimed(database, placed, OVER)
    quick = await claimed(database, placed)
    await settle(
        database, quick,
        told(State.UNKNOWN, call_ended_at=NOON, not_found_at=NOON, due_in=timedelta()),
    )  # fmt: skip
    later = NOON + timedelta(minutes=1)
    news = told(State.UNKNOWN, uncertain=True, call_ended_at=later)
    assert await settle(database, slow, news) is None
    claim = await claimed(database, placed)
    assert (claim.uncertain, claim.call_ended_at, claim.not_found_at) == (True, later, None)
