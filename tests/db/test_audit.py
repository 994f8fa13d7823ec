import asyncio
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from db import audit, audit_tail, quotas
from db.audit import Broken
from db.pool import Database
from domain.audit import Act, AuditAction
from domain.ids import uuid7
from domain.pages import Slice
from tests.db import samples

KEY = b"k" * 32


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


def acts(*subjects: str) -> list[Act]:
    return [
        Act("client 1", AuditAction.VOUCHER_REVEALED, subject, ("code", "pin"), "support", "r-1")
        for subject in subjects
    ]


async def written(database: Database, account: UUID, *subjects: str) -> None:
    async with database.viewer(account) as conn:
        await audit.append(conn, account, acts(*subjects), KEY)


async def broken(database: Database, account: UUID, key: bytes = KEY) -> Broken | None:
    async with database.worker(read_only=True) as conn:
        await audit.snapshot(conn)
        found = await audit.verify(conn, account, key)
        newest = audit_tail.check(key, await audit_tail.read(conn, account))
    # The newest rows of so short a chain are all of it.
    assert newest.first_broken == (found.sequence if found else None)
    return found


async def test_one_act_on_many_subjects_is_chained_like_many_acts(
    database: Database, account: UUID
) -> None:
    await written(database, account, "a")
    act = Act("client 1", AuditAction.VOUCHER_REVEALED, "", (), None, "r-2")
    many = [("b", ("code",)), ("c", ("code", "pin")), ("d", ()), ("e", ("code",))]
    async with database.viewer(account) as conn:
        await audit.append_each(conn, account, act, [], KEY, await audit.lock(conn, account))
        await audit.append_each(conn, account, act, many, KEY, await audit.lock(conn, account))
    await written(database, account, "f")
    assert await broken(database, account) is None
    async with database.viewer(account) as conn:
        found = (await audit.page(conn, account, Slice(9))).items
    assert [event.sequence for event in found] == [6, 5, 4, 3, 2, 1]
    assert [(e.act.subject, e.act.fields) for e in reversed(found[1:5])] == many
    assert {(e.act.actor, e.act.purpose, e.act.request_id) for e in found[1:5]} == {
        ("client 1", None, "r-2")
    }


@pytest.mark.parametrize("key", [b"k", KEY, b"k" * 64, b"k" * 65], ids=len)
async def test_whatever_is_said_of_many_subjects_is_bound_as_that_of_one(
    database: Database, account: UUID, key: bytes
) -> None:
    act = Act('a "b"\\ \u00e9\u2028', AuditAction.VOUCHER_REVEALED, "", (), 'say "why"\n\t', "r|{}")
    many = [("b", ("code", "pin")), ("c", ("claim_url",)), ("b", ("code",))]
    async with database.viewer(account) as conn:
        await audit.append_each(conn, account, act, many, key, await audit.lock(conn, account))
        await audit.append(conn, account, [replace(act, subject="d", fields=("pin",))], key)
    assert await broken(database, account, key) is None
    assert await broken(database, account, key + b"x") == Broken(1, audit.ALTERED)
    async with database.viewer(account) as conn:
        found = (await audit.page(conn, account, Slice(9))).items
    said = {(event.act.actor, event.act.purpose, event.act.request_id) for event in found}
    assert said == {(act.actor, act.purpose, act.request_id)}


async def test_a_chain_grows_and_holds(database: Database, account: UUID) -> None:
    assert await broken(database, account) is None
    async with database.viewer(account) as conn:
        assert await audit.append(conn, account, [], KEY) == []
        first = await audit.append(conn, account, acts("a", "b"), KEY)
    await written(database, account, "c")
    assert [event.sequence for event in first] == [1, 2]
    assert await broken(database, account) is None
    async with database.viewer(account) as conn:
        found = await audit.page(conn, account, Slice(2))
        assert [event.sequence for event in found.items] == [3, 2]
        assert found.items[1] == first[1]
        of_a = await audit.page(conn, account, Slice(5), "a")
        assert of_a.items == (first[0],)
        assert await audit.by_ids(conn, [first[0].id]) == {first[0].id: first[0]}


