"""Orders, their lines, fulfillments and events."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from db import events as event_rows
from db import orders as order_rows
from db.wallets import Moved
from domain.catalog import Product
from domain.ids import Kind, row_id
from domain.money import Money, zero
from domain.orders import (
    Fulfillment,
    LiveStatus,
    Order,
    OrderEvent,
    OrderFilter,
    OrderLine,
    OrderStatus,
    order_status,
)
from domain.problems import invalid
from domain.vouchers import Voucher
from resolvers.context import Context
from resolvers.live import status as as_answered
from resolvers.paging import Arguments, Connection, Cursors

BY_TIME = (datetime, UUID)
BY_SEQUENCE = (int,)
DISPLAY = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class OrderLive:
    """An order's status as far as its providers could be asked just now."""

    status: OrderStatus
    as_of: datetime
    live: bool


@dataclass(frozen=True, slots=True)
class OrderTotal:
    """An order's money in one price currency. None where a face value has another currency."""

    order_id: UUID
    price: Money
    fee: Money
    face_value: Money | None
    discount: Money | None


# ------------------------------------------------------------------ finding orders


async def by_id(context: Context, global_id: str) -> Order | None:
    id = row_id(global_id, Kind.ORDER)
    return await context.loaders.order.load(id) if id else None


async def fulfillment_by_id(context: Context, global_id: str) -> Fulfillment | None:
    id = row_id(global_id, Kind.FULFILLMENT)
    return await context.loaders.fulfillment.load(id) if id else None


async def event_by_id(context: Context, global_id: str) -> OrderEvent | None:
    id = row_id(global_id, Kind.ORDER_EVENT)
    return await context.loaders.event.load(id) if id else None


async def by_reference(context: Context, reference: str) -> Order | None:
    """The order with that reference, ours or a provider's; Refused when it names several."""
    async with context.services.database.viewer(context.account) as conn:
        found = await order_rows.by_reference(conn, reference)
    return _the_one(found, "reference")


def _the_one(found: Sequence[Order], argument: str) -> Order | None:
    if len(found) > 1:
        raise invalid("several orders are known by this: look it up by id", "by", argument)
    return found[0] if found else None


async def by_provider_order(context: Context, provider: str, order_id: str) -> Order | None:
    """The order that a provider knows by that id; Refused when two accounts of ours there do."""
    async with context.services.database.viewer(context.account) as conn:
        found = await order_rows.by_provider_order(conn, provider, order_id)
    return _the_one(found, "providerOrder")


async def page(
    context: Context, arguments: Arguments, wanted: OrderFilter | None
) -> Connection[Order]:
    """Newest first. One statement; the total is asked only when wanted."""
    wanted = wanted or OrderFilter()
    cursors = Cursors(context.account, "orders", wanted)
    part = cursors.slice(arguments, BY_TIME)
    async with context.services.database.viewer(context.account) as conn:
        found = await order_rows.page(conn, wanted, part)

    async def count() -> int | None:
        async with context.services.database.viewer(context.account) as conn:
            return await order_rows.count(conn, wanted)

    return Connection(found, cursors, count)


# ------------------------------------------------------------------ status


async def _fulfillments_live(
    context: Context, found: Sequence[Fulfillment]
) -> Sequence[LiveStatus]:
    loaders = context.loaders
    asked = [fulfillment for fulfillment in found if fulfillment.is_open]
    loaders.know(asked)
    live = dict(
        zip(
            [fulfillment.id for fulfillment in asked],
            await asyncio.gather(*(loaders.live.load(f.id) for f in asked)),
            strict=True,
        )
    )
    return [live.get(f.id) or as_answered(f, None) for f in found]


async def _order_live(context: Context, order: Order) -> OrderLive:
    found = await context.loaders.fulfillments_of_order.load(order.id)
    answers = await _fulfillments_live(context, found)
    if not answers:
        return OrderLive(order.status, order.updated_at, live=False)
    still_open = [a for f, a in zip(found, answers, strict=True) if f.is_open]
    return OrderLive(
        order_status(answer.progress for answer in answers),
        min(answer.as_of for answer in still_open or answers),
        live=bool(still_open) and all(answer.live for answer in still_open),
    )


