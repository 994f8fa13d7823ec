"""Order lines: each product of an order, with its frozen name and prices."""

from collections.abc import Sequence
from uuid import UUID

from db.pool import Connection, Record
from db.records import make_money, maker
from domain.orders import OrderLine

make_line = maker(OrderLine)

# Units are counted on the fulfillments; a second count here could only differ.
SELECT = """
SELECT l.id, l.order_id, l.provider, l.sku, l.product_id, l.product_name, l.face_value,
       l.face_currency, l.quantity, l.fee, l.total, l.currency,
       coalesce(sum(f.delivered), 0)::bigint AS delivered,
       coalesce(sum(f.failed), 0)::bigint AS failed
  FROM order_lines l LEFT JOIN fulfillments f ON f.line_id = l.id
 WHERE l.{column} = ANY($1)
 GROUP BY l.id
 ORDER BY l.order_id, l.position"""

INSERT = """
INSERT INTO order_lines (id, account, order_id, position, provider, sku, product_id, product_name,
                         face_value, face_currency, quantity, fee, total, currency)
SELECT id, $1, order_id, position, provider, sku, product_id, product_name,
       face_value, face_currency, quantity, fee, total, currency
  FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::numeric[],
              $9::text[], $10::bigint[], $11::numeric[], $12::numeric[], $13::text[])
  WITH ORDINALITY AS n (id, order_id, provider, sku, product_id, product_name, face_value,
                        face_currency, quantity, fee, total, currency, position)"""


async def by_orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, list[OrderLine]]:
    """The lines of each order, in their order; an order without any has an empty list."""
    found: dict[UUID, list[OrderLine]] = {order_id: [] for order_id in order_ids}
    for row in await conn.fetch(SELECT.format(column="order_id"), list(order_ids)):
        line = _line(row)
        found[line.order_id].append(line)
    return found


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, OrderLine]:
    rows = await conn.fetch(SELECT.format(column="id"), list(ids))
    return {row["id"]: _line(row) for row in rows}


async def add(conn: Connection, account: UUID, lines: Sequence[OrderLine]) -> None:
    """Insert the lines of one order in the order given. Their fee and total share one currency."""
    if any(line.fee.currency != line.total.currency for line in lines):
        raise ValueError("the fee and the total of an order line have one currency")
    await conn.execute(
        INSERT,
        account,
        [line.id for line in lines],
        [line.order_id for line in lines],
        [line.provider_name for line in lines],
        [line.sku for line in lines],
        [line.product_id for line in lines],
        [line.product_name for line in lines],
        [line.face_value.amount for line in lines],
        [line.face_value.currency for line in lines],
        [line.quantity for line in lines],
        [line.fee.amount for line in lines],
        [line.total.amount for line in lines],
        [line.total.currency for line in lines],
    )


async def set_quantity(conn: Connection, line_id: UUID, quantity: int) -> None:
    """For an imported order whose quantity became known only with its units. As worker."""
    await conn.execute("UPDATE order_lines SET quantity = $2 WHERE id = $1", line_id, quantity)


def _line(row: Record) -> OrderLine:
    """A row of SELECT as a record."""
    id, order_id, provider, sku, product_id, name, face_value, face_currency, *rest = row
    quantity, fee, total, currency, delivered, failed = rest
    return make_line(
        *(id, order_id, provider, sku, product_id, name, make_money(face_value, face_currency)),
        *(quantity, make_money(fee, currency), make_money(total, currency), delivered, failed),
    )