async def test_many_writers_make_one_chain(database: Database, account: UUID) -> None:
    await asyncio.gather(*(written(database, account, "a", "b") for _ in range(10)))
    assert await broken(database, account) is None
    async with database.viewer(account) as conn:
        assert (await audit.lock(conn, account)).sequence == 20


async def test_a_rolled_back_batch_leaves_no_trace(database: Database, account: UUID) -> None:
    with pytest.raises(asyncpg.PostgresError):  # noqa: PT012
        async with database.viewer(account) as conn:
            await audit.append(conn, account, acts("a"), KEY)
            await conn.execute("SELECT 1/0")
    await written(database, account, "b")
    assert await broken(database, account) is None


async def test_chains_longer_than_one_batch_are_walked(
    database: Database, account: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "BATCH", 3)
    await written(database, account, *"abcdef")
    assert await broken(database, account) is None
    assert await broken(database, account, b"another key") == Broken(
        1, "a row was altered, or follows another one than it did"
    )


CUT_HEAD = (
    "UPDATE audit_heads h SET sequence = 3,"
    " mac = (SELECT mac FROM audit_events e WHERE e.account = h.account AND e.sequence = 5)"
)

SET_BACK = (
    "UPDATE audit_heads h SET sequence = 3,"
    " mac = (SELECT mac FROM audit_events e WHERE e.account = h.account AND e.sequence = 3)"
)


@pytest.mark.parametrize(
    ("damage", "sequence"),
    [
        ("DELETE FROM audit_events WHERE sequence = 1", 1),
        ("DELETE FROM audit_events WHERE sequence = 3", 3),
        ("DELETE FROM audit_events WHERE sequence = 5", 5),
        ("DELETE FROM audit_events WHERE sequence >= 4", 4),
        ("UPDATE audit_events SET actor = 'somebody' WHERE sequence = 2", 2),
        ("UPDATE audit_events SET fields = '{code}' WHERE sequence = 5", 5),
        ("UPDATE audit_events SET fields = '{\"code,pin\"}' WHERE sequence = 5", 5),
        ("UPDATE audit_events SET purpose = NULL WHERE sequence = 4", 4),
        ("UPDATE audit_events SET action = 'NEVER_HEARD_OF' WHERE sequence = 4", 4),
        ("UPDATE audit_events SET at = 'infinity' WHERE sequence = 4", 4),
        ("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE sequence = 4", 4),
        ("UPDATE audit_events SET mac = '\\x00' WHERE sequence = 2", 2),
        ("UPDATE audit_heads SET mac = '\\x00'", 5),
        ("UPDATE audit_heads SET sequence = 9", 6),
        (CUT_HEAD, 3),
        (SET_BACK, 4),
        ("UPDATE audit_events SET sequence = -1 WHERE sequence = 5", 1),
        ("DELETE FROM audit_heads", 1),
        (
            "UPDATE audit_events SET sequence = -2 WHERE sequence = 2;"
            "UPDATE audit_events SET sequence = 2 WHERE sequence = 3;"
            "UPDATE audit_events SET sequence = 3 WHERE sequence = -2",
            2,
        ),
        (
            "DELETE FROM audit_events WHERE sequence = 2;"
            "UPDATE audit_events SET sequence = sequence - 1 WHERE sequence > 2;"
            "UPDATE audit_heads SET sequence = 4",
            2,
        ),
    ],
)
async def test_whatever_is_done_to_a_chain_is_found(
    database: Database, postgres_dsn: str, account: UUID, damage: str, sequence: int
) -> None:
    await written(database, account, *"abcde")
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute(damage)
    await owner.close()
    found = await broken(database, account)
    assert found is not None
    assert found.sequence == sequence


async def test_rows_of_another_account_do_not_fit(
    database: Database, postgres_dsn: str, account: UUID
) -> None:
    other = await samples.account(database, "other")
    await written(database, account, "a", "b")
    await written(database, other, "c")
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute("DELETE FROM audit_events WHERE account = $1 AND sequence = 1", account)
    await owner.execute("UPDATE audit_events SET account = $1 WHERE account = $2", account, other)
    await owner.close()
    assert await broken(database, account) == Broken(
        1, "a row was altered, or follows another one than it did"
    )


