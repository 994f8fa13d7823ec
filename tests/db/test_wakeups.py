"""Wake-ups: one NOTIFY after COMMIT, heard by all, again after a lost connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db import events
from db.pool import Database
from db.wakeups import Listener, Notifier
from domain.orders import OrderEventType, OrderStatus
from tests.db import samples


class Ear:
    """Counts wake-ups."""

    def __init__(self, dsn: str) -> None:
        self.heard = 0
        self._rung = asyncio.Event()
        self._task = asyncio.ensure_future(Listener(dsn).listen(self._ring))

    def _ring(self) -> None:
        self.heard += 1
        self._rung.set()

    async def more_than(self, count: int) -> None:
        async with asyncio.timeout(10):
            while self.heard <= count:
                self._rung.clear()
                await self._rung.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


@pytest.fixture
async def ear(postgres_dsn: str) -> AsyncIterator[Ear]:
    opened = Ear(postgres_dsn)
    await opened.more_than(0)  # a connect is a wake-up: something may have been missed
    yield opened
    await opened.close()


@pytest.fixture
async def notifier(postgres_dsn: str, database: Database) -> AsyncIterator[Notifier]:
    opened = Notifier(postgres_dsn)
    database.when_events(opened.tell)
    yield opened
    await opened.close()


async def test_many_commits_are_few_wake_ups(ear: Ear, notifier: Notifier) -> None:
    for _ in range(1000):
        notifier.tell()
    await ear.more_than(1)
    await asyncio.sleep(0.1)
    assert ear.heard <= 3


async def test_only_a_transaction_with_events_tells(
    ear: Ear, notifier: Notifier, database: Database
) -> None:
    account = await samples.account(database, "one")
    sample = samples.whole(account)
    await samples.stored(database, sample)
    told: list[bool] = []
    database.when_events(lambda: told.append(True))
    async with database.worker() as conn:
        await events.heads(conn, [account])
        await events.append(conn, account, [])
    assert told == []
    event = (sample.order.id, OrderEventType.PLACED, OrderStatus.PENDING)
    async with database.worker() as conn:
        await events.append(conn, account, [event])
        assert told == []  # not before COMMIT
    assert told == [True]
    async with database.worker(read_only=True) as conn:
        assert await events.heads(conn, [account]) == {account: 1}
        assert [found.sequence for found in await events.since(conn, account, 0, 10)] == [1]
        assert await events.since(conn, account, 1, 10) == ()


async def test_the_notifier_connects_again(
    ear: Ear, notifier: Notifier, database: Database
) -> None:
    notifier.tell()
    await ear.more_than(1)
    await _cut(database, "notifier")
    heard = ear.heard
    # The first may be lost with the connection; nobody depends on it.
    for _ in range(20):
        notifier.tell()
        await asyncio.sleep(0.02)
    await ear.more_than(heard)


async def test_the_listener_connects_again_and_wakes_all(
    ear: Ear, notifier: Notifier, database: Database
) -> None:
    heard = ear.heard
    await _cut(database, "listener")
    await ear.more_than(heard)
    heard = ear.heard
    notifier.tell()
    await ear.more_than(heard)


async def test_a_database_that_is_not_there_harms_nobody() -> None:
    notifier = Notifier("postgresql://127.0.0.1:1/nothing")
    notifier.tell()
    await notifier.close()
    heard: list[Any] = []
    task = asyncio.ensure_future(
        Listener("postgresql://127.0.0.1:1/nothing").listen(lambda: heard.append(1))
    )
    await asyncio.sleep(0.3)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert heard == []


async def _cut(database: Database, purpose: str) -> None:
    async with database.worker() as conn:
        await conn.execute("RESET ROLE")
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = $1",
            f"vouchergraph {purpose}",
        )
