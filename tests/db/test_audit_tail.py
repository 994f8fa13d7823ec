"""The newest rows of a chain: what is done to them, or to what a checkpoint saw, is found."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from db import audit, audit_tail, checkpoints
from db.pool import Database
from domain.audit import AuditChain
from tests.db import samples
from tests.db.test_audit import KEY, SET_BACK, written


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_tail, "MOST", 3)


async def found(database: Database, account: UUID, key: bytes = KEY) -> AuditChain:
    async with database.worker(read_only=True) as conn:
        await audit.snapshot(conn)
        return audit_tail.check(key, await audit_tail.read(conn, account))


async def take(database: Database) -> checkpoints.Checkpoint:
    async with database.worker() as conn:
        taken = await checkpoints.take(conn, KEY)
    assert taken is not None
    return taken.checkpoint


async def damaged(dsn: str, *statements: str) -> None:
    """As the owner of the tables, who may do anything."""
    owner = await asyncpg.connect(dsn)
    for statement in statements:
        await owner.execute(statement)
    await owner.close()


async def test_a_chain_without_rows_holds(database: Database, account: UUID) -> None:
    nothing = AuditChain(length=0, head=None, checked=0, first_broken=None, checkpoint_at=None)
    assert await found(database, account) == nothing


@pytest.mark.parametrize("rows", ["a", "abc", "abcd", "abcdefgh"])
async def test_as_many_are_checked_as_may_be(database: Database, account: UUID, rows: str) -> None:
    other = await samples.account(database, "other")
    await written(database, account, *rows)
    await written(database, other, "x", "y")
    chain = await found(database, account)
    assert (chain.length, chain.checked) == (len(rows), min(len(rows), 3))
    assert chain.first_broken is None
    async with database.viewer(account) as conn:
        assert chain.head == (await audit.lock(conn, account)).mac
    assert (await found(database, account, b"another key")).first_broken == max(1, len(rows) - 2)


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("UPDATE audit_events SET actor = 'x' WHERE sequence = 6", 6),
        ("UPDATE audit_events SET actor = 'x' WHERE sequence = 8", 8),
        ("DELETE FROM audit_events WHERE sequence = 7", 7),
        ("DELETE FROM audit_events WHERE sequence >= 7", 7),
        ("DELETE FROM audit_events", 1),
        ("DELETE FROM audit_heads", 1),
        ("UPDATE audit_heads SET sequence = 4", 5),
        # The row that the newest ones follow: its MAC is in theirs, what it says is not read.
        ("UPDATE audit_events SET mac = 'x' WHERE sequence = 5", 6),
        ("UPDATE audit_events SET actor = 'x' WHERE sequence = 5", None),
        ("UPDATE audit_events SET actor = 'x' WHERE sequence = 2", None),
    ],
)
async def test_what_is_done_to_the_newest_rows_is_found(
    database: Database, postgres_dsn: str, account: UUID, damage: str, broken: int | None
) -> None:
    await written(database, account, *"abcdefgh")
    await damaged(postgres_dsn, damage)
    assert (await found(database, account)).first_broken == broken


@pytest.mark.parametrize("after", ["", "f", "fgh", "fghij"])
@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("SELECT 1", False),
        ("UPDATE audit_checkpoint_heads SET mac = 'x' WHERE number = 2", True),
        ("UPDATE audit_checkpoint_heads SET sequence = 4 WHERE number = 2", True),
        # Only `audit verify` looks at checkpoints before the newest one.
        ("UPDATE audit_checkpoint_heads SET mac = 'x' WHERE number = 1", False),
    ],
)
async def test_what_the_newest_checkpoint_saw_must_be_there(
    database: Database, postgres_dsn: str, account: UUID, after: str, damage: str, *, broken: bool
) -> None:
    """Whether it saw one of the rows that are checked, or one before them."""
    await written(database, account, *"abc")
    await take(database)
    await written(database, account, *"de")
    newest = await take(database)
    await written(database, account, *after)
    await damaged(postgres_dsn, damage)
    chain = await found(database, account)
    assert chain.checkpoint_at == newest.at
    seen = 4 if "sequence = 4" in damage else 5
    assert chain.first_broken == (seen if broken else None)


async def test_a_cut_with_the_head_set_back_is_found_by_the_checkpoint(
    database: Database, postgres_dsn: str, account: UUID
) -> None:
    await written(database, account, *"abcde")
    await take(database)
    await damaged(postgres_dsn, SET_BACK, "DELETE FROM audit_events WHERE sequence > 3")
    assert (await found(database, account)).first_broken == 4
    # Written anew from there on, in the words of whoever holds the key.
    await written(database, account, *"vwxyz")
    assert (await found(database, account)).first_broken == 5


async def test_a_row_before_the_newest_that_a_checkpoint_saw_cannot_be_gone(
    database: Database, postgres_dsn: str, account: UUID
) -> None:
    await written(database, account, *"ab")
    await take(database)
    await written(database, account, *"cdefg")
    await damaged(postgres_dsn, "DELETE FROM audit_events WHERE sequence <= 2")
    assert (await found(database, account)).first_broken == 2


async def test_an_end_is_read_in_two_statements(database: Database, account: UUID) -> None:
    await written(database, account, *"abcde")
    await take(database)
    sent: list[str] = []
    async with database.worker(read_only=True) as conn:
        await audit_tail.read(conn, account)  # the driver learns the types
        conn.add_query_logger(lambda record: sent.append(record.query))
        await audit_tail.read(conn, account)
        await asyncio.sleep(0)  # the driver logs at the next turn of the loop
        assert len(sent) == 2, sent
