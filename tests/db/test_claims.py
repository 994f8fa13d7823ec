import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db import claims, fulfillments, orders
from db.claims import Claim, Settlement
from db.fulfillments import Observation
from db.orders import Conflict
from db.pool import Database
from domain.orders import Fulfillment, FulfillmentStatus, OrderStatus
from domain.problems import Problem, ProblemCode
from tests.db import samples
from tests.db.samples import NOON, Whole

LEASE = timedelta(seconds=60)
LATER = NOON + timedelta(hours=1)
State = FulfillmentStatus


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


async def claim(database: Database, of: Whole, lease: timedelta = LEASE) -> Claim | None:
    async with database.worker() as conn:
        return await claims.claim(conn, of.fulfillment.id, lease)


async def claimed(database: Database, of: Whole, lease: timedelta = LEASE) -> Claim:
    found = await claim(database, of, lease)
    assert found is not None
    return found


async def settle(database: Database, claimed: Claim, told: Settlement) -> Fulfillment | None:
    async with database.worker() as conn:
        return await claims.settle(conn, claimed, told)


async def now(database: Database, of: Whole) -> Fulfillment:
    async with database.worker() as conn:
        return (await fulfillments.by_ids(conn, [of.fulfillment.id]))[of.fulfillment.id]


async def due(database: Database, of: Whole) -> float | None:
    """Seconds until it is due; None when never."""
    async with database.worker() as conn:
        seconds: float | None = await conn.fetchval(
            "SELECT extract(epoch FROM due_at - now())::float8 FROM fulfillments WHERE id = $1",
            of.fulfillment.id,
        )
    return seconds


def told(state: FulfillmentStatus, **more: object) -> Settlement:
    defaults: dict[str, object] = {
        "word": OrderStatus.PROCESSING, "final": False, "delivered": 0, "observed_at": LATER,
    }  # fmt: skip
    return Settlement(state, **(defaults | more))  # type: ignore[arg-type]


