"""A partner's endpoint: a real HTTP server that keeps what it got and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    @property
    def sequence(self) -> int:
        return int(self.message["data"]["sequence"])


@dataclass
class Receiver:
    """`status` is answered to everything, or `statuses` one after the other first.

    `release`: the next message is answered once it is set.
    """

    url: str = ""
    status: int = 204
    statuses: list[int] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)
    hang: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0
    delay: float = 0
    release: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Received(request.path_qs, headers, await request.read()))
        self.arrived.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            release, self.release = self.release, None
            if release is not None:
                await release.wait()
            await asyncio.sleep(3600 if self.hang else self.delay)
        finally:
            self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else self.status
        elsewhere = {"Location": f"{self.url}/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers={"Set-Cookie": "tracked=1", **elsewhere})

    @property
    def sequences(self) -> list[int]:
        return [one.sequence for one in self.got]


@asynccontextmanager
async def receiving(host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    receiver.url = f"http://{host}:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
