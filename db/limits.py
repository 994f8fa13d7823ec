"""What a client may spend: in a day and in one order, by currency. All of it as worker.

Rows are locked by currency, before the order's wallets and in no other transaction than an order's
acceptance. Viewers may read how much of theirs is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from db.pool import Connection

# Inserted in the order of the currencies, hence locked in it.
SPEND = """
WITH wanted AS (
    SELECT c.id, c.account, n.currency, n.amount
      FROM unnest($2::text[], $3::numeric[]) AS n (currency, amount)
      JOIN api_clients c ON c.id = $1),
spent AS (
    INSERT INTO client_spend AS s (client_id, account, currency, day, amount)
    SELECT id, account, currency, $4, amount FROM wanted ORDER BY currency
    ON CONFLICT (client_id, currency, day) DO UPDATE SET amount = s.amount + excluded.amount
    RETURNING s.currency, s.amount)
SELECT spent.currency
  FROM spent
  JOIN wanted USING (currency)
  JOIN client_limits l ON l.client_id = $1 AND l.currency = spent.currency
 WHERE spent.amount > l.per_day OR wanted.amount > l.largest_order
 ORDER BY spent.currency LIMIT 1"""

TAKE_BACK = """
UPDATE client_spend s SET amount = s.amount - n.amount
  FROM unnest($2::text[], $3::numeric[]) AS n (currency, amount)
 WHERE s.client_id = $1 AND s.currency = n.currency AND s.day = $4"""

SET = """
INSERT INTO client_limits (client_id, account, currency, per_day, largest_order)
SELECT id, account, $2, $3, $4 FROM api_clients WHERE id = $1
ON CONFLICT (client_id, currency) DO UPDATE
   SET per_day = excluded.per_day, largest_order = excluded.largest_order
RETURNING true"""

# A minute counts for 61, as in db/quotas.py. The row of a client without spend limits has no
# currency.
STANDING = """
SELECT now() AS at, counts.revealed, counts.latest, l.currency, l.per_day, l.largest_order,
       coalesce(s.amount, 0) AS spent
  FROM (SELECT coalesce(sum(n), 0)::bigint AS revealed, max(minute) AS latest FROM reveal_counts
         WHERE account = $1 AND scope = $1 AND minute > now() - interval '61 minutes') AS counts
  LEFT JOIN client_limits l ON l.client_id = $2
  LEFT JOIN client_spend s ON s.client_id = l.client_id AND s.currency = l.currency
                          AND s.day = (now() AT TIME ZONE 'UTC')::date
 ORDER BY l.currency"""


@dataclass(frozen=True, slots=True)
class SpendLimit:
    """One currency of a client: the most in a UTC day and in one order; None: no limit."""

    currency: str
    per_day: Decimal | None
    largest_order: Decimal | None


@dataclass(frozen=True, slots=True)
class Used:
    """What an account and a client have used: vouchers revealed within the hour up to `latest`, and
    by spend limit what was spent today (UTC)."""

    at: datetime
    revealed: int
    latest: datetime | None
    spending: tuple[tuple[SpendLimit, Decimal], ...]


async def spend(
    conn: Connection, client_id: UUID, amounts: Mapping[str, Decimal], day: date
) -> str | None:
    """Count an order's totals against the client's day: None, or the currency that is refused.

    All or nothing: what is refused is counted in no currency. Clients that are not recorded (bearer
    tokens) have no limit here.
    """
    given = (client_id, list(amounts), list(amounts.values()), day)
    refused: str | None = await conn.fetchval(SPEND, *given)
    if refused is not None:
        await conn.execute(TAKE_BACK, *given)
    return refused


async def set_limit(
    conn: Connection,
    client_id: UUID,
    currency: str,
    per_day: Decimal | None,
    largest_order: Decimal | None,
) -> bool:
    """Give a client its limit in one currency; False when there is no such client."""
    return bool(await conn.fetchval(SET, client_id, currency, per_day, largest_order))


async def of(conn: Connection, client_id: UUID) -> list[SpendLimit]:
    """The client's limits, by currency."""
    rows = await conn.fetch(
        "SELECT currency, per_day, largest_order FROM client_limits"
        " WHERE client_id = $1 ORDER BY currency",
        client_id,
    )
    return [SpendLimit(**row) for row in rows]


async def spent(conn: Connection, client_id: UUID, day: date) -> dict[str, Decimal]:
    """What the client's accepted orders of a UTC day came to, by currency."""
    rows = await conn.fetch(
        "SELECT currency, amount FROM client_spend WHERE client_id = $1 AND day = $2",
        *(client_id, day),
    )
    return {row["currency"]: row["amount"] for row in rows}


async def used(conn: Connection, account: UUID, client_id: UUID) -> Used:
    """How much of their limits an account and one of its clients have used."""
    rows = await conn.fetch(STANDING, account, client_id)
    spending = tuple(
        (SpendLimit(row["currency"], row["per_day"], row["largest_order"]), row["spent"])
        for row in rows
        if row["currency"] is not None
    )
    return Used(rows[0]["at"], rows[0]["revealed"], rows[0]["latest"], spending)


async def of_clients(conn: Connection, client_ids: Sequence[UUID]) -> dict[UUID, list[SpendLimit]]:
    """The limits of several clients, each by currency; nothing for those without any."""
    found: dict[UUID, list[SpendLimit]] = {}
    rows = await conn.fetch(
        "SELECT client_id, currency, per_day, largest_order FROM client_limits"
        " WHERE client_id = ANY($1) ORDER BY client_id, currency",
        client_ids,
    )
    for client_id, *limit in rows:
        found.setdefault(client_id, []).append(SpendLimit(*limit))
    return found
