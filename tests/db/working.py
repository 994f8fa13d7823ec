"""Claiming, settling and looking at what a placed order came to; for several test modules."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from db import claims, fulfillments, orders, vouchers, wallets
from db.claims import Claim, Settlement
from db.pool import Database
from domain.orders import Fulfillment, FulfillmentStatus, OrderStatus
from domain.vouchers import VoucherState
from tests.db import samples
from tests.db.samples import NOON, Whole

LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)
State = FulfillmentStatus


@pytest.fixture
async def account(database: Database) -> UUID:
    found = await samples.account(database, "demo")
    await samples.funded(database, found, "100 INR")
    return found


@pytest.fixture
async def placed(database: Database, account: UUID) -> AsyncIterator[Whole]:
    """Three units for 100 INR, held. At the end the wallet holds what the order has left."""
    sample = samples.placed(account)
    await samples.stored(database, sample)
    yield sample
    async with database.worker() as conn:
        part = (await fulfillments.by_ids(conn, [sample.fulfillment.id]))[sample.fulfillment.id]
        found = await wallets.totals_of_orders(conn, [sample.order.id])
        money = found[sample.order.id]["INR"]
        [balance] = await wallets.balances(conn, account)
    ended = part.progress.delivered + part.progress.failed == part.progress.quantity
    assert (money.held.amount == 0) == ended
    assert money.held == balance.held


async def claimed(database: Database, of: Whole, lease: timedelta = LEASE) -> Claim:
    async with database.worker() as conn:
        await conn.execute("UPDATE fulfillments SET due_at = now() WHERE due_at IS NULL")
        found = await claims.claim(conn, of.fulfillment.id, lease)
    assert found is not None
    return found


async def again(database: Database, of: Whole, lease: timedelta = LEASE) -> Claim:
    async with database.worker() as conn:
        await conn.execute("UPDATE fulfillments SET due_at = now()")
    return await claimed(database, of, lease)


def told(state: FulfillmentStatus, **more: object) -> Settlement:
    defaults: dict[str, object] = {
        "word": OrderStatus.PROCESSING, "final": False, "delivered": 0, "observed_at": NOON,
    }  # fmt: skip
    return Settlement(state, **(defaults | more))  # type: ignore[arg-type]


async def settle(database: Database, claim: Claim, news: Settlement) -> Fulfillment | None:
    async with database.worker() as conn:
        await orders.lock(conn, claim.order_id)
        return await claims.settle(conn, claim, news)


async def arrived(database: Database, claim: Claim, of: Whole, *codes: str) -> Fulfillment:
    """Store units and settle in one transaction, as ordering does."""
    async with database.worker() as conn:
        await orders.lock(conn, claim.order_id)
        await vouchers.add(conn, [samples.voucher(of, code) for code in codes])
        found = await claims.settle(conn, claim, told(State.ACCEPTED, delivered=len(codes)))
    assert found is not None
    return found


async def states(database: Database, of: Whole) -> list[VoucherState]:
    async with database.worker() as conn:
        rows = await conn.fetch(
            "SELECT state FROM vouchers WHERE fulfillment_id = $1 ORDER BY id", of.fulfillment.id
        )
    return [VoucherState(row["state"]) for row in rows]


async def free(database: Database, account: UUID) -> str:
    return str((await samples.pockets(database, account))["INR"][0].normalize())  # type: ignore[union-attr]


async def column(database: Database, of: Whole, name: str) -> object:
    async with database.worker() as conn:
        return await conn.fetchval(
            f"SELECT {name} FROM fulfillments WHERE id = $1",  # noqa: S608
            of.fulfillment.id,
        )
