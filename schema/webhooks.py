"""Outgoing webhooks: endpoints, and what became of each delivery. Their secrets are never here."""

from datetime import datetime

import strawberry

from domain import orders, webhooks
from domain.viewers import Scope
from resolvers import paging
from resolvers import webhooks as resolve
from schema.faces import answer, shows
from schema.node import Node, PageInfo
from schema.order import OrderEvent
from schema.permissions import needs_or_implied

# Whoever may read the order log may see where it is sent.
READ = needs_or_implied(Scope.ORDERS_READ)


@shows(webhooks.Delivery, scopes=READ)
class WebhookDelivery(Node):
    """One event of the order log, sent to one endpoint until it takes it."""

    id: strawberry.ID = answer(resolve.delivery_id, "Opaque and globally unique.")
    message_id: str = answer(
        resolve.delivery_message_id, "The header webhook-id; the same at every try and replay."
    )
    event: OrderEvent = answer(resolve.delivery_event, "What it tells.")
    state: webhooks.DeliveryState = answer(description="How far it got.")
    attempts: int = answer(description="How often it was sent, replays included.")
    response_status: int | None = answer(
        description="The HTTP status of the last answer; null when there was none."
    )
    duration_ms: int | None = answer(
        description="How long the last try took, in milliseconds; null before the first."
    )
    problem: str | None = answer(
        description="Why the last try failed, in our words; null when it did not."
    )
    last_attempt_at: datetime | None = answer(description="When it was sent last.")
    next_attempt_at: datetime | None = answer(
        lambda root: root.due_at,
        "When it is sent next, while its endpoint is enabled; null when it is not any more.",
    )


@shows(paging.Edge)
class WebhookDeliveryEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: WebhookDelivery = answer(description="The item.")


@shows(paging.Connection)
class WebhookDeliveryConnection:
    edges: list[WebhookDeliveryEdge] = answer(description="The items with their cursors.")
    nodes: list[WebhookDelivery] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")


@shows(webhooks.Endpoint, scopes=READ)
class WebhookEndpoint(Node):
    """A URL of the account that is told what happens to its orders. An operator sets it up."""

    id: strawberry.ID = answer(resolve.endpoint_id, "Opaque and globally unique.")
    url: str = answer(lambda root: root.shown_url, "Where it is, without its query.")
    events: list[orders.OrderEventType] = answer(resolve.events, "What it is told about.")
    enabled: bool = answer(description="Whether anything is sent there.")
    disabled_reason: str | None = answer(description="Why nothing is sent; null while it is.")
    failing_since: datetime | None = answer(
        description="The first failure after the last success; null while it works."
    )
    last_sequence: str = answer(
        lambda root: str(root.cursor), "The last event of the log that was taken up for it."
    )
    created_at: datetime = answer(description="When it was set up.")
    deliveries: WebhookDeliveryConnection = answer(
        resolve.deliveries, "What was sent to it, newest event first; kept for 30 days."
    )
