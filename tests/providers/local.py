"""A real local server for one provider's tests, and a configuration that points at it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import web

from domain.secret import Secret
from providers.port import Configuration, Provider
from providers.tokens import MemoryTokenStore
from providers.transport import Transport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server on a free loopback port that hands every request to one handler: its URL."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Answer:
    """What a canned server answers: a body as JSON, or as it stands when it is text or bytes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        body = self.body
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = msgspec.json.encode(body)
        return web.Response(
            status=self.status,
            body=body,
            headers={"Content-Type": "application/json", **self.headers},
        )


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Canned:
    """Answers by path: one answer for ever, or a list of them in turn; 404 without a body else."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.seen: list[Seen] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                request.headers.copy(),
                await request.read(),
            )
        )
        answer = self.answers.get(request.path, Answer("", 404))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer.response()

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]


@asynccontextmanager
async def canned() -> AsyncIterator[Canned]:
    server = Canned()
    async with serving(server.handle) as url:
        server.url = url
        yield server


def configuration(
    adapter: type[Provider], url: str, *, timeout: float = 5.0, **values: str
) -> Configuration:
    """A configuration with every required field filled with its own name, unless given."""
    given = {f.name: f"the-{f.name}" for f in adapter.fields if f.required} | values
    return Configuration(
        base_url=url,
        values={name: Secret(value) for name, value in given.items()},
        timeout=timedelta(seconds=timeout),
        rate_per_minute=adapter.rate_per_minute * 1000,
        settling=timedelta(seconds=1),
        sandbox=True,
    )


@asynccontextmanager
async def opened(adapter: type[Provider], url: str, **values: str) -> AsyncIterator[Any]:
    """The adapter against that server, with a token store of its own."""
    usual = configuration(adapter, url)
    given = {name: Secret(value) for name, value in values.items()}
    made = replace(usual, values={**usual.values, **given})
    provider = adapter.open(made, MemoryTokenStore())
    try:
        yield provider
    finally:
        await provider.close()


@asynccontextmanager
async def transport(url: str, **options: Any) -> AsyncIterator[Transport]:
    """A transport of a provider called acme; `timeout` in seconds."""
    timeout = timedelta(seconds=options.pop("timeout", 2.0))
    options.setdefault("rate_per_minute", 100_000)
    made = Transport("acme", url, timeout=timeout, **options)
    try:
        yield made
    finally:
        await made.close()


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(_: web.Request) -> web.StreamResponse:
    """No answer for longer than any test waits."""
    await asyncio.sleep(60)
    return web.Response()


def says(*answers: Answer) -> Canned:
    """A server whose `/x` gives these in turn."""
    server = Canned()
    server.answers["/x"] = list(answers)
    return server
