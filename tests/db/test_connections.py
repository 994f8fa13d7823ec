"""The connections of a database: taken, given back, waited for, replaced and closed."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db import connections
from db.connections import Closed, Connection, Connections, Driver


@pytest.fixture
async def two(postgres_dsn: str) -> AsyncIterator[Connections]:
    """At most two connections, none at first."""
    made = Connections(lambda: asyncpg.connect(postgres_dsn), fewest=0, most=2, patience=0.2)
    yield made
    made.terminate()
    await made.close()


async def test_the_last_used_is_taken_first_and_no_more_than_allowed(two: Connections) -> None:
    first, second = await two.take(), await two.take()
    with pytest.raises(TimeoutError):
        await two.take()
    two.give_back(first)
    two.give_back(second)
    assert await two.take() is second
    assert await two.take() is first


async def test_who_waits_is_served_in_turn(two: Connections) -> None:
    first, second = await two.take(), await two.take()
    waiting = [asyncio.create_task(two.take()) for _ in range(3)]
    await asyncio.sleep(0)
    two.give_back(first)
    two.give_back(second)
    assert await waiting[0] is first
    assert await waiting[1] is second
    two.give_back(first)
    assert await waiting[2] is first


async def test_who_gives_up_leaves_the_connection_to_the_next(two: Connections) -> None:
    first, _ = await two.take(), await two.take()
    early, late = asyncio.create_task(two.take()), asyncio.create_task(two.take())
    await asyncio.sleep(0)
    two.give_back(first)  # it is the first one's, who does not know yet
    early.cancel()
    with pytest.raises(asyncio.CancelledError):
        await early
    assert await late is first


async def test_one_that_was_lost_makes_room_for_another(two: Connections) -> None:
    first, _ = await two.take(), await two.take()
    waiting = asyncio.create_task(two.take())
    await asyncio.sleep(0)
    first.terminate()
    two.give_back(first)
    replaced = await waiting
    assert replaced is not first
    assert await replaced.fetchval("SELECT 1") == 1


async def test_one_with_an_open_transaction_is_thrown_away(two: Connections) -> None:
    conn = await two.take()
    await conn.execute("BEGIN")
    two.give_back(conn)
    assert conn.is_closed()
    assert await two.take() is not conn


async def test_a_connection_that_cannot_be_made_leaves_its_room(postgres_dsn: str) -> None:
    broken = True

    async def connect() -> Driver:
        if broken:
            raise OSError("no route")
        return await asyncpg.connect(postgres_dsn)

    made = Connections(connect, fewest=0, most=1, patience=1)
    for _ in range(3):
        with pytest.raises(OSError, match="no route"):
            await made.take()
    broken = False
    made.give_back(await made.take())
    await made.close()


async def test_closing_waits_for_what_is_in_use_and_ends_who_waits(two: Connections) -> None:
    first, _free = await two.take(), await two.take()
    waiting = asyncio.create_task(two.take())
    await asyncio.sleep(0)
    closing = asyncio.create_task(two.close())
    with pytest.raises(Closed):
        await waiting
    two.give_back(_free)
    await asyncio.sleep(0.05)
    assert not closing.done()
    assert _free.is_closed()
    two.give_back(first)
    await asyncio.wait_for(closing, 5)
    with pytest.raises(Closed):
        await two.take()


async def test_what_is_free_for_long_and_what_is_old_is_closed(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.1)
    made = Connections(lambda: asyncpg.connect(postgres_dsn), fewest=1, most=3, patience=1)
    await made.open()
    taken = [await made.take() for _ in range(3)]
    for conn in taken:
        made.give_back(conn)
    await asyncio.sleep(0.5)
    assert [conn.is_closed() for conn in taken].count(False) == 1
    monkeypatch.setattr(connections, "OLD_SECONDS", -1.0)
    old = await made.take()
    made.give_back(old)
    assert await made.take() is not old
    made.terminate()
    await made.close()


async def test_a_connection_is_of_no_use_after_its_transaction(two: Connections) -> None:
    conn = await two.take()
    handle = Connection(conn)
    assert await handle.fetchval("SELECT 1") == 1
    handle.over()
    for use in (handle.fetch, handle.fetchrow, handle.fetchval, handle.execute):
        with pytest.raises(asyncpg.InterfaceError):
            await use("SELECT 1")
    two.give_back(conn)
