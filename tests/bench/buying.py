"""Whoever buys in the benchmark: an account of its own, with money, and carts without end."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from app.auth.api_keys import Credentials
from db import products, wallets
from db.pool import Database
from domain.ids import Kind, global_id, uuid7
from domain.money import Money
from ordering.quotes import recorded

PROVIDER = "enkash"  # its answer to a place has the vouchers in it
MONEY = Money(Decimal(10**12), "INR")

CLIENT = """
WITH account AS (INSERT INTO accounts (id, name) VALUES ($1, $2) RETURNING id)
INSERT INTO api_clients (id, account, key_id, name, secret_mac, pepper_version, scopes, demo)
SELECT $3, account.id, $4, $2, c.secret_mac, c.pepper_version, c.scopes, c.demo
  FROM account, api_clients c WHERE c.key_id = $5"""

CARTS = """
WITH made AS (
    INSERT INTO carts (id, account, updated_at)
    SELECT gen_random_uuid(), $1, now() FROM generate_series(1, $2::bigint) RETURNING id),
filled AS (
    INSERT INTO cart_lines (id, account, cart_id, position, product_id, provider, sku, face_value,
                            face_currency, quantity, fee, total, currency, quoted_at)
    SELECT gen_random_uuid(), $1, made.id, 1, $3, $4, $5, $6, $7, 1, 0, $8, $9, now() FROM made)
SELECT id FROM made"""


@dataclass(frozen=True, slots=True)
class Buyer:
    """An account and the one line that each of its carts holds."""

    dsn: str
    account: UUID
    line: tuple[Any, ...]

    async def bodies(self, query: str, number: int) -> list[dict[str, Any]]:
        """So many requests, each for a cart just made and with a key of its own."""
        connection = await asyncpg.connect(self.dsn)
        try:
            rows = await connection.fetch(CARTS, self.account, number, *self.line)
        finally:
            await connection.close()
        return [
            {
                "query": query,
                "variables": {
                    "input": {
                        "cartId": global_id(Kind.CART, row["id"]),
                        "idempotencyKey": str(uuid.uuid4()),
                    }
                },
            }
            for row in rows
        ]


async def added(
    connection: "asyncpg.Connection[asyncpg.Record]", name: str, like: Mapping[str, str]
) -> tuple[UUID, dict[str, str]]:
    """A new account with one client, whose rights and secret are those of another one."""
    account, key = uuid7(), Credentials.mint("sandbox").key
    await connection.execute(CLIENT, account, name, uuid7(), key, like["key"])
    return account, {"key": key, "secret": like["secret"]}


async def opened(database: Database, dsn: str, account: UUID, goods: Mapping[str, str]) -> Buyer:
    """Money for an account, and what it buys: one unit of the goods, at the recorded price."""
    face = Money(Decimal(goods["face"]), "INR")
    async with database.worker() as conn:
        await wallets.top_up(conn, account, MONEY, "bench")
        keys = [(PROVIDER, goods["sku"])]
        product = (await products.by_keys(conn, keys))[keys[0]]
    quote = recorded(product.listing.denominations, face, 1)
    if quote is None:
        raise LookupError("the goods are not in the recorded catalog")
    total = quote.total
    line = (product.id, PROVIDER, goods["sku"], face.amount, face.currency)
    return Buyer(dsn, account, (*line, total.amount, total.currency))
