"""One thin answer per field of orders, their lines, fulfillments and events."""

from collections.abc import Awaitable, Sequence
from datetime import datetime

from strawberry import ID, Parent

from db.wallets import Moved
from domain.catalog import Product
from domain.ids import Kind, shown_as
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
from resolvers.live import OrderLive
from resolvers.loaders import at_once
from resolvers.orders import OrderTotal
from resolvers.paging import Arguments, Connection

shown_order = shown_as(Kind.ORDER)
shown_line = shown_as(Kind.ORDER_LINE)
shown_part = shown_as(Kind.FULFILLMENT)
shown_event = shown_as(Kind.ORDER_EVENT)

# ------------------------------------------------------------------ Order


def order_id(root: Parent[Order]) -> ID:
    return ID(shown_order(root.id))


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


def lines(root: Parent[Order], info: Ask) -> Sequence[OrderLine] | Awaitable[Sequence[OrderLine]]:
    return at_once(here(info).loaders.lines_of_order.load(root.id))


def totals(root: Parent[Order], info: Ask) -> list[OrderTotal] | Awaitable[list[OrderTotal]]:
    return orders.totals(here(info), root)


def fulfillments(
    root: Parent[Order], info: Ask
) -> Sequence[Fulfillment] | Awaitable[Sequence[Fulfillment]]:
    return at_once(here(info).loaders.fulfillments_of_order.load(root.id))


def vouchers(
    root: Parent[Order],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Voucher] | Awaitable[Connection[Voucher]]:
    return orders.vouchers(here(info), root, Arguments(first, after, last, before))


def events(
    root: Parent[Order],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[OrderEvent] | Awaitable[Connection[OrderEvent]]:
    return orders.events_of_order(here(info), root, Arguments(first, after, last, before))


# ------------------------------------------------------------------ OrderTotal


def held(root: Parent[OrderTotal], info: Ask) -> Money | Awaitable[Money]:
    found = orders.moved(here(info), root)
    return found.held if isinstance(found, Moved) else _held(found)


def captured(root: Parent[OrderTotal], info: Ask) -> Money | Awaitable[Money]:
    found = orders.moved(here(info), root)
    return found.captured if isinstance(found, Moved) else _captured(found)


def released(root: Parent[OrderTotal], info: Ask) -> Money | Awaitable[Money]:
    found = orders.moved(here(info), root)
    return found.released if isinstance(found, Moved) else _released(found)


def refunded(root: Parent[OrderTotal], info: Ask) -> Money | Awaitable[Money]:
    found = orders.moved(here(info), root)
    return found.refunded if isinstance(found, Moved) else _refunded(found)


async def _held(found: Awaitable[Moved]) -> Money:
    return (await found).held


async def _captured(found: Awaitable[Moved]) -> Money:
    return (await found).captured


async def _released(found: Awaitable[Moved]) -> Money:
    return (await found).released


async def _refunded(found: Awaitable[Moved]) -> Money:
    return (await found).refunded


# ------------------------------------------------------------------ OrderLine


def line_id(root: Parent[OrderLine]) -> ID:
    return ID(shown_line(root.id))


def line_product(root: Parent[OrderLine], info: Ask) -> Product | Awaitable[Product | None] | None:
    return orders.product_of_line(here(info), root)


def unit_price(root: Parent[OrderLine]) -> Money:
    return orders.shared(root.total, root.quantity)


def line_fulfillments(
    root: Parent[OrderLine], info: Ask
) -> list[Fulfillment] | Awaitable[list[Fulfillment]]:
    return orders.fulfillments_of_line(here(info), root)


# ------------------------------------------------------------------ Fulfillment


def fulfillment_id(root: Parent[Fulfillment]) -> ID:
    return ID(shown_part(root.id))


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
    return ID(shown_event(root.id))


def event_order(root: Parent[OrderEvent], info: Ask) -> Awaitable[Order | None]:
    return here(info).loaders.order.load(root.order_id)
