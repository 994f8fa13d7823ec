"""A server that speaks Plum: one path, rotating refresh tokens, answers by operation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from providers.port import OrderKey
from providers.replies import Reply, decode, encode
from providers.tokens import MemoryTokenStore
from providers.xoxoday import Xoxoday
from simulators.xoxoday import Xoxoday as Simulated
from tests.providers.local import Answer, configuration, serving
from tests.providers.xoxoday_payloads import answer

ORDER = "7310442"
KEY = OrderKey(ORDER)
BALANCE = answer({"value": 1250.5, "currency": "INR", "points": 1250}, "getBalance")


class Plum:
    """Plum's two paths; answers by operation. A refresh token works once, and gives the next."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {"getBalance": Answer(BALANCE)}
        self.calls: list[tuple[str, Any]] = []
        self.logins: list[Any] = []
        self.refresh, self.access = "the-refresh_token", ""
        self.adapter: Xoxoday

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = decode(await request.read())
        if request.path == "/v1/oauth/token/user":
            return self.login(body)
        assert (request.method, request.path) == ("POST", "/v1/oauth/api")
        if request.headers.get("Authorization") != f"Bearer {self.access}":
            return Answer({"code": 401, "errorId": "PIPE10013"}, 401).response()
        assert set(body) == {"query", "tag", "variables"}
        assert body["tag"] == "plumProAPI"
        family, kind, operation = body["query"].split(".")
        assert (family, kind) == (
            "plumProAPI",
            "query" if operation == "getBalance" else "mutation",
        )
        self.calls.append((operation, body["variables"]["data"]))
        found = self.answers[operation]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found.response()

    def login(self, body: Any) -> web.Response:
        self.logins.append(body)
        if body["refresh_token"] != self.refresh:
            wrong = {"error": "invalid_grant", "error_description": "used up"}
            return Answer(wrong, 401).response()
        number = len(self.logins)
        self.refresh, self.access = f"refresh-{number}", f"access-{number}"
        later = datetime.now(UTC) + timedelta(days=15)
        return Answer(
            {
                "access_token": self.access,
                "token_type": "bearer",
                "expires_in": 1_296_000,
                "refresh_token": self.refresh,
                "access_token_expiry": str(int(later.timestamp() * 1000)),
                "refresh_token_expiry": int(later.timestamp() * 2000),
            }
        ).response()

    def asked(self, operation: str) -> list[Any]:
        return [data for name, data in self.calls if name == operation]


@asynccontextmanager
async def running() -> AsyncIterator[Plum]:
    """The server, and its adapter beside it."""
    plum = Plum()
    async with serving(plum.handle) as url:
        plum.adapter = Xoxoday.open(configuration(Xoxoday, url), MemoryTokenStore())
        try:
            yield plum
        finally:
            await plum.adapter.close()


@asynccontextmanager
async def simulated() -> AsyncIterator[tuple[Simulated, Xoxoday]]:
    simulator = Simulated(seed=11)
    await simulator.start()
    settings = configuration(Xoxoday, simulator.url, timeout=5, **simulator.credentials)
    adapter = Xoxoday.open(settings, MemoryTokenStore())
    try:
        yield simulator, adapter
    finally:
        await adapter.close()
        await simulator.stop()


def reply(body: Any, status: int) -> Reply:
    return Reply(status, {}, body, encode(body) if body is not None else b"")
