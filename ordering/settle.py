"""Settle: what was heard is stored, money follows the units, the order's status follows both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from db import cancellations, claims, events, fulfillments, order_lines, orders, vouchers
from db.cancellations import Voided
from db.claims import Claim, Settlement
from db.pool import Connection, Database
from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderEventType,
    OrderStatus,
    is_settled,
    order_status,
)
from domain.vouchers import IssuedVoucher, SealedVoucher, VoucherState
from ordering.keys import Keys
from ordering.outcomes import Outcome, review
from ordering.sealing import seal_all
from ordering.statuses import accepted_state, never_coming
from vault import Vault

log = structlog.get_logger()

DAILY = timedelta(days=1)
NEVER_MORE = frozenset({FulfillmentStatus.FULFILLED, FulfillmentStatus.REJECTED})
ENDED = frozenset({FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Units:
    """What is stored of a fulfillment after this look: all delivered, and those just stored."""

    delivered: int
    fresh: int
    quarantined: int


class Settler:
    """Writes outcomes; the only way from an answer to a changed fulfillment."""

    def __init__(self, database: Database, vault: Vault, keys: Keys) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys

    async def settle(self, claim: Claim, outcome: Outcome, as_of: datetime) -> Fulfillment | None:
        """Record an outcome in one transaction; None when it was stale news, and dropped."""
        sealed = await self.sealed(claim, outcome)
        async with self._database.worker() as conn:
            before = await orders.lock(conn, claim.order_id)
            if before is None:
                return None
            if voided := await _voided(conn, claim, outcome, as_of):
                gone = voided.fulfillment
                back = voided.refunded is not None
                await tell(
                    conn, before, delivered=False, was=claim.was, settled=gone, refunded=back
                )
                return gone
            settled, fresh = await self.record(conn, claim, outcome, sealed, as_of)
            if settled is not None:
                await tell(conn, before, delivered=fresh, was=claim.was, settled=settled)
        return settled

    async def record(
        self,
        conn: Connection,
        claim: Claim,
        outcome: Outcome,
        sealed: Sequence[SealedVoucher],
        as_of: datetime,
    ) -> tuple[Fulfillment | None, bool]:
        """Store units, word, state and money; the fulfillment, and whether units came.

        The caller has locked the order, and derives its status and writes its events afterwards.
        """
        units = await _store(conn, claim, sealed)
        settled = await claims.settle(conn, claim, _settlement(claim, outcome, units, as_of))
        if (
            settled is not None
            and claim.total is None
            and settled.progress.quantity != claim.quantity
        ):
            await order_lines.set_quantity(conn, claim.line_id, settled.progress.quantity)
        return settled, units.fresh > 0

    async def sealed(self, claim: Claim, outcome: Outcome) -> list[SealedVoucher]:
        """The outcome's units, sealed for their rows; of another product: out of reach."""
        if not outcome.issued:
            return []
        wrong = _of_another_product(claim, outcome.issued)
        return await seal_all(
            self._vault,
            self._keys,
            outcome.issued,
            account=claim.account,
            order_id=claim.order_id,
            line_id=claim.line_id,
            fulfillment_id=claim.id,
            face_value=claim.face_value,
            state=VoucherState.QUARANTINED if outcome.quarantine or wrong else VoucherState.ACTIVE,
        )


async def _voided(
    conn: Connection, claim: Claim, outcome: Outcome, as_of: datetime
) -> Voided | None:
    """What a confirmed cancellation leaves; None while it is not confirmed, or nobody asked."""
    told = outcome.told
    if claim.cancel_asked_at is None or told is None:
        return None
    if told.reading.status is not OrderStatus.CANCELLED:
        return None
    return await cancellations.confirm(conn, claim.id, told.reading.raw_status, as_of)


async def _store(conn: Connection, claim: Claim, sealed: Sequence[SealedVoucher]) -> Units:
    """Store the units that are new; reading an order twice adds nothing."""
    await claims.lock(conn, claim.id)
    fresh = len(await vouchers.add(conn, sealed))
    if fresh:
        await _seen_before(conn, claim, sealed)
    delivered = await vouchers.delivered(conn, claim.id)
    kept_out = bool(sealed) and sealed[0].voucher.state is VoucherState.QUARANTINED
    return Units(delivered, 0 if kept_out else fresh, fresh if kept_out else 0)


async def _seen_before(conn: Connection, claim: Claim, sealed: Sequence[SealedVoucher]) -> None:
    """Tell operators of a card that was sold before; both orders keep it until they look."""
    prints = [item.fingerprint for item in sealed]
    others = await vouchers.elsewhere(conn, claim.provider_name, claim.id, prints)
    if others:
        log.error(
            "voucher.seen_before",
            provider=claim.provider_name,
            fulfillment=str(claim.id),
            others=[str(other) for other in others],
        )


def _of_another_product(claim: Claim, issued: Sequence[IssuedVoucher]) -> bool:
    """A unit that names another product than was bought (Woohoo says it only on the cards)."""
    return claim.sku is not None and any(
        unit.sku is not None and unit.sku != claim.sku for unit in issued
    )


