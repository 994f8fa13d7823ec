"""The order logs as they grow: one look at the heads for all who wait, one read for many.

A wake-up says only that something happened somewhere. One statement then finds which of the
followed accounts' logs have grown, and only their followers read on. So a thousand idle followers
cost one statement at a wake-up, and one every few seconds without any.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog

from db import events
from db.pool import Database, DatabaseUnavailable
from db.wakeups import Listener
from domain.orders import OrderEvent

log = structlog.get_logger()

AT_ONCE = 500  # events in one read: what a slow follower may hold in memory
LOOK_SECONDS = 5.0  # a lost wake-up costs at most this
# Between two looks: wake-ups that come close together are answered by one.
GATHER_SECONDS = 0.01
RETRY_SECONDS = 1.0

Events = tuple[OrderEvent, ...]


class Log:
    """One account's log, as far as its followers in this process need to know it."""

    def __init__(self) -> None:
        self.followers = 0
        self.head: int | None = None
        self.grown = asyncio.Event()
        self.reads: dict[int, asyncio.Task[Events]] = {}

    def grow(self, head: int) -> None:
        """Wake all who wait, when the head has moved."""
        if self.head is not None and head <= self.head:
            return
        self.head = head
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()


class Feed:
    """Follows the order logs of accounts; it listens from the first follower on."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database = database
        self._listener = listener
        self._logs: dict[UUID, Log] = {}
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.followers = 0  # subscriptions under way; many may be told by one who reads the log

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one subscription while it lasts."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1

    async def head(self, account: UUID) -> int:
        """The newest number of an account's log; 0 before the first event."""
        async with self._database.viewer(account, read_only=True) as conn:
            return await events.last(conn, account)

    async def follow(self, account: UUID, after: int) -> AsyncGenerator[OrderEvent, None]:
        """Every event behind that number, in order and without gaps, as long as it is asked for.

        The next ones are read when the last was taken, so a slow reader holds one read at most. A
        database that goes away is waited for.
        """
        known = self._enter(account)
        try:
            while True:
                # Taken before the read: what comes meanwhile is not slept through.
                grown = known.grown
                found: Events = ()
                if known.head is None or after < known.head:
                    found = await self._read(account, known, after)
                    for event in found:
                        after = event.sequence
                        yield event
                if not found:
                    await grown.wait()
        finally:
            self._leave(account, known)

    async def read(self, account: UUID, after: int) -> Events:
        """The next events behind that number, AT_ONCE at most: fewer say that these were all."""
        known = self._enter(account)
        try:
            return await self._read(account, known, after)
        finally:
            self._leave(account, known)

    async def close(self) -> None:
        """Stop listening. Followers are left waiting: end them first."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _enter(self, account: UUID) -> Log:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._listener.listen(self._woken.set)),
                asyncio.create_task(self._watch()),
            ]
        known = self._logs.setdefault(account, Log())
        known.followers += 1
        return known

    def _leave(self, account: UUID, known: Log) -> None:
        known.followers -= 1
        if not known.followers:
            del self._logs[account]

    async def _read(self, account: UUID, known: Log, after: int) -> Events:
        """What follows that number; those who stand at the same place share one read."""
        task = known.reads.get(after)
        if task is None:
            task = known.reads[after] = asyncio.create_task(self._since(account, known, after))
        # One who leaves does not take the read from the others.
        return await asyncio.shield(task)

    async def _since(self, account: UUID, known: Log, after: int) -> Events:
        try:
            while True:
                head = known.head
                try:
                    async with self._database.viewer(account, read_only=True) as conn:
                        found = await events.since(conn, account, after, AT_ONCE)
                except DatabaseUnavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                # Nothing there yet, and the log grew while we looked: look again.
                if found or known.head == head:
                    return found
        finally:
            # At once, not when the task is seen to be done: whoever is woken by growth in between
            # would take what was read before it, and sleep through the event.
            known.reads.pop(after, None)

    async def _watch(self) -> None:
        """At every wake-up, and now and then without one, find the logs that have grown."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self._look()
                await asyncio.sleep(GATHER_SECONDS)
            except Exception as error:  # noqa: BLE001 - whoever waits must not wait for ever
                log.warning("feed.not_looked", cause=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _look(self) -> None:
        if not self._logs:
            return
        async with self._database.worker(read_only=True) as conn:
            heads = await events.heads(conn, list(self._logs))
        for account, head in heads.items():
            if account in self._logs:
                self._logs[account].grow(head)
