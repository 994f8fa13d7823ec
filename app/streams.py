"""Connections that stay open: how many there may be, for how long they hold, how they end."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

import structlog

from app.auth import Caller
from app.errors import Refusal
from app.telemetry import STREAMS
from resolvers.context import Undecided

log = structlog.get_logger()

MOST = 20_000  # in this process
MOST_PER_CLIENT = 2_000
CHECK_SECONDS = 2.0  # how often credentials are looked at again, beside before every event
END_SECONDS = 1.0  # for saying goodbye to all of them


class End(Enum):
    """Why the service ends a connection by itself."""

    CREDENTIALS = "credentials"
    SHUTDOWN = "shutdown"


class Stream(Protocol):
    """One open connection."""

    kind: str

    @property
    def caller(self) -> Caller | None:
        """Whose it is; None before that is known."""

    def end(self, why: End) -> None:
        """Begin to end it; returns at once, may be called again."""

    def is_gone(self) -> bool:
        """Whether the other side has left without a word."""

    def leave(self) -> None:
        """The other side has left: stop."""


class Validity(Protocol):
    """Who knows whether credentials still hold."""

    async def still_valid(self, caller: Caller) -> bool:
        """Whether they do; may raise Undecided."""


class Streams:
    """All open connections of this process. One task looks after them while there are any."""

    def __init__(self, validity: Validity) -> None:
        self._validity = validity
        self._open: set[Stream] = set()
        self._clients: Counter[UUID] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self.closing = False

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def opened(self, stream: Stream) -> Iterator[None]:
        """Look after a connection while it is open. Refused: there are too many, or we stop."""
        if self.closing or len(self._open) >= MOST:
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "No further connection can be kept open just now.",
                {"Retry-After": "1"},
            )
        self._open.add(stream)
        self._empty.clear()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_after())
        try:
            with STREAMS.labels(stream.kind).track_inprogress():
                yield
        finally:
            self._open.discard(stream)
            if not self._open:
                self._empty.set()

    @contextmanager
    def counted(self, caller: Caller) -> Iterator[None]:
        """Count a client's open connection. Refused (429): it has too many."""
        client = caller.viewer.client_id if caller.viewer else None
        if client is None:
            yield
            return
        if self._clients[client] >= MOST_PER_CLIENT:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                f"A client may have at most {MOST_PER_CLIENT} connections open.",
                {"Retry-After": "1"},
            )
        self._clients[client] += 1
        try:
            yield
        finally:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    async def close(self) -> None:
        """End all of them, in time for the process to end."""
        self.closing = True
        if self._task is not None:
            self._task.cancel()
        for stream in list(self._open):
            stream.end(End.SHUTDOWN)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._empty.wait()

    async def _look_after(self) -> None:
        while self._open:
            await asyncio.sleep(CHECK_SECONDS)
            for stream in list(self._open):
                if stream.is_gone():
                    stream.leave()
                elif stream.caller is not None and not await self._holds(stream.caller):
                    stream.end(End.CREDENTIALS)

    async def _holds(self, caller: Caller) -> bool:
        try:
            return await self._validity.still_valid(caller)
        except Undecided:
            return True  # not known: it is asked again, and before every event


def forget_place(error: BaseException | None) -> None:
    """Let go of where it was raised: a response that keeps it would keep itself, and the socket."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
