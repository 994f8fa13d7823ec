"""Counts in a Redis that several processes share, and what holds while it cannot be reached."""

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from app.limits import Bucket, Limiter, Purse, Rule, Standing, Unreachable
from app.limits.local import standing, tightest
from app.limits.scripts import BUDGET, WINDOWS
from domain.secret import Secret

log = structlog.get_logger()

PREFIX = "vg:"
# A request waits this long for Redis at most, once: from then on it is asked aside.
CALL_SECONDS = 0.05
# A long step of this process's own must not look like a slow Redis: what has arrived meanwhile is
# read between these.
CHANCES = 5
WIRE_SECONDS = 1.0  # for a connection, and for one answer on it
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
SHAS = {
    text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    for text in (WINDOWS, BUDGET)
}

Reply = list[int] | Exception


@dataclass(slots=True)
class _Call:
    script: str
    key: str
    arguments: tuple[str | int, ...]
    reply: asyncio.Future[Reply]


class Wire:
    """Runs scripts on one connection; calls that come while it is busy travel together."""

    def __init__(self, url: Secret) -> None:
        self._redis = aioredis.Redis.from_url(
            url.reveal(),
            protocol=2,
            socket_timeout=WIRE_SECONDS,
            socket_connect_timeout=WIRE_SECONDS,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,
        )
        self._waiting: list[_Call] = []
        self._sender: asyncio.Task[None] | None = None

    def send(self, script: str, key: str, *arguments: str | int) -> asyncio.Future[Reply]:
        """The script's answer, or the error that came instead of it."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(script, key, arguments, reply))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._drain())
        return reply

    async def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _drain(self) -> None:
        while self._waiting:
            calls, self._waiting = self._waiting, []
            replies: Sequence[Reply]
            try:
                async with asyncio.timeout(WIRE_SECONDS):
                    replies = await self._run(calls)
            except (RedisError, OSError, TimeoutError) as error:
                replies = [error] * len(calls)
            for call, reply in zip(calls, replies, strict=True):
                if not call.reply.done():
                    call.reply.set_result(reply)

    async def _run(self, calls: Sequence[_Call]) -> list[Reply]:
        replies = await self._pipelined(calls)
        unknown = [at for at, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:  # a fresh start, or a Redis that was started afresh
            for text in SHAS:
                await self._redis.script_load(text)
            again = await self._pipelined([calls[at] for at in unknown])
            for at, reply in zip(unknown, again, strict=True):
                replies[at] = reply
        return replies

    async def _pipelined(self, calls: Sequence[_Call]) -> list[Reply]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.evalsha(SHAS[call.script], 1, call.key, *map(str, call.arguments))
            replies: list[Reply] = await pipe.execute(raise_on_error=False)
            return replies


class Shared:
    """One count for all processes on one Redis.

    While it is away `instead` counts for this process alone, with its part of every limit; None:
    Unreachable is raised. It is looked for in the background, so no request waits for it twice.
    """

    def __init__(self, url: Secret, *, instead: Limiter | None, processes: int = 1) -> None:
        self._wire = Wire(url)
        self._instead = instead
        self._processes = processes
        self._search: asyncio.Task[None] | None = None
        self._name = secrets.token_hex(6)
        self._numbers = itertools.count()

    @property
    def away(self) -> bool:
        """Whether Redis cannot be reached at this time."""
        return self._search is not None

    async def open(self) -> None:
        """Try it once before anybody needs it; the answer to that is in the log."""
        if not await self._answers():
            self._lost("no answer at the start")

    async def take(self, caller: str, rules: tuple[Rule, ...]) -> Standing:
        """As Limiter says."""
        found = await self._windows(caller, rules, f"{self._name}{next(self._numbers):x}")
        if found is None:
            return await self._other().take(caller, self._parts(rules))
        now = tightest(found)
        return replace(now, remaining=now.remaining - 1) if now.allowed else now

    async def standings(self, caller: str, rules: tuple[Rule, ...]) -> list[Standing]:
        """As Limiter says."""
        found = await self._windows(caller, rules, "")
        if found is None:
            return await self._other().standings(caller, self._parts(rules))
        return found

    async def spend(self, caller: str, bucket: Bucket, cost: int) -> Purse:
        """As Limiter says."""
        reply = await self._ask(BUDGET, f"{caller} cost", bucket.size, bucket.seconds, cost)
        if reply is None:
            part = replace(bucket, size=max(1, bucket.size // self._processes))
            return await self._other().spend(caller, part, cost)
        allowed, thousandths = reply
        return Purse.of(bucket, cost, thousandths / 1000, allowed=bool(allowed))

    async def close(self) -> None:
        if self._search is not None:
            self._search.cancel()
            with suppress(asyncio.CancelledError):
                await self._search
        await self._wire.close()

    async def _windows(
        self, caller: str, rules: tuple[Rule, ...], name: str
    ) -> list[Standing] | None:
        limits = [number for rule in rules for number in (rule.maximum, rule.seconds)]
        reply = await self._ask(WINDOWS, f"{caller} requests", name, *limits)
        if reply is None:
            return None
        pairs = zip(rules, reply[0::2], reply[1::2], strict=False)
        return [standing(rule, counted, -age / 1_000_000) for rule, counted, age in pairs]

    async def _ask(self, script: str, key: str, *arguments: str | int) -> list[int] | None:
        """A script's answer; None while Redis is away."""
        if self.away:
            return None
        reply = self._wire.send(script, PREFIX + key, *arguments)
        for _ in range(CHANCES):
            if reply.done():
                break
            await asyncio.wait({reply}, timeout=CALL_SECONDS / CHANCES)
        found = reply.result() if reply.done() else TimeoutError()
        if isinstance(found, Exception):
            self._lost(type(found).__name__)
            return None
        return found

    def _other(self) -> Limiter:
        if self._instead is None:
            raise Unreachable
        return self._instead

    def _parts(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """This process's part of what all of them may let through."""
        return tuple(Rule(max(1, r.maximum // self._processes), r.seconds) for r in rules)

    def _lost(self, cause: str) -> None:
        if self._search is None:
            log.warning("limits.redis_down", cause=cause, refusing=self._instead is None)
            self._search = asyncio.create_task(self._find())

    async def _find(self) -> None:
        pause, tries = FIRST_PAUSE, 0
        while True:
            await asyncio.sleep(pause)
            tries += 1
            if await self._answers():
                break
            pause = min(pause * 2, LONGEST_PAUSE)
        self._search = None
        log.info("limits.redis_back", tries=tries)

    async def _answers(self) -> bool:
        """Whether a whole decision comes back: one that only listens would not do."""
        reply = self._wire.send(BUDGET, f"{PREFIX}probe", 1, 1, 0)
        done, _ = await asyncio.wait({reply}, timeout=2 * WIRE_SECONDS)
        return bool(done) and not isinstance(reply.result(), Exception)
