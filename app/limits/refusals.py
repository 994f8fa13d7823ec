"""What a caller is told who is over a limit."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

from app.errors import Refusal
from app.limits import Purse, Standing, Unreachable

T = TypeVar("T")


async def decided(decision: Awaitable[T]) -> T:
    """A limiter's decision. Refused: it cannot decide, and nobody passes without it (503)."""
    try:
        return await decision
    except Unreachable:
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "Limits cannot be checked just now. Try again soon.",
            {"Retry-After": "1"},
            {"retryAfterMs": 1000},
        ) from None


def too_many(standing: Standing, message: str) -> Refusal:
    """Too many of something within a time."""
    return _limited(message, standing.headers(), standing.resets_in)


def too_dear(purse: Purse) -> Refusal:
    """More cost than the budget holds just now."""
    message = f"This costs {purse.cost}, and {purse.remaining} of {purse.bucket.size} are left."
    refusal = _limited(message, purse.headers(), purse.wait)
    refusal.body["extensions"] = {"cost": purse.shown()}
    return refusal


def _limited(message: str, headers: dict[str, str], seconds: int) -> Refusal:
    wait = {"retryAfterMs": seconds * 1000}
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", message, headers, wait)
