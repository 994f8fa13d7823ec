"""What a placed order keeps beside an imported one, and how operators list fulfillments."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from db import attempts, claims, fulfillments, orders
from db.orders import Conflict
from db.pool import Database
from domain.ids import uuid7
from domain.orders import AttemptOutcome, FulfillmentFilter, FulfillmentStatus
from domain.pages import Slice
from tests.db import samples

State = FulfillmentStatus


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


async def test_a_key_finds_its_order_and_the_print_of_its_request(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    async with database.worker() as conn:
        await orders.add(
            conn, sample.order, [sample.line], [], idempotency_key="the key",
            fingerprint=b"print", client_id=uuid7(), recipient=b"sealed",
        )  # fmt: skip
    other = await samples.account(database, "other")
    async with database.viewer(account) as conn:
        assert await orders.by_key(conn, account, "the key") == (sample.order, b"print")
        assert await orders.by_key(conn, account, "another") is None
        assert await orders.placed_under(conn, sample.order.id) == "the key"
        assert await orders.recipient(conn, sample.order.id) == b"sealed"
    async with database.viewer(other) as conn:
        assert await orders.by_key(conn, account, "the key") is None
        assert await orders.recipient(conn, sample.order.id) is None
    # The key is free for another account, and taken in this one.
    foreign = samples.whole(other, 2)
    again = samples.whole(account, 3)
    async with database.worker() as conn:
        await orders.add(conn, foreign.order, [], [], idempotency_key="the key")
    with pytest.raises(Conflict) as caught:
        async with database.worker() as conn:
            await orders.add(conn, again.order, [], [], idempotency_key="the key")
    assert caught.value.constraint == orders.KEY_TAKEN


async def test_recipients_are_erased_some_time_after_everything_is_settled(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "300 INR")
    fresh, open_, old = (samples.placed(account, n) for n in range(3))
    for sample in (fresh, open_, old):
        await samples.stored(database, sample)
    async with database.worker() as conn:
        await conn.execute("UPDATE orders SET recipient = 'sealed'")
    async with database.worker() as conn:
        await orders.set_status(conn, fresh.order.id, fresh.order.status, settled=True)
        await orders.set_status(conn, old.order.id, old.order.status, settled=True)
        await conn.execute(
            "UPDATE orders SET updated_at = now() - interval '91 days' WHERE id <> $1",
            fresh.order.id,
        )
        assert await orders.erase_recipients(conn, timedelta(days=90)) == 1
        assert await orders.erase_recipients(conn, timedelta(days=90)) == 0
        kept = [await orders.recipient(conn, s.order.id) for s in (fresh, open_, old)]
        rows = await conn.fetch("SELECT reference FROM fulfillments WHERE body IS NULL")
    assert kept == [b"sealed", b"sealed", None]
    assert [row["reference"] for row in rows] == [old.fulfillment.reference]


async def test_operators_page_through_the_fulfillments_of_all_accounts(
    database: Database, account: UUID
) -> None:
    other = await samples.account(database, "other")
    for n in range(6):
        await samples.stored(
            database,
            samples.whole(
                other if n == 5 else account,
                n,
                State.UNKNOWN if n % 2 else State.ACCEPTED,
                provider="bolt" if n == 3 else "acme",
            ),
        )

    async def found(wanted: FulfillmentFilter) -> list[str]:
        async with database.worker() as conn:
            page = await fulfillments.page(conn, wanted, Slice(2))
            rest = await fulfillments.page(conn, wanted, Slice(9, after=page.keys[-1]))
            whole = [*page.items, *rest.items]
            assert await fulfillments.count(conn, wanted) == len(whole)
            assert await fulfillments.count(conn, wanted, limit=1) is None
        return [part.reference for part in whole]

    assert await found(FulfillmentFilter()) == [f"REF-{n}" for n in (5, 4, 3, 2, 1, 0)]
    unknown = FulfillmentFilter(status=(State.UNKNOWN,))
    assert await found(unknown) == ["REF-5", "REF-3", "REF-1"]
    assert await found(replace(unknown, provider=("acme",))) == ["REF-5", "REF-1"]
    assert await found(replace(unknown, account=account)) == ["REF-3", "REF-1"]
    async with database.viewer(other) as conn:
        mine = await fulfillments.page(conn, FulfillmentFilter(), Slice())
    assert [part.reference for part in mine.items] == ["REF-5"]


async def test_tries_are_numbered_and_each_is_ended_by_its_own_claim(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    id = sample.fulfillment.id
    async with database.worker() as conn:
        assert await attempts.of(conn, [id]) == {id: []}
        assert [await attempts.begin(conn, id, claim) for claim in (1, 2)] == [1, 2]
        await attempts.finish(conn, id, 1, AttemptOutcome.REFUSED, "E17")
        await attempts.finish(conn, id, 3, AttemptOutcome.FOUND)
    async with database.viewer(account) as conn:
        found = (await attempts.of(conn, [id]))[id]
    assert [(a.number, a.outcome, a.provider_code, a.finished_at is None) for a in found] == [
        (1, AttemptOutcome.REFUSED, "E17", False),
        (2, AttemptOutcome.RUNNING, None, True),
        (3, AttemptOutcome.FOUND, None, False),
    ]


async def test_the_lock_order_keeps_settling_and_holding_from_blocking_each_other(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "2000 INR")
    placed = [samples.placed(account, n) for n in range(10)]
    for sample in placed:
        await samples.stored(database, sample)

    async def settle(sample: samples.Whole) -> None:
        async with database.worker() as conn:
            claim = await claims.claim(conn, sample.fulfillment.id, timedelta(seconds=60))
        assert claim is not None
        told = claims.Settlement(
            State.REJECTED,
            sample.order.status,
            True,
            0,
            samples.NOON,
        )
        async with database.worker() as conn:
            await orders.lock(conn, claim.order_id)
            assert await claims.settle(conn, claim, told)

    async def place(n: int) -> None:
        await samples.stored(database, samples.placed(account, n))

    async with asyncio.timeout(20):
        await asyncio.gather(*map(settle, placed), *(place(n) for n in range(100, 110)))
    assert await samples.pockets(database, account) == {"INR": (1000, 1000)}
