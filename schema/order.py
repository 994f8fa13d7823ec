"""Orders: what was agreed, each provider's part of it, and how far it is."""

from datetime import datetime

import strawberry

from domain import orders
from domain.viewers import Scope
from resolvers import order_fields as resolve
from resolvers import orders as order_lists
from resolvers import paging
from schema.faces import answer, shows, tupled
from schema.money import Money
from schema.node import Node, PageInfo
from schema.permissions import needs, needs_or_implied
from schema.problem import Problem
from schema.product import Product
from schema.provider import Provider
from schema.voucher import VoucherConnection

ORDERS = needs_or_implied(Scope.ORDERS_READ)


@shows(order_lists.OrderTotal)
class OrderTotal:
    """An order's money in one price currency; currencies are never added."""

    price: Money = answer(description="What the lines cost: the sum of their totals.")
    fee: Money = answer(description="The part of the price that is fees.")
    face_value: Money | None = answer(
        description="What is printed on the vouchers; null where that is another currency."
    )
    discount: Money | None = answer(description="Face value and fee less price.")
    held: Money = answer(resolve.held, "Held in the wallet for units not delivered yet.")
    captured: Money = answer(resolve.captured, "Paid for delivered units.")
    released: Money = answer(resolve.released, "Given back for units that failed.")
    refunded: Money = answer(resolve.refunded, "Given back after it was paid.")


@shows(orders.Order, keys=("id",), scopes=ORDERS)
class Order(Node):
    """An order, placed here or imported. Open ones are asked for at their providers as you read."""

    id: strawberry.ID = answer(resolve.order_id, "Opaque and globally unique.")
    reference: str = answer(description='Ours, "VG-" and 13 characters; unique in the account.')
    origin: orders.OrderOrigin = answer(description="Placed here or imported.")
    status: orders.OrderStatus = answer(resolve.order_status, "Where it stands.")
    settled: bool = answer(description="Whether nothing more is expected to happen.")
    live: bool = answer(
        resolve.order_is_live, "Whether the providers confirmed the status in this request."
    )
    as_of: datetime = answer(resolve.order_as_of, "When the status was asked for.")
    placed_at: datetime = answer(description="When it was placed.")
    updated_at: datetime = answer(description="When our record of it last changed.")
    last_sequence: str = answer(
        lambda root: str(root.last_sequence),
        "The last event contained in this answer: subscribe with it and miss nothing.",
    )
    lines: list["OrderLine"] = answer(resolve.lines, "What was bought.")
    totals: list[OrderTotal] = answer(resolve.totals, "What it costs, one total per currency.")
    fulfillments: list["Fulfillment"] = answer(resolve.fulfillments, "The providers' parts of it.")
    vouchers: VoucherConnection = answer(resolve.vouchers, "What was issued so far.")
    events: "OrderEventConnection" = answer(resolve.events, "What happened, oldest first.")


@shows(orders.OrderLine)
class OrderLine:
    """One product of an order. The name is kept as it was when it was bought."""

    id: strawberry.ID = answer(resolve.line_id, "Opaque and globally unique.")
    product: Product | None = answer(resolve.line_product, "What was bought, while it is listed.")
    product_name: str = answer(description="Its name when it was bought.")
    face_value: Money = answer(description="What is printed on one unit.")
    quantity: int = answer(description="Units ordered.")
    unit_price: Money = answer(resolve.unit_price, "Total / quantity, for display.")
    fee: Money = answer(description="The part of the total that is fees.")
    total: Money = answer(description="Exact: face value x quantity - discount + fee.")
    delivered: int = answer(description="Units delivered.")
    failed: int = answer(description="Units that will not come.")
    fulfillments: list["Fulfillment"] = answer(
        resolve.line_fulfillments, "The providers' parts of this line."
    )


@shows(orders.FulfillmentAttempt)
class FulfillmentAttempt:
    """One try at a provider: sending an order, or looking for it."""

    number: int = answer(description="From 1 on.")
    started_at: datetime = answer(description="When it began.")
    finished_at: datetime | None = answer(description="When it ended; null while it runs.")
    outcome: orders.AttemptOutcome = answer(description="What came of it.")
    provider_code: str | None = answer(description="The provider's own code.")


