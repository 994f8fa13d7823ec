"""Refusals as data: what went wrong, and what to do next."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemCode(StrEnum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    PRODUCT_UNAVAILABLE = "PRODUCT_UNAVAILABLE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    DENOMINATION_NOT_OFFERED = "DENOMINATION_NOT_OFFERED"
    QUANTITY_TOO_LARGE = "QUANTITY_TOO_LARGE"
    PRICE_CHANGED = "PRICE_CHANGED"
    CART_EMPTY = "CART_EMPTY"
    CART_CHECKED_OUT = "CART_CHECKED_OUT"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    SPEND_LIMIT = "SPEND_LIMIT"
    KEY_REUSED = "KEY_REUSED"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_REJECTED = "PROVIDER_REJECTED"
    PROVIDER_TIMEOUT = "PROVIDER_TIMEOUT"
    PROVIDER_BALANCE_LOW = "PROVIDER_BALANCE_LOW"
    RATE_LIMITED = "RATE_LIMITED"
    NOT_CANCELLABLE = "NOT_CANCELLABLE"
    NOT_RESENDABLE = "NOT_RESENDABLE"
    UNSUPPORTED = "UNSUPPORTED"
    INTERNAL = "INTERNAL"


class RetryAdvice(StrEnum):
    NEVER = "NEVER"
    SAME_KEY = "SAME_KEY"
    NEW_KEY = "NEW_KEY"
    AFTER = "AFTER"


class Outcome(StrEnum):
    """Did anything happen at a provider?"""

    NOT_STARTED = "NOT_STARTED"
    DONE = "DONE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal. `path` names the argument; `provider_code` is for operators only."""

    code: ProblemCode
    message: str
    path: tuple[str, ...] | None = None
    retry: RetryAdvice = RetryAdvice.NEVER
    outcome: Outcome = Outcome.NOT_STARTED
    retry_after_ms: int | None = None
    provider_code: str | None = None


class Refused(Exception):
    """Raised where a rule says no; a mutation answers it as data, a query as an error.

    `problems` are all that was wrong, the first of them `problem`.
    """

    def __init__(self, problem: Problem, *others: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.problems = (problem, *others)


def invalid(message: str, *path: str) -> Refused:
    """Refused because of an argument: its message, and the path to it in the input."""
    return Refused(Problem(ProblemCode.INVALID_INPUT, message, path or None))


def not_found(message: str) -> Refused:
    """Refused because there is no such thing here, or it is somebody else's: the same answer."""
    return Refused(Problem(ProblemCode.NOT_FOUND, message))
