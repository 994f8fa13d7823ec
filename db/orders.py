"""Orders: what the buyer agreed to.

Lock order: cart, order, fulfillments by id, wallets by currency, audit head, event head.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from db import fulfillments as fulfillment_rows
from db import order_lines
from db.fulfillments import NewFulfillment
from db.keyset import Conditions, keyset
from db.pool import Connection, Record
from db.records import maker
from domain.orders import (
    CountInterval,
    Order,
    OrderCount,
    OrderFilter,
    OrderLine,
    OrderOrigin,
    OrderStatus,
)
from domain.pages import Page, Slice
from domain.pages import page as sliced

COLUMNS = (
    "o.id, o.account, o.reference, o.origin, o.status, o.settled, o.placed_at, o.updated_at,"
    " o.last_sequence"
)
ORIGINS = {origin.value: origin for origin in OrderOrigin}
STATUSES = {status.value: status for status in OrderStatus}
make_order = maker(Order)
NEWEST = (("o.placed_at", "timestamptz"), ("o.id", "uuid"))

BY_REFERENCE = """(
    SELECT r.id FROM orders r WHERE r.reference = {0}
    UNION SELECT f.order_id FROM fulfillments f WHERE f.reference = {0})"""

BY_PROVIDER_ORDER = f"""
SELECT {COLUMNS} FROM orders o WHERE o.id IN (
    SELECT f.order_id FROM fulfillments f WHERE f.provider = $1 AND f.provider_order_id = $2
    UNION SELECT f.order_id
            FROM fulfillment_aliases a JOIN fulfillments f ON f.id = a.fulfillment_id
           WHERE a.provider = $1 AND a.alias = $2)
ORDER BY o.placed_at DESC, o.id DESC LIMIT 10"""  # noqa: S608

INSERT = """
INSERT INTO orders (id, account, reference, origin, status, settled, idempotency_key, placed_at,
                    updated_at, fingerprint, cart_id, client_id, recipient)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""

ERASE = """
WITH old AS (
    UPDATE orders SET recipient = NULL
     WHERE recipient IS NOT NULL AND settled AND updated_at < now() - $1::interval
    RETURNING id),
bodies AS (
    UPDATE fulfillments f SET body = NULL FROM old WHERE f.order_id = old.id AND f.body IS NOT NULL)
SELECT count(*) FROM old"""

# The promises that a second acceptance of the same key, or of the same cart, runs into.
KEY_TAKEN = "orders_account_idempotency_key_key"
CART_TAKEN = "orders_cart"


class Conflict(Exception):
    """Something of the kind is there already; `constraint` names the promise that was kept.

    The transaction is over: leave it, and look up what is there in another one.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__(f"already there: {constraint}")
        self.constraint = constraint


async def page(conn: Connection, wanted: OrderFilter, cut: Slice) -> Page[Order]:
    """Orders newest first; keys are (placed_at, id)."""
    conditions = _conditions(wanted)
    tail = keyset(conditions, cut, NEWEST, descending=True)
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM orders o WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    found = map(_order, rows)
    return sliced([((order.placed_at, order.id), order) for order in found], cut)


async def count(conn: Connection, wanted: OrderFilter, limit: int = 10_000) -> int | None:
    """How many orders match, exactly; None for more than the limit."""
    conditions = _conditions(wanted)
    most = conditions.argument(limit + 1, "bigint")
    number: int = await conn.fetchval(
        f"SELECT count(*) FROM"  # noqa: S608
        f" (SELECT FROM orders o WHERE {conditions.where()} LIMIT {most}) found",
        *conditions.arguments,
    )
    return None if number > limit else number


async def counts(
    conn: Connection,
    since: datetime,
    until: datetime,
    by: CountInterval,
    account: UUID | None = None,
) -> list[OrderCount]:
    """Orders placed from `since` until before `until` by recorded status, oldest first.

    Hours and days are those of UTC; one without an order is left out. As worker: of all accounts.
    """
    conditions = Conditions()
    conditions.add(f"o.placed_at >= {conditions.argument(since, 'timestamptz')}")
    conditions.add(f"o.placed_at < {conditions.argument(until, 'timestamptz')}")
    if account is not None:
        conditions.add(f"o.account = {conditions.argument(account, 'uuid')}")
    start = f"date_trunc({conditions.argument(by.value, 'text')}, o.placed_at, 'UTC')"
    rows = await conn.fetch(
        f"SELECT {start} AS start, o.status, count(*) AS count FROM orders o"  # noqa: S608
        f" WHERE {conditions.where()} GROUP BY 1, 2 ORDER BY 1, 2",
        *conditions.arguments,
    )
    return [OrderCount(row["start"], OrderStatus(row["status"]), row["count"]) for row in rows]


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Order]:
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM orders o WHERE o.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _order(row) for row in rows}


async def by_reference(conn: Connection, reference: str) -> list[Order]:
    """Orders with that reference, or with a fulfillment of that reference; at most 10."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM orders o WHERE o.id IN {BY_REFERENCE.format('$1::text')}"  # noqa: S608
        " ORDER BY o.placed_at DESC, o.id DESC LIMIT 10",
        reference,
    )
    return [_order(row) for row in rows]


