"""The connections of one database: a few, kept open, the last used taken first.

The driver's own pool makes a task, a timer and a wrapper of every method for each transaction. Here
a free connection is taken and given back at once, and only who finds none waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

IDLE_SECONDS = 300.0  # then all but the fewest are closed
OLD_SECONDS = 3600.0  # a server process keeps what it ever planned or cached
LOOK_SECONDS = 60.0
CLOSE_SECONDS = 5.0


class Closed(asyncpg.InterfaceError):
    """There are no connections any more."""


@dataclass(slots=True)
class _Free:
    conn: Driver
    since: float


class Connections:
    """At most `most` connections, made by `connect`; times in seconds.

    What is free for long is closed, but for the `fewest`.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Driver]], *, fewest: int, most: int, patience: float
    ) -> None:
        self._connect = connect
        self._fewest = fewest
        self._most = most
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._made: dict[Driver, float] = {}
        self._free: list[_Free] = []
        self._making = 0
        # Who waits is given a connection, or None for the room to make one.
        self._waiting: deque[tuple[float, asyncio.Future[Driver | None]]] = deque()
        self._late: asyncio.TimerHandle | None = None  # one for the whole line
        self._ended: asyncio.Future[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Make the fewest; raises what the driver does."""
        for conn in [await self._new() for _ in range(self._fewest)]:
            self.give_back(conn)

    async def take(self) -> Driver:
        """A connection that was open a moment ago. TimeoutError, or what the driver raises."""
        while self._free:
            conn = self._free.pop().conn
            if not conn.is_closed():
                return conn
            self._gone(conn)
        if self._ended is not None:
            raise Closed("the connections are closed")
        if len(self._made) + self._making < self._most:
            return await self._new()
        return await self._next()

    def give_back(self, conn: Driver) -> None:
        """Whoever took a connection is done with it; one that is not as it was is thrown away."""
        if conn.is_closed() or conn.is_in_transaction():
            conn.terminate()
            self._gone(conn)
        elif self._ended is not None or self._is_old(conn):
            self._close(conn)
        elif (waiter := self._waiter()) is not None:
            waiter.set_result(conn)
        else:
            self._free.append(_Free(conn, self._loop.time()))
            if self._look is None and len(self._free) > self._fewest:
                self._look = self._loop.call_later(LOOK_SECONDS, self._look_around)

    async def close(self) -> None:
        """Give out none any more, and wait until all were given back and are closed."""
        if self._ended is None:
            self._ended = self._loop.create_future()
            for timer in (self._look, self._late):
                if timer is not None:
                    timer.cancel()
            while (waiter := self._waiter()) is not None:
                waiter.set_exception(Closed("the connections are closed"))
            while self._free:
                self._close(self._free.pop().conn)
            self._end_if_none()
        await asyncio.shield(self._ended)

    def terminate(self) -> None:
        """Cut all of them, those in use as well."""
        for conn in list(self._made):
            conn.terminate()
            self._gone(conn)

    async def _new(self) -> Driver:
        self._making += 1
        try:
            conn = await self._connect()
        except BaseException:
            self._making -= 1
            self._tell_room()
            self._end_if_none()
            raise
        self._making -= 1
        self._made[conn] = self._loop.time()
        return conn

    async def _next(self) -> Driver:
        """Wait in line for a connection, or for the room to make one."""
        waiter: asyncio.Future[Driver | None] = self._loop.create_future()
        until = self._loop.time() + self._patience
        self._waiting.append((until, waiter))
        if self._late is None:
            self._late = self._loop.call_at(until, self._refuse_late)
        try:
            conn = await waiter
        except BaseException:
            # It may have come in the very moment that nobody wanted it any more.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                missed = waiter.result()
                if missed is None:
                    self._making -= 1
                    self._tell_room()
                else:
                    self.give_back(missed)
            waiter.cancel()
            raise
        if conn is None:
            self._making -= 1  # the room was kept
            return await self._new()
        return conn if not conn.is_closed() else await self._replaced(conn)

    async def _replaced(self, conn: Driver) -> Driver:
        self._made.pop(conn, None)
        return await self._new()

    def _waiter(self) -> "asyncio.Future[Driver | None] | None":
        """The first in line that still waits."""
        while self._waiting:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _refuse_late(self) -> None:
        """End the patience of those who stand in line for too long: the first came first."""
        self._late = None
        while self._waiting:
            until, waiter = self._waiting[0]
            if until > self._loop.time():
                self._late = self._loop.call_at(until, self._refuse_late)
                return
            self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(TimeoutError())

    def _tell_room(self) -> None:
        if len(self._made) + self._making < self._most:
            waiter = self._waiter()
            if waiter is not None:
                self._making += 1
                waiter.set_result(None)

    def _gone(self, conn: Driver) -> None:
        if self._made.pop(conn, None) is not None:
            self._tell_room()
            self._end_if_none()

    def _end_if_none(self) -> None:
        ended = self._ended
        if ended is not None and not ended.done() and not self._made and not self._making:
            ended.set_result(None)

    def _is_old(self, conn: Driver) -> bool:
        return self._loop.time() - self._made.get(conn, 0.0) > OLD_SECONDS

    def _close(self, conn: Driver) -> None:
        """Say goodbye to the server, in the background."""
        task = self._loop.create_task(self._closed(conn))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _closed(self, conn: Driver) -> None:
        try:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await conn.close(timeout=CLOSE_SECONDS)
        finally:
            conn.terminate()
            self._gone(conn)

    def _look_around(self) -> None:
        """Close what is free for long, the longest first, but for the fewest."""
        self._look = None
        before = self._loop.time() - IDLE_SECONDS
        while len(self._free) > self._fewest and self._free[0].since < before:
            self._close(self._free.pop(0).conn)
        if len(self._free) > self._fewest:
            self._look = self._loop.call_later(LOOK_SECONDS, self._look_around)


class _Over:
    """In a connection's place once its transaction is over."""

    def __getattr__(self, name: str) -> Any:
        raise asyncpg.InterfaceError("the transaction of this connection is over")


OVER = _Over()


class Connection:
    """A connection while its transaction lasts; afterwards it refuses everything.

    The next transaction on it is another request's: whoever kept this by mistake reaches nothing.
    """

    __slots__ = ("_conn",)

    def __init__(self, conn: Driver) -> None:
        self._conn: Any = conn

    def over(self) -> None:
        """The transaction ended."""
        self._conn = OVER

    def execute(self, query: str, *args: Any, timeout: float | None = None) -> Awaitable[str]:
        """Run a statement, or several without arguments; the status of the last."""
        found: Awaitable[str] = self._conn.execute(query, *args, timeout=timeout)
        return found

    def fetch(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: type[asyncpg.Record] | None = None,
    ) -> "Awaitable[list[Any]]":
        """All rows, of a class of their own where one is named."""
        found: Awaitable[list[Any]] = self._conn.fetch(
            query, *args, timeout=timeout, record_class=record_class
        )
        return found

    def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None
    ) -> "Awaitable[asyncpg.Record | None]":
        """The first row, None without one."""
        found: Awaitable[asyncpg.Record | None] = self._conn.fetchrow(query, *args, timeout=timeout)
        return found

    def fetchval(self, query: str, *args: Any, timeout: float | None = None) -> Awaitable[Any]:
        """The first value of the first row, None without one."""
        found: Awaitable[Any] = self._conn.fetchval(query, *args, timeout=timeout)
        return found

    def __getattr__(self, name: str) -> Any:
        """What else the driver's own can do; seldom asked for."""
        return getattr(self._conn, name)