@shows(orders.Fulfillment, scopes=ORDERS)
class Fulfillment(Node):
    """One provider's part of one order."""

    id: strawberry.ID = answer(resolve.fulfillment_id, "Opaque and globally unique.")
    order: Order = answer(resolve.fulfillment_order, "The order.")
    line: OrderLine = answer(resolve.fulfillment_line, "The order line.")
    provider: Provider = answer(resolve.fulfillment_provider, "Who fulfills it.")
    reference: str = answer(description="The reference that the provider knows.")
    provider_order_id: str | None = answer(description="The provider's own order id.")
    status: orders.FulfillmentStatus = answer(resolve.fulfillment_status, "Where it stands.")
    provider_status: str | None = answer(
        resolve.fulfillment_provider_status, "The provider's own word."
    )
    live: bool = answer(
        resolve.fulfillment_is_live, "Whether the provider confirmed it in this request."
    )
    as_of: datetime = answer(resolve.fulfillment_as_of, "When the status was asked for.")
    delivered: int = answer(lambda root: root.progress.delivered, "Units delivered.")
    total: int = answer(lambda root: root.progress.quantity, "Units ordered.")
    problem: Problem | None = answer(description="What is wrong with it.")
    charged: Money | None = answer(
        description="What the provider took from us.", scopes=needs(Scope.OPERATIONS_READ)
    )
    attempts: list[FulfillmentAttempt] | None = answer(
        resolve.attempts, "Every try at the provider.", scopes=needs(Scope.OPERATIONS_READ)
    )


@shows(orders.OrderEvent, scopes=ORDERS)
class OrderEvent(Node):
    """One line of the account's order log; never a secret."""

    id: strawberry.ID = answer(resolve.event_id, "Opaque and globally unique.")
    sequence: str = answer(lambda root: str(root.sequence), "Its place in the log, without gaps.")
    at: datetime = answer(description="When it happened.")
    order: Order = answer(resolve.event_order, "The order.")
    type: orders.OrderEventType = answer(description="What happened.")
    status: orders.OrderStatus = answer(description="The order's recorded status after it.")


@shows(paging.Edge)
class OrderEventEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: OrderEvent = answer(description="The item.")


@shows(paging.Connection)
class OrderEventConnection:
    edges: list[OrderEventEdge] = answer(description="The items with their cursors.")
    nodes: list[OrderEvent] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")


@shows(paging.Edge)
class OrderEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: Order = answer(description="The item.")


@shows(paging.Connection)
class OrderConnection:
    edges: list[OrderEdge] = answer(description="The items with their cursors.")
    nodes: list[Order] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")
    total_count: int | None = answer(
        paging.total_count, "Items in the whole list; null above 10,000."
    )


@strawberry.input(description="Every part that is given must hold.")
class OrderFilter:
    status: list[orders.OrderStatus] | None = strawberry.field(
        default=None, description="The recorded status is one of these."
    )
    provider: list[str] | None = strawberry.field(
        default=None, description="One of these providers takes part."
    )
    placed_after: datetime | None = strawberry.field(default=None, description="Placed after this.")
    placed_before: datetime | None = strawberry.field(
        default=None, description="Placed before this."
    )
    reference: str | None = strawberry.field(
        default=None, description="Ours, or one that a provider knows."
    )

    def wanted(self) -> orders.OrderFilter:
        return orders.OrderFilter(
            status=tupled(self.status),
            provider=tupled(self.provider),
            placed_after=self.placed_after,
            placed_before=self.placed_before,
            reference=self.reference,
        )


@strawberry.input(description="An order as its provider knows it.")
class ProviderOrderKey:
    provider: str = strawberry.field(description='The provider\'s name, such as "enkash".')
    order_id: str = strawberry.field(description="The provider's own order id.")


@strawberry.input(one_of=True, description="One way to name an order.")
class OrderLookup:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Its global id."
    )
    reference: str | None = strawberry.field(
        default=strawberry.UNSET, description="Ours, or one that a provider knows."
    )
    provider_order: ProviderOrderKey | None = strawberry.field(
        default=strawberry.UNSET, description="The provider and its own order id."
    )
