"""What a client may spend in a day and in one order."""

import asyncio
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from db import clients, limits
from db.limits import SpendLimit
from db.pool import Database
from domain.ids import uuid7
from tests.db import samples

TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2)


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


@pytest.fixture
async def client(database: Database, account: UUID) -> UUID:
    """A client that may spend 100 INR a day and 60 in one order; any amount of USD."""
    new = clients.NewClient(uuid7(), account, "vgtest_1", "c", b"mac", 1, ("orders:place",))
    async with database.worker() as conn:
        await clients.add(conn, new)
        assert await limits.set_limit(conn, new.id, "INR", Decimal(100), Decimal(60))
        assert await limits.set_limit(conn, new.id, "EUR", None, Decimal(5))
    return new.id


async def spend(database: Database, client: UUID, day: date = TODAY, **amounts: int) -> str | None:
    async with database.worker() as conn:
        wanted = {currency: Decimal(amount) for currency, amount in amounts.items()}
        return await limits.spend(conn, client, wanted, day)


async def test_limits_are_of_the_day_and_of_one_order(database: Database, client: UUID) -> None:
    assert await spend(database, client, INR=61) == "INR"
    assert await spend(database, client, INR=60) is None
    assert await spend(database, client, INR=41) == "INR"
    assert await spend(database, client, INR=40) is None
    assert await spend(database, client, INR=1) == "INR"
    assert await spend(database, client, TOMORROW, INR=60) is None
    assert await spend(database, client, USD=10**9) is None
    assert await spend(database, client, EUR=6) == "EUR"


async def test_a_refused_order_counts_in_no_currency(
    database: Database, account: UUID, client: UUID
) -> None:
    assert await spend(database, client, USD=7, INR=20) is None
    assert await spend(database, client, USD=5, EUR=6, INR=10) == "EUR"
    async with database.viewer(account) as conn:
        spent = await limits.spent(conn, client, TODAY)
        assert await limits.of(conn, client) == [
            SpendLimit("EUR", None, Decimal(5)),
            SpendLimit("INR", Decimal(100), Decimal(60)),
        ]
    assert {name: int(amount) for name, amount in spent.items()} == {"USD": 7, "INR": 20, "EUR": 0}


async def test_orders_at_once_share_the_day_and_never_block_each_other(
    database: Database, client: UUID
) -> None:
    async def one(n: int) -> str | None:
        wanted = {"INR": 30, "USD": 1} if n % 2 else {"USD": 1, "INR": 30}
        return await spend(database, client, TODAY, **wanted)

    async with asyncio.timeout(20):
        said = await asyncio.gather(*(one(n) for n in range(20)))
    assert said.count(None) == 3


async def test_a_limit_may_be_changed_and_lifted(database: Database, client: UUID) -> None:
    async with database.worker() as conn:
        assert await limits.set_limit(conn, client, "INR", None, None)
        assert not await limits.set_limit(conn, uuid7(), "INR", None, None)
    assert await spend(database, client, INR=10**6) is None


async def test_who_is_no_recorded_client_has_no_limit_here(database: Database) -> None:
    assert await spend(database, uuid7(), INR=10**6) is None
