"""What the database holds: a page imported through the API, and a hundred delivered orders."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import aiohttp

from db import accounts, orders, vouchers
from db.fulfillments import NewFulfillment
from db.pool import Database
from domain.catalog import VoucherType
from domain.ids import uuid7
from domain.money import Money, zero
from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderLine,
    OrderOrigin,
    OrderStatus,
    Progress,
)
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from ordering.keys import Keys
from ordering.sealing import seal_all
from tests.bench.workloads import BATCH_ORDERS, BATCH_VOUCHERS
from vault import Vault

# Open and settled orders of each provider: half of a page of 50.
COUNTS = {"enkash": (7, 6), "starship": (6, 6), "xoxoday": (6, 6), "woohoo": (6, 7)}
SETTLED = "starship"  # the provider of the one settled order
# The provider of the one open order: it sets no limit to how often one order is read.
OPEN = "enkash"
AT_ONCE = 8
EACH = Money(Decimal(100), "INR")

IMPORT = """mutation Import($input: OrderImportInput!) {
  orderImport(input: $input) { order { id settled } problems { code message } }
}"""


class SeedingFailed(Exception):
    """The database does not hold what the workloads ask for."""


async def imported(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], upstream: Any
) -> dict[str, str]:
    """Import the page's orders as an operator does; the two that are asked for alone, by name."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(provider: str, order_id: str, *, settled: bool) -> str:
        body = {
            "query": IMPORT,
            "variables": {"input": {"provider": provider, "orderId": order_id}},
        }
        async with turns, session.post(url, json=body, headers=headers) as response:
            answer = await response.json()
        order = ((answer.get("data") or {}).get("orderImport") or {}).get("order")
        if order is None or order["settled"] is not settled:
            raise SeedingFailed(f"{provider} did not import: {answer}")
        return str(order["id"])

    wanted = [
        (name, order_id, kind == "settled")
        for name, spec in upstream.items()
        for kind in ("open", "settled")
        for order_id in spec[kind]
    ]
    ids = await asyncio.gather(*(one(name, id, settled=done) for name, id, done in wanted))
    named = {(name, done): id for (name, _, done), id in zip(wanted, ids, strict=True)}
    return {"open": named[OPEN, False], "settled": named[SETTLED, True]}


async def add_delivered(database: Database, vault: Vault, keys: Keys, account_name: str) -> UUID:
    """A hundred delivered orders of ten vouchers each, sealed as ever; whose they are."""
    async with database.worker() as conn:
        account = await accounts.by_name(conn, account_name)
    if account is None:
        raise SeedingFailed(f"there is no account {account_name}")
    for number in range(BATCH_ORDERS):
        await _add(database, vault, keys, account.id, number)
    return account.id


async def _add(database: Database, vault: Vault, keys: Keys, account: UUID, number: int) -> None:
    order, line, fulfillment = _delivered(account, number)
    sealed = await seal_all(
        vault,
        keys,
        _issued(number),
        account=account,
        order_id=order.id,
        line_id=line.id,
        fulfillment_id=fulfillment.id,
        face_value=EACH,
    )
    async with database.worker() as conn:
        await orders.add(conn, order, [line], [NewFulfillment(fulfillment)])
        await vouchers.add(conn, sealed)


def _issued(number: int) -> Sequence[IssuedVoucher]:
    return [
        IssuedVoucher(VoucherType.CODE, code=Secret(f"BENCH-{number:04d}-{unit:04d}-CODE"))
        for unit in range(BATCH_VOUCHERS)
    ]


def _delivered(account: UUID, number: int) -> tuple[Order, OrderLine, Fulfillment]:
    at = datetime.now(UTC) - timedelta(hours=1, seconds=number)
    order = Order(
        uuid7(), account, f"VG-BENCH-{number:04d}", OrderOrigin.IMPORTED, OrderStatus.DELIVERED,
        settled=True, placed_at=at, updated_at=at, last_sequence=0,
    )  # fmt: skip
    line = OrderLine(
        uuid7(), order.id, SETTLED, "1", None, "A card", EACH, BATCH_VOUCHERS, zero("INR"),
        EACH.times(BATCH_VOUCHERS), 0, 0,
    )  # fmt: skip
    progress = Progress(
        FulfillmentStatus.FULFILLED, OrderStatus.DELIVERED, final=True,
        quantity=BATCH_VOUCHERS, delivered=BATCH_VOUCHERS,
    )  # fmt: skip
    fulfillment = Fulfillment(
        uuid7(), account, order.id, line.id, SETTLED, "bench", f"BENCH-{number}", f"BENCH-{number}",
        progress, "DELIVERED", at, at, None, None, version=1,
    )  # fmt: skip
    return order, line, fulfillment
