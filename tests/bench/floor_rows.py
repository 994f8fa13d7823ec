"""The floor's reads, written by hand: the service's own statements in one transaction each."""

import base64
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.pool import Pool, PoolConnectionProxy

from db import fulfillments, listings, order_lines, orders, vouchers
from domain.ids import Kind
from domain.money import MINOR_DIGITS
from providers import REGISTRY
from tests.bench.floor_calls import Upstream, Words

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Rows = Sequence[asyncpg.Record]
Heard = Mapping[str, tuple[Words, datetime]]

ORDERS = f"SELECT {orders.COLUMNS} FROM orders o WHERE true ORDER BY o.placed_at DESC, o.id DESC LIMIT $1::bigint"  # noqa: S608, E501
ORDER = f"SELECT {orders.COLUMNS} FROM orders o WHERE o.id = ANY($1)"  # noqa: S608
FULFILLMENTS = (
    f"SELECT {fulfillments.COLUMNS} FROM fulfillments f WHERE f.order_id = ANY($1) ORDER BY f.id"  # noqa: S608
)
LINES = order_lines.SELECT.format(column="order_id")
PRODUCTS = (
    f"SELECT {listings.COLUMNS} FROM products p"  # noqa: S608
    " JOIN unnest($1::text[], $2::text[]) AS k (provider, sku)"
    " ON p.provider = k.provider AND p.sku = k.sku"
)
VOUCHERS = (
    "SELECT found.* FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (order_id, position),"  # noqa: S608
    f" LATERAL (SELECT {vouchers.COLUMNS} FROM vouchers v WHERE (v.order_id = wanted.order_id)"
    " ORDER BY v.id ASC LIMIT $2::bigint) AS found ORDER BY wanted.position, found.id ASC"
)
OPEN_STATES = frozenset({"ready", "sending", "accepted", "unknown", "needs_review"})


@asynccontextmanager
async def viewer(pool: "Pool[asyncpg.Record]", account: UUID) -> AsyncIterator[Connection]:
    """A transaction as vg_viewer, opened by the service's own message."""
    async with pool.acquire() as conn:
        await conn.execute(
            f"BEGIN; SET LOCAL ROLE vg_viewer; SET LOCAL vg.account = '{UUID(int=account.int)}'"
        )
        try:
            yield conn
        except BaseException:
            await conn.execute("ROLLBACK")
            raise
        await conn.execute("COMMIT")


def shown_id(kind: Kind, id: UUID) -> str:
    return base64.urlsafe_b64encode(bytes([kind]) + id.bytes).rstrip(b"=").decode()


def row_id(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[1:])


def instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def money(row: asyncpg.Record, amount: str, currency: str) -> dict[str, str]:
    code = row[currency]
    return {"amount": f"{row[amount]:.{MINOR_DIGITS.get(code, 2)}f}", "currency": code}


def voucher(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": shown_id(Kind.VOUCHER, row["id"]),
        "type": row["type"],
        "state": row["state"],
        "maskedCode": row["masked_code"],
        "expiresAt": instant(row["expires_at"]),
        "faceValue": money(row, "face_value", "currency"),
    }


def grouped(rows: Rows, column: str = "order_id") -> Mapping[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def is_open(row: asyncpg.Record) -> bool:
    return row["state"] in OPEN_STATES or (
        row["state"] == "partially_fulfilled" and not row["final"]
    )


async def page_of_vouchers(pool: "Pool[asyncpg.Record]", account: UUID) -> Any:
    """B4: orders with their vouchers."""
    async with viewer(pool, account) as conn:
        found = await conn.fetch(ORDERS, 101)
        units = grouped(await conn.fetch(VOUCHERS, [row["id"] for row in found[:100]], 11))
    nodes = [
        {
            "id": shown_id(Kind.ORDER, row["id"]),
            "vouchers": {"nodes": [voucher(unit) for unit in units[row["id"]][:10]]},
        }
        for row in found[:100]
    ]
    return {"orders": {"nodes": nodes}}


async def page_of_orders(
    pool: "Pool[asyncpg.Record]", account: UUID, upstream: Upstream
) -> tuple[Any, Rows, Heard]:
    """B2 and B3: the page, what was open, and what the providers said of it."""
    async with viewer(pool, account) as conn:
        found = await conn.fetch(ORDERS, 51)
        more, found = len(found) > 50, found[:50]
        ids = [row["id"] for row in found]
        parts_of = grouped(parts := await conn.fetch(FULFILLMENTS, ids))
        lines_of = grouped(lines := await conn.fetch(LINES, ids))
        products = await conn.fetch(
            PRODUCTS,
            *zip(*{(row["provider"], row["sku"]) for row in lines if row["sku"]}, strict=True),
        )
        units_of = grouped(await conn.fetch(VOUCHERS, ids, 11))
    asked = [row for row in parts if is_open(row)]
    heard = await upstream.words(asked)
    by_key = {(row["provider"], row["sku"]): row for row in products}
    nodes = [
        _order(row, lines_of[row["id"]], parts_of[row["id"]], units_of[row["id"]], by_key, heard)
        for row in found
    ]
    return {"orders": {"nodes": nodes, "pageInfo": {"hasNextPage": more}}}, asked, heard


def _order(
    row: asyncpg.Record,
    lines: Rows,
    parts: Rows,
    units: Rows,
    products: Mapping[tuple[str, str], asyncpg.Record],
    heard: Heard,
) -> dict[str, Any]:
    status, live = live_status(row, parts, heard)
    return {
        "id": shown_id(Kind.ORDER, row["id"]),
        "reference": row["reference"],
        "status": status,
        "settled": row["settled"],
        "live": live,
        "placedAt": instant(row["placed_at"]),
        "lines": [_line(line, products.get((line["provider"], line["sku"]))) for line in lines],
        "fulfillments": [_part(part, heard) for part in parts],
        "vouchers": {"nodes": [voucher(unit) for unit in units[:10]]},
    }


def live_status(row: asyncpg.Record, parts: Rows, heard: Heard) -> tuple[str, bool]:
    """The word of the one provider where it is open; nothing of it is delivered in this world."""
    if row["settled"]:
        return row["status"], False
    words = [word for part in parts if (word := said(part, heard))]
    if not words:
        return row["status"], False
    return ("PENDING" if words == ["PENDING"] else "PROCESSING"), True


def said(part: asyncpg.Record, heard: Heard) -> str | None:
    """Our word for what its provider just said of it."""
    answer = heard.get(part["provider"])
    word = answer[0].get(part["provider_order_id"]) if answer else None
    return word[1] if word else None


def _line(row: asyncpg.Record, product: asyncpg.Record | None) -> dict[str, Any]:
    return {
        "productName": row["product_name"],
        "quantity": row["quantity"],
        "faceValue": money(row, "face_value", "face_currency"),
        "total": money(row, "total", "currency"),
        "product": product
        and {
            "id": shown_id(Kind.PRODUCT, product["id"]),
            "name": product["name"],
            "brand": product["brand"],
        },
    }


def _part(row: asyncpg.Record, heard: Heard) -> dict[str, Any]:
    name = row["provider"]
    return {
        "provider": {"name": name, "displayName": REGISTRY[name].display_name},
        "status": row["state"].upper(),
        "live": is_open(row) and said(row, heard) is not None,
        "providerOrderId": row["provider_order_id"],
        "delivered": row["delivered"],
        "total": row["quantity"],
    }
