"""What came of asking a provider, and what it means for a fulfillment. Pure rules, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db.claims import Claim
from domain.carts import Quote
from domain.orders import AttemptOutcome, FulfillmentStatus
from domain.problems import Outcome as Happened
from domain.problems import Problem, ProblemCode, RetryAdvice
from domain.vouchers import IssuedVoucher
from providers.port import ProviderOrder

# Between tries that were never accepted, or that are still unknown.
BACK_OFF = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60, 120, 300))
# A place that ended unknown and was not found is sent again this often, then a person decides.
MOST_SENDS = 5
# The provider keeps an idempotency key for 24 hours; the margin is for clocks and queues.
REPLAY_WINDOW = timedelta(hours=20)
SCAN_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The next state of a fulfillment, with what was heard on the way.

    `told` is the provider's order when there is one; `state` None then: its word and units decide.
    `evidence` is what a person needs to decide; `due_in` when to go on, None: not by itself.
    """

    state: FulfillmentStatus | None
    told: ProviderOrder | None = None
    issued: tuple[IssuedVoucher, ...] = field(default=(), repr=False)
    quarantine: bool = False
    problem: Problem | None = None
    evidence: Mapping[str, Any] | None = None
    due_in: timedelta | None = None
    uncertain: bool | None = None
    call_ended: bool = False
    not_found_at: datetime | None = None
    attempt: AttemptOutcome | None = None
    provider_code: str | None = None


def back_off(tries: int) -> timedelta:
    """The wait after so many tries."""
    return BACK_OFF[min(tries, len(BACK_OFF) - 1)]


def differences(claim: Claim, told: ProviderOrder) -> dict[str, Any]:
    """Every one of SKU, face value and quantity that the provider states differently."""
    found: dict[str, Any] = {}
    if told.sku is not None and claim.sku is not None and told.sku != claim.sku:
        found["sku"] = {"ours": claim.sku, "theirs": told.sku[:80]}
    if (
        told.face_value is not None
        and claim.face_value is not None
        and told.face_value != claim.face_value
    ):
        found["faceValue"] = {"ours": str(claim.face_value), "theirs": str(told.face_value)}
    quantity = told.reading.quantity
    if quantity is not None and quantity != claim.quantity:
        found["quantity"] = {"ours": claim.quantity, "theirs": quantity}
    return found


def review(why: str, message: str, **evidence: Any) -> Outcome:
    """A person has to decide; the hold is kept."""
    return Outcome(
        FulfillmentStatus.NEEDS_REVIEW,
        problem=Problem(ProblemCode.INTERNAL, message, outcome=Happened.UNKNOWN),
        evidence={"why": why, **evidence},
    )


def accepted(claim: Claim, told: ProviderOrder, attempt: AttemptOutcome) -> Outcome:
    """The provider has it; or a person has to see why it has something else."""
    if differs := differences(claim, told):
        found = review(
            "MISMATCHED",
            "the provider's order differs from ours",
            differs=differs,
            providerOrderId=told.reading.provider_order_id,
        )
        return replace(found, attempt=attempt)
    return Outcome(None, told=told, issued=told.vouchers or (), attempt=attempt, uncertain=False)


def refused(claim: Claim, problem: Problem, settling: timedelta) -> Outcome:
    """A definite no. After an attempt of unknown outcome it is looked for once more before that."""
    if claim.uncertain:
        return Outcome(
            FulfillmentStatus.UNKNOWN,
            problem=problem,
            evidence={"refused": problem.provider_code, "code": problem.code.value},
            due_in=settling,
            call_ended=True,
            attempt=AttemptOutcome.REFUSED,
            provider_code=problem.provider_code,
        )
    return Outcome(
        FulfillmentStatus.REJECTED,
        problem=problem,
        attempt=AttemptOutcome.REFUSED,
        provider_code=problem.provider_code,
    )


def never_accepted(claim: Claim, problem: Problem, wait: timedelta) -> Outcome:
    """Nothing was taken this time: try again, or go on looking for an earlier attempt."""
    return Outcome(
        FulfillmentStatus.UNKNOWN if claim.uncertain else FulfillmentStatus.READY,
        problem=replace(problem, retry=RetryAdvice.AFTER),
        due_in=wait,
        attempt=AttemptOutcome.NOT_SENT,
        provider_code=problem.provider_code,
    )


