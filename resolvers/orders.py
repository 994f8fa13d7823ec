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
)
from domain.pages import Page
from domain.problems import invalid
from domain.vouchers import Voucher
from resolvers.ahead import Ahead, Foreseen
from resolvers.context import Context
from resolvers.live import OrderLive, order_live
from resolvers.live import status as as_answered
from resolvers.loaders import at_once, then
from resolvers.paging import Arguments, Connection, Cursors
from resolvers.together import Wanted

BY_TIME = (datetime, UUID)
BY_SEQUENCE = (int,)
DISPLAY = Decimal("0.000001")
ROW = Wanted()


@dataclass(frozen=True, slots=True)
class OrderTotal:
    """An order's money in one price currency. None where a face value has another currency."""

    order_id: UUID
    price: Money
    fee: Money
    face_value: Money | None
    discount: Money | None


# ------------------------------------------------------------------ finding orders


async def by_id(context: Context, global_id: str, foreseen: Foreseen | None = None) -> Order | None:
    id = row_id(global_id, Kind.ORDER)
    if id is None:
        return None
    if not context.operating and (foreseen is None or foreseen.is_short):
        return await _together(context, id, foreseen)
    loaders = context.loaders
    if foreseen is not None:
        loaders.foreseen[id] = foreseen
    return await loaders.order.load(id)


async def _together(context: Context, id: UUID, foreseen: Foreseen | None) -> Order | None:
    """An order of which little is asked, read along with those of other requests."""
    services = context.services
    wanted = foreseen.along if foreseen else ROW
    order, parts = await services.together.order(services.database, context.account, id, wanted)
    if order is not None and foreseen is not None and parts is not None:
        # Of a settled order nothing more is asked, and a request without loaders is a short one.
        loaders = context.loaders
        loaders.order.tell({id: order})
        loaders.fulfillments_of_order.tell({id: parts})
        if foreseen.part_words or (foreseen.words and not order.settled):
            await _ask(context, order, parts)
    return order


async def _ask(context: Context, order: Order, parts: Sequence[Fulfillment]) -> None:
    """Have the providers asked before any field wants to know."""
    asked = [part for part in parts if part.is_open]
    if not asked or order.id in context.orders_live:
        return
    try:
        told, seen = await context.services.live.read(asked)
    except Exception:  # noqa: BLE001 - the fields ask again, and say what they meet
        return
    context.seen.extend(seen)
    context.loaders.live.tell(told)
    if not order.settled:
        context.orders_live.setdefault(order.id, order_live(order, parts, told))


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
    context: Context,
    arguments: Arguments,
    wanted: OrderFilter | None,
    foreseen: Foreseen | None = None,
) -> Connection[Order]:
    """Newest first. One statement, and one for each part that is foreseen; the total is asked only
    when wanted.
    """
    wanted = wanted or OrderFilter()
    cursors = Cursors(context.account, "orders", wanted)
    part = cursors.slice(arguments, BY_TIME)
    ahead = Ahead(context, foreseen) if foreseen else None
    found: Page[Order] | None = None
    try:
        async with context.services.database.viewer(context.account) as conn:
            found = await order_rows.page(conn, wanted, part)
            if ahead:
                await ahead.read(conn, found.items)
    except Exception:
        if found is None:
            raise
        # Parts that could not be read: their fields ask again, and say what they meet.
    if ahead:
        await ahead.heard()

    async def count() -> int | None:
        async with context.services.database.viewer(context.account) as conn:
            return await order_rows.count(conn, wanted)

    return Connection(found, cursors, count)


# ------------------------------------------------------------------ status


async def _order_live(context: Context, order: Order) -> OrderLive:
    found = await context.loaders.fulfillments_of_order.load(order.id)
    asked = [fulfillment for fulfillment in found if fulfillment.is_open]
    context.loaders.live.know(asked)
    told = await asyncio.gather(*(context.loaders.live.load(f.id) for f in asked))
    return order_live(order, found, {f.id: word for f, word in zip(asked, told, strict=True)})


