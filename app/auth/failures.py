"""Failed logins, limited for each address; the answer is the same whatever was wrong."""

import time
from collections.abc import Callable
from http import HTTPStatus

from app.errors import Refusal
from app.limits import Limiter, Rule

# A secret cannot be guessed; the limit keeps strangers from making the database work.
FAILED_LOGINS = (Rule(30, 60),)


class Failures:
    """Counts them in this process and knows whom to make wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts = Limiter(clock)
        self._blocked: dict[str, float] = {}

    def count(self, address: str) -> Refusal:
        """Count a failed login; what to answer."""
        standing = self._counts.take(address, FAILED_LOGINS)
        if not standing.allowed:
            self._blocked[address] = self._clock() + standing.resets_in
            return _too_many(standing.resets_in)
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The credentials were not accepted. Send a valid X-API-Key with its X-API-Secret.",
            {"WWW-Authenticate": "ApiKey"},
        )

    def check(self, address: str) -> None:
        """Refuse an address that has failed too often, before anything is looked up."""
        until = self._blocked.get(address)
        if until is None:
            return
        left = until - self._clock()
        if left > 0:
            raise _too_many(max(1, round(left)))
        del self._blocked[address]


def _too_many(seconds: int) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RATE_LIMITED",
        "Too many failed logins from this address.",
        {"Retry-After": str(seconds)},
        {"retryAfterMs": seconds * 1000},
    )
