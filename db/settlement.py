"""What came of a claim, and what of it is recorded given what is there already. Pure rules.

Stale negatives are dropped; a provider order id or a unit is always recorded. Units never become
fewer. Of a placed fulfillment, whose price is frozen, failed units are released for good: a unit
that comes after that has no room left, is quarantined, and a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from domain.money import Money
from domain.orders import AttemptOutcome, Fulfillment, FulfillmentStatus, OrderStatus, Progress
from domain.problems import Outcome, Problem, ProblemCode

State = FulfillmentStatus

# States that say that nothing is there, or that nothing is known: never news from a stale attempt.
NEGATIVE: Final = frozenset(
    {State.READY, State.SENDING, State.REJECTED, State.UNKNOWN, State.NEEDS_REVIEW}
)
# Given up already: a unit or an order that turns up afterwards is for a person to decide.
CLOSED: Final = frozenset({State.REJECTED, State.FAILED, State.CANCELLED})
ACCEPTED: Final = frozenset({State.ACCEPTED, State.PARTIALLY_FULFILLED, State.FULFILLED})
NOT_YET: Final = frozenset({State.READY, State.SENDING, State.UNKNOWN})
NOTHING_TO_DO: Final = frozenset({State.FULFILLED, State.REJECTED, State.NEEDS_REVIEW})

SECOND_ORDER = Problem(
    ProblemCode.INTERNAL,
    "the provider has a second order for this fulfillment",
    outcome=Outcome.DONE,
    provider_code="DUPLICATED",
)
CAME_LATE = Problem(
    ProblemCode.INTERNAL,
    "the provider accepted this after it had been given up here",
    outcome=Outcome.DONE,
)
TOO_MANY = Problem(
    ProblemCode.INTERNAL,
    "the provider delivered units that are not expected any more",
    outcome=Outcome.DONE,
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of a claim. `delivered` and `failed` are all units so far, not the new ones.

    `quantity`, `provider_order_id`, `charged`, `raw_status`, `call_ended_at`, `uncertain` and
    `evidence` of None leave what is recorded; `problem` and `not_found_at` of None clear it.
    `due_in` is when to look again; None: never. `ended` starts the time during which a failed or
    cancelled one is still read. `attempt_outcome` ends this claim's try.
    """

    state: FulfillmentStatus
    word: OrderStatus
    final: bool
    delivered: int
    observed_at: datetime
    failed: int = 0
    quantity: int | None = None
    raw_status: str | None = None
    provider_order_id: str | None = None
    charged: Money | None = None
    problem: Problem | None = None
    due_in: timedelta | None = None
    call_ended_at: datetime | None = None
    not_found_at: datetime | None = None
    uncertain: bool | None = None
    evidence: Mapping[str, Any] | None = None
    ended: bool = False
    attempt_outcome: AttemptOutcome | None = None
    provider_code: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be recorded. `surplus` units found no room; `keep_due` leaves the schedule."""

    told: Settlement
    quantity: int
    surplus: int = 0
    keep_due: bool = False


def merge(
    recorded: Fulfillment, told: Settlement, *, fresh: bool, frozen: bool = False
) -> Merged | None:
    """What is to be recorded, given what is there; None: nothing.

    `fresh`: nobody has claimed it since. `frozen`: it was placed here, at a price.
    """
    before = recorded.progress
    gained = told.delivered > before.delivered
    new_id = told.provider_order_id is not None and recorded.provider_order_id is None
    if not fresh and told.state in NEGATIVE and not gained and not new_id:
        return None
    merged = (_placed if frozen else _imported)(before, told, fresh=fresh)
    kept = replace(
        merged.told,
        raw_status=recorded.provider_status if told.raw_status is None else told.raw_status,
        provider_order_id=recorded.provider_order_id or told.provider_order_id,
        charged=told.charged or recorded.charged,
    )
    merged = replace(merged, told=kept)
    if told.provider_order_id is not None and kept.provider_order_id != told.provider_order_id:
        other = {"why": "DUPLICATED", "providerOrderId": told.provider_order_id}
        return _review(merged, before, SECOND_ORDER, other)
    if merged.surplus and (not fresh or told.state is not State.NEEDS_REVIEW):
        problem = CAME_LATE if before.state in CLOSED else TOO_MANY
        late = {"why": "LATE_UNITS", "units": merged.surplus}
        return _review(merged, before, problem, late)
    if fresh:
        return merged
    if before.state in CLOSED and (gained or new_id):
        return _review(merged, before, CAME_LATE, {"why": "CAME_LATE"})
    return _stale(merged, recorded, gained=gained, new_id=new_id)


def _imported(before: Progress, told: Settlement, *, fresh: bool) -> Merged:
    """An imported order learns its quantity, and what failed may turn out not to have."""
    delivered = max(told.delivered, before.delivered)
    quantity = max(before.quantity if told.quantity is None else told.quantity, delivered)
    failed = min(told.failed if fresh else before.failed, quantity - delivered)
    return Merged(replace(told, delivered=delivered, failed=failed), quantity)


def _placed(before: Progress, told: Settlement, *, fresh: bool) -> Merged:
    """The quantity is a promise. Failed units stay failed: their money went back."""
    arrived = max(told.delivered, before.delivered)
    delivered = min(arrived, before.quantity - before.failed)
    failed = before.failed
    if fresh:
        closed = told.state in CLOSED
        failed = before.quantity - delivered if closed else max(failed, told.failed)
    failed = min(failed, before.quantity - delivered)
    kept = replace(told, delivered=delivered, failed=failed)
    return Merged(kept, before.quantity, surplus=arrived - delivered)


def _review(
    merged: Merged, before: Progress, problem: Problem, evidence: Mapping[str, Any]
) -> Merged:
    """For a person: words as they were, units that arrived kept, nothing more done by itself."""
    told = replace(
        merged.told,
        state=State.NEEDS_REVIEW,
        word=before.word,
        final=before.final,
        failed=min(before.failed, merged.quantity - merged.told.delivered),
        problem=problem,
        evidence=evidence,
        due_in=None,
        ended=False,
    )
    return replace(merged, told=told)


def _stale(merged: Merged, recorded: Fulfillment, *, gained: bool, new_id: bool) -> Merged:
    """Of overtaken news only what somebody newer cannot know: an order's id, and units."""
    before, told = recorded.progress, merged.told
    accepted = told.state in ACCEPTED
    takes = gained or (before.state in NOT_YET and (accepted or (new_id and _ended(told))))
    if before.state is State.NEEDS_REVIEW or not takes:
        return _as_before(merged, recorded)
    if accepted:
        state = told.state
    else:
        # Whatever else it says: a newer look decides.
        state = State.PARTIALLY_FULFILLED if told.delivered else State.ACCEPTED
    fulfilled = state is State.FULFILLED
    due_in = None if fulfilled else timedelta()
    return replace(
        merged,
        told=replace(told, state=state, final=told.final and fulfilled, due_in=due_in, ended=False),
    )


def _ended(told: Settlement) -> bool:
    return told.state in {State.FAILED, State.CANCELLED}


def _as_before(merged: Merged, recorded: Fulfillment) -> Merged:
    """What somebody newer recorded stays; only ids and charges are added, and it is read again.

    One that is being sent keeps its lease: a second look might not find what is on its way.
    """
    before = recorded.progress
    told = replace(
        merged.told,
        state=before.state,
        word=before.word,
        final=before.final,
        failed=min(before.failed, merged.quantity - merged.told.delivered),
        raw_status=recorded.provider_status,
        observed_at=recorded.observed_at,
        problem=recorded.problem,
        due_in=None if before.state in NOTHING_TO_DO else timedelta(),
        ended=False,
    )
    keep_due = before.state is State.SENDING or before.state in CLOSED
    return replace(merged, told=told, keep_due=keep_due)
