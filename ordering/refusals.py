"""A provider's failure as a problem: what a client is told, and what to do next."""

from dataclasses import replace
from datetime import timedelta

from domain.problems import Outcome, Problem, ProblemCode, RetryAdvice
from providers.errors import (
    Duplicate,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Reason,
    Rejected,
    Unavailable,
    Unsupported,
)

SOON = timedelta(seconds=5)

UNAVAILABLE = {
    Reason.CREDENTIALS: "the provider refused our credentials; an operator must act",
    Reason.RATE_LIMITED: "the provider wants fewer requests just now",
    Reason.TIMEOUT: "the provider did not answer in time",
    Reason.UNREACHABLE: "the provider could not be reached",
    Reason.UNREADABLE: "the provider's answer could not be read",
    Reason.FAULT: "the provider had a fault of its own",
    Reason.PAUSED: "requests to this provider are paused for a moment",
}


def problem_of(error: ProviderError) -> Problem:
    """The problem for a provider error: its text is ours, the provider's code is for operators."""
    match error:
        case NotFound():
            return Problem(
                ProblemCode.NOT_FOUND,
                "the provider knows no such order",
                provider_code=error.code,
            )
        case Unsupported():
            return Problem(ProblemCode.UNSUPPORTED, "this provider cannot do that")
        case Rejected():
            return Problem(
                ProblemCode(error.rejection),
                "the provider refused it",
                provider_code=error.code,
            )
        case Unavailable(reason=reason):
            timeout = reason is Reason.TIMEOUT
            after = error.retry_after or SOON
            return Problem(
                ProblemCode.PROVIDER_TIMEOUT if timeout else ProblemCode.PROVIDER_UNAVAILABLE,
                UNAVAILABLE[reason],
                retry=RetryAdvice.AFTER,
                retry_after_ms=int(after.total_seconds() * 1000),
                provider_code=error.code,
            )
        case OutcomeUnknown() | Duplicate():
            return Problem(
                ProblemCode.PROVIDER_TIMEOUT,
                "it is not known yet whether the provider did it",
                retry=RetryAdvice.SAME_KEY,
                outcome=Outcome.UNKNOWN,
                provider_code=error.code,
            )
    return Problem(ProblemCode.INTERNAL, "the provider failed in an unexpected way")


def unsendable(error: Rejected) -> Problem:
    """The problem for what an adapter cannot express: nothing was sent, the words are ours."""
    words = str(error).removeprefix(f"{error.provider}: ")
    return replace(problem_of(error), message=words)
