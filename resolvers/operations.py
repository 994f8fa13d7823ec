"""What operators do: look at fulfillments of all accounts, pause providers, decide reviews."""

from datetime import datetime, timedelta
from uuid import UUID

from db import fulfillments as rows
from db import orders
from domain.ids import Kind, row_id
from domain.orders import (
    CountInterval,
    Fulfillment,
    FulfillmentFilter,
    OrderCount,
    Resolution,
)
from domain.problems import invalid, not_found
from domain.providers import Provider
from ordering import pauses
from ordering.review import Decision
from resolvers.context import Context
from resolvers.orders import BY_TIME
from resolvers.paging import Arguments, Connection, Cursors

LONGEST_REASON = 500
LONGEST_ID = 100
MOST_INTERVALS = 744  # 31 days of hours, or two years of days
LENGTHS = {CountInterval.HOUR: timedelta(hours=1), CountInterval.DAY: timedelta(days=1)}


async def page(
    context: Context, arguments: Arguments, wanted: FulfillmentFilter | None
) -> Connection[Fulfillment]:
    """Newest first, of every account. One statement; the total is asked only when wanted."""
    wanted = wanted or FulfillmentFilter()
    cursors = Cursors(context.account, "fulfillments", wanted)
    part = cursors.slice(arguments, BY_TIME)
    async with context.reading() as conn:
        found = await rows.page(conn, wanted, part)

    async def count() -> int | None:
        async with context.reading() as conn:
            return await rows.count(conn, wanted)

    return Connection(found, cursors, count)


async def counts(
    context: Context, since: datetime, until: datetime, by: CountInterval, account: UUID | None
) -> list[OrderCount]:
    """Orders by recorded status in hours or days, of every account. One statement."""
    if since >= until:
        raise invalid("it lies after `from`", "to")
    if until - since > MOST_INTERVALS * LENGTHS[by]:
        raise invalid(f"at most {MOST_INTERVALS} {by.lower()}s after `from`", "to")
    async with context.reading() as conn:
        return await orders.counts(conn, since, until, by, account)


def given(text: str, longest: int, *path: str) -> str:
    """A text that must say something; Refused when it is empty, too long or not printable."""
    text = text.strip()
    if not text or len(text) > longest or not text.isprintable():
        raise invalid(f"it has 1 to {longest} printable characters", *path)
    return text


async def pause(context: Context, provider: str, reason: str) -> Provider:
    """Nothing more is bought there until it is resumed."""
    services = context.services
    face = _known(context, provider)
    why = given(reason, LONGEST_REASON, "input", "reason")
    await pauses.pause(services.database, services.keys, face, why, context.me)
    return face


async def resume(context: Context, provider: str) -> Provider:
    services = context.services
    face = _known(context, provider)
    await pauses.resume(services.database, services.keys, face, context.me)
    return face


def _known(context: Context, provider: str) -> Provider:
    known = context.services.providers.get(provider)
    if known is None:
        names = ", ".join(sorted(context.services.providers))
        raise invalid(f"no such provider here; there are: {names}", "input", "provider")
    return known.face()


async def resolve(
    context: Context,
    fulfillment: str,
    resolution: Resolution,
    provider_order_id: str | None,
    reason: str,
) -> Fulfillment:
    """The fulfillment as the decision left it; Refused, and nothing changed, otherwise."""
    why = given(reason, LONGEST_REASON, "input", "reason")
    linked = None
    if resolution is Resolution.LINK_PROVIDER_ORDER:
        if provider_order_id is None:
            raise invalid("which order of the provider is it?", "input", "providerOrderId")
        linked = given(provider_order_id, LONGEST_ID, "input", "providerOrderId")
    elif provider_order_id is not None:
        raise invalid("it goes with LINK_PROVIDER_ORDER only", "input", "providerOrderId")
    id = row_id(fulfillment, Kind.FULFILLMENT)
    if id is None:
        raise not_found("there is no such fulfillment")
    decision = Decision(resolution, why, linked)
    return await context.services.reviewer.resolve(id, decision, context.me)
