"""What one request may cost, taken from its caller's budget before anything is executed."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from app.auth import Caller
from app.errors import Refusal
from app.limits import Limiter, Purse
from app.limits.refusals import decided, too_dear
from domain.viewers import Limit

MOST_COST = 10_000  # of one operation


class Meter:
    """The budget and the counts of one request's caller."""

    def __init__(self, limiter: Limiter, caller: Caller) -> None:
        self._limiter = limiter
        self._caller = caller
        self._purse: Purse | None = None

    @property
    def most(self) -> int:
        """What one operation may cost: never more than a full budget."""
        return min(MOST_COST, self._caller.bucket.size)

    async def charge(self, cost: int) -> None:
        """Take an operation's cost. Refused: too little is left (429), or no limits (503)."""
        purse = await decided(
            self._limiter.spend(self._caller.counted_as, self._caller.bucket, cost)
        )
        self._purse = purse
        if not purse.allowed:
            raise too_dear(purse)

    async def shown(self) -> dict[str, int | float]:
        """`extensions.cost`; what was never charged has cost nothing. Empty: no limits to see."""
        if self._purse is None:
            with suppress(Refusal):
                await self.charge(0)
        return self._purse.shown() if self._purse else {}

    async def limits(self) -> Sequence[Limit]:
        """Where the caller stands with requests and cost, for their own eyes."""
        name, now = self._caller.counted_as, datetime.now(UTC)
        standings = await decided(self._limiter.standings(name, self._caller.rules))
        purse = await decided(self._limiter.spend(name, self._caller.bucket, 0))
        # The request that asks was counted just now: the last to be forgotten.
        requests = [
            Limit(
                f"requests per {standing.rule.seconds} s",
                standing.rule.maximum,
                standing.remaining,
                now + timedelta(seconds=standing.rule.seconds),
            )
            for standing in standings
        ]
        full = now + timedelta(seconds=purse.full_in)
        return [*requests, Limit("cost", purse.bucket.size, purse.remaining, full)]
