"""What operators see: the fulfillments of all accounts."""

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
        account = None
        if self.account is not None:
            account = row_id(self.account, Kind.ACCOUNT)
            if account is None:
                raise invalid("this is not the id of an account", "filter", "account")
        return orders.FulfillmentFilter(
            status=tupled(self.status), provider=tupled(self.provider), account=account
        )
