"""Claims on fulfillments, and what came of them.

A claim (db/queue.py) is the right to act. Settling compares its attempt, and only stale negatives
are dropped: a provider order id or a unit is always recorded (db/settlement.py), and money follows
the units in the same transaction (db/wallets.py).

Lock order: cart, order, fulfillments by id, wallets by currency, audit head, event head.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
import structlog

from db import attempts, vouchers, wallets
from db.fulfillments import COLUMNS, fulfillment, problem_json
from db.orders import Conflict
from db.pool import Connection, Record
from db.queue import Claim, Overtaken, claim, claim_due, sent, take, wake
from db.settlement import Merged, Settlement, merge
from domain.money import Money
from domain.orders import Fulfillment, FulfillmentStatus, OrderStatus

__all__ = [
    "Claim",
    "Overtaken",
    "Settlement",
    "claim",
    "claim_due",
    "deliver_late",
    "lock",
    "renew",
    "sent",
    "settle",
    "take",
    "wake",
]

log = structlog.get_logger()

# How long what was given up is still looked at.
LATE_FOR: Final = timedelta(days=14)

LOCK = f"""
SELECT {COLUMNS}, f.attempt, f.total, f.currency FROM fulfillments f
 WHERE f.id = $1 FOR NO KEY UPDATE"""  # noqa: S608

SETTLE = f"""
UPDATE fulfillments f
   SET state = $2, word = $3, raw_status = $4, final = $5, quantity = $6, delivered = $7,
       failed = $8, provider_order_id = $9, observed_at = $10, observed = NULL,
       charged = $11, charged_currency = $12, problem = $13::jsonb, version = f.version + 1,
       due_at = CASE WHEN $15 THEN f.due_at
                     WHEN $2 IN ('failed', 'cancelled')
                          AND now() + $14::interval > coalesce(f.ended_at, now()) + $16::interval
                     THEN NULL
                     ELSE now() + $14::interval END,
       ended_at = CASE WHEN $17 THEN coalesce(f.ended_at, now()) ELSE f.ended_at END,
       call_ended_at = CASE WHEN $21 OR f.call_ended_at IS NOT NULL
                            THEN greatest(f.call_ended_at, $18) END,
       not_found_at = CASE WHEN $21 THEN $19 ELSE f.not_found_at END,
       uncertain = CASE WHEN $21 THEN coalesce($20, f.uncertain)
                        ELSE f.uncertain OR coalesce($20, false) END,
       evidence = coalesce($22::jsonb, f.evidence)
 WHERE f.id = $1
RETURNING {COLUMNS}"""  # noqa: S608

# Dropped news is still news of a call that ended just now, and may have bought something. NULL
# stays: somebody newer has a place under way.
NOTE_CALL = """
UPDATE fulfillments
   SET call_ended_at = CASE WHEN call_ended_at IS NOT NULL THEN greatest(call_ended_at, $2) END,
       not_found_at = CASE WHEN $3 THEN NULL ELSE not_found_at END,
       uncertain = uncertain OR $3
 WHERE id = $1"""


RENEW = """
UPDATE fulfillments
   SET reference = $2, body = $3, generation = $4, sends = 0, first_sent_at = NULL,
       call_ended_at = NULL, not_found_at = NULL, uncertain = false, evidence = NULL
 WHERE id = $1 AND provider_order_id IS NULL
