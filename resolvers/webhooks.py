"""Endpoints that are told about orders, and what became of each delivery."""

from uuid import UUID

from strawberry import ID, Parent

from db import deliveries as delivery_rows
from db import endpoints as endpoint_rows
from domain.ids import Kind, row_id
from domain.ids import global_id as make_id
from domain.orders import OrderEvent, OrderEventType
from domain.problems import Refused, invalid, not_found
from domain.webhooks import Delivery, Endpoint, message_id
from resolvers.context import Ask, Context, here
from resolvers.orders import BY_SEQUENCE, log_cursors
from resolvers.paging import Arguments, Connection, Cursors

LARGEST = 2**63 - 1


async def listed(context: Context) -> list[Endpoint]:
    """The account's endpoints, oldest first; there are never more than a few."""
    async with context.services.database.viewer(context.account) as conn:
        return await endpoint_rows.listed(conn, context.account)


async def by_id(context: Context, id: str) -> Endpoint | None:
    key = row_id(id, Kind.WEBHOOK_ENDPOINT)
    return await context.loaders.webhook_endpoint.load(key) if key else None


async def delivery_by_id(context: Context, id: str) -> Delivery | None:
    key = row_id(id, Kind.WEBHOOK_DELIVERY)
    return await context.loaders.webhook_delivery.load(key) if key else None


async def replay(context: Context, endpoint: str, after: str) -> Endpoint:
    """The endpoint, to be told again what happened after that place in the log."""
    key = row_id(endpoint, Kind.WEBHOOK_ENDPOINT)
    if key is None:
        raise not_found("there is no such webhook endpoint")
    place = position(context.account, after, "input", "after")
    return await context.services.endpoints.replay(context.me, key, place)


def position(account: UUID, text: str, *path: str) -> int:
    """The number in a cursor of `Query.orderEvents`, or a number as it is; Refused otherwise."""
    try:
        key = log_cursors(account).decode(text, "after", BY_SEQUENCE)
    except Refused as refused:
        raise invalid(refused.problem.message, *path) from None
    if key is None or not isinstance(key[0], int) or not 0 <= key[0] <= LARGEST:
        raise invalid("this is not a place in the log", *path)
    return key[0]


def endpoint_id(root: Parent[Endpoint]) -> ID:
    return ID(make_id(Kind.WEBHOOK_ENDPOINT, root.id))


def events(root: Parent[Endpoint]) -> list[OrderEventType]:
    return list(root.events or OrderEventType)


async def deliveries(
    root: Parent[Endpoint],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Delivery]:
    """An endpoint's deliveries, newest event first."""
    cursors = Cursors(root.account, "deliveries", root.id)
    wanted = cursors.slice(Arguments(first, after, last, before), BY_SEQUENCE)
    async with here(info).reading() as conn:
        return Connection(await delivery_rows.page(conn, root.id, wanted), cursors)


def delivery_id(root: Parent[Delivery]) -> ID:
    return ID(make_id(Kind.WEBHOOK_DELIVERY, root.id))


def delivery_message_id(root: Parent[Delivery]) -> str:
    return message_id(root.event_id)


async def delivery_event(root: Parent[Delivery], info: Ask) -> OrderEvent | None:
    return await here(info).loaders.event.load(root.event_id)
