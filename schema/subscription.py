"""What can be followed as it happens."""

from typing import Annotated

import strawberry
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from domain.orders import OrderEvent as Event
from resolvers import subscriptions
from resolvers.context import Ask, Context
from schema.order import OrderEvent


class EachFresh(StrawberryGraphQLCoreExecutionContext):
    """Executes every event of a subscription as a request of its own: it loads everything anew."""

    def build_per_event_executor(self, payload: Event) -> "EachFresh":
        return self.at(payload, self.context_value.fresh())

    def at(self, payload: Event, context: Context) -> "EachFresh":
        """What executes one event, with a context of its own."""
        executor = super().build_per_event_executor(payload)
        executor.context_value = context
        return executor  # type: ignore[return-value]


async def _order_events(
    info: Ask,
    order_ids: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(
            description="Only events of these orders, 500 at most; without it, of all."
            " An id that is not an order of yours has no events."
        ),
    ] = None,
    after: Annotated[
        str | None,
        strawberry.argument(
            description="Begin behind this event: its sequence, Order.lastSequence, or a cursor of"
            " Query.orderEvents. Without it only what happens from now on is told."
        ),
    ] = None,
) -> object:
    return await subscriptions.order_events(info.context, order_ids, after)


@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    order_events: OrderEvent = strawberry.subscription(  # type: ignore[assignment]
        resolver=_order_events,
        description="The account's order log from a place on: every event once, in order, without"
        " gaps. Vouchers below it never show their secrets.",
    )
