"""How fast we ask one provider, and who goes first when there is not room for all."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from aiolimiter import AsyncLimiter


class Asker(StrEnum):
    """For whom a call is made."""

    PLACING = "placing"
    WORKER = "worker"
    VIEWER = "viewer"
    CATALOG = "catalog"


# What each may take of the rate; placing and finding an order are never starved by reads.
SHARES = {Asker.PLACING: 1.0, Asker.WORKER: 0.8, Asker.VIEWER: 0.5, Asker.CATALOG: 0.4}
# Whose shares a request counts against, the narrowest first.
WITHIN = {
    Asker.PLACING: (Asker.PLACING,),
    Asker.WORKER: (Asker.WORKER, Asker.PLACING),
    Asker.VIEWER: (Asker.VIEWER, Asker.WORKER, Asker.PLACING),
    Asker.CATALOG: (Asker.CATALOG, Asker.WORKER, Asker.PLACING),
}
LONGEST_HOLD = 300.0  # seconds; a provider's Retry-After beyond it is a mistake, ours or theirs


@dataclass(frozen=True, slots=True)
class _Asking:
    asker: Asker
    deadline: float | None


_asking: ContextVar[_Asking] = ContextVar("asking", default=_Asking(Asker.WORKER, None))  # noqa: B039


@contextmanager
def asked_by(asker: Asker, *, within: timedelta | None = None) -> Iterator[None]:
    """Calls made inside are for that asker, and altogether done within the time given."""
    deadline = (
        None if within is None else asyncio.get_running_loop().time() + within.total_seconds()
    )
    token = _asking.set(_Asking(asker, deadline))
    try:
        yield
    finally:
        _asking.reset(token)


def who_asks() -> tuple[Asker, float | None]:
    """For whom the current call is made, and its deadline on the loop's clock if there is one."""
    asking = _asking.get()
    return asking.asker, asking.deadline


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that the provider publishes: so many requests in any window of that length.

    `operations` are the ones that it counts together; empty: all of them.
    """

    requests: int
    window: timedelta
    operations: frozenset[str] = frozenset()

    def bucket(self, factor: float) -> AsyncLimiter:
        """Half of it may come at once and the other half flows: never too many in any window."""
        return AsyncLimiter(max(1.0, self.requests * factor / 2), self.window.total_seconds())


class Pace:
    """Our own limit towards one provider: a rate a minute, shared by askers, and its limits."""

    def __init__(self, rate_per_minute: int, limits: tuple[Limit, ...], factor: float) -> None:
        self._rates = {
            asker: AsyncLimiter(max(1.0, rate_per_minute * share), 60)
            for asker, share in SHARES.items()
        }
        self._limits = [(limit.operations, limit.bucket(factor)) for limit in limits]
        self._held: dict[str, float] = {}

    @property
    def remaining(self) -> int:
        """Requests that could be sent at once."""
        bucket = self._rates[Asker.PLACING]
        low, high = 0, int(bucket.max_rate)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if bucket.has_capacity(middle) else (low, middle - 1)
        return low

    def hold(self, operation: str, wait: timedelta) -> None:
        """Ask that operation no more until the provider's wish has passed."""
        seconds = min(max(wait.total_seconds(), 0.0), LONGEST_HOLD)
        self._held[operation] = asyncio.get_running_loop().time() + seconds

    def held(self, operation: str) -> timedelta | None:
        """How long the provider still wants that operation left alone; None: not at all."""
        until = self._held.get(operation)
        if until is None:
            return None
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            del self._held[operation]
            return None
        return timedelta(seconds=left)

    def has_room(self, operation: str, asker: Asker) -> bool:
        """Whether a request could go now without waiting."""
        return all(bucket.has_capacity() for bucket in self._buckets(operation, asker))

    async def turn(self, operation: str, asker: Asker) -> None:
        """Wait until a request may go, and count it."""
        for bucket in self._buckets(operation, asker):
            await bucket.acquire()

    def _buckets(self, operation: str, asker: Asker) -> list[AsyncLimiter]:
        shares = [self._rates[share] for share in WITHIN[asker]]
        published = [
            bucket
            for operations, bucket in self._limits
            if not operations or operation in operations
        ]
        return [*shares, *published]
