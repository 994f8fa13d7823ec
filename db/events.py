"""An account's order log: numbered without gaps, visible in the order of its numbers."""

from collections.abc import Sequence
from uuid import UUID

from db.keyset import Conditions, keyset
from db.pool import Connection, Record, mention_events
from domain.ids import uuid7
from domain.orders import OrderEvent, OrderEventType, OrderStatus
from domain.pages import Page, Slice
from domain.pages import page as sliced

COLUMNS = "e.id, e.account, e.sequence, e.at, e.order_id, e.type, e.status"

# The orders first, then the head: the lock order of every transaction, held by data flow, since
# PostgreSQL runs the parts of one statement in any order otherwise.
APPEND = """
WITH locked AS MATERIALIZED (
    SELECT id FROM orders WHERE id = ANY($3::uuid[]) ORDER BY id FOR NO KEY UPDATE),
head AS (
    INSERT INTO event_heads AS h (account, last)
    SELECT $1::uuid, $6::bigint FROM (SELECT count(*) FROM locked) AS after_the_orders
    ON CONFLICT (account) DO UPDATE SET last = h.last + $6::bigint
    RETURNING h.last),
added AS (
    INSERT INTO order_events (account, sequence, id, order_id, type, status)
    SELECT $1::uuid, head.last - $6::bigint + n.position, n.id, n.order_id, n.type, n.status
      FROM head, unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[])
           WITH ORDINALITY AS n (id, order_id, type, status, position)
    RETURNING sequence, order_id),
stamped AS (
    UPDATE orders o SET last_sequence = newest.sequence
      FROM (SELECT order_id, max(sequence) AS sequence FROM added GROUP BY order_id) AS newest
     WHERE o.id = newest.order_id)
SELECT sequence FROM added ORDER BY sequence"""


async def append(
    conn: Connection,
    account: UUID,
    events: Sequence[tuple[UUID, OrderEventType, OrderStatus]],
) -> list[int]:
    """Write (order id, type, status) into the log, and the numbers into the orders; the numbers.

    It must be the last statement before COMMIT: the head stays locked from here on, and everything
    else of the account waits for it. After the COMMIT all who follow the log are woken.
    """
    if not events:
        return []
    mention_events()
    rows = await conn.fetch(
        APPEND,
        account,
        [uuid7() for _ in events],
        [order_id for order_id, _, _ in events],
        [kind.value for _, kind, _ in events],
        [status.value for _, _, status in events],
        len(events),
    )
    return [row["sequence"] for row in rows]


async def page(
    conn: Connection, account: UUID, cut: Slice, order_ids: Sequence[UUID] | None = None
) -> Page[OrderEvent]:
    """A slice of the log, oldest first, of some orders or all; keys are (sequence,)."""
    conditions = Conditions()
    conditions.add(f"e.account = {conditions.argument(account, 'uuid')}")
    if order_ids is not None:
        conditions.add(f"e.order_id = ANY({conditions.argument(list(order_ids), 'uuid[]')})")
    tail = keyset(conditions, cut, (("e.sequence", "bigint"),))
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM order_events e WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced([((row["sequence"],), _event(row)) for row in rows], cut)


async def first_of_orders(
    conn: Connection, order_ids: Sequence[UUID], cut: Slice
) -> dict[UUID, Page[OrderEvent]]:
    """The same slice of each order's events, in one statement; keys are (sequence,)."""
    conditions = Conditions()
    wanted = conditions.argument(list(order_ids), "uuid[]")
    conditions.add("e.order_id = wanted.order_id")
    tail = keyset(conditions, cut, (("e.sequence", "bigint"),))
    rows = await conn.fetch(
        f"SELECT found.* FROM unnest({wanted}) WITH ORDINALITY AS wanted (order_id, position),"  # noqa: S608
        f" LATERAL (SELECT {COLUMNS} FROM order_events e"
        f" WHERE {conditions.where()} {tail}) AS found"
        f" ORDER BY wanted.position, found.sequence {'DESC' if cut.backward else 'ASC'}",
        *conditions.arguments,
    )
    found: dict[UUID, list[tuple[tuple[object, ...], OrderEvent]]] = {key: [] for key in order_ids}
    for row in rows:
        found[row["order_id"]].append(((row["sequence"],), _event(row)))
    return {order_id: sliced(items, cut) for order_id, items in found.items()}


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, OrderEvent]:
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM order_events e WHERE e.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _event(row) for row in rows}


async def since(
    conn: Connection, account: UUID, sequence: int, limit: int
) -> tuple[OrderEvent, ...]:
    """What comes after that number in the account's log, oldest first."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM order_events e"  # noqa: S608
        " WHERE e.account = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT $3",
        account,
        sequence,
        limit,
    )
    return tuple(_event(row) for row in rows)


async def heads(conn: Connection, accounts: Sequence[UUID]) -> dict[UUID, int]:
    """The newest number of each of these logs; none for one without an event."""
    rows = await conn.fetch(
        "SELECT account, last FROM event_heads WHERE account = ANY($1::uuid[])", list(accounts)
    )
    return {row["account"]: row["last"] for row in rows}


async def last(conn: Connection, account: UUID) -> int:
    """The newest number of the account's log; 0 before the first event."""
    number: int | None = await conn.fetchval(
        "SELECT last FROM event_heads WHERE account = $1", account
    )
    return number or 0


def _event(row: Record) -> OrderEvent:
    return OrderEvent(
        id=row["id"],
        account=row["account"],
        sequence=row["sequence"],
        at=row["at"],
        order_id=row["order_id"],
        type=OrderEventType(row["type"]),
        status=OrderStatus(row["status"]),
    )
