"""One thin answer per field of orders, their lines, fulfillments and events."""

from collections.abc import Awaitable, Sequence
from datetime import datetime

from strawberry import ID, Parent

from domain.catalog import Product
from domain.ids import Kind, global_id
from domain.money import Money
from domain.orders import (
    Fulfillment,
    FulfillmentAttempt,
    FulfillmentStatus,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
)
from domain.providers import Provider
from domain.vouchers import Voucher
from resolvers import orders
from resolvers.context import Ask, here
from resolvers.orders import OrderLive, OrderTotal
from resolvers.paging import Arguments, Connection

# ------------------------------------------------------------------ Order


def order_id(root: Parent[Order]) -> ID:
    return ID(global_id(Kind.ORDER, root.id))


# Not async: a page of settled orders is answered without a coroutine per row.
def order_status(root: Parent[Order], info: Ask) -> OrderStatus | Awaitable[OrderStatus]:
    found = orders.live(here(info), root)
    return found.status if isinstance(found, OrderLive) else _status(found)


def order_is_live(root: Parent[Order], info: Ask) -> bool | Awaitable[bool]:
    found = orders.live(here(info), root)
    return found.live if isinstance(found, OrderLive) else _is_live(found)


def order_as_of(root: Parent[Order], info: Ask) -> datetime | Awaitable[datetime]:
    found = orders.live(here(info), root)
    return found.as_of if isinstance(found, OrderLive) else _as_of(found)


async def _status(found: Awaitable[OrderLive]) -> OrderStatus:
    return (await found).status


async def _is_live(found: Awaitable[OrderLive]) -> bool:
    return (await found).live


async def _as_of(found: Awaitable[OrderLive]) -> datetime:
    return (await found).as_of


async def lines(root: Parent[Order], info: Ask) -> Sequence[OrderLine]:
    return await here(info).loaders.lines_of_order.load(root.id)


async def totals(root: Parent[Order], info: Ask) -> list[OrderTotal]:
    return await orders.totals(here(info), root)


async def fulfillments(root: Parent[Order], info: Ask) -> Sequence[Fulfillment]:
    return await here(info).loaders.fulfillments_of_order.load(root.id)


async def vouchers(
    root: Parent[Order],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Voucher]:
    return await orders.vouchers(here(info), root, Arguments(first, after, last, before))


async def events(
    root: Parent[Order],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[OrderEvent]:
    return await orders.events_of_order(here(info), root, Arguments(first, after, last, before))


# ------------------------------------------------------------------ OrderTotal


async def held(root: Parent[OrderTotal], info: Ask) -> Money:
    return (await orders.moved(here(info), root)).held


async def captured(root: Parent[OrderTotal], info: Ask) -> Money:
    return (await orders.moved(here(info), root)).captured


async def released(root: Parent[OrderTotal], info: Ask) -> Money:
    return (await orders.moved(here(info), root)).released


async def refunded(root: Parent[OrderTotal], info: Ask) -> Money:
    return (await orders.moved(here(info), root)).refunded


# ------------------------------------------------------------------ OrderLine


def line_id(root: Parent[OrderLine]) -> ID:
    return ID(global_id(Kind.ORDER_LINE, root.id))


async def line_product(root: Parent[OrderLine], info: Ask) -> Product | None:
    return await orders.product_of_line(here(info), root)


def unit_price(root: Parent[OrderLine]) -> Money:
    return orders.shared(root.total, root.quantity)


async def line_fulfillments(root: Parent[OrderLine], info: Ask) -> list[Fulfillment]:
    return await orders.fulfillments_of_line(here(info), root)


# ------------------------------------------------------------------ Fulfillment


def fulfillment_id(root: Parent[Fulfillment]) -> ID:
    return ID(global_id(Kind.FULFILLMENT, root.id))


async def fulfillment_order(root: Parent[Fulfillment], info: Ask) -> Order | None:
    return await here(info).loaders.order.load(root.order_id)


async def fulfillment_line(root: Parent[Fulfillment], info: Ask) -> OrderLine | None:
    return await here(info).loaders.line.load(root.line_id)


def fulfillment_provider(root: Parent[Fulfillment], info: Ask) -> Provider:
    return info.context.provider(root.provider_name)


async def fulfillment_status(root: Parent[Fulfillment], info: Ask) -> FulfillmentStatus:
    return (await orders.fulfillment_live(here(info), root)).progress.state


async def fulfillment_provider_status(root: Parent[Fulfillment], info: Ask) -> str | None:
    return (await orders.fulfillment_live(here(info), root)).provider_status


async def fulfillment_is_live(root: Parent[Fulfillment], info: Ask) -> bool:
    return (await orders.fulfillment_live(here(info), root)).live


async def fulfillment_as_of(root: Parent[Fulfillment], info: Ask) -> datetime:
    return (await orders.fulfillment_live(here(info), root)).as_of


async def attempts(root: Parent[Fulfillment], info: Ask) -> Sequence[FulfillmentAttempt]:
    return await here(info).loaders.attempts.load(root.id)


# ------------------------------------------------------------------ OrderEvent


def event_id(root: Parent[OrderEvent]) -> ID:
    return ID(global_id(Kind.ORDER_EVENT, root.id))


async def event_order(root: Parent[OrderEvent], info: Ask) -> Order | None:
    return await here(info).loaders.order.load(root.order_id)
