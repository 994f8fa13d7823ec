"""Our side of a comparison with a provider: what it should know of us. All of it as worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from db.exceptions import Difference
from db.pool import Connection, Record
from domain.money import Money
from domain.orders import FulfillmentStatus

# A reference of an earlier generation stands on the attempts only.
OURS = """
SELECT f.id, f.account, f.reference, f.provider_order_id, f.state, f.final, f.quantity, f.delivered,
       f.failed, f.total, f.currency, f.charged, f.charged_currency, f.sends, f.observed_at,
       coalesce(f.first_sent_at, f.placed_at) AS since,
       ARRAY(SELECT DISTINCT a.reference FROM fulfillment_attempts a
              WHERE a.fulfillment_id = f.id AND a.reference <> f.reference) AS earlier
  FROM fulfillments f
 WHERE f.provider = $1 AND f.credential = $2
   AND (coalesce(f.first_sent_at, f.placed_at) >= $3
        OR f.provider_order_id = ANY($4) OR f.reference = ANY($5)
        OR f.id IN (SELECT a.fulfillment_id FROM fulfillment_attempts a
                     WHERE a.reference = ANY($5)))
 ORDER BY f.id"""

OLDEST = """
SELECT min(least((evidence -> 'ours' ->> 'since')::timestamptz,
                 (evidence -> 'theirs' ->> 'placedAt')::timestamptz))
  FROM exceptions WHERE provider = $1 AND credential = $2 AND closed_at IS NULL"""

EXPLAINED = """
SELECT DISTINCT ON (class, provider_order_id, reference) class, provider_order_id, reference,
       evidence
  FROM exceptions
 WHERE provider = $1 AND credential = $2 AND closed_at IS NOT NULL AND closed_by <> $3
 ORDER BY class, provider_order_id, reference, closed_at DESC"""


@dataclass(frozen=True, slots=True)
class Ours:
    """One fulfillment as the provider should know it. `total` is the price frozen at acceptance,
    None for imports; `since` is when it was first sent, or placed; `earlier` are its references
    of former generations.
    """

    id: UUID
    account: UUID
    reference: str
    earlier: tuple[str, ...]
    provider_order_id: str | None
    state: FulfillmentStatus
    final: bool
    quantity: int
    delivered: int
    failed: int
    total: Money | None
    charged: Money | None
    sends: int
    observed_at: datetime
    since: datetime


async def ours(
    conn: Connection,
    provider: str,
    credential: str,
    since: datetime,
    *,
    provider_order_ids: Sequence[str],
    references: Sequence[str],
) -> list[Ours]:
    """Fulfillments begun since then, and any that these ids or references name, however old."""
    rows = await conn.fetch(
        OURS, provider, credential, since, list(provider_order_ids), list(references)
    )
    return [_ours(row) for row in rows]


async def oldest_open(conn: Connection, provider: str, credential: str) -> datetime | None:
    """When the oldest order was placed whose difference is not closed; None: there is none."""
    at: datetime | None = await conn.fetchval(OLDEST, provider, credential)
    return at


async def explained(
    conn: Connection, provider: str, credential: str, by_itself: str
) -> dict[tuple[Difference, str | None, str | None], Mapping[str, Any]]:
    """What a person has explained already, with the evidence of then; `by_itself` is who closes
    a difference that is gone.
    """
    rows = await conn.fetch(EXPLAINED, provider, credential, by_itself)
    return {
        (Difference(row["class"]), row["provider_order_id"], row["reference"]): msgspec.json.decode(
            row["evidence"]
        )
        for row in rows
    }


def _ours(row: Record) -> Ours:
    return Ours(
        id=row["id"],
        account=row["account"],
        reference=row["reference"],
        earlier=tuple(row["earlier"]),
        provider_order_id=row["provider_order_id"],
        state=FulfillmentStatus(row["state"].upper()),
        final=row["final"],
        quantity=row["quantity"],
        delivered=row["delivered"],
        failed=row["failed"],
        total=None if row["total"] is None else Money(row["total"], row["currency"]),
        charged=None if row["charged"] is None else Money(row["charged"], row["charged_currency"]),
        sends=row["sends"],
        observed_at=row["observed_at"],
        since=row["since"],
    )
