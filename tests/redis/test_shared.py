"""Limits in a real Redis: shared, exact, and what holds while it is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from app.limits import Bucket, Limiter, Rule, Unreachable, shared
from app.limits.local import Local
from app.limits.shared import Shared, Wire
from domain.secret import Secret
from tests.redis.server import RedisServer

RULES = (Rule(50, 60),)


@asynccontextmanager
async def sharing(
    server: RedisServer, *, instead: Limiter | None = None, processes: int = 1
) -> AsyncIterator[Shared]:
    limiter = Shared(Secret(server.url), instead=instead, processes=processes)
    try:
        await limiter.open()
        yield limiter
    finally:
        await limiter.close()


@pytest.fixture
async def limiter(redis_server: RedisServer) -> AsyncIterator[Shared]:
    async with sharing(redis_server) as opened:
        yield opened


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another task makes it so
            await asyncio.sleep(0.02)


async def passed(decisions: list[Awaitable[object]]) -> int:
    return sum(one.allowed for one in await asyncio.gather(*decisions))  # type: ignore[attr-defined]


async def test_as_many_pass_as_one_limit_allows_whoever_counts(redis_server: RedisServer) -> None:
    async with sharing(redis_server) as one, sharing(redis_server) as other:
        takes = [which.take("client a", RULES) for which in (one, other) for _ in range(100)]
        assert await passed(list(takes)) == 50
        standing = await one.take("client a", RULES)
        assert (standing.allowed, standing.remaining) == (False, 0)
        assert 1 <= standing.resets_in <= 60
        assert (await other.take("client b", RULES)).remaining == 49


async def test_a_window_slides(limiter: Shared) -> None:
    rules = (Rule(2, 1), Rule(3, 60))
    first = await limiter.take("a", rules)
    assert (first.rule, first.remaining) == (rules[0], 1)
    await limiter.take("a", rules)
    assert not (await limiter.take("a", rules)).allowed
    await asyncio.sleep(1.05)
    third = await limiter.take("a", rules)
    assert (third.allowed, third.rule, third.remaining) == (True, rules[1], 0)
    await asyncio.sleep(1.05)
    assert not (await limiter.take("a", rules)).allowed


async def test_looking_counts_nothing(limiter: Shared) -> None:
    for _ in range(3):
        assert [one.remaining for one in await limiter.standings("a", RULES)] == [50]
    await limiter.take("a", RULES)
    assert [one.remaining for one in await limiter.standings("a", RULES)] == [49]


async def test_a_budget_is_one_for_all(redis_server: RedisServer) -> None:
    bucket = Bucket(1000, seconds=1000)
    async with sharing(redis_server) as one, sharing(redis_server) as other:
        spends = [which.spend("a", bucket, 100) for which in (one, other) for _ in range(10)]
        assert await passed(list(spends)) == 10
        refused = await one.spend("a", bucket, 100)
        assert (refused.allowed, refused.remaining) == (False, 0)
        assert 95 <= refused.wait <= 100
        assert (await one.spend("b", bucket, 300)).remaining == 700


async def test_a_budget_refills(limiter: Shared) -> None:
    bucket = Bucket(1000, seconds=1)
    await limiter.spend("a", bucket, 1000)
    assert not (await limiter.spend("a", bucket, 900)).allowed
    await asyncio.sleep(1)
    assert (await limiter.spend("a", bucket, 900)).allowed


async def test_a_key_ends_when_it_says_nothing_more(
    limiter: Shared, redis_server: RedisServer
) -> None:
    await limiter.take("client a", (Rule(5, 60), Rule(2, 10)))
    await limiter.spend("client a", Bucket(1000, seconds=50), 500)
    await limiter.spend("client full", Bucket(1000, seconds=50), 0)
    with redis_server.client() as client:
        left = {key: client.ttl(key) for key in client.scan_iter()}
    assert left.pop("vg:client a requests") in range(59, 62)
    assert left.pop("vg:client a cost") in range(25, 28)
    assert all(0 <= seconds <= 2 for seconds in left.values())


async def test_one_decision_is_one_command_on_one_connection(
    limiter: Shared, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        client.config_resetstat()
        await asyncio.gather(*(limiter.take(f"client {n}", RULES) for n in range(200)))
        stats = client.info("commandstats")
        mine = [one for one in client.client_list() if one["cmd"].startswith("evalsha")]
    assert stats["cmdstat_evalsha"]["calls"] == 200
    assert not any(name in stats for name in ("cmdstat_eval", "cmdstat_script|load"))
    assert len(mine) == 1


async def test_without_redis_each_process_counts_its_part(redis_server: RedisServer) -> None:
    with capture_logs() as logs:
        async with sharing(redis_server, instead=Local(), processes=5) as limiter:
            assert (await limiter.take("a", RULES)).remaining == 49
            redis_server.kill()
            assert await passed([limiter.take("a", RULES) for _ in range(30)]) == 10
            purse = await limiter.spend("a", Bucket(20_000), 0)
            assert purse.remaining == 4000
            redis_server.start()
            await until(lambda: not limiter.away)
            assert (await limiter.take("a", RULES)).remaining == 49
    told = [(line["event"], line["log_level"]) for line in logs]
    assert told == [("limits.redis_down", "warning"), ("limits.redis_back", "info")]
    assert redis_server.url not in str(logs)


async def test_or_nothing_passes(redis_server: RedisServer) -> None:
    async with sharing(redis_server) as limiter:
        redis_server.kill()
        for decision in (
            limiter.take("a", RULES),
            limiter.standings("a", RULES),
            limiter.spend("a", Bucket(10), 1),
        ):
            with pytest.raises(Unreachable):
                await decision
        redis_server.start()
        await until(lambda: not limiter.away)
        assert (await limiter.take("a", RULES)).allowed


async def test_of_a_redis_that_hangs_no_second_request_knows(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    send = Wire.send

    def counted(self: Wire, script: str, key: str, *rest: str | int) -> object:
        asked.append(key)
        return send(self, script, key, *rest)

    async with sharing(redis_server, instead=Local()) as limiter:
        redis_server.hang()
        monkeypatch.setattr(Wire, "send", counted)
        for _ in range(20):
            assert (await limiter.take("a", RULES)).allowed
        assert asked.count("vg:a requests") == 1
        assert shared.CALL_SECONDS <= 0.05
        redis_server.wake()
        await until(lambda: not limiter.away)
        await limiter.take("a", RULES)
        assert asked.count("vg:a requests") == 2


async def test_a_busy_process_is_not_taken_for_a_slow_redis(limiter: Shared) -> None:
    for _ in range(5):
        taking = asyncio.create_task(limiter.take("a", RULES))
        await asyncio.sleep(0)
        time.sleep(3 * shared.CALL_SECONDS)  # noqa: ASYNC251 - what a long computation does
        assert (await taking).allowed
    assert not limiter.away


async def test_a_redis_that_takes_no_writes_is_away(redis_server: RedisServer) -> None:
    async with sharing(redis_server, instead=Local()) as limiter:
        with redis_server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
            assert (await limiter.take("a", RULES)).allowed
            assert limiter.away
            client.execute_command("REPLICAOF", "NO", "ONE")
        await until(lambda: not limiter.away)


async def test_one_that_is_not_there_at_the_start_is_found_later(
    redis_server: RedisServer,
) -> None:
    redis_server.kill()
    async with sharing(redis_server, instead=Local()) as limiter:
        assert limiter.away
        assert (await limiter.take("a", RULES)).allowed
        redis_server.start()
        await until(lambda: not limiter.away)


async def test_a_wrong_password_is_told_without_it(redis_server: RedisServer) -> None:
    url = Secret(f"redis://:hunter2hunter2@127.0.0.1:{redis_server.port}/0")
    with capture_logs() as logs:
        limiter = Shared(url, instead=Local())
        await limiter.open()
        assert (await limiter.take("a", RULES)).allowed
        await limiter.close()
    assert [line["event"] for line in logs] == ["limits.redis_down"]
    assert "hunter2" not in f"{logs}{limiter!r}{vars(limiter)}"
