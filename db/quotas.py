"""How often an order, and how many vouchers an account, may be revealed in an hour."""

from collections.abc import Mapping, Set
from uuid import UUID

from db import audit
from db.audit_macs import Head
from db.pool import Connection, array_text

# A bucket counts as long as any moment of it lies within the last hour: never more than allowed.
SPENT = """
WITH gone AS (
    DELETE FROM reveal_counts
     WHERE account = $1 AND minute <= $3::timestamptz - interval '61 minutes')
SELECT scope, sum(n)::bigint AS n FROM reveal_counts
 WHERE account = $1 AND scope = ANY((SELECT $2::text::uuid[])::uuid[])
   AND minute > $3::timestamptz - interval '61 minutes'
 GROUP BY scope"""

ADD = """
INSERT INTO reveal_counts AS c (account, scope, minute, n)
SELECT $1, scope, date_trunc('minute', $2::timestamptz), n
  FROM unnest($3::text::uuid[], $4::text::bigint[]) AS new (scope, n)
ON CONFLICT (account, scope, minute) DO UPDATE SET n = c.n + excluded.n"""


async def spend(
    conn: Connection,
    account: UUID,
    orders: Mapping[UUID, int],
    *,
    counted: Set[UUID] = frozenset(),
    per_order_hour: int,
    vouchers_per_hour: int,
) -> tuple[set[UUID], Head]:
    """Count one reveal of each order with so many vouchers; the orders refused, counted nowhere.

    All or nothing for each order, in the order given. Orders in `counted` were counted before in
    the same operation: only their further vouchers are. It locks the audit head first, so that two
    requests of one account cannot both take the last one: call it in the audit transaction and
    hand the head on to `audit.append`.
    """
    head = await audit.lock(conn, account)
    rows = await conn.fetch(SPENT, account, array_text([*orders, account]), head.at)
    spent = {row["scope"]: row["n"] for row in rows}
    left = vouchers_per_hour - spent.get(account, 0)
    refused: set[UUID] = set()
    for order_id, units in orders.items():
        used_up = order_id not in counted and spent.get(order_id, 0) >= per_order_hour
        if used_up or units > left:
            refused.add(order_id)
        else:
            left -= units
    taken = {order_id: units for order_id, units in orders.items() if order_id not in refused}
    if taken:
        numbers = [*(int(order_id not in counted) for order_id in taken), sum(taken.values())]
        await conn.execute(
            ADD, account, head.at, array_text([*taken, account]), array_text(numbers)
        )
    return refused, head