async def test_of_many_claimers_one_wins(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    won = [c for c in await asyncio.gather(*(claim(database, sample) for _ in range(8))) if c]
    assert [(c.attempt, c.was) for c in won] == [(1, State.ACCEPTED)]
    assert 55 < (await due(database, sample) or 0) <= 60
    assert (await now(database, sample)).version == 2


async def test_claimers_of_a_queue_share_it(database: Database, account: UUID) -> None:
    wholes = [samples.whole(account, n, provider="acme" if n % 2 else "bolt") for n in range(20)]
    await samples.stored(database, *wholes)

    async def take() -> list[Claim]:
        async with database.worker() as conn:
            found = await claims.claim_due(conn, 3, {"acme": LEASE, "bolt": 2 * LEASE})
            await asyncio.sleep(0.05)
            return found

    taken = [c.id for found in await asyncio.gather(*(take() for _ in range(4))) for c in found]
    assert len(taken) == len(set(taken)) == 12
    bolt = next(
        whole
        for whole in wholes
        if whole.fulfillment.id in taken and whole.line.provider_name == "bolt"
    )
    assert (await due(database, bolt) or 0) > 60


async def test_the_longest_overdue_comes_first_and_foreign_providers_never(
    database: Database, account: UUID
) -> None:
    for n in range(4):
        due_at = NOON - timedelta(minutes=n)
        await samples.stored(database, samples.whole(account, n), due_at=due_at)
    await samples.stored(database, samples.whole(account, 9, provider="gone"))
    async with database.worker() as conn:
        first = await claims.claim_due(conn, 2, {"acme": LEASE})
        rest = await claims.claim_due(conn, 10, {"acme": LEASE})
    assert [c.reference for c in (*first, *rest)] == ["REF-3", "REF-2", "REF-1", "REF-0"]


@pytest.mark.parametrize(
    ("state", "due_at", "taken"),
    [
        (State.READY, NOON, True),
        (State.SENDING, NOON, True),
        (State.FAILED, NOON, True),
        (State.ACCEPTED, datetime(2999, 1, 1, tzinfo=UTC), False),
        (State.ACCEPTED, None, False),
        (State.NEEDS_REVIEW, NOON, False),
        (State.FULFILLED, NOON, False),
        (State.REJECTED, NOON, False),
    ],
)
async def test_only_what_is_due_and_workable_is_claimed(
    database: Database, account: UUID, state: State, due_at: datetime | None, taken: bool
) -> None:
    sample = samples.whole(account, state=state)
    await samples.stored(database, sample, due_at=due_at)
    found = await claim(database, sample)
    assert (found is not None) == taken
    if state is State.READY and found:
        assert (found.was, found.sends, found.first_sent_at) == (State.READY, 0, None)
        assert (await now(database, sample)).progress.state is State.SENDING
        assert await claim(database, sample) is None


async def test_settling_records_and_schedules(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    first = await claimed(database, sample)
    problem = Problem(ProblemCode.PROVIDER_TIMEOUT, "slow")
    news = told(
        State.PARTIALLY_FULFILLED,
        delivered=2, raw_status="HALF", charged=sample.line.total, problem=problem,
        due_in=timedelta(seconds=5),
    )  # fmt: skip
    settled = await settle(database, first, news)
    assert settled == await now(database, sample)
    assert settled is not None
    assert (settled.progress.delivered, settled.progress.state) == (2, State.PARTIALLY_FULFILLED)
    assert (settled.provider_status, settled.observed_at) == ("HALF", LATER)
    assert (settled.charged, settled.problem) == (sample.line.total, problem)
    assert settled.provider_order_id == "P-1"
    assert settled.version == 3
    assert 3 < (await due(database, sample) or 0) <= 5


async def test_a_stale_negative_is_dropped(database: Database, account: UUID) -> None:
    sample = samples.whole(account, state=State.UNKNOWN)
    await samples.stored(database, sample)
    slow = await claimed(database, sample, timedelta(seconds=-1))
    quick = await claimed(database, sample)
    assert await settle(database, quick, told(State.ACCEPTED, due_in=LEASE))
    before = await now(database, sample)
    for state in (State.REJECTED, State.UNKNOWN, State.READY, State.NEEDS_REVIEW):
        assert await settle(database, slow, told(state)) is None
    assert await now(database, sample) == before


async def test_good_news_of_a_stale_attempt_is_always_kept(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    slow = await claimed(database, sample, timedelta(seconds=-1))
    quick = await claimed(database, sample)
    await settle(database, quick, told(State.PARTIALLY_FULFILLED, delivered=1, due_in=LEASE))
    more = await settle(database, slow, told(State.FULFILLED, delivered=3, final=True))
    assert more is not None
    assert (more.progress.delivered, more.progress.state) == (3, State.FULFILLED)
    # Fewer units than are stored, from whomever, change nothing about them.
    fewer = await settle(database, slow, told(State.PARTIALLY_FULFILLED, delivered=1))
    assert fewer is not None
    assert (fewer.progress.delivered, fewer.progress.state) == (3, State.FULFILLED)


async def test_an_order_id_of_a_stale_attempt_is_kept(database: Database, account: UUID) -> None:
    sample = samples.whole(account, state=State.UNKNOWN)
    await samples.stored(database, sample)
    async with database.worker() as conn:
        await conn.execute("UPDATE fulfillments SET provider_order_id = NULL")
    slow = await claimed(database, sample, timedelta(seconds=-1))
    quick = await claimed(database, sample)
    await settle(database, quick, told(State.REJECTED))
    late = await settle(database, slow, told(State.ACCEPTED, provider_order_id="P-late"))
    assert late is not None
    # Given up here, alive there: only a person can tell what to do with it.
    assert (late.provider_order_id, late.progress.state) == ("P-late", State.NEEDS_REVIEW)


async def test_a_second_order_at_the_provider_needs_a_person(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    mine = await claimed(database, sample)
    news = told(State.FULFILLED, delivered=3, provider_order_id="P-other")
    settled = await settle(database, mine, news)
    assert settled is not None
    assert (settled.provider_order_id, settled.progress.state) == ("P-1", State.NEEDS_REVIEW)
    assert settled.progress.delivered == 3
    assert settled.problem is not None
    assert settled.problem.provider_code == "DUPLICATED"
    assert await due(database, sample) is None


async def test_one_provider_order_belongs_to_one_fulfillment(
    database: Database, account: UUID
) -> None:
    one, two = samples.whole(account, 1), samples.whole(account, 2)
    await samples.stored(database, one, two)
    async with database.worker() as conn:
        await conn.execute(
            "UPDATE fulfillments SET provider_order_id = NULL WHERE id = $1", two.fulfillment.id
        )
    mine = await claimed(database, two)
    with pytest.raises(Conflict):
        await settle(database, mine, told(State.ACCEPTED, provider_order_id="P-1"))


async def test_an_import_learns_its_quantity(database: Database, account: UUID) -> None:
    sample = samples.whole(account, quantity=0)
    await samples.stored(database, sample)
    settled = await settle(
        database, await claimed(database, sample), told(State.FULFILLED, delivered=2, quantity=1)
    )
    assert settled is not None
    assert (settled.progress.quantity, settled.progress.delivered) == (2, 2)


# -------------------------------------------------------------------------- what a read observes
def seen(of: Whole, version: int = 1, wake: bool = True) -> Observation:
    return Observation(of.fulfillment.id, version, OrderStatus.DELIVERED, "DONE", LATER, wake)


async def test_a_read_leaves_a_hint_and_wakes_the_worker_but_moves_nothing(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample, due_at=datetime(2999, 1, 1, tzinfo=UTC))
    async with database.viewer(account) as conn:
        assert await fulfillments.observe(conn, [seen(sample)]) == {sample.fulfillment.id}
    found = await now(database, sample)
    assert (found.progress.word, found.provider_status) == (OrderStatus.DELIVERED, "DONE")
    assert (found.observed_at, found.version) == (LATER, 2)
    assert (found.progress.state, found.progress.delivered) == (State.ACCEPTED, 0)
    assert not found.progress.final
    assert (await due(database, sample) or 0) <= 0
    async with database.worker() as conn:
        order = await orders.by_ids(conn, [sample.order.id])
        assert order[sample.order.id].status is OrderStatus.PENDING
    # Settling has the last word again.
    await settle(database, await claimed(database, sample), told(State.ACCEPTED, raw_status="WAIT"))
    settled = await now(database, sample)
    assert (settled.progress.word, settled.provider_status) == (OrderStatus.PROCESSING, "WAIT")


async def test_a_read_that_says_nothing_new_wakes_nobody(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample, due_at=datetime(2999, 1, 1, tzinfo=UTC))
    async with database.viewer(account) as conn:
        assert await fulfillments.observe(conn, [seen(sample, wake=False)])
    assert (await due(database, sample) or 0) > 0


async def test_an_order_missing_in_a_list_only_wakes_the_worker(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample, due_at=datetime(2999, 1, 1, tzinfo=UTC))
    missing = Observation(sample.fulfillment.id, 1, None, None, LATER)
    async with database.viewer(account) as conn:
        assert await fulfillments.observe(conn, [missing])
    assert await now(database, sample) == replace(sample.fulfillment, version=2)
    assert (await due(database, sample) or 0) <= 0


async def test_a_read_gives_way_to_whoever_was_newer(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    await claimed(database, sample)
    async with database.viewer(account) as conn:
        assert await fulfillments.observe(conn, [seen(sample)]) == set()
        assert await fulfillments.observe(conn, [seen(sample, version=2)])
        assert await fulfillments.observe(conn, [seen(sample, version=2)]) == set()


@pytest.mark.parametrize(
    "state", [State.READY, State.SENDING, State.FULFILLED, State.FAILED, State.NEEDS_REVIEW]
)
async def test_a_read_touches_only_what_is_in_the_providers_hands(
    database: Database, account: UUID, state: State
) -> None:
    sample = samples.whole(account, state=state)
    await samples.stored(database, sample)
    async with database.viewer(account) as conn:
        assert await fulfillments.observe(conn, [seen(sample)]) == set()
    assert (await now(database, sample)).version == 1


async def test_a_batch_of_reads_is_one_statement(database: Database, account: UUID) -> None:
    wholes = [samples.whole(account, n) for n in range(5)]
    await samples.stored(database, *wholes)
    async with database.viewer(account) as conn:
        queries: list[object] = []
        conn.add_query_logger(queries.append)
        taken = await fulfillments.observe(
            conn, [seen(w, version=1 + n % 2) for n, w in enumerate(wholes)]
        )
        conn.remove_query_logger(queries.append)
    assert taken == {w.fulfillment.id for w in wholes[::2]}
    assert len(queries) == 1


async def test_waking_spares_what_is_being_sent(database: Database, account: UUID) -> None:
    sending, open_ = samples.whole(account, 1, State.SENDING), samples.whole(account, 2)
    await samples.stored(database, sending, open_, due_at=datetime(2999, 1, 1, tzinfo=UTC))
    async with database.worker() as conn:
        await claims.wake(conn, [sending.fulfillment.id, open_.fulfillment.id])
    assert (await due(database, sending) or 0) > 0
    assert (await due(database, open_) or 0) <= 0
