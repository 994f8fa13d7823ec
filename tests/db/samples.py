"""Orders and what belongs to them, ready to be inserted."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from db import accounts, orders, vouchers, wallets
from db.fulfillments import NewFulfillment
from db.pool import Connection, Database
from domain.catalog import VoucherType
from domain.ids import uuid7
from domain.money import Money
from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderLine,
    OrderOrigin,
    OrderStatus,
    Progress,
)
from domain.vouchers import Expiry, SealedVoucher, SecretField, Voucher, VoucherState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CREDENTIAL = "credential-1"
HUNDRED = Money(Decimal("100.00"), "INR")


@dataclass(frozen=True)
class Whole:
    """An order with its one line and fulfillment; `total` is the frozen price of a placed one."""

    order: Order
    line: OrderLine
    fulfillment: Fulfillment
    total: Money | None = None


def whole(
    account: UUID,
    n: int = 1,
    state: FulfillmentStatus = FulfillmentStatus.ACCEPTED,
    quantity: int = 3,
    provider: str = "acme",
    placed_at: datetime | None = None,
    origin: OrderOrigin = OrderOrigin.IMPORTED,
) -> Whole:
    """The n-th order: placed n minutes after noon, known to its provider as P-n."""
    at = placed_at or NOON + timedelta(minutes=n)
    order = Order(
        uuid7(), account, f"VG-{n}", origin, OrderStatus.PENDING, False, at, at, last_sequence=0
    )
    money = Money(Decimal("100.00"), "INR")
    line = OrderLine(
        uuid7(), order.id, provider, "sku-1", None, "A card", money, quantity,
        Money(Decimal(0), "INR"), money.times(quantity), 0, 0,
    )  # fmt: skip
    fulfillment = Fulfillment(
        uuid7(), account, order.id, line.id, provider, CREDENTIAL, f"REF-{n}", f"P-{n}",
        Progress(state, OrderStatus.PENDING, final=False, quantity=quantity, delivered=0),
        "NEW", at, at, None, None, version=1,
    )  # fmt: skip
    return Whole(order, line, fulfillment)


def placed(
    account: UUID,
    n: int = 1,
    total: Money = HUNDRED,
    quantity: int = 3,
    state: FulfillmentStatus = FulfillmentStatus.READY,
    provider: str = "acme",
) -> Whole:
    """The same, bought here at a frozen total, and unknown to its provider yet."""
    of = whole(account, n, state, quantity, provider, origin=OrderOrigin.PLACED)
    line = replace(of.line, total=total, fee=Money(Decimal(0), total.currency))
    return Whole(of.order, line, replace(of.fulfillment, provider_order_id=None), total)


def renamed(fulfillment: Fulfillment) -> Fulfillment:
    """The same under a reference that nothing else has."""
    return replace(fulfillment, reference=f"REF-{fulfillment.id}")


async def add(conn: Connection, sample: Whole, due_at: datetime | None = NOON) -> None:
    """One placed here is held in the wallet, which must suffice."""
    total = sample.total
    new = NewFulfillment(sample.fulfillment, due_at, total=total, body=b"{}" if total else None)
    await orders.add(conn, sample.order, [sample.line], [new])
    if total is not None:
        held = [(sample.fulfillment.id, total)]
        await wallets.hold(conn, sample.order.account, sample.order.id, held)


async def funded(database: Database, account: UUID, *amounts: str) -> None:
    """Top up by texts such as "100.00 INR"."""
    async with database.worker() as conn:
        for text in amounts:
            amount, currency = text.split()
            await wallets.top_up(conn, account, Money(Decimal(amount), currency), "tester")


async def pockets(
    database: Database, account: UUID
) -> dict[str, tuple[Decimal | int, Decimal | int]]:
    """Available and held, by currency."""
    async with database.viewer(account) as conn:
        found = await wallets.balances(conn, account)
    return {b.available.currency: (b.available.amount, b.held.amount) for b in found}


async def account(database: Database, name: str) -> UUID:
    async with database.worker() as conn:
        return (await accounts.add(conn, uuid7(), name)).id


async def stored(database: Database, *samples: Whole, due_at: datetime | None = NOON) -> None:
    async with database.worker() as conn:
        for sample in samples:
            await add(conn, sample, due_at=due_at)


def voucher(of: Whole, code: str, occurrence: int = 0) -> SealedVoucher:
    return SealedVoucher(
        Voucher(
            uuid7(), of.order.account, of.order.id, of.line.id, of.fulfillment.id,
            VoucherType.CODE, VoucherState.ACTIVE, Money(Decimal("100.00"), "INR"),
            Expiry(NOON, NOON.date()), "****" + code[-1:],
        ),
        fingerprint=hashlib.sha256(code.encode()).digest(),
        occurrence=occurrence,
        sealed={SecretField.CODE: b"sealed " + code.encode(), SecretField.PIN: b"sealed pin"},
    )  # fmt: skip


async def issued(database: Database, of: Whole, codes: Sequence[str]) -> set[UUID]:
    async with database.worker() as conn:
        return await vouchers.add(conn, [voucher(of, code) for code in codes])
