"""How much one caller may ask: requests in any window of time, and a budget of cost that refills.

Two keepers of the counts: this process (`local`), or a Redis that several processes share
(`shared`). Both decide alike.
"""

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

# A household or a server has a whole /64: its addresses are one caller.
NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `maximum` in any `seconds`."""

    maximum: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands under the rule that is closest to its end; times in seconds."""

    rule: Rule
    remaining: int
    resets_in: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of an answer, with Retry-After when it was refused."""
        return ratelimit(self.rule.maximum, self.remaining, self.resets_in, allowed=self.allowed)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A budget of cost: `size` when it is full, which takes it `seconds` from empty.

    What costs more than is there is refused. One operation dearer than the whole bucket passes
    when it is full, and is paid back before the next.
    """

    size: int
    seconds: int = 50

    @property
    def per_second(self) -> float:
        return self.size / self.seconds


@dataclass(frozen=True, slots=True)
class Purse:
    """Where a caller stands with their budget after asking for `cost`; `wait` is in seconds."""

    bucket: Bucket
    cost: int
    remaining: int
    wait: int
    allowed: bool

    @classmethod
    def of(cls, bucket: Bucket, cost: int, level: float, *, allowed: bool) -> "Purse":
        """From the level after the decision; refused: how long until it would be allowed."""
        missing = 0.0 if allowed else min(cost, bucket.size) - level
        wait = 0 if allowed else max(1, math.ceil(missing / bucket.per_second))
        return cls(bucket, cost, max(0, math.floor(level)), wait, allowed)

    @property
    def full_in(self) -> float:
        """Seconds until all of it is there again."""
        return (self.bucket.size - self.remaining) / self.bucket.per_second

    def shown(self) -> dict[str, int | float]:
        """`extensions.cost` of an answer."""
        rate = self.bucket.per_second
        return {
            "requested": self.cost,
            "remaining": self.remaining,
            "maximum": self.bucket.size,
            "refillPerSecond": int(rate) if rate.is_integer() else round(rate, 3),
        }

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of an answer that the budget refused."""
        return ratelimit(self.bucket.size, self.remaining, self.wait, allowed=self.allowed)


class Unreachable(Exception):
    """The counts cannot be reached, and nothing is to be let through without them."""


class Limiter(Protocol):
    """Counts by caller. Every method may raise Unreachable; nothing else."""

    async def take(self, caller: str, rules: tuple[Rule, ...]) -> Standing:
        """Count one request of a caller unless a rule refuses it; where they stand then."""

    async def standings(self, caller: str, rules: tuple[Rule, ...]) -> list[Standing]:
        """Where a caller stands under each rule; nothing is counted."""

    async def spend(self, caller: str, bucket: Bucket, cost: int) -> Purse:
        """Take a cost from the caller's budget, all of it or nothing; where they stand then."""

    async def open(self) -> None:
        """Try it before anybody needs it; what is wrong is logged."""

    async def close(self) -> None:
        """Let go of what is held open."""


def ratelimit(maximum: int, remaining: int, resets_in: int, *, allowed: bool) -> dict[str, str]:
    """The RateLimit fields, with Retry-After when something was refused."""
    fields = {
        "RateLimit-Limit": str(maximum),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(resets_in),
    }
    return fields if allowed else {**fields, "Retry-After": str(resets_in)}


@lru_cache(maxsize=4096)
def neighborhood(address: str) -> str:
    """The caller that an address counts as: itself, or its /64 network."""
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(here, ipaddress.IPv4Address):
        return str(here)
    if here.ipv4_mapped is not None:
        return str(here.ipv4_mapped)
    return str(ipaddress.ip_network((int(here), NETWORK_BITS), strict=False))