def _settlement(claim: Claim, outcome: Outcome, units: Units, as_of: datetime) -> Settlement:
    if units.quarantined:
        outcome = _reviewed(claim, outcome)
    told = outcome.told
    if told is None:
        return _without_an_order(claim, outcome, units, as_of)
    reading = told.reading
    known = (
        claim.quantity if claim.total is not None else max(claim.quantity, reading.quantity or 0)
    )
    quantity = max(known, units.delivered)
    ended = claim.was in ENDED
    state = outcome.state or (
        claim.was if ended else accepted_state(reading.status, quantity, units.delivered)
    )
    failed = claim.failed or never_coming(
        reading.status, quantity, units.delivered, final=reading.final
    )
    waiting = _is_open(state, units.delivered + failed, quantity)
    return Settlement(
        state=state,
        word=reading.status,
        final=reading.final and not waiting,
        delivered=units.delivered,
        failed=failed,
        quantity=quantity,
        raw_status=reading.raw_status,
        provider_order_id=reading.provider_order_id,
        charged=told.charged,
        observed_at=as_of,
        problem=outcome.problem,
        evidence=outcome.evidence,
        due_in=_due(state, outcome, waiting=waiting or _is_cancelling(claim)),
        uncertain=False,
        ended=state in ENDED,
        attempt_outcome=outcome.attempt,
        provider_code=outcome.provider_code,
    )


def _without_an_order(claim: Claim, outcome: Outcome, units: Units, as_of: datetime) -> Settlement:
    state = outcome.state or claim.was
    rejected = state is FulfillmentStatus.REJECTED
    return Settlement(
        state=state,
        word=claim.word,
        final=claim.final,
        delivered=units.delivered,
        failed=claim.quantity - units.delivered if rejected else claim.failed,
        observed_at=as_of,
        problem=outcome.problem,
        evidence=outcome.evidence if outcome.evidence is not None else claim.evidence,
        due_in=None if state in NEVER_MORE and not _is_cancelling(claim) else outcome.due_in,
        uncertain=claim.uncertain if outcome.uncertain is None else outcome.uncertain,
        call_ended_at=datetime.now(UTC) if outcome.call_ended else claim.call_ended_at,
        not_found_at=outcome.not_found_at,
        ended=False,
        attempt_outcome=outcome.attempt,
        provider_code=outcome.provider_code,
    )


def _reviewed(claim: Claim, outcome: Outcome) -> Outcome:
    late = claim.was in ENDED
    found = review(
        "LATE_UNITS" if late else "UNITS_DIFFER",
        "units arrived after it was reported failed" if late else "units do not fit the order",
    )
    return Outcome(
        found.state,
        told=outcome.told,
        problem=found.problem,
        evidence=found.evidence,
        attempt=outcome.attempt,
    )


def _is_cancelling(claim: Claim) -> bool:
    """Whether the provider may still confirm what it was asked; a day later it never will."""
    asked = claim.cancel_asked_at
    return asked is not None and claim.at - asked < DAILY


def _is_open(state: FulfillmentStatus, counted: int, quantity: int) -> bool:
    if state is FulfillmentStatus.PARTIALLY_FULFILLED:
        return counted < quantity
    return state in {FulfillmentStatus.ACCEPTED, FulfillmentStatus.NEEDS_REVIEW}


def _due(state: FulfillmentStatus, outcome: Outcome, *, waiting: bool) -> timedelta | None:
    if state in ENDED:
        return DAILY
    if not waiting or state is FulfillmentStatus.NEEDS_REVIEW:
        return None
    return outcome.due_in if outcome.due_in is not None else timedelta(seconds=2)


async def tell(
    conn: Connection,
    before: Order,
    *,
    delivered: bool,
    was: FulfillmentStatus,
    settled: Fulfillment,
    refunded: bool = False,
) -> None:
    """Derive the order's status, and log what changed; the last statement of its transaction."""
    status, changed = await derive(conn, before.id)
    news: list[tuple[UUID, OrderEventType]] = []
    if delivered:
        news.append((before.id, OrderEventType.VOUCHERS_DELIVERED))
    state = settled.progress.state
    if state is FulfillmentStatus.NEEDS_REVIEW and was is not state:
        news.append((before.id, OrderEventType.NEEDS_REVIEW))
    if state is FulfillmentStatus.CANCELLED and was is not state:
        news.append((before.id, OrderEventType.CANCELLED))
    if refunded:
        news.append((before.id, OrderEventType.REFUNDED))
    # Whoever waits must also hear that nothing more comes, where the status stays as it was.
    if changed and (status is not before.status or not news):
        news.append((before.id, OrderEventType.STATUS_CHANGED))
    await events.append(conn, before.account, [(id, type, status) for id, type in news])


async def derive(conn: Connection, order_id: UUID) -> tuple[OrderStatus, bool]:
    """Record the order's status as its fulfillments make it; it, and whether it changed."""
    parts = (await fulfillments.by_orders(conn, [order_id]))[order_id]
    progress = [part.progress for part in parts]
    status = order_status(progress)
    changed = await orders.set_status(conn, order_id, status, settled=is_settled(progress))
    return status, changed
