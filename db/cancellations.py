"""Cancelling what was sent: asked for, withdrawn, confirmed. All of it as worker.

That a provider was asked stands on the fulfillment. Only then does its word "cancelled" take back
units that were delivered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db import vouchers, wallets
from db.fulfillments import COLUMNS, fulfillment
from db.pool import Connection
from domain.money import Money, zero
from domain.orders import Fulfillment

ASK = """
UPDATE fulfillments
   SET cancel_asked_at = now(), version = version + 1,
       due_at = least(due_at, now() + interval '2 seconds')
 WHERE id = $1 AND (cancel_asked_at IS NULL OR cancel_asked_at <= now() - $2::interval)
   AND state IN ('accepted', 'partially_fulfilled', 'fulfilled')
RETURNING true"""

WITHDRAW = """
UPDATE fulfillments
   SET cancel_asked_at = NULL, version = version + 1,
       due_at = CASE WHEN state = 'fulfilled' OR (state = 'partially_fulfilled' AND final)
                     THEN NULL ELSE due_at END
 WHERE id = $1"""

LOCK = """
SELECT account, order_id, total, currency, quantity, delivered, failed
  FROM fulfillments WHERE id = $1 AND cancel_asked_at IS NOT NULL FOR NO KEY UPDATE"""

VOID = f"""
UPDATE fulfillments f
   SET state = 'cancelled', word = 'CANCELLED', raw_status = coalesce($2, raw_status), final = true,
       delivered = 0, failed = quantity, observed = NULL, observed_at = $3, problem = NULL,
       cancel_asked_at = NULL, ended_at = now(), due_at = now() + interval '1 day',
       attempt = attempt + 1, version = version + 1
 WHERE f.id = $1
RETURNING {COLUMNS}"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Sent:
    """What is needed to ask for a cancellation; `body` is sealed, None for imported orders."""

    body: bytes | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Voided:
    """A fulfillment after its cancellation was confirmed, and what was refunded."""

    fulfillment: Fulfillment
    refunded: Money | None


async def sent(conn: Connection, fulfillment_id: UUID) -> Sent:
    """What was sent, and since when its cancellation has been asked for."""
    row = await conn.fetchrow(
        "SELECT body, cancel_asked_at FROM fulfillments WHERE id = $1", fulfillment_id
    )
    return Sent(row["body"], row["cancel_asked_at"]) if row else Sent(None, None)


async def ask(conn: Connection, fulfillment_id: UUID, once_in: timedelta) -> bool:
    """Note that the provider is being asked, and look soon.

    False when it is in no such state, or was asked less than `once_in` ago.
    """
    return bool(await conn.fetchval(ASK, fulfillment_id, once_in))


async def hasten(conn: Connection, fulfillment_id: UUID) -> None:
    """Look now whether it was confirmed."""
    await conn.execute(
        "UPDATE fulfillments SET due_at = least(due_at, now())"
        " WHERE id = $1 AND cancel_asked_at IS NOT NULL",
        fulfillment_id,
    )


async def withdraw(conn: Connection, fulfillment_id: UUID) -> None:
    """The provider will not: everything is as before."""
    await conn.execute(WITHDRAW, fulfillment_id)


async def confirm(
    conn: Connection, fulfillment_id: UUID, raw_status: str | None, as_of: datetime
) -> Voided | None:
    """Void the units, refund those paid and release the others; None when nobody had asked.

    Lock the order before, derive its status afterwards.
    """
    row = await conn.fetchrow(LOCK, fulfillment_id)
    if row is None:
        return None
    refunded = None
    if row["total"] is not None:
        total = Money(row["total"], row["currency"])
        named = (conn, row["account"], row["order_id"], fulfillment_id, total, row["quantity"])
        # First the units never delivered, while they can be told from the others.
        missing = row["quantity"] - row["delivered"]
        await wallets.settle_units(*named, delivered=row["delivered"], failed=missing)
        refunded = await wallets.refund_units(*named, refunded=row["delivered"])
    await vouchers.void(conn, fulfillment_id)
    settled = await conn.fetchrow(VOID, fulfillment_id, raw_status, as_of)
    if settled is None:
        return None
    return Voided(
        fulfillment(settled),
        refunded if refunded is not None and refunded != zero(refunded.currency) else None,
    )
