"""Wallets: what an account may spend, what is held for its orders, and the only ways money moves.

A placed fulfillment's frozen total is held at acceptance. Its delivered units capture their share
and those that definitely failed release theirs (domain/ledger.py), so that the hold is used up
exactly when all of them have ended; an unknown outcome moves nothing. How far a fulfillment is
follows from its own earlier rows, so settling twice moves money once, and the constraint
`transfers_once` holds it against any mistake. Imported orders post nothing.

Lock order: cart, order, fulfillments by id, wallets by currency, audit head, event head.
Moving is the worker's right; viewers read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

import asyncpg

from db import transfers
from db.orders import Conflict
from db.pool import Connection
from db.transfers import LATE, TAKEN, Movement
from domain.ledger import Balance, EntryKind, WalletEntry, captured, released
from domain.money import Money, zero
from domain.pages import Page, Slice

LOCK = """
SELECT currency, available FROM wallets WHERE account = $1 AND currency = ANY($2)
 ORDER BY currency FOR NO KEY UPDATE"""

UNITS = "SELECT id, quantity FROM fulfillments WHERE id = ANY($1)"

TOTALS = """
SELECT order_id, currency,
       coalesce(sum(amount) FILTER (WHERE kind = 'HOLD'), 0)
       - coalesce(sum(amount) FILTER (WHERE debit = 'held'), 0) AS held,
       coalesce(sum(amount) FILTER (WHERE kind = 'CAPTURE'), 0) AS captured,
       coalesce(sum(amount) FILTER (WHERE kind = 'RELEASE'), 0) AS released,
       coalesce(sum(amount) FILTER (WHERE kind = 'REFUND'), 0) AS refunded
  FROM transfers WHERE order_id = ANY($1) AND kind <> 'ADJUSTMENT'
 GROUP BY order_id, currency"""


class Insufficient(Exception):
    """The wallet has less available than is wanted; the transaction must be left with an error."""

    def __init__(self, currency: str, available: Money) -> None:
        super().__init__(f"not enough {currency}")
        self.currency = currency
        self.available = available


@dataclass(frozen=True, slots=True)
class Moved:
    """What an order has moved in one currency: still held, captured, released, refunded."""

    held: Money
    captured: Money
    released: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class TopUp:
    """A top-up made under an idempotency key: the request's fingerprint, and its transfer."""

    fingerprint: bytes
    transfer_id: UUID


async def balances(conn: Connection, account: UUID) -> list[Balance]:
    """The account's wallet, by currency."""
    rows = await conn.fetch(
        "SELECT currency, available, held FROM wallets WHERE account = $1 ORDER BY currency",
        account,
    )
    return [
        Balance(Money(row["available"], row["currency"]), Money(row["held"], row["currency"]))
        for row in rows
    ]


async def entries(conn: Connection, account: UUID, cut: Slice) -> Page[WalletEntry]:
    """The account's movements, newest first; keys are (at, id)."""
    return await transfers.page(conn, account, cut)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, WalletEntry]:
    """The movements that are there."""
    return await transfers.by_ids(conn, ids)


async def top_up(conn: Connection, account: UUID, money: Money, actor: str) -> UUID:
    """Money from outside; the transfer's id. The wallet is made where there is none."""
    if money.amount <= 0:
        raise ValueError("a top-up is more than nothing")
    await _open(conn, account, money.currency)
    movement = Movement(EntryKind.TOP_UP, money, actor=actor)
    await transfers.move(conn, account, [movement])
    return movement.id


async def topup_known(conn: Connection, account: UUID, key: str) -> TopUp | None:
    """The top-up that was made under this key."""
    row = await conn.fetchrow(
        "SELECT fingerprint, transfer_id FROM topups WHERE account = $1 AND idempotency_key = $2",
        *(account, key),
    )
    return TopUp(**row) if row else None


