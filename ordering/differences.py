"""What differs between our fulfillments and a provider's orders. Pure rules, no I/O."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.comparison import Ours
from db.exceptions import Difference
from domain.money import Money
from domain.orders import ALWAYS_OPEN, FulfillmentStatus, OrderStatus
from providers.port import ProviderOrder

# An open order is looked at hourly at the latest: what it has not heard by then, it will not hear.
LAG = timedelta(hours=2)
LONGEST = 80  # characters of a provider's own words

DEAD = frozenset({OrderStatus.FAILED, OrderStatus.CANCELLED})
GIVEN_UP = frozenset(
    {FulfillmentStatus.REJECTED, FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference with its evidence; `age` is how long the older side has been there."""

    difference: Difference
    provider_order_id: str | None
    reference: str | None
    age: timedelta
    fulfillment_id: UUID | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Difference, str | None, str | None]:
        return self.difference, self.provider_order_id, self.reference


@dataclass(frozen=True, slots=True)
class Compared:
    """The findings, and open fulfillments that the provider knows more about than we do."""

    findings: list[Finding]
    behind: list[UUID]


def compare(
    ours: Sequence[Ours],
    theirs: Sequence[ProviderOrder],
    *,
    is_ours: Callable[[str | None], bool],
    since: datetime,
    now: datetime,
) -> Compared:
    """Every order on either side, put beside its counterpart.

    `ours` holds at least everything begun since then, and whatever `theirs` names.
    """
    by_id = {one.provider_order_id: one for one in ours if one.provider_order_id}
    by_reference = {ref: one for one in ours for ref in (one.reference, *one.earlier)}
    found: list[Finding] = []
    behind: list[UUID] = []
    there: dict[UUID, list[ProviderOrder]] = defaultdict(list)
    for told in theirs:
        reading = told.reading
        mine = by_id.get(reading.provider_order_id) or by_reference.get(reading.reference or "")
        if mine is not None:
            there[mine.id].append(told)
        elif is_ours(reading.reference):
            found.append(_orphaned(told, now))
    for mine in ours:
        twins = there.get(mine.id, [])
        if not twins:
            if mine.since >= since and (lost := _missing(mine, now)):
                found.append(lost)
            continue
        first = next(
            (t for t in twins if t.reading.provider_order_id == mine.provider_order_id), twins[-1]
        )
        found += [_duplicated(mine, first, twin, now) for twin in twins if twin is not first]
        differs = _differs(mine, first)
        if differs and _catches_up(mine, differs, now):
            behind.append(mine.id)
        elif differs:
            found.append(_mismatched(mine, first, differs, now))
    return Compared(found, behind)


def is_open(mine: Ours) -> bool:
    partly = mine.state is FulfillmentStatus.PARTIALLY_FULFILLED
    return mine.state in ALWAYS_OPEN or (partly and not mine.final)


def _catches_up(mine: Ours, differs: Sequence[str], now: datetime) -> bool:
    """Whether it is only that the worker was not there yet."""
    waits = is_open(mine) and mine.state is not FulfillmentStatus.NEEDS_REVIEW
    return waits and set(differs) <= {"state", "units"} and now - mine.observed_at < LAG


def _differs(mine: Ours, told: ProviderOrder) -> list[str]:
    """In what they differ: "state", "units", "money"."""
    differs = []
    if _state_differs(mine, told.reading.status):
        differs.append("state")
    reading = told.reading
    quantity = reading.quantity if reading.quantity is not None else mine.quantity
    delivered = reading.delivered if reading.delivered is not None else mine.delivered
    dead = reading.status in DEAD or mine.state in GIVEN_UP
    if quantity != mine.quantity or (delivered != mine.delivered and not dead):
        differs.append("units")
    if not dead and _money_differs(mine, told.charged):
        differs.append("money")
    return differs


def _state_differs(mine: Ours, word: OrderStatus) -> bool:
    if mine.state in GIVEN_UP:
        return word not in DEAD
    if mine.state is FulfillmentStatus.PARTIALLY_FULFILLED:
        return not mine.final and word in DEAD | {OrderStatus.DELIVERED}
    if mine.state is FulfillmentStatus.FULFILLED:
        return word in DEAD
    if mine.state is FulfillmentStatus.ACCEPTED:
        return word in DEAD | {OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED}
    return True  # READY, SENDING, UNKNOWN, NEEDS_REVIEW: they have what we do not know we have


def _money_differs(mine: Ours, charged: Money | None) -> bool:
    """Against the frozen price; an import, which has none, against what was charged before."""
    price = mine.total or mine.charged
    if charged is None or price is None:
        return False
    return charged != price


def _missing(mine: Ours, now: datetime) -> Finding | None:
    """Ours, and not there: to be expected while it is open, wrong once it was delivered."""
    delivered = mine.state in {FulfillmentStatus.FULFILLED, FulfillmentStatus.PARTIALLY_FULFILLED}
    if not is_open(mine) and not delivered:
        return None
    return Finding(
        Difference.EXPECTED if is_open(mine) else Difference.MISMATCHED,
        mine.provider_order_id,
        mine.reference,
        now - mine.since,
        mine.id,
        {"ours": _shown(mine), "theirs": None},
    )


def _mismatched(mine: Ours, told: ProviderOrder, differs: Sequence[str], now: datetime) -> Finding:
    return Finding(
        Difference.MISMATCHED,
        told.reading.provider_order_id,
        mine.reference,
        now - mine.since,
        mine.id,
        {"differs": list(differs), "ours": _shown(mine), "theirs": _told(told)},
    )


def _duplicated(mine: Ours, first: ProviderOrder, told: ProviderOrder, now: datetime) -> Finding:
    return Finding(
        Difference.DUPLICATED,
        told.reading.provider_order_id,
        mine.reference,
        now - mine.since,
        mine.id,
        {"ours": _shown(mine), "theirs": _told(told), "beside": first.reading.provider_order_id},
    )


def _orphaned(told: ProviderOrder, now: datetime) -> Finding:
    return Finding(
        Difference.ORPHANED,
        told.reading.provider_order_id,
        told.reading.reference,
        max(now - told.placed_at, timedelta()) if told.placed_at else timedelta(),
        None,
        {"ours": None, "theirs": _told(told)},
    )


def _shown(mine: Ours) -> dict[str, Any]:
    return {
        "state": mine.state.value,
        "quantity": mine.quantity,
        "delivered": mine.delivered,
        "failed": mine.failed,
        "price": _money(mine.total),
        "charged": _money(mine.charged),
        "since": mine.since.isoformat(),
    }


def _told(told: ProviderOrder) -> dict[str, Any]:
    reading = told.reading
    return {
        "status": reading.status.value,
        "word": reading.raw_status[:LONGEST],
        "quantity": reading.quantity,
        "delivered": reading.delivered,
        "charged": _money(told.charged),
        "placedAt": told.placed_at.isoformat() if told.placed_at else None,
    }


def _money(amount: Money | None) -> str | None:
    return f"{amount} {amount.currency}" if amount is not None else None
