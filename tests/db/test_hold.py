"""A hold is used up exactly, in whatever order its units end."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import accounts, wallets
from db.pool import Connection, Database
from domain.ids import uuid7
from domain.money import Money
from tests.db import samples
from tests.db.samples import Whole

BUCKETS = """
SELECT bucket, sum(amount) AS amount FROM (
    SELECT credit AS bucket, amount FROM transfers
    UNION ALL SELECT debit, -amount FROM transfers) moved
 GROUP BY bucket"""
ENDS_AS_KEPT = """
SELECT w.currency, w.available = t.available_after AND w.held = t.held_after
  FROM wallets w, LATERAL (
    SELECT available_after, held_after FROM transfers t
     WHERE t.account = w.account AND t.currency = w.currency ORDER BY t.at DESC LIMIT 1) t"""


async def buckets(conn: Connection) -> dict[str, Decimal]:
    return {row["bucket"]: row["amount"] for row in await conn.fetch(BUCKETS)}


async def settle(database: Database, of: Whole, delivered: int, failed: int) -> None:
    async with database.worker() as conn:
        await wallets.settle_units(
            conn, of.order.account, of.order.id, of.fulfillment.id, of.line.total,
            of.line.quantity, delivered=delivered, failed=failed,
        )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> tuple[Money, int, list[bool]]:
    """A total, a quantity, and for each unit in some order whether it was delivered."""
    quantity = draw(st.integers(1, 12))
    currency, digits = draw(st.sampled_from([("INR", 2), ("JPY", 0), ("KWD", 3)]))
    minor = draw(st.integers(0, 5000))
    total = Money(Decimal(minor).scaleb(-digits), currency)
    return total, quantity, draw(st.lists(st.booleans(), min_size=quantity, max_size=quantity))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), repeats=st.lists(st.integers(1, 3), min_size=12, max_size=12))
async def test_any_order_of_deliveries_and_failures_uses_the_hold_up_exactly(
    database: Database, history: tuple[Money, int, list[bool]], repeats: list[int]
) -> None:
    total, quantity, units = history
    account = uuid7()
    async with database.worker() as conn:
        await accounts.add(conn, account, str(account))
        if total.amount:
            await wallets.top_up(conn, account, total, "tester")
        sample = samples.placed(account, 1, total, quantity)
        sample = samples.Whole(
            sample.order, sample.line, samples.renamed(sample.fulfillment), sample.total
        )
        await samples.add(conn, sample)
        before = await buckets(conn)
    delivered = failed = 0
    for unit, times in zip(units, repeats, strict=False):
        delivered, failed = delivered + unit, failed + (not unit)
        for _ in range(times):
            await settle(database, sample, delivered, failed)
        async with database.viewer(account) as conn:
            found = await wallets.totals_of_orders(conn, [sample.order.id])
        now = found[sample.order.id].get(total.currency)
        if now is not None:
            assert now.held.amount >= 0
            assert now.held + now.captured + now.released == total
    async with database.worker() as conn:
        after = await buckets(conn)
        assert sum(after.values()) == 0
        assert after.get("held", 0) + total.amount == before.get("held", 0)
        for _, kept in await conn.fetch(ENDS_AS_KEPT):
            assert kept
    for available, reserved in (await samples.pockets(database, account)).values():
        assert reserved == 0
        assert available == total.amount if not any(units) else available <= total.amount
    if now is not None and all(units):
        assert now.captured == total