def still_unknown(claim: Claim, problem: Problem) -> Outcome:
    """The provider could not be asked now: nothing is known more than before."""
    return Outcome(
        FulfillmentStatus.UNKNOWN,
        problem=claim.problem or problem,
        not_found_at=claim.not_found_at,
        due_in=back_off(claim.attempt - 1),
        uncertain=True,
    )


def price_moved(claim: Claim, quote: Quote, tolerance_percent: float) -> Outcome | None:
    """REJECTED when the price is now above the frozen one by more than the tolerance."""
    if claim.total is None or quote.total.currency != claim.total.currency:
        return None
    most = claim.total.amount * (100 + Decimal(str(tolerance_percent))) / 100
    if quote.total.amount <= most:
        return None
    problem = Problem(
        ProblemCode.PRICE_CHANGED,
        f"the provider now asks {quote.total} {quote.total.currency} instead of {claim.total}",
        retry=RetryAdvice.NEW_KEY,
    )
    return Outcome(FulfillmentStatus.REJECTED, problem=problem, attempt=AttemptOutcome.NOT_SENT)


def unknown(problem: Problem, settling: timedelta, code: str | None = None) -> Outcome:
    """It may have happened: it is looked for once the provider had time to settle."""
    return Outcome(
        FulfillmentStatus.UNKNOWN,
        problem=problem,
        due_in=settling,
        uncertain=True,
        call_ended=True,
        attempt=AttemptOutcome.UNKNOWN,
        provider_code=code,
    )


def not_found(claim: Claim, now: datetime, settling: timedelta, gap: timedelta) -> Outcome:
    """The provider does not know the reference: what that means depends on when it is said.

    It counts twice, a gap apart, once the provider had time to settle after the last call ended.
    """
    still = Outcome(FulfillmentStatus.UNKNOWN, problem=claim.problem)
    ended, first = claim.call_ended_at, claim.not_found_at
    if ended is None:  # a call under way of which nobody knows the end
        return replace(still, due_in=settling, uncertain=True, call_ended=True)
    if now < ended + settling:
        return replace(still, due_in=ended + settling - now)
    if first is None:
        return replace(still, not_found_at=now, due_in=gap, attempt=AttemptOutcome.NOT_FOUND)
    if now < first + gap:
        return replace(still, not_found_at=first, due_in=first + gap - now)
    return _surely_not_there(claim)


def _surely_not_there(claim: Claim) -> Outcome:
    evidence = claim.evidence or {}
    if "duplicate" in evidence and claim.sends > 1:
        return review(
            "DUPLICATE_NOT_FOUND",
            "the provider calls the reference a duplicate, and does not know it",
            **evidence,
        )
    if claim.problem is not None and ("refused" in evidence or "duplicate" in evidence):
        return Outcome(
            FulfillmentStatus.REJECTED, problem=claim.problem, attempt=AttemptOutcome.NOT_FOUND
        )
    if claim.sends >= MOST_SENDS:
        return review("NEVER_FOUND", "it was sent many times and never found", sends=claim.sends)
    # Sent again with the same reference: were it there after all, the provider would say so.
    return Outcome(FulfillmentStatus.READY, due_in=timedelta(), attempt=AttemptOutcome.NOT_FOUND)


def duplicate(claim: Claim, code: str | None, settling: timedelta) -> Outcome:
    """The provider knows the reference, and a look just now did not find it: look again."""
    problem = Problem(
        ProblemCode.PROVIDER_REJECTED,
        "the provider calls the reference a duplicate",
        outcome=Happened.UNKNOWN,
        provider_code=code,
    )
    return Outcome(
        FulfillmentStatus.UNKNOWN,
        problem=problem,
        evidence={"duplicate": code},
        due_in=settling,
        uncertain=True,
        call_ended=True,
        attempt=AttemptOutcome.REFUSED,
        provider_code=code,
    )
