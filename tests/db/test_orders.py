import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from db import events, fulfillments, order_lines, orders, vouchers
from db.orders import Conflict
from db.pool import Database
from domain.ids import uuid7
from domain.orders import (
    FulfillmentStatus,
    Order,
    OrderEventType,
    OrderFilter,
    OrderOrigin,
    OrderStatus,
)
from domain.pages import Key, Page, Slice
from domain.problems import Problem, ProblemCode
from tests.db import samples
from tests.db.samples import CREDENTIAL, NOON

ALL = OrderFilter()


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


async def page(
    database: Database, account: UUID, cut: Slice, wanted: OrderFilter = ALL
) -> Page[Order]:
    async with database.viewer(account) as conn:
        return await orders.page(conn, wanted, cut)


def names(found: Page[Order]) -> list[str]:
    return [order.reference for order in found.items]


async def test_what_goes_in_comes_out(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    problem = Problem(ProblemCode.OUT_OF_STOCK, "none left", ("lines", "0"), provider_code="E17")
    fulfillment = replace(sample.fulfillment, problem=problem, charged=sample.line.total)
    sample = replace(sample, fulfillment=fulfillment)
    await samples.stored(database, sample)
    async with database.viewer(account) as conn:
        found = await orders.by_ids(conn, [sample.order.id])
        assert found == {sample.order.id: sample.order}
        assert await order_lines.by_orders(conn, list(found)) == {sample.order.id: [sample.line]}
        assert await order_lines.by_ids(conn, [sample.line.id]) == {sample.line.id: sample.line}
        assert await fulfillments.by_orders(conn, list(found)) == {sample.order.id: [fulfillment]}
        assert await fulfillments.by_ids(conn, [fulfillment.id]) == {fulfillment.id: fulfillment}


async def test_pages_run_newest_first_both_ways_and_hold_every_order_once(
    database: Database, account: UUID
) -> None:
    # Three orders share each instant, so that the id has to decide.
    wholes = [
        samples.whole(account, n, placed_at=NOON + timedelta(hours=n // 3)) for n in range(10)
    ]
    await samples.stored(database, *wholes)
    expected = [
        whole.order.reference
        for whole in sorted(wholes, key=lambda w: (w.order.placed_at, w.order.id), reverse=True)
    ]
    for limit in (1, 2, 3, 7, 10, 11):
        walked: list[str] = []
        after: Key | None = None
        while True:
            found = await page(database, account, Slice(limit, after=after))
            assert found.has_previous == (after is not None)
            walked += names(found)
            if not found.has_next:
                break
            after = found.keys[-1]
        assert walked == expected
        walked, before = [], None
        while True:
            found = await page(database, account, Slice(limit, before=before, backward=True))
            walked = names(found) + walked
            if not found.has_previous:
                break
            before = found.keys[0]
        assert walked == expected
    first = await page(database, account, Slice(10))
    between = Slice(10, after=first.keys[1], before=first.keys[6])
    assert names(await page(database, account, between)) == expected[2:6]


async def test_a_page_is_stable_under_inserts(database: Database, account: UUID) -> None:
    await samples.stored(database, *(samples.whole(account, n) for n in range(0, 10, 2)))
    first = await page(database, account, Slice(2))
    await samples.stored(database, *(samples.whole(account, n) for n in (1, 7, 20)))
    second = await page(database, account, Slice(10, after=first.keys[-1]))
    assert (names(first), names(second)) == (["VG-8", "VG-6"], ["VG-4", "VG-2", "VG-1", "VG-0"])


async def test_filters_and_counts(database: Database, account: UUID) -> None:
    await samples.stored(
        database,
        *(samples.whole(account, n, provider="acme" if n < 3 else "bolt") for n in range(5)),
    )
    async with database.worker() as conn:
        some = await orders.by_reference(conn, "VG-4")
        assert await orders.set_status(conn, some[0].id, OrderStatus.DELIVERED, settled=True)
        assert not await orders.set_status(conn, some[0].id, OrderStatus.DELIVERED, settled=True)
    for wanted, found in (
        (OrderFilter(status=(OrderStatus.DELIVERED, OrderStatus.FAILED)), ["VG-4"]),
        (OrderFilter(status=()), []),
        (OrderFilter(provider=("bolt", "cora")), ["VG-4", "VG-3"]),
        (OrderFilter(placed_after=NOON + timedelta(minutes=2)), ["VG-4", "VG-3"]),
        (OrderFilter(placed_before=NOON + timedelta(minutes=2)), ["VG-1", "VG-0"]),
        (OrderFilter(reference="VG-2"), ["VG-2"]),
        (OrderFilter(reference="REF-2"), ["VG-2"]),
        (OrderFilter(reference="nothing"), []),
        (OrderFilter(provider=("acme",), reference="REF-4"), []),
    ):
        assert names(await page(database, account, Slice(10), wanted)) == found
        async with database.viewer(account) as conn:
            assert await orders.count(conn, wanted) == len(found)
    async with database.viewer(account) as conn:
        assert await orders.count(conn, ALL, limit=5) == 5
        assert await orders.count(conn, ALL, limit=4) is None


async def test_an_order_is_found_by_every_name_it_has(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    async with database.worker() as conn:
        await fulfillments.add_alias(conn, sample.fulfillment, "asked-by")
        await fulfillments.add_alias(conn, sample.fulfillment, "asked-by")
        await fulfillments.add_alias(conn, sample.fulfillment, "P-1")
        assert await conn.fetchval("SELECT count(*) FROM fulfillment_aliases") == 1
    async with database.viewer(account) as conn:
        for reference in ("VG-1", "REF-1"):
            assert await orders.by_reference(conn, reference) == [sample.order]
        for order_id in ("P-1", "asked-by"):
            assert await orders.by_provider_order(conn, "acme", order_id) == [sample.order]
            assert await orders.by_provider_order(conn, "bolt", order_id) == []
            found = await fulfillments.by_provider_order(conn, "acme", CREDENTIAL, order_id)
            assert found == sample.fulfillment
            other = await fulfillments.by_provider_order(conn, "acme", "other", order_id)
            assert other is None


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"reference": "VG-1"}, "orders_account_reference_key"),
        ({"provider_order_id": "P-1"}, "fulfillments_provider_credential_provider_order_id_key"),
    ],
)
async def test_a_second_order_of_the_same_kind_is_a_conflict(
    database: Database, account: UUID, change: dict[str, str], constraint: str
) -> None:
    await samples.stored(database, samples.whole(account, 1))
    second = samples.whole(account, 2)
    if "reference" in change:
        second = replace(second, order=replace(second.order, reference=change["reference"]))
    else:
        second = replace(second, fulfillment=replace(second.fulfillment, provider_order_id="P-1"))
    with pytest.raises(Conflict) as caught:
        await samples.stored(database, second)
    assert caught.value.constraint == constraint
    assert names(await page(database, account, Slice(10))) == ["VG-1"]