def live(context: Context, order: Order) -> OrderLive | Awaitable[OrderLive]:
    """A settled order answers from its row; an open one asks its providers, once per request."""
    if order.settled:
        return OrderLive(order.status, order.updated_at, live=False)
    asked = context.orders_live
    if order.id not in asked:
        asked[order.id] = asyncio.ensure_future(_order_live(context, order))
    return asyncio.shield(asked[order.id])  # a neighbor that fails cancels this field alone


def fulfillment_live(
    context: Context, fulfillment: Fulfillment
) -> LiveStatus | Awaitable[LiveStatus]:
    """What is settled answers as recorded; of what is open the provider is asked, once."""
    if not fulfillment.is_open:
        return as_answered(fulfillment, None)
    context.loaders.know([fulfillment])
    return context.loaders.live.load(fulfillment.id)


# ------------------------------------------------------------------ parts of an order


async def fulfillments_of_line(context: Context, line: OrderLine) -> list[Fulfillment]:
    found = await context.loaders.fulfillments_of_order.load(line.order_id)
    return [fulfillment for fulfillment in found if fulfillment.line_id == line.id]


def product_of_line(context: Context, line: OrderLine) -> Awaitable[Product | None] | None:
    """What was bought, where the provider tells its SKU and the catalog knows it."""
    if line.sku is None:
        return None
    return context.loaders.product_by_key.load((line.provider_name, line.sku))


def shared(total: Money, units: int) -> Money:
    """The total shared by the units, to six decimals, for display only."""
    if not units:
        return total
    share = (total.amount / units).quantize(DISPLAY, ROUND_HALF_EVEN)
    exact = Money(share, total.currency)
    return exact if not exact.is_exact else replace(exact, amount=Decimal(str(exact)))


async def totals(context: Context, order: Order) -> list[OrderTotal]:
    """One total per price currency; amounts of different currencies are never added."""
    lines = await context.loaders.lines_of_order.load(order.id)
    currencies = dict.fromkeys(line.total.currency for line in lines)
    return [_total(order, [x for x in lines if x.total.currency == c], c) for c in currencies]


async def moved(context: Context, total: OrderTotal) -> Moved:
    """What the wallet has moved for an order in that currency; nothing for an imported one."""
    currency = total.price.currency
    found = (await context.loaders.moved_of_order.load(total.order_id)).get(currency)
    return found or Moved(*[zero(currency)] * 4)


def _total(order: Order, lines: Sequence[OrderLine], currency: str) -> OrderTotal:
    none = zero(currency)
    price = sum((line.total for line in lines), none)
    fee = sum((line.fee for line in lines), none)
    face_value = None
    if all(line.face_value.currency == currency for line in lines):
        face_value = sum((line.face_value.times(line.quantity) for line in lines), none)
    discount = face_value + fee - price if face_value else None
    return OrderTotal(order.id, price, fee, face_value, discount)


async def vouchers(context: Context, order: Order, arguments: Arguments) -> Connection[Voucher]:
    cursors = Cursors(context.account, "vouchers", order.id)
    wanted = cursors.slice(arguments, (UUID,))
    found = await context.loaders.vouchers_of_order(wanted).load(order.id)
    return Connection(found, cursors, lambda: context.loaders.voucher_count.load(order.id))


async def events_of_order(
    context: Context, order: Order, arguments: Arguments
) -> Connection[OrderEvent]:
    cursors = Cursors(context.account, "events", order.id, numbered=True)
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    return Connection(await context.loaders.events_of_order(wanted).load(order.id), cursors)


def log_cursors(account: UUID) -> Cursors:
    """Places in the account's order log, for pages of it and for those who follow it."""
    return Cursors(account, "orderEvents", numbered=True)


async def events(context: Context, arguments: Arguments) -> Connection[OrderEvent]:
    """The account's whole log, oldest first."""
    cursors = log_cursors(context.account)
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    async with context.services.database.viewer(context.account) as conn:
        return Connection(await event_rows.page(conn, context.account, wanted), cursors)
