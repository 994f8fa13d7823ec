"""The line between a program and the service, which a test can cut as networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from yarl import URL


@dataclass
class Wire:
    """A TCP relay. `lost_answer`: the next answer to a request that holds this is not passed on.

    `carried` and `lost` count connections.
    """

    target: URL
    url: str = ""
    down: bool = False
    lost_answer: bytes | None = None
    carried: int = 0
    lost: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Every connection ends in the middle, without a goodbye."""
        for writer in self.open:
            writer.transport.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        self.carried += 1
        there, back = await asyncio.open_connection(self.target.host, self.target.port)
        ends = {writer, back}
        self.open |= ends
        losing = asyncio.Event()
        try:
            with suppress(ConnectionError):
                await asyncio.gather(
                    self._carry(reader, back, losing, asked=True),
                    self._carry(there, writer, losing, asked=False),
                )
        finally:
            self.open -= ends
            for end in ends:
                end.transport.abort()

    async def _carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        losing: asyncio.Event,
        *,
        asked: bool,
    ) -> None:
        while data := await source.read(65_536):
            if asked and self.lost_answer is not None and self.lost_answer in data:
                self.lost_answer = None
                losing.set()
            elif not asked and losing.is_set():
                self.lost += 1
                raise ConnectionAbortedError
            target.write(data)
            await target.drain()
        raise ConnectionAbortedError


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[Wire]:
    """A relay to the service at that URL; `Wire.url` replaces it."""
    target = URL(url)
    wire = Wire(target)
    server = await asyncio.start_server(wire.take, "127.0.0.1", 0)
    wire.url = str(target.with_port(server.sockets[0].getsockname()[1]))
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        await asyncio.sleep(0)
