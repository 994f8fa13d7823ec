"""HTTP by hand: bytes that no client library would send, and what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 20.0  # seconds; far above anything that is waited for
MOST = 1_000_000  # bytes of answers


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of its first GraphQL error."""
        errors = json.loads(self.body).get("errors") if self.body else None
        return str(errors[0]["extensions"]["code"]) if errors else None


@dataclass
class Wire:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send; a server that has answered already may not want all of it."""
        with suppress(ConnectionError):
            for piece in pieces:
                self.writer.write(piece)
                await self.writer.drain()

    async def answer(self) -> Answer:
        """The next answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers, body)

    async def closed(self) -> bool:
        """Whether the server ends the connection; what it still says is dropped."""
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while await self.reader.read(65536):
                    pass
        return True


@asynccontextmanager
async def connected(base: str) -> AsyncIterator[Wire]:
    """A connection to the service whose address that is."""
    place = urlsplit(base)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=MOST)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def exchange(base: str, *pieces: bytes) -> Answer:
    """Send these bytes while the answer is awaited."""
    async with connected(base) as wire:
        sending = asyncio.ensure_future(wire.send(*pieces))
        try:
            return await wire.answer()
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


def post(body: bytes | None, headers: dict[str, Any], path: str = "/graphql") -> bytes:
    """The bytes of a POST; without a body only its head."""
    sent = {"Host": "localhost", "Content-Type": "application/json", **headers}
    if body is not None:
        sent.setdefault("Content-Length", len(body))
    lines: Sequence[str] = [f"{name}: {value}" for name, value in sent.items()]
    head = f"POST {path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + (body or b"")