async def remember_topup(
    conn: Connection, account: UUID, key: str, fingerprint: bytes, transfer_id: UUID
) -> None:
    """Keep the key of a top-up, in its transaction; Conflict when the key was used meanwhile."""
    try:
        await conn.execute(
            "INSERT INTO topups (account, idempotency_key, fingerprint, transfer_id)"
            " VALUES ($1, $2, $3, $4)",
            *(account, key, fingerprint, transfer_id),
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(error.constraint_name or "unknown") from None


async def adjust(
    conn: Connection,
    account: UUID,
    money: Money,
    reason: str,
    actor: str,
    fulfillment_id: UUID | None = None,
) -> UUID:
    """Put right what is wrong, by a signed amount; the transfer's id.

    Insufficient when it would take more than is available. `fulfillment_id` names what it is about:
    LookupError when the account has none such.
    """
    if not money.amount:
        raise ValueError("an adjustment is more or less than nothing")
    order_id = None
    if fulfillment_id is not None:
        order_id = await conn.fetchval(
            "SELECT order_id FROM fulfillments WHERE id = $1 AND account = $2",
            *(fulfillment_id, account),
        )
        if order_id is None:
            raise LookupError("the account has no such fulfillment")
    await _open(conn, account, money.currency)
    takes = money.amount < 0
    amount = Money(abs(money.amount), money.currency)
    if takes:
        await _lock(conn, account, {money.currency: amount})
    movement = Movement(
        EntryKind.ADJUSTMENT,
        amount,
        order_id,
        fulfillment_id,
        route=TAKEN if takes else None,
        reason=reason,
        actor=actor,
    )
    await transfers.move(conn, account, [movement])
    return movement.id


async def hold(
    conn: Connection, account: UUID, order_id: UUID, totals: Sequence[tuple[UUID, Money]]
) -> None:
    """Hold the total of each fulfillment of an order just added; Insufficient when one is short.

    Wallets of several currencies are locked in their order. Nothing is held twice: Conflict.
    """
    wanted: dict[str, Money] = {}
    for _, total in totals:
        wanted[total.currency] = wanted.get(total.currency, zero(total.currency)) + total
    await _lock(conn, account, {name: money for name, money in wanted.items() if money.amount})
    rows = await conn.fetch(UNITS, [id for id, _ in totals])
    units = {row["id"]: row["quantity"] for row in rows}
    try:
        await transfers.move(
            conn,
            account,
            [Movement(EntryKind.HOLD, total, order_id, id, (0, units[id])) for id, total in totals],
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(error.constraint_name or "unknown") from None


async def settle_units(
    conn: Connection,
    account: UUID,
    order_id: UUID,
    fulfillment_id: UUID,
    total: Money,
    quantity: int,
    *,
    delivered: int,
    failed: int,
) -> None:
    """Capture what the units delivered so far cost, release what the failed ones do.

    Counts are all units so far. What earlier rows of the fulfillment moved is not moved again, and
    never more than the hold has left. Lock the fulfillment before; `claims.settle` calls this.
    """
    if not delivered and not failed:
        return
    spent = await transfers.spent(conn, fulfillment_id, total.currency)
    left = spent.left
    movements = []
    for kind, units, due in (
        (EntryKind.CAPTURE, delivered, captured(total, delivered, quantity) - spent.captured),
        (EntryKind.RELEASE, failed, released(total, failed, quantity) - spent.released),
    ):
        amount = min(due, left, key=_amount)
        before = spent.units[kind]
        if amount.amount > 0 and units > before:
            left -= amount
            movements.append(Movement(kind, amount, order_id, fulfillment_id, (before, units)))
    if movements:
        await _lock(conn, account, {total.currency: zero(total.currency)})
        await transfers.move(conn, account, movements)


async def refund_units(
    conn: Connection,
    account: UUID,
    order_id: UUID,
    fulfillment_id: UUID,
    total: Money,
    quantity: int,
    *,
    refunded: int,
) -> Money:
    """Give back what the first `refunded` captured units cost, earlier refunds apart; how much.

    Never more than was captured. Lock the fulfillment before.
    """
    spent = await transfers.spent(conn, fulfillment_id, total.currency)
    before = spent.units[EntryKind.REFUND]
    due = captured(total, refunded, quantity) - spent.refunded
    amount = min(due, spent.captured + spent.late - spent.refunded, key=_amount)
    if amount.amount <= 0 or refunded <= before:
        return zero(total.currency)
    await _lock(conn, account, {total.currency: zero(total.currency)})
    movement = Movement(EntryKind.REFUND, amount, order_id, fulfillment_id, (before, refunded))
    await transfers.move(conn, account, [movement])
    return amount


async def capture_late(
    conn: Connection,
    account: UUID,
    order_id: UUID,
    fulfillment_id: UUID,
    total: Money,
    quantity: int,
    *,
    units: int = 1,
) -> Money:
    """Pay for units that came after their share was released; how much.

    Each costs total / quantity, rounded half-even, all of them at most what was released and not
    taken back since. It comes from what is available: Insufficient when that is short.
    """
    spent = await transfers.spent(conn, fulfillment_id, total.currency)
    smallest = Decimal(1).scaleb(-total.minor_digits)
    each = (total.amount / quantity).quantize(smallest, ROUND_HALF_EVEN)
    amount = Money(min(each * units, (spent.released - spent.late).amount), total.currency)
    if amount.amount <= 0:
        return zero(total.currency)
    await _lock(conn, account, {total.currency: amount})
    before = spent.units[EntryKind.CAPTURE]
    movement = Movement(
        EntryKind.CAPTURE, amount, order_id, fulfillment_id, (before, before + units), route=LATE
    )
    await transfers.move(conn, account, [movement])
    return amount


async def totals_of_orders(
    conn: Connection, order_ids: Sequence[UUID]
) -> dict[UUID, dict[str, Moved]]:
    """What each order has moved, by currency; an order that moved nothing has an empty mapping."""
    found: dict[UUID, dict[str, Moved]] = {order_id: {} for order_id in order_ids}
    for row in await conn.fetch(TOTALS, list(order_ids)):
        currency = row["currency"]
        found[row["order_id"]][currency] = Moved(
            *(Money(row[name], currency) for name in Moved.__dataclass_fields__)
        )
    return found


async def _open(conn: Connection, account: UUID, currency: str) -> None:
    await conn.execute(
        "INSERT INTO wallets (account, currency) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        *(account, currency),
    )


async def _lock(conn: Connection, account: UUID, wanted: dict[str, Money]) -> None:
    """Lock the wallets by currency; Insufficient for the first that has less than wanted."""
    rows = await conn.fetch(LOCK, account, list(wanted))
    available = {row["currency"]: Money(row["available"], row["currency"]) for row in rows}
    for currency in sorted(wanted):
        has = available.get(currency, zero(currency))
        if has.amount < wanted[currency].amount:
            raise Insufficient(currency, has)


def _amount(money: Money) -> Decimal:
    return money.amount