RETURNING true"""


async def lock(conn: Connection, fulfillment_id: UUID) -> Fulfillment | None:
    """The fulfillment as it stands, held until the transaction ends."""
    row = await conn.fetchrow(LOCK, fulfillment_id)
    return fulfillment(row) if row else None


async def settle(conn: Connection, claimed: Claim, told: Settlement) -> Fulfillment | None:
    """Record what came of a claim; the fulfillment as it stands now, or None when it was dropped.

    Dropped is a negative of an attempt that somebody has overtaken. Another provider order id than
    the recorded one, or more units than have room, make it NEEDS_REVIEW; units without room are
    quarantined. Stored units count as delivered whatever is told. The wallet moves along when the
    price is frozen. Lock the order before, derive its status afterwards.
    Raises Conflict when the provider order id belongs to another fulfillment.
    """
    row = await conn.fetchrow(LOCK, claimed.id)
    if row is None:
        return None
    if told.attempt_outcome is not None:
        await attempts.finish(
            conn, claimed.id, claimed.attempt, told.attempt_outcome, told.provider_code
        )
    recorded, total = fulfillment(row), _total(row)
    stored = await vouchers.delivered(conn, claimed.id)
    counted = replace(told, delivered=max(told.delivered, stored))
    # A review that began meanwhile is no one's to end but the person's who took it.
    reviewed = FulfillmentStatus.NEEDS_REVIEW
    overruled = recorded.progress.state is reviewed and claimed.was is not reviewed
    fresh = row["attempt"] == claimed.attempt and not overruled
    merged = merge(recorded, counted, fresh=fresh, frozen=total is not None)
    if merged is None:
        await conn.execute(NOTE_CALL, claimed.id, told.call_ended_at, bool(told.uncertain))
        log.info("fulfillment.stale_negative", fulfillment=str(claimed.id), state=told.state.value)
        return None
    settled = await _write(conn, claimed.id, merged, fresh=fresh)
    if merged.surplus:
        await vouchers.quarantine_newest(conn, claimed.id, merged.surplus)
    if total is not None:
        await wallets.settle_units(
            conn,
            settled.account,
            settled.order_id,
            settled.id,
            total,
            settled.progress.quantity,
            delivered=settled.progress.delivered,
            failed=settled.progress.failed,
        )
    return settled


async def renew(
    conn: Connection, claimed: Claim, reference: str, body: bytes, generation: int
) -> Fulfillment | None:
    """Begin anew, READY, under the reference of another generation; None when it has an order.

    For a person's RETRY: take it before. The old reference stays findable by its tries.
    """
    if not await conn.fetchval(RENEW, claimed.id, reference, body, generation):
        return None
    told = Settlement(
        FulfillmentStatus.READY,
        word=OrderStatus.PENDING,
        final=False,
        delivered=claimed.delivered,
        failed=claimed.failed,
        observed_at=claimed.at,
        due_in=timedelta(),
    )
    return await settle(conn, claimed, told)


async def deliver_late(conn: Connection, claimed: Claim) -> int:
    """Let quarantined units out, as many as were bought and have not come; how many.

    Those whose money went back are paid again, and count as failed no more; the others are paid
    from the hold, by settling, which counts all of them as delivered. Take it before, settle it
    afterwards. Raises Insufficient when what is available does not suffice.
    """
    row = await conn.fetchrow(LOCK, claimed.id)
    if row is None:
        return 0
    total, quantity, failed = _total(row), row["quantity"], row["failed"]
    waiting = await vouchers.quarantined(conn, claimed.id)
    units = waiting if total is None else waiting[: quantity - row["delivered"]]
    late = max(0, len(units) - (quantity - row["delivered"] - failed))
    if late:
        if total is not None:
            named = (conn, claimed.account, claimed.order_id, claimed.id, total, quantity)
            await wallets.capture_late(*named, units=late)
        await conn.execute(
            "UPDATE fulfillments SET failed = greatest(failed - $2, 0) WHERE id = $1",
            *(claimed.id, late),
        )
    await vouchers.activate(conn, units)
    return len(units)


async def _write(conn: Connection, id: UUID, merged: Merged, *, fresh: bool) -> Fulfillment:
    told, charged = merged.told, merged.told.charged
    try:
        row = await conn.fetchrow(
            SETTLE,
            *(id, told.state.lower(), told.word.value, told.raw_status, told.final),
            *(merged.quantity, told.delivered, told.failed, told.provider_order_id),
            *(told.observed_at, charged and charged.amount, charged and charged.currency),
            *(problem_json(told.problem), told.due_in, merged.keep_due, LATE_FOR, told.ended),
            *(told.call_ended_at, told.not_found_at, told.uncertain, fresh),
            None if told.evidence is None else msgspec.json.encode(told.evidence).decode(),
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(error.constraint_name or "unknown") from None
    if row is None:
        raise LookupError("a locked fulfillment cannot be gone")
    return fulfillment(row)


def _total(row: Record) -> Money | None:
    return None if row["total"] is None else Money(row["total"], row["currency"])