async def by_provider_order(conn: Connection, provider: str, order_id: str) -> list[Order]:
    """Orders whose fulfillment that provider knows by this id or alias; at most 10."""
    return [_order(row) for row in await conn.fetch(BY_PROVIDER_ORDER, provider, order_id)]


async def by_key(conn: Connection, account: UUID, key: str) -> tuple[Order, bytes | None] | None:
    """The order placed under this idempotency key, and the fingerprint of its request."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS}, o.fingerprint FROM orders o"  # noqa: S608
        " WHERE o.account = $1 AND o.idempotency_key = $2",
        *(account, key),
    )
    return (_order(row), row["fingerprint"]) if row else None


async def placed_under(conn: Connection, order_id: UUID) -> str | None:
    """The idempotency key that an order was placed under; None for imported ones. As worker."""
    key: str | None = await conn.fetchval(
        "SELECT idempotency_key FROM orders WHERE id = $1", order_id
    )
    return key


async def recipient(conn: Connection, order_id: UUID) -> bytes | None:
    """The sealed recipient of an order; None when it has none, or it was erased."""
    sealed: bytes | None = await conn.fetchval(
        "SELECT recipient FROM orders WHERE id = $1", order_id
    )
    return sealed


async def erase_recipients(conn: Connection, settled_for: timedelta) -> int:
    """Erase whom orders settled that long ago went to, their requests too; how many. As worker."""
    number: int = await conn.fetchval(ERASE, settled_for)
    return number


async def lock(conn: Connection, order_id: UUID) -> Order | None:
    """The order as it stands, held until the transaction ends; None: not there, or not theirs."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM orders o WHERE o.id = $1 FOR NO KEY UPDATE",  # noqa: S608
        order_id,
    )
    return _order(row) if row else None


async def add(
    conn: Connection,
    order: Order,
    lines: Sequence[OrderLine],
    fulfillments: Sequence[NewFulfillment],
    *,
    idempotency_key: str | None = None,
    fingerprint: bytes | None = None,
    cart_id: UUID | None = None,
    client_id: UUID | None = None,
    recipient: bytes | None = None,
) -> None:
    """Insert an order whole; Conflict when its reference, key, cart or provider order is there.

    The references of a placed order are ours, and unique; those of an imported one need not be.
    `recipient` is sealed; `fingerprint` is that of the request that came with the key.
    """
    try:
        await conn.execute(
            INSERT,
            *(order.id, order.account, order.reference, order.origin.value, order.status.value),
            *(order.settled, idempotency_key, order.placed_at, order.updated_at),
            *(fingerprint, cart_id, client_id, recipient),
        )
        await order_lines.add(conn, order.account, lines)
        await fulfillment_rows.add(
            conn,
            fulfillments,
            ours=order.origin is OrderOrigin.PLACED,
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(error.constraint_name or "unknown") from None


async def set_status(
    conn: Connection, order_id: UUID, status: OrderStatus, *, settled: bool
) -> bool:
    """Record the derived status; whether it or `settled` changed. Lock the order first."""
    found = await conn.fetchval(
        "UPDATE orders SET status = $2, settled = $3, updated_at = now()"
        " WHERE id = $1 AND (status, settled) <> ($2, $3) RETURNING true",
        order_id,
        status.value,
        settled,
    )
    return bool(found)


def _conditions(wanted: OrderFilter) -> Conditions:
    conditions = Conditions()
    if wanted.status is not None:
        statuses = conditions.argument([status.value for status in wanted.status], "text[]")
        conditions.add(f"o.status = ANY({statuses})")
    if wanted.provider is not None:
        providers = conditions.argument(list(wanted.provider), "text[]")
        conditions.add(
            "EXISTS (SELECT FROM fulfillments f"
            f" WHERE f.order_id = o.id AND f.provider = ANY({providers}))"
        )
    if wanted.placed_after is not None:
        conditions.add(f"o.placed_at > {conditions.argument(wanted.placed_after, 'timestamptz')}")
    if wanted.placed_before is not None:
        conditions.add(f"o.placed_at < {conditions.argument(wanted.placed_before, 'timestamptz')}")
    if wanted.reference is not None:
        reference = conditions.argument(wanted.reference, "text")
        conditions.add(f"o.id IN {BY_REFERENCE.format(reference)}")
    return conditions


def _order(row: Record) -> Order:
    """A row that begins with COLUMNS as a record."""
    id, account, reference, origin, status, settled, placed_at, updated_at, sequence, *_ = row
    return make_order(
        *(id, account, reference, ORIGINS[origin], STATUSES[status], settled),
        *(placed_at, updated_at, sequence),
    )
