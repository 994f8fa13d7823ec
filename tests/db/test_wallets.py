"""The ledger: money moves once, never below zero, and its sum over all buckets is nothing."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from db import transfers, wallets
from db.orders import Conflict
from db.pool import Database
from db.transfers import Movement
from db.wallets import Insufficient, Moved
from domain.ids import uuid7
from domain.ledger import Balance, EntryKind
from domain.money import Money, zero
from domain.pages import Slice
from tests.db import samples
from tests.db.samples import HUNDRED, Whole


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


async def moved(database: Database, of: Whole) -> Moved:
    async with database.viewer(of.order.account) as conn:
        found = await wallets.totals_of_orders(conn, [of.order.id])
    return found[of.order.id]["INR"]


async def settle(database: Database, of: Whole, delivered: int, failed: int) -> None:
    async with database.worker() as conn:
        await wallets.settle_units(
            conn, of.order.account, of.order.id, of.fulfillment.id, of.line.total,
            of.line.quantity, delivered=delivered, failed=failed,
        )  # fmt: skip


async def late(database: Database, of: Whole, units: int = 1) -> Money:
    async with database.worker() as conn:
        return await wallets.capture_late(
            conn, of.order.account, of.order.id, of.fulfillment.id, of.line.total,
            of.line.quantity, units=units,
        )  # fmt: skip


async def refund(database: Database, of: Whole, refunded: int) -> Money:
    async with database.worker() as conn:
        return await wallets.refund_units(
            conn, of.order.account, of.order.id, of.fulfillment.id, of.line.total,
            of.line.quantity, refunded=refunded,
        )  # fmt: skip


async def held(database: Database, account: UUID, n: int = 1, **more: object) -> Whole:
    sample = samples.placed(account, n, **more)  # type: ignore[arg-type]
    await samples.stored(database, sample)
    return sample


async def test_topping_up_makes_the_wallet(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "100.00 INR", "2.50 INR", "7 USD")
    async with database.viewer(account) as conn:
        assert await wallets.balances(conn, account) == [
            Balance(inr("102.50"), zero("INR")),
            Balance(Money(Decimal(7), "USD"), zero("USD")),
        ]
    with pytest.raises(ValueError):
        await samples.funded(database, account, "0 INR")


async def test_a_top_up_is_made_once_for_a_key(database: Database, account: UUID) -> None:
    async def again() -> str:
        try:
            async with database.worker() as conn:
                if await wallets.topup_known(conn, account, "key-12345"):
                    return "known"
                made = await wallets.top_up(conn, account, HUNDRED, "tester")
                await asyncio.sleep(0.01)
                await wallets.remember_topup(conn, account, "key-12345", b"print", made)
        except Conflict:
            return "conflict"
        return "made"

    said = await asyncio.gather(*(again() for _ in range(4)))
    assert sorted(said).count("made") == 1
    assert (await samples.pockets(database, account))["INR"] == (100, 0)
    async with database.viewer(account) as conn:
        known = await wallets.topup_known(conn, account, "key-12345")
        assert known is not None
        assert known.fingerprint == b"print"
        entry = (await wallets.by_ids(conn, [known.transfer_id]))[known.transfer_id]
    assert (entry.kind, entry.amount) == (EntryKind.TOP_UP, HUNDRED)


async def test_adjustments_are_signed_and_never_overdraw(database: Database, account: UUID) -> None:
    sample = samples.whole(account)
    await samples.stored(database, sample)
    async with database.worker() as conn:
        await wallets.adjust(conn, account, inr("10"), "found", "ops", sample.fulfillment.id)
        await wallets.adjust(conn, account, inr("-4"), "lost", "ops", sample.fulfillment.id)
        found = await wallets.entries(conn, account, Slice())
    assert [(e.kind, e.amount, e.balance_after, e.order_id) for e in found.items] == [
        (EntryKind.ADJUSTMENT, inr("-4"), inr("6"), sample.order.id),
        (EntryKind.ADJUSTMENT, inr("10"), inr("10"), sample.order.id),
    ]
    with pytest.raises(Insufficient) as short:
        async with database.worker() as conn:
            await wallets.adjust(conn, account, inr("-6.01"), "too much", "ops")
    assert (short.value.currency, short.value.available) == ("INR", inr("6"))
    with pytest.raises(LookupError):
        async with database.worker() as conn:
            await wallets.adjust(conn, account, inr("1"), "whose", "ops", uuid7())
    with pytest.raises(ValueError):
        async with database.worker() as conn:
            await wallets.adjust(conn, account, inr("0"), "nothing", "ops")


async def test_an_order_holds_its_totals_in_every_currency(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "100 INR", "50 USD")
    await held(database, account, 1, total=inr("60"))
    await held(database, account, 2, total=Money(Decimal(50), "USD"))
    assert await samples.pockets(database, account) == {"INR": (40, 60), "USD": (0, 50)}
    with pytest.raises(Insufficient) as short:
        await held(database, account, 3, total=inr("40.01"))
    assert (short.value.currency, short.value.available) == ("INR", inr("40"))
    with pytest.raises(Insufficient) as none:
        await held(database, account, 4, total=Money(Decimal(1), "EUR"))
    assert none.value.available == zero("EUR")
    # A price of nothing holds nothing, and needs no wallet.
    await held(database, account, 5, total=zero("EUR"))
    assert await samples.pockets(database, account) == {"INR": (40, 60), "USD": (0, 50)}


async def test_nothing_is_held_twice(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "300 INR")
    sample = await held(database, account)
    with pytest.raises(Conflict):
        async with database.worker() as conn:
            await wallets.hold(conn, account, sample.order.id, [(sample.fulfillment.id, HUNDRED)])
    assert await samples.pockets(database, account) == {"INR": (200, 100)}


async def test_of_a_hundred_holds_with_money_for_ten_ten_succeed(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "1000 INR")

    async def one(n: int) -> bool:
        try:
            await held(database, account, n)
        except Insufficient:
            return False
        return True

    assert sum(await asyncio.gather(*(one(n) for n in range(100)))) == 10
    assert await samples.pockets(database, account) == {"INR": (0, 1000)}


async def test_holds_of_several_currencies_do_not_block_each_other(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "1000 INR", "1000 USD")
    parts = [samples.whole(account, n) for n in range(20)]
    await samples.stored(database, *parts)

    async def one(n: int) -> None:
        rupees, dollars = parts[2 * n], parts[2 * n + 1]
        wanted = [
            (rupees.fulfillment.id, inr("100")),
            (dollars.fulfillment.id, Money(Decimal(100), "USD")),
        ]
        async with database.worker() as conn:
            await wallets.hold(conn, account, rupees.order.id, wanted if n % 2 else wanted[::-1])

    async with asyncio.timeout(20):
        await asyncio.gather(*(one(n) for n in range(10)))
    assert await samples.pockets(database, account) == {"INR": (0, 1000), "USD": (0, 1000)}


async def test_units_capture_and_release_their_shares(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "100 INR")
    sample = await held(database, account)
    await settle(database, sample, 1, 0)
    assert await moved(database, sample) == Moved(inr("66.67"), inr("33.33"), inr("0"), inr("0"))
    await settle(database, sample, 2, 1)
    assert await moved(database, sample) == Moved(inr("0"), inr("66.67"), inr("33.33"), inr("0"))
    assert await samples.pockets(database, account) == {"INR": (Decimal("33.33"), 0)}


async def test_settling_twice_moves_money_once(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "100 INR")
    sample = await held(database, account)
    for _ in range(2):
        await settle(database, sample, 2, 0)
    before = await moved(database, sample)
    # An older count, and nothing known: nothing moves.
    for delivered, failed in ((1, 0), (0, 0), (2, 0)):
        await settle(database, sample, delivered, failed)
    assert await moved(database, sample) == before
    assert before.captured == inr("66.67")
    # Against any other way there is the constraint.
    again = Movement(
        EntryKind.CAPTURE, inr("1"), sample.order.id, sample.fulfillment.id, units=(0, 1)
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="transfers_once"):
        async with database.worker() as conn:
            await transfers.move(conn, account, [again])
    assert await moved(database, sample) == before


async def test_a_late_unit_is_paid_from_what_is_available(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "100 INR")
    sample = await held(database, account)
    assert await late(database, sample) == inr("0")
    await settle(database, sample, 1, 2)
    assert await late(database, sample) == inr("33.33")
    assert await samples.pockets(database, account) == {"INR": (Decimal("33.34"), 0)}
    assert await late(database, sample) == inr("33.33")
    # At most what was released, however many more there are.
    assert await late(database, sample, units=5) == inr("0.01")
    assert await late(database, sample) == inr("0")
    assert (await moved(database, sample)).captured == inr("100.00")
    # The hold was used up long ago: whatever is told now moves nothing.
    await settle(database, sample, 3, 0)
    assert await samples.pockets(database, account) == {"INR": (0, 0)}


async def test_a_late_unit_that_cannot_be_paid_is_refused(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "100 INR")
    sample = await held(database, account)
    await settle(database, sample, 0, 3)
    await held(database, account, 2, total=inr("80"))
    with pytest.raises(Insufficient) as short:
        await late(database, sample)
    assert short.value.available == inr("20")
    assert await samples.pockets(database, account) == {"INR": (20, 80)}


async def test_refunds_give_back_what_was_captured_once(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "100 INR")
    sample = await held(database, account)
    assert await refund(database, sample, 1) == inr("0")
    await settle(database, sample, 2, 1)
    assert await refund(database, sample, 1) == inr("33.33")
    assert await refund(database, sample, 1) == inr("0")
    assert await refund(database, sample, 3) == inr("33.34")
    assert await samples.pockets(database, account) == {"INR": (100, 0)}
    assert (await moved(database, sample)).refunded == inr("66.67")


async def test_entries_tell_the_balance_after_each_and_page_in_their_order(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "100 INR")
    one, two = samples.placed(account, 1, inr("30")), samples.placed(account, 2, inr("20"))
    for sample in (one, two):
        await samples.stored(database, samples.Whole(sample.order, sample.line, sample.fulfillment))
    async with database.worker() as conn:
        # One statement with several movements of one wallet.
        totals = [(one.fulfillment.id, inr("30")), (two.fulfillment.id, inr("20"))]
        await wallets.hold(conn, account, one.order.id, totals)
    await settle(database, one, 1, 2)
    async with database.viewer(account) as conn:
        page = await wallets.entries(conn, account, Slice(3))
        rest = await wallets.entries(conn, account, Slice(3, after=page.keys[-1]))
    assert [
        (e.kind.value, str(e.amount), str(e.balance_after), str(e.held_after))
        for e in (*page.items, *rest.items)
    ] == [
        ("RELEASE", "20.00", "70.00", "20.00"),
        ("CAPTURE", "10.00", "50.00", "40.00"),
        ("HOLD", "20.00", "50.00", "50.00"),
        ("HOLD", "30.00", "70.00", "30.00"),
        ("TOP_UP", "100.00", "100.00", "0.00"),
    ]
    assert (page.has_next, rest.has_next, rest.has_previous) == (True, False, True)


async def test_the_order_of_movements_survives_a_clock_set_back(
    database: Database, account: UUID
) -> None:
    await samples.funded(database, account, "1 INR")
    async with database.worker() as conn:
        await conn.execute("UPDATE wallets SET moved_at = moved_at + interval '1 hour'")
    await samples.funded(database, account, "2 INR", "3 INR")
    async with database.viewer(account) as conn:
        found = await wallets.entries(conn, account, Slice())
    assert [str(entry.balance_after) for entry in found.items] == ["6.00", "3.00", "1.00"]
    assert found.items[0].at - found.items[-1].at > timedelta(minutes=59)


@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET account = account", "DELETE FROM {}", "TRUNCATE {}"],
)
@pytest.mark.parametrize("table", ["transfers", "topups"])
async def test_nobody_changes_or_removes_a_movement(
    database: Database, account: UUID, table: str, change: str
) -> None:
    await samples.funded(database, account, "1 INR")
    for transaction in (database.viewer(account), database.worker()):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction as conn:
                await conn.execute(change.format(table))


async def test_a_viewer_moves_no_money(database: Database, account: UUID) -> None:
    await samples.funded(database, account, "1 INR")
    for statement in (
        "UPDATE wallets SET available = 1000",
        "INSERT INTO wallets (account, currency, available) SELECT account, 'USD', 5 FROM wallets",
        "DELETE FROM wallets",
        "INSERT INTO client_limits SELECT * FROM client_limits",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.viewer(account) as conn:
                await conn.execute(statement)


async def test_a_movement_needs_its_wallet_and_its_route(database: Database, account: UUID) -> None:
    with pytest.raises(LookupError):
        async with database.worker() as conn:
            await transfers.move(conn, account, [Movement(EntryKind.TOP_UP, inr("1"))])
    await samples.funded(database, account, "1 INR")
    for wrong in (
        Movement(EntryKind.TOP_UP, inr("1"), route=("held", "available")),
        Movement(EntryKind.TOP_UP, inr("-1")),
        Movement(EntryKind.CAPTURE, inr("1")),
        Movement(EntryKind.ADJUSTMENT, inr("1")),
        Movement(EntryKind.ADJUSTMENT, inr("2"), route=("available", "external"), reason="r"),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with database.worker() as conn:
                await transfers.move(conn, account, [wrong])
    assert await samples.pockets(database, account) == {"INR": (1, 0)}
