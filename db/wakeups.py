"""Wake-ups between processes: PostgreSQL's NOTIFY, on connections of its own.

A NOTIFY inside a business transaction would make all commits wait for each other. So it is sent
after COMMIT, once for however many commits there were meanwhile, and carries no data. Whoever
waits also looks by itself every few seconds: a wake-up that is lost only delays.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import asyncpg
import structlog

from db.pool import UNREACHABLE

log = structlog.get_logger()

CHANNEL = "vouchergraph_events"
COALESCE_SECONDS = 0.01  # at most a hundred wake-ups a second, however many commits
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
# A connection whose other end has silently gone is found by asking.
ASK_SECONDS = 30.0
LONGEST_PAUSE = 5.0

Direct: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def _connect(dsn: str, purpose: str) -> Direct:
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=CONNECT_SECONDS,
        server_settings={"application_name": f"vouchergraph {purpose}"},
    )


class Notifier:
    """Tells all processes that an order log has grown. It connects when there is news first."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pending = False
        self._task: asyncio.Task[None] | None = None
        self._conn: Direct | None = None

    def tell(self) -> None:
        """Send one NOTIFY soon; returns at once and never raises."""
        self._pending = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send())

    async def close(self) -> None:
        """Send what is left, in a moment, and disconnect."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
            self._task.cancel()
        conn, self._conn = self._conn, None
        if conn is not None:
            await _end(conn)

    async def _send(self) -> None:
        while self._pending:
            self._pending = False
            try:
                if self._conn is None or self._conn.is_closed():
                    self._conn = await _connect(self._dsn, "notifier")
                await self._conn.execute(f"NOTIFY {CHANNEL}")
            except UNREACHABLE as error:
                # Nobody is told now; those who wait look by themselves.
                log.warning("wakeups.not_sent", reason=type(error).__name__)
                conn, self._conn = self._conn, None
                if conn is not None:
                    conn.terminate()
            await asyncio.sleep(COALESCE_SECONDS)


class Listener:
    """Hears the wake-ups of all processes, and connects again for as long as it is wanted."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` at every wake-up, and once after every connect; runs until cancelled."""
        pause = 0.1
        while True:
            try:
                conn = await _connect(self._dsn, "listener")
            except (*UNREACHABLE, ValueError) as error:
                log.warning("wakeups.not_heard", reason=type(error).__name__)
            else:
                pause = 0.1
                await self._hear(conn, wake)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    async def _hear(conn: Direct, wake: Callable[[], None]) -> None:
        """Until the connection ends."""
        ended = asyncio.Event()

        def heard(*_: Any) -> None:
            wake()

        conn.add_termination_listener(lambda _: ended.set())
        try:
            await conn.add_listener(CHANNEL, heard)
            # What was told while nobody listened.
            wake()
            while not ended.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(ASK_SECONDS):
                        await ended.wait()
                        break
                await conn.execute("SELECT pg_backend_pid()")
            log.warning("wakeups.connection_lost")
        except UNREACHABLE as error:
            log.warning("wakeups.connection_lost", reason=type(error).__name__)
        finally:
            await _end(conn)


async def _end(conn: Direct) -> None:
    """Disconnect; a connection that does not end in time is cut."""
    try:
        await conn.close(timeout=CLOSE_SECONDS)
    except UNREACHABLE:
        conn.terminate()
    except asyncio.CancelledError:
        conn.terminate()
        raise