def live(context: Context, order: Order) -> OrderLive | Awaitable[OrderLive]:
    """A settled order answers from its row; an open one asks its providers, once per request."""
    if order.settled:
        return OrderLive(order.status, order.updated_at, live=False)
    asked = context.orders_live
    known = asked.get(order.id)
    if isinstance(known, OrderLive):
        return known
    if known is None:
        known = asked[order.id] = asyncio.ensure_future(_order_live(context, order))
    return asyncio.shield(known)  # a neighbor that fails cancels this field alone


def fulfillment_live(
    context: Context, fulfillment: Fulfillment
) -> LiveStatus | Awaitable[LiveStatus]:
    """What is settled answers as recorded; of what is open the provider is asked, once."""
    if not fulfillment.is_open:
        return as_answered(fulfillment, None)
    context.loaders.live.know([fulfillment])
    return at_once(context.loaders.live.load(fulfillment.id))


# ------------------------------------------------------------------ parts of an order


def fulfillments_of_line(
    context: Context, line: OrderLine
) -> list[Fulfillment] | Awaitable[list[Fulfillment]]:
    return then(
        context.loaders.fulfillments_of_order.load(line.order_id),
        lambda found: [fulfillment for fulfillment in found if fulfillment.line_id == line.id],
    )


def product_of_line(
    context: Context, line: OrderLine
) -> Product | Awaitable[Product | None] | None:
    """What was bought, where the provider tells its SKU and the catalog knows it."""
    if line.sku is None:
        return None
    return at_once(context.loaders.product_by_key.load((line.provider_name, line.sku)))


def shared(total: Money, units: int) -> Money:
    """The total shared by the units, to six decimals, for display only."""
    if not units:
        return total
    share = (total.amount / units).quantize(DISPLAY, ROUND_HALF_EVEN)
    exact = Money(share, total.currency)
    return exact if not exact.is_exact else replace(exact, amount=Decimal(str(exact)))


def totals(context: Context, order: Order) -> list[OrderTotal] | Awaitable[list[OrderTotal]]:
    """One total per price currency; amounts of different currencies are never added."""

    def added(lines: Sequence[OrderLine]) -> list[OrderTotal]:
        currencies = dict.fromkeys(line.total.currency for line in lines)
        return [_total(order, [x for x in lines if x.total.currency == c], c) for c in currencies]

    return then(context.loaders.lines_of_order.load(order.id), added)


def moved(context: Context, total: OrderTotal) -> Moved | Awaitable[Moved]:
    """What the wallet has moved for an order in that currency; nothing for an imported one."""
    currency = total.price.currency
    return then(
        context.loaders.moved_of_order.load(total.order_id),
        lambda found: found.get(currency) or Moved(*[zero(currency)] * 4),
    )


def _total(order: Order, lines: Sequence[OrderLine], currency: str) -> OrderTotal:
    none = zero(currency)
    price = sum((line.total for line in lines), none)
    fee = sum((line.fee for line in lines), none)
    face_value = None
    if all(line.face_value.currency == currency for line in lines):
        face_value = sum((line.face_value.times(line.quantity) for line in lines), none)
    discount = face_value + fee - price if face_value else None
    return OrderTotal(order.id, price, fee, face_value, discount)


def vouchers(
    context: Context, order: Order, arguments: Arguments
) -> Connection[Voucher] | Awaitable[Connection[Voucher]]:
    loaders = context.loaders
    cursors = Cursors(context.account, "vouchers", order.id)
    found = loaders.vouchers_of_order(cursors.slice(arguments, (UUID,))).load(order.id)
    return then(
        found,
        lambda page: Connection(page, cursors, lambda: loaders.voucher_count.load(order.id)),
    )


def events_of_order(
    context: Context, order: Order, arguments: Arguments
) -> Connection[OrderEvent] | Awaitable[Connection[OrderEvent]]:
    cursors = Cursors(context.account, "events", order.id, numbered=True)
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    found = context.loaders.events_of_order(wanted).load(order.id)
    return then(found, lambda page: Connection(page, cursors))


def log_cursors(account: UUID) -> Cursors:
    """Places in the account's order log, for pages of it and for those who follow it."""
    return Cursors(account, "orderEvents", numbered=True)


async def events(context: Context, arguments: Arguments) -> Connection[OrderEvent]:
    """The account's whole log, oldest first."""
    cursors = log_cursors(context.account)
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    async with context.services.database.viewer(context.account) as conn:
        return Connection(await event_rows.page(conn, context.account, wanted), cursors)
