"""What operators see: fulfillments and orders of all accounts."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain import orders
from domain.ids import Kind, row_id
from domain.problems import invalid
from resolvers import paging
from schema.faces import answer, shows, tupled
from schema.node import PageInfo
from schema.order import Fulfillment


@shows(paging.Edge)
class FulfillmentEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: Fulfillment = answer(description="The item.")


@shows(paging.Connection)
class FulfillmentConnection:
    edges: list[FulfillmentEdge] = answer(description="The items with their cursors.")
    nodes: list[Fulfillment] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")
    total_count: int | None = answer(
        paging.total_count, "Items in the whole list; null above 10,000."
    )


@strawberry.input(description="Every part that is given must hold.")
class FulfillmentFilter:
    status: list[orders.FulfillmentStatus] | None = strawberry.field(
        default=None, description="The recorded status is one of these."
    )
    provider: list[str] | None = strawberry.field(
        default=None, description="One of these providers fulfills it."
    )
    account: strawberry.ID | None = strawberry.field(
        default=None, description="It belongs to this account."
    )

    def wanted(self) -> orders.FulfillmentFilter:
        return orders.FulfillmentFilter(
            status=tupled(self.status),
            provider=tupled(self.provider),
            account=account_of(self.account, "filter", "account"),
        )


def account_of(id: strawberry.ID | None, *path: str) -> UUID | None:
    """The account of a global id, None without one; Refused for any other id."""
    if id is None:
        return None
    found = row_id(id, Kind.ACCOUNT)
    if found is None:
        raise invalid("this is not the id of an account", *path)
    return found


@shows(orders.OrderCount)
class OrderCount:
    """How many orders placed in one hour or day have one status now."""

    start: datetime = answer(description="When the hour or day begins, in UTC.")
    status: orders.OrderStatus = answer(description="The recorded status.")
    count: int = answer(description="How many orders.")
