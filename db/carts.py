"""Carts: what somebody means to buy, at the prices last shown. A cart is ordered once.

Viewers own their carts; the worker locks one and marks it as ordered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection, Record
from domain.carts import Cart, CartLine
from domain.money import Money

COLUMNS = "c.id, c.account, c.order_id, c.updated_at"

LINES = """
SELECT l.id, l.cart_id, l.product_id, l.provider, l.sku, l.face_value, l.face_currency, l.quantity,
       l.fee, l.total, l.currency, l.quoted_at
  FROM cart_lines l WHERE l.cart_id = ANY($1) ORDER BY l.cart_id, l.position"""

INSERT_LINES = """
INSERT INTO cart_lines (id, account, cart_id, position, product_id, provider, sku, face_value,
                        face_currency, quantity, fee, total, currency, quoted_at)
SELECT id, $1, $2, position, product_id, provider, sku, face_value, face_currency, quantity, fee,
       total, currency, quoted_at
  FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::text[],
              $9::bigint[], $10::numeric[], $11::numeric[], $12::text[], $13::timestamptz[])
  WITH ORDINALITY AS n (id, product_id, provider, sku, face_value, face_currency, quantity, fee,
                        total, currency, quoted_at, position)"""

SET_QUOTES = """
UPDATE cart_lines l
   SET fee = n.fee, total = n.total, currency = n.currency, quoted_at = n.quoted_at
  FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::text[], $5::timestamptz[])
       AS n (id, fee, total, currency, quoted_at)
 WHERE l.id = n.id"""


@dataclass(frozen=True, slots=True)
class CartLineRow:
    """A line as recorded, at the price last shown. Its product is named, not read."""

    id: UUID
    product_id: UUID
    provider: str
    sku: str
    face_value: Money
    quantity: int
    fee: Money
    total: Money
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class CartRow:
    """A cart as recorded, its lines in their order. `order_id` once it was ordered."""

    id: UUID
    account: UUID
    order_id: UUID | None
    updated_at: datetime
    lines: tuple[CartLineRow, ...]


async def add(conn: Connection, cart: Cart) -> None:
    """Insert a cart with its lines."""
    await conn.execute(
        "INSERT INTO carts (id, account, updated_at) VALUES ($1, $2, $3)",
        *(cart.id, cart.account, cart.updated_at),
    )
    await _add_lines(conn, cart.account, cart.id, cart.lines)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, CartRow]:
    """The carts that are there with their lines, in two statements."""
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM carts c WHERE c.id = ANY($1)", list(ids))  # noqa: S608
    return await _with_lines(conn, rows)


async def lock(conn: Connection, id: UUID) -> CartRow | None:
    """The cart as it stands, held until the transaction ends; the first lock of any transaction."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM carts c WHERE c.id = $1 FOR NO KEY UPDATE",  # noqa: S608
        id,
    )
    return (await _with_lines(conn, rows)).get(id)


async def put_lines(conn: Connection, cart_id: UUID, lines: Sequence[CartLine]) -> datetime | None:
    """Replace all lines of a cart; when it was changed, None: no such cart. Lock it before."""
    row = await conn.fetchrow(
        "UPDATE carts SET updated_at = greatest(clock_timestamp(),"
        " updated_at + interval '1 microsecond') WHERE id = $1 RETURNING account, updated_at",
        cart_id,
    )
    if row is None:
        return None
    await conn.execute("DELETE FROM cart_lines WHERE cart_id = $1", cart_id)
    await _add_lines(conn, row["account"], cart_id, lines)
    changed_at: datetime = row["updated_at"]
    return changed_at


async def set_quotes(
    conn: Connection, quotes: Mapping[UUID, tuple[Money, Money, datetime]]
) -> None:
    """Record prices just shown: (fee, total, quoted at) by line. It is no change of the cart."""
    ids = sorted(quotes)
    found = [quotes[id] for id in ids]
    if any(fee.currency != total.currency for fee, total, _ in found):
        raise ValueError("the fee and the total of a cart line have one currency")
    await conn.execute(
        SET_QUOTES,
        ids,
        [fee.amount for fee, _, _ in found],
        [total.amount for _, total, _ in found],
        [total.currency for _, total, _ in found],
        [quoted_at for _, _, quoted_at in found],
    )


async def set_ordered(conn: Connection, cart_id: UUID, order_id: UUID) -> bool:
    """Mark a cart as ordered; False when it was already. Lock it before."""
    found = await conn.fetchval(
        "UPDATE carts SET order_id = $2 WHERE id = $1 AND order_id IS NULL RETURNING true",
        *(cart_id, order_id),
    )
    return bool(found)


async def _add_lines(
    conn: Connection, account: UUID, cart_id: UUID, lines: Sequence[CartLine]
) -> None:
    if any(line.fee.currency != line.total.currency for line in lines):
        raise ValueError("the fee and the total of a cart line have one currency")
    if not lines:
        return
    await conn.execute(
        INSERT_LINES,
        account,
        cart_id,
        [line.id for line in lines],
        [line.product.id for line in lines],
        [line.product.provider_name for line in lines],
        [line.product.listing.sku for line in lines],
        [line.face_value.amount for line in lines],
        [line.face_value.currency for line in lines],
        [line.quantity for line in lines],
        [line.fee.amount for line in lines],
        [line.total.amount for line in lines],
        [line.total.currency for line in lines],
        [line.quoted_at for line in lines],
    )


async def _with_lines(conn: Connection, rows: Sequence[Record]) -> dict[UUID, CartRow]:
    lines: dict[UUID, list[CartLineRow]] = {row["id"]: [] for row in rows}
    for row in await conn.fetch(LINES, list(lines)) if lines else ():
        lines[row["cart_id"]].append(_line(row))
    return {
        row["id"]: CartRow(
            row["id"], row["account"], row["order_id"], row["updated_at"], tuple(lines[row["id"]])
        )
        for row in rows
    }


def _line(row: Record) -> CartLineRow:
    return CartLineRow(
        id=row["id"],
        product_id=row["product_id"],
        provider=row["provider"],
        sku=row["sku"],
        face_value=Money(row["face_value"], row["face_currency"]),
        quantity=row["quantity"],
        fee=Money(row["fee"], row["currency"]),
        total=Money(row["total"], row["currency"]),
        quoted_at=row["quoted_at"],
    )
