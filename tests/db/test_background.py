"""What the worker keeps beside the orders: jobs, webhook deliveries, pauses, reconcile findings."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from db import exceptions, jobs, pauses, webhooks
from db.exceptions import Difference
from db.pool import Database
from domain.ids import uuid7
from tests.db import samples

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


# ----------------------------------------------------------------------------------------- jobs
async def take(database: Database, lease: timedelta = MINUTE) -> int | None:
    async with database.worker() as conn:
        return await jobs.claim(conn, "reconcile", lease, every=MINUTE)


async def test_of_many_processes_one_has_the_job(database: Database) -> None:
    taken = await asyncio.gather(*(take(database) for _ in range(8)))
    assert sorted(fence for fence in taken if fence) == [1]


async def test_a_job_that_was_done_is_due_after_its_interval(database: Database) -> None:
    fence = await take(database)
    assert fence
    async with database.worker() as conn:
        assert await jobs.last_done(conn, ["reconcile"]) == {}
        assert await jobs.done(conn, "reconcile", fence)
        assert not await jobs.done(conn, "reconcile", fence)
        assert list(await jobs.last_done(conn, ["reconcile", "other"])) == ["reconcile"]
    assert await take(database) is None
    async with database.worker() as conn:
        await jobs.hasten(conn, "reconcile")
    assert await take(database) == fence + 1


async def test_a_lease_ends_by_itself_and_its_holder_is_known_as_late(database: Database) -> None:
    dead = await take(database, -MINUTE)
    heir = await take(database)
    assert dead
    assert heir == dead + 1
    async with database.worker() as conn:
        assert not await jobs.done(conn, "reconcile", dead)
        assert not await jobs.release(conn, "reconcile", dead, MINUTE)
        assert await jobs.release(conn, "reconcile", heir, timedelta())
    assert await take(database) == heir + 1


# ------------------------------------------------------------------------------------- webhooks
async def test_a_delivery_counts_once(database: Database) -> None:
    async def deliver() -> bool:
        async with database.worker() as conn:
            return await webhooks.seen(conn, "acme", "delivery-1")

    assert sum(await asyncio.gather(*(deliver() for _ in range(6)))) == 1
    async with database.worker() as conn:
        assert await webhooks.seen(conn, "bolt", "delivery-1")
        assert await webhooks.forget(conn, MINUTE) == 0
        assert await webhooks.forget(conn, -MINUTE) == 2
        assert await webhooks.seen(conn, "acme", "delivery-1")


async def test_a_delivery_that_was_not_dealt_with_counts_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.worker() as conn:
            assert await webhooks.seen(conn, "acme", "delivery-1")
            raise ZeroDivisionError
    async with database.worker() as conn:
        assert await webhooks.seen(conn, "acme", "delivery-1")


# --------------------------------------------------------------------------------------- pauses
async def test_a_pause_keeps_its_first_reason(database: Database) -> None:
    async with database.worker() as conn:
        assert await pauses.pause(conn, "acme", "restored", "start")
        assert not await pauses.pause(conn, "acme", "other", "ops")
        found = await pauses.paused(conn)
        assert (found["acme"].reason, found["acme"].actor) == ("restored", "start")
        assert await pauses.resume(conn, "acme")
        assert not await pauses.resume(conn, "acme")
        assert await pauses.paused(conn) == {}


# ----------------------------------------------------------------------------------- exceptions
async def test_a_difference_is_one_row_until_it_is_closed(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)

    async def found() -> UUID:
        async with database.worker() as conn:
            return await exceptions.record(
                conn, "acme", "credential-1", Difference.MISMATCHED,
                reference="REF-1", fulfillment_id=sample.fulfillment.id, evidence={"units": [2, 3]},
            )  # fmt: skip

    first = await found()
    assert await found() == first
    async with database.worker() as conn:
        [row] = await exceptions.open(conn, "acme")
        assert (row.id, row.account, row.difference) == (first, account, Difference.MISMATCHED)
        assert row.evidence == {"units": [2, 3]}
        assert row.last_seen >= row.first_seen
        assert await exceptions.open(conn, "bolt") == []
        assert await exceptions.close(conn, first, "ops")
        assert not await exceptions.close(conn, first, "ops")
        assert await exceptions.open(conn) == []
    second = await found()
    assert second != first
    async with database.worker() as conn:
        assert await exceptions.close_of_fulfillment(conn, sample.fulfillment.id, "ops") == 1
        assert not await exceptions.close(conn, uuid7(), "ops")


async def test_what_a_complete_look_does_not_find_any_more_is_closed(database: Database) -> None:
    async with database.worker() as conn:
        old, kept = [
            await exceptions.record(
                conn, "acme", "credential-1", Difference.ORPHANED,
                provider_order_id=order, evidence={},
            )
            for order in ("P-1", "P-2")
        ]  # fmt: skip
        foreign = await exceptions.record(
            conn, "acme", "credential-2", Difference.ORPHANED, reference="VG_X", evidence={}
        )
        assert old != kept
        closed = await exceptions.close_unseen(conn, "acme", "credential-1", [kept], "reconcile")
        assert closed == 1
        assert [row.id for row in await exceptions.open(conn)] == [kept, foreign]
