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
    LiveStatus,
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


def lines(root: Parent[Order], info: Ask) -> Awaitable[Sequence[OrderLine]]:
    return here(info).loaders.lines_of_order.load(root.id)


async def totals(root: Parent[Order], info: Ask) -> list[OrderTotal]:
    return await orders.totals(here(info), root)


def fulfillments(root: Parent[Order], info: Ask) -> Awaitable[Sequence[Fulfillment]]:
    return here(info).loaders.fulfillments_of_order.load(root.id)


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


def line_product(root: Parent[OrderLine], info: Ask) -> Awaitable[Product | None] | None:
    return orders.product_of_line(here(info), root)


def unit_price(root: Parent[OrderLine]) -> Money:
    return orders.shared(root.total, root.quantity)


async def line_fulfillments(root: Parent[OrderLine], info: Ask) -> list[Fulfillment]:
    return await orders.fulfillments_of_line(here(info), root)


# ------------------------------------------------------------------ Fulfillment


def fulfillment_id(root: Parent[Fulfillment]) -> ID:
    return ID(global_id(Kind.FULFILLMENT, root.id))


def fulfillment_order(root: Parent[Fulfillment], info: Ask) -> Awaitable[Order | None]:
    return here(info).loaders.order.load(root.order_id)


def fulfillment_line(root: Parent[Fulfillment], info: Ask) -> Awaitable[OrderLine | None]:
    return here(info).loaders.line.load(root.line_id)


def fulfillment_provider(root: Parent[Fulfillment], info: Ask) -> Provider:
    return info.context.provider(root.provider_name)


def fulfillment_status(
    root: Parent[Fulfillment], info: Ask
) -> FulfillmentStatus | Awaitable[FulfillmentStatus]:
    found = orders.fulfillment_live(here(info), root)
    return found.progress.state if isinstance(found, LiveStatus) else _state(found)


def fulfillment_provider_status(
    root: Parent[Fulfillment], info: Ask
) -> str | Awaitable[str | None] | None:
    found = orders.fulfillment_live(here(info), root)
    return found.provider_status if isinstance(found, LiveStatus) else _provider_status(found)


def fulfillment_is_live(root: Parent[Fulfillment], info: Ask) -> bool | Awaitable[bool]:
    found = orders.fulfillment_live(here(info), root)
    return found.live if isinstance(found, LiveStatus) else _was_live(found)


def fulfillment_as_of(root: Parent[Fulfillment], info: Ask) -> datetime | Awaitable[datetime]:
    found = orders.fulfillment_live(here(info), root)
    return found.as_of if isinstance(found, LiveStatus) else _was_as_of(found)


async def _state(found: Awaitable[LiveStatus]) -> FulfillmentStatus:
    return (await found).progress.state


async def _provider_status(found: Awaitable[LiveStatus]) -> str | None:
    return (await found).provider_status


async def _was_live(found: Awaitable[LiveStatus]) -> bool:
    return (await found).live


async def _was_as_of(found: Awaitable[LiveStatus]) -> datetime:
    return (await found).as_of


def attempts(root: Parent[Fulfillment], info: Ask) -> Awaitable[Sequence[FulfillmentAttempt]]:
    return here(info).loaders.attempts.load(root.id)


# ------------------------------------------------------------------ OrderEvent


def event_id(root: Parent[OrderEvent]) -> ID:
    return ID(global_id(Kind.ORDER_EVENT, root.id))


def event_order(root: Parent[OrderEvent], info: Ask) -> Awaitable[Order | None]:
    return here(info).loaders.order.load(root.order_id)
