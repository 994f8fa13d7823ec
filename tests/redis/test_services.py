"""Two processes of the service on one Redis, while it works, hangs, dies and comes back."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.auth.api_keys import Credentials
from tests.app.process import Running, command, serving, workplace
from tests.redis.server import RedisServer

PROBE = {"query": "{ viewer { actor } }"}
DEAR = {"query": "{ products(first: 90) { nodes { id } } }"}


@dataclass
class Pair:
    """Two processes on one database and one Redis, and who asks them."""

    processes: tuple[Running, Running]
    session: aiohttp.ClientSession

    async def ask(
        self,
        which: int,
        body: dict[str, str] = PROBE,
        client: str = "partner",
        secret: str | None = None,
    ) -> tuple[int, Any, Any]:
        process = self.processes[which]
        sent = self.processes[0].headers(client)
        if secret is not None:
            sent["X-API-Secret"] = secret
        async with self.session.post(process.url, json=body, headers=sent) as response:
            return response.status, await response.json(), response.headers

    async def statuses(self, count: int) -> list[int]:
        """So many requests, to one process and the other in turn."""
        return [(await self.ask(number % 2))[0] for number in range(count)]

    async def until_found(self, which: int) -> None:
        """Until a process has noticed that Redis is there again."""
        async with asyncio.timeout(30):
            while self.processes[which].log().count("redis_back") == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@contextmanager
def two(dsn: str, redis: RedisServer, **settings: str) -> Iterator[tuple[Running, Running]]:
    with ExitStack() as stack:
        places = [stack.enter_context(workplace()) for _ in range(2)]
        shared = {
            "DATABASE_URL": dsn,
            "REDIS_URL": redis.url,
            "VOUCHERGRAPH_DATA_DIR": str(places[0] / "data"),
            "VOUCHERGRAPH_PROCESSES": "2",
            "VOUCHERGRAPH_WORKERS": "0",
            **settings,
        }
        one, other = (stack.enter_context(serving(place, **shared)) for place in places)
        yield one, other


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_two_processes_share_every_limit(
    postgres_dsn: str, redis_server: RedisServer, session: aiohttp.ClientSession
) -> None:
    limits = {
        "VOUCHERGRAPH_RATE_PER_MINUTE": "20",
        "VOUCHERGRAPH_RATE_PER_10_SECONDS": "20",
        "VOUCHERGRAPH_COST_BUDGET": "100",
    }
    with two(postgres_dsn, redis_server, **limits) as processes:
        pair = Pair(processes, session)
        assert await pair.statuses(21) == [200] * 20 + [429]
        status, body, headers = await pair.ask(1)
        assert (status, headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == (
            *(429, "20", "0"),
        )
        assert 1 <= int(headers["Retry-After"]) <= 60
        assert body["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        # The budget: what one process has spent the other cannot.
        assert (await pair.ask(0, DEAR, "other"))[0] == 200
        status, body, _ = await pair.ask(1, DEAR, "other")
        assert (status, body["extensions"]["cost"]["requested"]) == (429, 91)
        # Failed logins are counted together as well.
        wrong = Credentials.mint("sandbox").secret.reveal()
        tried = [(await pair.ask(n % 2, PROBE, "readonly", secret=wrong))[0] for n in range(32)]
        assert tried.count(429) >= 1
        assert tried[:30] == [401] * 30
        found = redis_server.everything()
        for process in processes:
            for client in process.ready["clients"].values():
                assert client["key"] not in found
                assert client["secret"] not in found
            assert redis_server.url not in process.log()
    assert "vg:client " in found


async def test_without_redis_each_process_allows_its_part(
    postgres_dsn: str, redis_server: RedisServer, session: aiohttp.ClientSession
) -> None:
    limits = {"VOUCHERGRAPH_RATE_PER_MINUTE": "20", "VOUCHERGRAPH_RATE_PER_10_SECONDS": "20"}
    with two(postgres_dsn, redis_server, **limits) as processes:
        pair = Pair(processes, session)
        assert await pair.statuses(20) == [200] * 20
        assert (await pair.ask(0))[0] == 429
        redis_server.hang()
        assert sorted(await pair.statuses(22)) == [200] * 20 + [429] * 2
        status, _, headers = await pair.ask(0)
        assert (status, headers["RateLimit-Limit"]) == (429, "10")
        redis_server.kill()
        redis_server.start()
        for which in (0, 1):
            await pair.until_found(which)
        # It knows nothing of before: a full limit again, shared.
        assert await pair.statuses(21) == [200] * 20 + [429]
        for process in processes:
            log = process.log()
            assert (log.count("limits.redis_down"), log.count("limits.redis_back")) == (1, 1)


async def test_or_each_refuses_graphql_and_nothing_else(
    postgres_dsn: str, redis_server: RedisServer, session: aiohttp.ClientSession
) -> None:
    with two(postgres_dsn, redis_server, VOUCHERGRAPH_REDIS_DOWN="refuse") as processes:
        pair = Pair(processes, session)
        assert await pair.statuses(2) == [200, 200]
        redis_server.kill()
        for which in (0, 1):
            status, body, headers = await pair.ask(which)
            assert (status, headers["Retry-After"]) == (503, "1")
            assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert "data" not in body
            for path in ("healthz", "readyz"):
                async with session.get(f"{processes[which].base}/{path}") as response:
                    assert response.status == 200
        redis_server.start()
        for which in (0, 1):
            await pair.until_found(which)
        assert await pair.statuses(2) == [200, 200]
        assert [process.stop(signal.SIGTERM)[0] for process in processes] == [0, 0]


async def test_a_redis_that_is_not_there_does_not_keep_the_service_from_starting(
    postgres_dsn: str, redis_server: RedisServer, session: aiohttp.ClientSession
) -> None:
    redis_server.kill()
    with two(postgres_dsn, redis_server) as processes:
        assert await Pair(processes, session).statuses(2) == [200, 200]
        assert all("limits.redis_down" in process.log() for process in processes)


def test_an_address_that_is_none_stops_the_start(tmp_path: Path) -> None:
    done = command(tmp_path, "accounts", "list", REDIS_URL="localhost:6379")
    assert done.returncode == 2
    assert "REDIS_URL" in done.stderr