async def test_own_references_are_unique_and_those_of_imports_are_not(
    database: Database, account: UUID
) -> None:
    def same_reference(n: int, origin: OrderOrigin) -> samples.Whole:
        sample = samples.whole(account, n, origin=origin)
        return replace(sample, fulfillment=replace(sample.fulfillment, reference="SAME"))

    await samples.stored(database, same_reference(1, OrderOrigin.IMPORTED))
    await samples.stored(database, same_reference(2, OrderOrigin.IMPORTED))
    await samples.stored(database, same_reference(3, OrderOrigin.PLACED))
    with pytest.raises(Conflict):
        await samples.stored(database, same_reference(4, OrderOrigin.PLACED))


async def test_an_idempotency_key_makes_one_order_of_two_at_once(
    database: Database, account: UUID
) -> None:
    async def place(n: int) -> None:
        sample = samples.whole(account, n)
        async with database.viewer(account) as conn:
            await orders.add(conn, sample.order, [sample.line], [], idempotency_key="the key")

    results = await asyncio.gather(place(1), place(2), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]


async def test_units_never_exceed_the_quantity(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    with pytest.raises(asyncpg.CheckViolationError, match="fulfillments_units"):
        async with database.worker() as conn:
            await conn.execute("UPDATE fulfillments SET delivered = 2, failed = 2")


# ------------------------------------------------------------------------------------- vouchers
async def test_reading_an_order_twice_stores_each_unit_once(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    assert len(await samples.issued(database, sample, ["A", "B"])) == 2
    assert len(await samples.issued(database, sample, ["B", "A", "C"])) == 1
    async with database.worker() as conn:
        twice = [samples.voucher(sample, "A", occurrence=1), samples.voucher(sample, "A")]
        assert await vouchers.add(conn, twice) == {twice[0].voucher.id}
        assert await vouchers.delivered(conn, sample.fulfillment.id) == 4
        assert await vouchers.add(conn, []) == set()


async def test_vouchers_of_many_orders_are_sliced_apart(database: Database, account: UUID) -> None:
    one, two, none = (samples.whole(account, n) for n in range(3))
    await samples.stored(database, one, two, none)
    ones = sorted(await samples.issued(database, one, "ABCDE"))
    twos = sorted(await samples.issued(database, two, "AB"))
    ids = [one.order.id, two.order.id, none.order.id]
    async with database.viewer(account) as conn:
        first = await vouchers.first_of_orders(conn, ids, Slice(3))
        assert [voucher.id for voucher in first[ids[0]].items] == ones[:3]
        assert (first[ids[0]].has_next, first[ids[1]].has_next) == (True, False)
        assert [voucher.id for voucher in first[ids[1]].items] == twos
        assert first[ids[2]].items == ()
        rest = await vouchers.first_of_orders(conn, ids[:1], Slice(3, after=first[ids[0]].keys[-1]))
        assert [voucher.id for voucher in rest[ids[0]].items] == ones[3:]
        last = await vouchers.first_of_orders(conn, ids, Slice(2, backward=True))
        assert [voucher.id for voucher in last[ids[0]].items] == ones[3:]
        assert last[ids[0]].has_previous
        assert await vouchers.count_by_orders(conn, ids) == dict(zip(ids, (5, 2, 0), strict=True))


async def test_sealed_values_come_with_what_decides_about_them(
    database: Database, account: UUID
) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    sealed = samples.voucher(sample, "A")
    async with database.worker() as conn:
        await vouchers.add(conn, [sealed])
    async with database.viewer(account) as conn:
        row = (await vouchers.sealed(conn, [sealed.voucher.id, uuid7()]))[sealed.voucher.id]
        assert await vouchers.by_ids(conn, [sealed.voucher.id]) == {row["id"]: sealed.voucher}
    assert (row.order_id, row.state) == (sealed.voucher.order_id, sealed.voucher.state)
    assert row.order_status is OrderStatus.PENDING
    assert dict(row.sealed) == sealed.sealed
    assert "sealed pin" not in repr(row)


async def test_a_voucher_hangs_on_its_own_order_only(database: Database, account: UUID) -> None:
    one, two = samples.whole(account, 1), samples.whole(account, 2)
    await samples.stored(database, one, two)
    mixed = samples.voucher(replace(one, order=two.order), "A")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with database.worker() as conn:
            await vouchers.add(conn, [mixed])


# --------------------------------------------------------------------------------------- events
async def test_events_are_numbered_without_gaps_and_stamp_their_orders(
    database: Database, account: UUID
) -> None:
    one, two = samples.whole(account, 1), samples.whole(account, 2)
    await samples.stored(database, one, two)

    async def write(order: Order) -> list[int]:
        async with database.worker() as conn:
            await orders.lock(conn, order.id)
            return await events.append(
                conn,
                account,
                [
                    (order.id, OrderEventType.STATUS_CHANGED, OrderStatus.PROCESSING),
                    (order.id, OrderEventType.VOUCHERS_DELIVERED, OrderStatus.DELIVERED),
                ],
            )

    written = await asyncio.gather(*(write(w.order) for w in (one, two) * 5))
    assert sorted(number for numbers in written for number in numbers) == list(range(1, 21))
    async with database.viewer(account) as conn:
        assert await events.append(conn, account, []) == []
        assert await events.last(conn, account) == 20
        found = await orders.by_ids(conn, [one.order.id, two.order.id])
        assert max(order.last_sequence for order in found.values()) == 20
        log = await events.page(conn, account, Slice(8))
        assert [event.sequence for event in log.items] == list(range(1, 9))
        rest = await events.page(conn, account, Slice(50, after=log.keys[-1]))
        assert [event.sequence for event in rest.items] == list(range(9, 21))
        mine = await events.page(conn, account, Slice(50), [one.order.id])
        assert {event.order_id for event in mine.items} == {one.order.id}
        by_order = await events.first_of_orders(conn, list(found), Slice(3))
        assert by_order[one.order.id].items == mine.items[:3]
        event = log.items[0]
        assert await events.by_ids(conn, [event.id]) == {event.id: event}


async def test_a_number_is_seen_only_after_all_before_it(database: Database, account: UUID) -> None:
    one = samples.whole(account, 1)
    await samples.stored(database, one)
    event = (one.order.id, OrderEventType.RESENT, OrderStatus.PENDING)

    async def second() -> list[int]:
        async with database.worker() as conn:
            return await events.append(conn, account, [event])

    async with database.worker() as conn:
        assert await events.append(conn, account, [event]) == [1]
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert await waiting == [2]


async def test_events_of_crossing_transactions_do_not_deadlock(
    database: Database, account: UUID
) -> None:
    one, two = samples.whole(account, 1), samples.whole(account, 2)
    await samples.stored(database, one, two)

    async def write(*of: samples.Whole) -> None:
        async with database.worker() as conn:
            await events.append(
                conn,
                account,
                [(w.order.id, OrderEventType.RESENT, OrderStatus.PENDING) for w in of],
            )

    async with asyncio.timeout(20):
        await asyncio.gather(*(write(one, two) if n % 2 else write(two, one) for n in range(20)))
    async with database.viewer(account) as conn:
        assert await events.last(conn, account) == 40


async def test_counts_of_what_needs_attention(database: Database, account: UUID) -> None:
    states = [FulfillmentStatus.UNKNOWN, FulfillmentStatus.UNKNOWN, FulfillmentStatus.NEEDS_REVIEW]
    await samples.stored(database, *(samples.whole(account, n, s) for n, s in enumerate(states)))
    await samples.stored(database, samples.whole(account, 9, provider="bolt"))
    async with database.worker() as conn:
        assert await fulfillments.counts_by_provider(conn) == {"acme": fulfillments.Attention(2, 1)}
