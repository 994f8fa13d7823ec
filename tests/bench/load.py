"""The load: one request after the other on each of some connections, on loopback only.

A bare protocol, since a whole client would take more of the machine than what it measures. It
reads its job from its input, one JSON line, and answers with the figures, one JSON line.
"""

import asyncio
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any
from urllib.parse import urlsplit

from tests.bench.children import say

LOOPBACK = "127.0.0.1"
MOST_SECONDS = 60.0
GRACE_SECONDS = 20.0  # for what is under way when the time is over
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass
class Tally:
    """What came back: seconds of each answer, how many failed, how many had another length.

    Every right answer holds `proof`.
    """

    until: float
    most: int
    length: int
    proof: bytes = b""
    started: int = 0
    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    other: int = 0
    sample: str = ""

    def may_go_on(self) -> bool:
        return self.started < self.most and time.perf_counter() < self.until


class Connection(asyncio.Protocol):
    """Sends request after request; `done` when the tally has enough or the line is cut."""

    def __init__(self, requests: Iterator[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._buffer = bytearray()
        self._sent_at = 0.0
        self._body = self._whole = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._tally.failed += 1
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole:
            head = self._buffer.find(HEAD_END)
            if head < 0:
                return
            fields = bytes(self._buffer[:head]).lower()
            self._body = head + len(HEAD_END)
            length = fields[fields.find(LENGTH) + len(LENGTH) :].partition(b"\r")[0]
            self._whole = self._body + int(length)
        if len(self._buffer) < self._whole:
            return
        self._answered(bytes(self._buffer[:12]), bytes(self._buffer[self._body : self._whole]))
        self._buffer.clear()
        self._whole = 0
        self._send()

    def _answered(self, status: bytes, body: bytes) -> None:
        self._tally.seconds.append(time.perf_counter() - self._sent_at)
        right = status.endswith(b" 200") and body.startswith(b'{"data":')
        if not right or self._tally.proof not in body:
            self._tally.failed += 1
            self._tally.sample = body[:300].decode(errors="replace")
        elif len(body) != self._tally.length:
            self._tally.other += 1

    def _send(self) -> None:
        if not self._tally.may_go_on():
            self.done.set_result(None)
            self._transport.close()
            return
        self._tally.started += 1
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def percentile(values: list[float], share: float) -> float:
    """The nearest rank of that share, 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Send for so many seconds, at most so many requests; the figures, times in milliseconds.

    One body is sent again and again, of several each once.
    """
    url = urlsplit(job["url"])
    if url.hostname != LOOPBACK:
        raise ValueError("the load goes to this machine only")
    headers = {
        "Host": url.netloc,
        "Content-Type": "application/json",
        # The floor packs nothing: packing is not what is compared.
        "Accept-Encoding": "identity",
        **job["headers"],
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"POST {url.path} HTTP/1.1\r\n{head}Content-Length: "
    made = []
    for given in job["bodies"]:
        body = json.dumps(given).encode()
        made.append(f"{start}{len(body)}\r\n\r\n".encode() + body)
    requests = iter(made) if len(made) > 1 else repeat(made[0])
    seconds = min(job["seconds"], MOST_SECONDS)
    started = time.perf_counter()
    tally = Tally(started + seconds, job["most"], job["length"], job["proof"].encode())
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(job["connections"]):
        _, connection = await loop.create_connection(
            lambda: Connection(requests, tally), url.hostname, url.port
        )
        connections.append(connection.done)
    async with asyncio.timeout(seconds + GRACE_SECONDS):
        await asyncio.gather(*connections)
    elapsed = time.perf_counter() - started
    return {
        "requests": len(tally.seconds),
        "failed": tally.failed,
        "other": tally.other,
        "sample": tally.sample,
        "per_second": len(tally.seconds) / elapsed,
        "p50_ms": percentile(tally.seconds, 0.5) * 1000,
        "p99_ms": percentile(tally.seconds, 0.99) * 1000,
    }


def main() -> None:
    say(asyncio.run(run(json.loads(sys.stdin.readline()))))


if __name__ == "__main__":
    main()
