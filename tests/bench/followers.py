"""Many subscribers in one process: sockets that follow an account's order log.

It reads its job from its input, one JSON line, and answers when all of them follow; then it answers
each time that every one has heard of one more event, with the moments at which they did.

The sockets are bare: a client library takes longer over a thousand messages than the service does,
and it is not the library that is measured.
"""

import asyncio
import base64
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.bench.children import say

PROTOCOL = "graphql-transport-ws"
FOLLOW = "subscription Follow { orderEvents { sequence type status } }"
AT_ONCE = 20
FOLLOWING_SECONDS = 2.0  # nothing says that a subscription has begun
PATIENCE = 60.0
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
SHORT, LONG = 126, 127


class Follower(asyncio.Protocol):
    """One socket: it greets, subscribes, answers pings, and notes when a message comes."""

    def __init__(self, url: str, headers: Mapping[str, str], arrived: "Arrived") -> None:
        self._at = urlsplit(url)
        self._headers = headers
        self._arrived = arrived
        self._read = b""
        self._upgraded = False
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        sent = {
            "Host": self._at.netloc,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": PROTOCOL,
            **self._headers,
        }
        lines = [f"GET {self._at.path} HTTP/1.1", *(f"{name}: {sent[name]}" for name in sent)]
        transport.write("\r\n".join((*lines, "", "")).encode())

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        self._read += data
        if not self._upgraded:
            self._upgrade()
        if self._upgraded:
            for kind, payload in self._frames():
                self._take(kind, payload, at)

    def connection_lost(self, _: Exception | None) -> None:
        self._fail("closed")

    def _upgrade(self) -> None:
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if end:
            self._upgraded, self._read = True, rest
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self._fail(head.decode())
            self._send({"type": "connection_init"})

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """What has come whole: kind and payload. Servers do not mask, ours sends no fragments."""
        while len(self._read) >= 2:
            size, start = self._read[1], 2
            if size == SHORT:
                size, start = int.from_bytes(self._read[2:4]), 4
            elif size == LONG:
                size, start = int.from_bytes(self._read[2:10]), 10
            if len(self._read) < start + size:
                return
            kind, payload = self._read[0] & 15, self._read[start : start + size]
            self._read = self._read[start + size :]
            yield kind, payload

    def _take(self, kind: int, payload: bytes, at: float) -> None:
        if kind == PING:
            self._frame(PONG, payload)
        elif kind == TEXT and self.greeted.done():
            self._arrived.note(at, payload)
        elif kind == TEXT and json.loads(payload)["type"] == "connection_ack":
            self._send({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}})
            self.greeted.set_result(None)
        else:
            self._fail(payload.decode())

    def _send(self, message: Any) -> None:
        self._frame(TEXT, json.dumps(message).encode())

    def _frame(self, kind: int, payload: bytes) -> None:
        # A mask of zeros leaves the payload as it is. All that is sent here is short.
        size = len(payload)
        self._transport.write(bytes((128 | kind, 128 | size, 0, 0, 0, 0)) + payload)

    def _fail(self, why: str) -> None:
        error = ConnectionError(why)
        if not self.greeted.done():
            self.greeted.set_exception(error)
        self._arrived.fail(error)

    def close(self) -> None:
        self._transport.abort()


class Arrived:
    """The moments at which an event came, until all have heard of it."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._found: list[tuple[float, bytes]] = []
        self._failed: ConnectionError | None = None
        self._changed = asyncio.Event()

    def note(self, at: float, payload: bytes) -> None:
        self._found.append((at, payload))
        if len(self._found) == self._expected:
            self._changed.set()

    def fail(self, error: ConnectionError) -> None:
        self._failed = error
        self._changed.set()

    async def all(self) -> list[float]:
        await asyncio.wait_for(self._changed.wait(), PATIENCE)
        self._changed.clear()
        if self._failed is not None:
            raise self._failed
        found, self._found = self._found, []
        for _, payload in found:
            message = json.loads(payload)
            if message["type"] != "next" or "errors" in message["payload"]:
                raise ConnectionError(f"no event: {message}")
        return [at for at, _ in found]


async def main() -> None:
    job = json.loads(sys.stdin.readline())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(AT_ONCE)
    arrived = Arrived(job["followers"])
    at = urlsplit(job["url"])

    async def one() -> Follower:
        async with turns:
            _, follower = await loop.create_connection(
                lambda: Follower(job["url"], job["headers"], arrived), at.hostname, at.port
            )
            await asyncio.wait_for(follower.greeted, PATIENCE)
            return follower

    followers = await asyncio.gather(*(one() for _ in range(job["followers"])))
    await asyncio.sleep(FOLLOWING_SECONDS)
    say("following")
    for _ in range(job["events"]):
        say(await arrived.all())
    for follower in followers:
        follower.close()


if __name__ == "__main__":
    asyncio.run(main())