# --------------------------------------------------------------------------------------- quotas
async def spend(
    database: Database, account: UUID, orders: dict[UUID, int], per_order: int = 2, units: int = 10
) -> set[UUID]:
    async with database.viewer(account) as conn:
        refused, _ = await quotas.spend(
            conn, account, orders, per_order_hour=per_order, vouchers_per_hour=units
        )
    return refused


async def test_an_order_is_revealed_so_often_an_hour(database: Database, account: UUID) -> None:
    one, two = uuid7(), uuid7()
    assert await spend(database, account, {one: 1}) == set()
    assert await spend(database, account, {one: 1, two: 1}) == set()
    assert await spend(database, account, {one: 1, two: 1}) == {one}
    assert await spend(database, account, {two: 1}) == {two}


async def test_the_accounts_vouchers_are_counted_and_orders_go_all_or_nothing(
    database: Database, account: UUID
) -> None:
    one, two, three = uuid7(), uuid7(), uuid7()
    assert await spend(database, account, {one: 6, two: 5, three: 4}) == {two}
    assert await spend(database, account, {two: 1}) == {two}
    assert await spend(database, account, {two: 0}) == set()


async def test_an_operation_reveals_an_order_once_however_often_it_comes_back(
    database: Database, account: UUID
) -> None:
    order = uuid7()
    answers = []
    for counted in (frozenset[UUID](), frozenset({order}), frozenset({order}), frozenset[UUID]()):
        async with database.viewer(account) as conn:
            refused, _ = await quotas.spend(
                conn, account, {order: 2}, counted=counted, per_order_hour=1, vouchers_per_hour=5
            )
        answers.append(refused)
    # The third time the account's vouchers are used up, the fourth time the order's reveals too.
    assert answers == [set(), set(), {order}, {order}]
    assert await spend(database, account, {order: 1}, per_order=2, units=5) == set()


async def test_refused_reveals_are_counted_nowhere(database: Database, account: UUID) -> None:
    order = uuid7()
    for _ in range(5):
        assert await spend(database, account, {order: 11}) == {order}
    async with database.viewer(account) as conn:
        assert await conn.fetchval("SELECT count(*) FROM reveal_counts") == 0


async def test_the_hour_slides(database: Database, postgres_dsn: str, account: UUID) -> None:
    order = uuid7()
    owner = await asyncpg.connect(postgres_dsn)
    move = "UPDATE reveal_counts SET minute = minute - $1 * interval '1 minute'"
    await spend(database, account, {order: 4})
    await owner.execute(move, 30)
    await spend(database, account, {order: 4})
    assert await spend(database, account, {order: 1}) == {order}
    await owner.execute(move, 29)
    assert await spend(database, account, {order: 1}) == {order}
    await owner.execute(move, 2)
    assert await spend(database, account, {order: 6}) == set()
    assert await spend(database, account, {order: 1}) == {order}
    # What no longer counts is gone.
    left = await owner.fetchval("SELECT count(DISTINCT minute) FROM reveal_counts")
    await owner.close()
    assert left == 2


async def test_requests_at_the_same_time_cannot_both_take_the_last_one(
    database: Database, account: UUID
) -> None:
    order = uuid7()
    refused = await asyncio.gather(*(spend(database, account, {order: 1}) for _ in range(6)))
    assert sorted(len(answer) for answer in refused) == [0, 0, 1, 1, 1, 1]


async def test_quota_and_audit_share_one_lock_and_one_transaction(
    database: Database, account: UUID
) -> None:
    order = uuid7()
    async with database.viewer(account) as conn:
        refused, head = await quotas.spend(
            conn, account, {order: 1}, per_order_hour=1, vouchers_per_hour=1
        )
        assert not refused
        await audit.append(conn, account, acts("a"), KEY, head)
    assert await broken(database, account) is None
