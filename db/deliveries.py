"""Outgoing deliveries: the order log turned into work, one row for each event and endpoint.

`due_at` is new work, back-off and lease in one column, as in db/queue.py; `attempts` is the fence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.keyset import Conditions, keyset
from db.pool import Connection, Record
from domain.orders import OrderEventType, OrderStatus
from domain.pages import Page, Slice
from domain.pages import page as sliced
from domain.webhooks import Delivery, DeliveryState

COLUMNS = """d.id, d.account, d.endpoint_id, o.id AS event_id, d.sequence, d.state, d.attempts,
    d.response_status, d.duration_ms, d.problem, d.last_attempt_at, d.due_at, d.created_at"""
TABLES = (
    "endpoint_deliveries d JOIN order_events o ON o.account = d.account AND o.sequence = d.sequence"
)

# An endpoint that has this many messages waiting takes no more of the log for now.
MOST_WAITING = 10_000
ENDPOINTS_AT_ONCE = 20
BATCH = 500

# Who has least to catch up with goes first: a long replay holds up nobody. A row that is there
# already is sent again.
FEED = """
WITH behind AS (
    SELECT e.id, e.account, e.events, e.cursor FROM webhook_endpoints e
      JOIN event_heads h ON h.account = e.account
     WHERE e.enabled AND e.cursor < h.last
       AND (SELECT count(*) FROM (SELECT FROM endpoint_deliveries d
             WHERE d.endpoint_id = e.id AND d.due_at IS NOT NULL LIMIT $1) AS waiting) < $1
     ORDER BY h.last - e.cursor LIMIT $2
       FOR NO KEY UPDATE OF e SKIP LOCKED),
log AS (
    SELECT b.id AS endpoint_id, b.account, b.events, found.sequence, found.type
      FROM behind b CROSS JOIN LATERAL (
           SELECT o.sequence, o.type FROM order_events o
            WHERE o.account = b.account AND o.sequence > b.cursor
            ORDER BY o.sequence LIMIT $3) AS found),
added AS (
    INSERT INTO endpoint_deliveries (id, account, endpoint_id, sequence)
    SELECT gen_random_uuid(), l.account, l.endpoint_id, l.sequence FROM log l
     WHERE l.events = '{}' OR l.type = ANY(l.events)
    ON CONFLICT (endpoint_id, sequence) DO UPDATE
       SET state = 'pending', due_at = now(), sending = false, step = 0),
moved AS (
    UPDATE webhook_endpoints e SET cursor = reached.sequence
      FROM (SELECT endpoint_id, max(sequence) AS sequence FROM log GROUP BY endpoint_id) AS reached
     WHERE e.id = reached.endpoint_id)
SELECT count(*) FROM log"""

# Each endpoint has its own share, so that a slow one holds up nobody else; what is being sent by
# anybody counts, unless its lease has ended.
CLAIM = """
WITH due AS (
    SELECT share.id FROM webhook_endpoints e CROSS JOIN LATERAL (
           SELECT d.id, d.due_at FROM endpoint_deliveries d
            WHERE d.endpoint_id = e.id AND d.due_at <= now()
            ORDER BY d.due_at, d.sequence
            LIMIT greatest(0, $2 - (SELECT count(*) FROM endpoint_deliveries s
                    WHERE s.endpoint_id = e.id AND s.sending AND s.due_at > now()))
              FOR UPDATE SKIP LOCKED) AS share
     WHERE e.enabled ORDER BY share.due_at LIMIT $1),
taken AS (
    UPDATE endpoint_deliveries d
       SET sending = true, due_at = now() + $3, attempts = d.attempts + 1, step = d.step + 1,
           last_attempt_at = now()
      FROM due WHERE d.id = due.id
    RETURNING d.id, d.account, d.endpoint_id, d.sequence, d.attempts, d.step)
SELECT t.id, t.account, t.endpoint_id, e.url, t.attempts, t.step, t.sequence, o.id AS event_id,
       o.type, o.status, o.at, o.order_id, r.reference
  FROM taken t JOIN webhook_endpoints e ON e.id = t.endpoint_id
  JOIN order_events o ON o.account = t.account AND o.sequence = t.sequence
  JOIN orders r ON r.id = o.order_id"""

SETTLE = """
UPDATE endpoint_deliveries
   SET sending = false, state = $3, due_at = CASE $3 WHEN 'pending' THEN now() + $4::interval END,
       response_status = $5, duration_ms = $6, problem = $7
 WHERE id = $1 AND attempts = $2 AND sending
RETURNING true"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The right to send one message until its lease ends; `step` counts from 1."""

    id: UUID
    account: UUID
    endpoint_id: UUID
    url: str
    attempts: int
    step: int
    sequence: int
    event_id: UUID
    type: OrderEventType
    status: OrderStatus
    at: datetime
    order_id: UUID
    reference: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try. `retry_in` is for those that stay pending."""

    state: DeliveryState
    response_status: int | None
    duration_ms: int
    problem: str | None = None
    retry_in: timedelta | None = None


async def feed(conn: Connection) -> int:
    """Turn the next stretch of the log into deliveries, for some endpoints: the events read.

    An endpoint that takes only some types passes the others by. 0: nobody is behind.
    """
    number: int = await conn.fetchval(FEED, MOST_WAITING, ENDPOINTS_AT_ONCE, BATCH)
    return number


async def claim(conn: Connection, limit: int, per_endpoint: int, lease: timedelta) -> list[Claimed]:
    """Take what is due, at most so many of one endpoint, whoever else is sending."""
    rows = await conn.fetch(CLAIM, limit, per_endpoint, lease)
    return [
        Claimed(
            **{**row, "type": OrderEventType(row["type"]), "status": OrderStatus(row["status"])}
        )
        for row in sorted(rows, key=lambda row: row["sequence"])
    ]


async def settle(conn: Connection, claimed: Claimed, result: Result) -> bool:
    """Write down what came of it; False when somebody else has it by now, and nothing changed."""
    found = await conn.fetchval(
        SETTLE,
        *(claimed.id, claimed.attempts, result.state.lower(), result.retry_in),
        *(result.response_status, result.duration_ms, result.problem),
    )
    return bool(found)


async def resume(conn: Connection, endpoint_id: UUID) -> None:
    """All that waits for the endpoint is due now, with its whole schedule before it."""
    await conn.execute(
        "UPDATE endpoint_deliveries SET due_at = now(), step = 0"
        " WHERE endpoint_id = $1 AND due_at IS NOT NULL AND NOT sending",
        endpoint_id,
    )


async def page(conn: Connection, endpoint_id: UUID, cut: Slice) -> Page[Delivery]:
    """An endpoint's deliveries, newest event first; keys are (sequence,)."""
    conditions = Conditions()
    conditions.add(f"d.endpoint_id = {conditions.argument(endpoint_id, 'uuid')}")
    tail = keyset(conditions, cut, (("d.sequence", "bigint"),), descending=True)
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced([((row["sequence"],), _delivery(row)) for row in rows], cut)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Delivery]:
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE d.id = ANY($1)",  # noqa: S608
        list(ids),
    )
    return {row["id"]: _delivery(row) for row in rows}


async def forget(conn: Connection, older_than: timedelta) -> int:
    """Drop deliveries that ended so long ago; how many."""
    status = await conn.execute(
        "DELETE FROM endpoint_deliveries"
        " WHERE due_at IS NULL AND last_attempt_at < now() - $1::interval",
        older_than,
    )
    return int(status.rpartition(" ")[2])


def _delivery(row: Record) -> Delivery:
    return Delivery(**{**row, "state": DeliveryState(row["state"].upper())})
