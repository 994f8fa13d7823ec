"""Counting orders reads those of its time, by an index, whoever's they are."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from db import orders
from db.pool import Database
from domain.orders import CountInterval, OrderCount, OrderStatus
from tests.db import samples

START = datetime(2025, 1, 1, tzinfo=UTC)
FILL = """
INSERT INTO orders (id, account, reference, origin, status, settled, placed_at, updated_at)
SELECT gen_random_uuid(), a, 'VG-' || n, 'PLACED', 'DELIVERED', true,
       $2::timestamptz + n * interval '1 hour', now()
  FROM generate_series(0, 24 * 365 - 1) n, unnest($1::uuid[]) a ORDER BY n"""


@pytest.fixture
async def account(database: Database, postgres_dsn: str) -> UUID:
    """Of one of two accounts with an order in every hour of a year."""
    owner = await asyncpg.connect(postgres_dsn)
    accounts = [await samples.account(database, name) for name in ("demo", "other")]
    await owner.execute(FILL, accounts, START)
    await owner.execute("ANALYZE orders")
    await owner.close()
    return accounts[0]


@pytest.mark.parametrize(
    ("of_one", "indexes", "count"),
    # Where there are few accounts, leaving the others out is as good.
    [(False, {"orders_placed"}, 48), (True, {"orders_placed", "orders_newest"}, 24)],
)
async def test_a_day_is_read_by_an_index(
    database: Database, account: UUID, indexes: set[str], count: int, *, of_one: bool
) -> None:
    since = START + timedelta(days=100)
    given = (since, since + timedelta(days=1), CountInterval.DAY, account if of_one else None)
    sent: list[asyncpg.connection.LoggedQuery] = []
    async with database.worker(read_only=True) as conn:
        conn.add_query_logger(sent.append)
        assert await orders.counts(conn, *given) == [
            OrderCount(since, OrderStatus.DELIVERED, count)
        ]
        await asyncio.sleep(0)  # the driver logs at the next turn of the loop
        [query] = sent
        plan = await conn.fetch(f"EXPLAIN {query.query}", *query.args)
    text = "\n".join(row[0] for row in plan)
    assert re.findall(r"orders_\w+", text)[0] in indexes, text
    assert "Seq Scan" not in text


async def test_a_viewer_counts_its_own(database: Database, account: UUID) -> None:
    async with database.viewer(account, read_only=True) as conn:
        found = await orders.counts(
            conn, START, START + timedelta(hours=2), CountInterval.HOUR, None
        )
    assert [(one.start, one.count) for one in found] == [
        (START, 1),
        (START + timedelta(hours=1), 1),
    ]
