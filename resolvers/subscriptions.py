"""Following an account's order log: where to begin, what to pass on, and until when."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from uuid import UUID

from graphql import GraphQLError

from domain.ids import Kind, row_id
from domain.orders import OrderEvent
from domain.problems import invalid
from resolvers.context import Context, Undecided
from resolvers.orders import BY_SEQUENCE, log_cursors
from resolvers.reveals import record_denials

MOST_ORDERS = 500
RETRY_SECONDS = 1.0


class Following:
    """What one subscription follows: an account's log behind `place`, all orders or the `wanted`.

    `head` is where the log ended when the subscription began. Iterated over, it tells each event
    once the credentials were found to hold, for as long as it is asked.
    """

    __slots__ = ("_context", "head", "place", "wanted")

    def __init__(
        self, context: Context, place: int, head: int, wanted: Collection[UUID] | None
    ) -> None:
        self._context = context
        self.place = place
        self.head = head
        self.wanted = wanted

    def tells(self, event: OrderEvent) -> bool:
        """Whether the event is of an order that was asked for."""
        return self.wanted is None or event.order_id in self.wanted

    def __aiter__(self) -> AsyncGenerator[OrderEvent, None]:
        return _each(self._context, self)


async def order_events(
    context: Context, order_ids: Sequence[str] | None, after: str | None
) -> Following:
    """The events behind `after`, a sequence or a cursor of Query.orderEvents; without it, from now.

    Ids that are malformed, unknown or another account's have no events. Refused: too many ids, or
    a place that is not in this log.
    """
    if order_ids is not None and len(order_ids) > MOST_ORDERS:
        raise invalid(f"at most {MOST_ORDERS} orders at once", "orderIds")
    # A client that connects again sends the operation as it was, and where it was cut.
    key = log_cursors(context.account).decode(context.resume or after, "after", BY_SEQUENCE)
    head = await context.services.feed.head(context.account)
    place = head if key is None else key[0]
    if not isinstance(place, int) or place > head:
        # Whoever waited there would silently miss all that comes before.
        raise invalid("the log has no such event yet", "after")
    wanted = None
    if order_ids is not None:
        wanted = {id for text in order_ids if (id := row_id(text, Kind.ORDER))}
    return Following(context, place, head, wanted)


async def _each(context: Context, following: Following) -> AsyncGenerator[OrderEvent, None]:
    feed = context.services.feed
    with feed.counted():
        async with aclosing(feed.follow(context.account, following.place)) as events:
            async for event in events:
                if not following.tells(event):
                    continue
                if not await holds(context):
                    raise ended()
                context.place = event.sequence
                yield event
                await denied(context)


async def denied(context: Context) -> None:
    """Record what was refused in an event once it was answered: it must not wait for the end."""
    await record_denials(context)
    context.denials.clear()


async def holds(context: Context) -> bool:
    """Whether the credentials hold; where nobody can tell, nothing is told until somebody can."""
    while True:
        try:
            return await context.still_valid()
        except Undecided:
            await asyncio.sleep(RETRY_SECONDS)


def ended() -> GraphQLError:
    """What a client is told whose credentials were revoked, changed or have run out."""
    return GraphQLError(
        "Your credentials no longer hold. Connect again.", extensions={"code": "UNAUTHENTICATED"}
    )
