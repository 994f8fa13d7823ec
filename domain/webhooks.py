"""Outgoing webhooks: where an account wants to be told, and what became of each message."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.orders import OrderEventType


class DeliveryState(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL of an account that is told about its orders. No `events`: all of them.

    `cursor` is the last number of the order log that was taken up for it. `failing_since`: the
    first failure after the last success.
    """

    id: UUID
    account: UUID
    url: str
    events: tuple[OrderEventType, ...]
    enabled: bool
    disabled_reason: str | None
    cursor: int
    failing_since: datetime | None
    replayed_at: datetime | None
    created_at: datetime

    @property
    def shown_url(self) -> str:
        """The URL without its query, which may hold somebody's token."""
        return self.url.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event of the order log for one endpoint, and how far it got.

    `due_at` is the next try, None when there is none. `problem` is our word for the last failure.
    """

    id: UUID
    account: UUID
    endpoint_id: UUID
    event_id: UUID
    sequence: int
    state: DeliveryState
    attempts: int
    response_status: int | None
    duration_ms: int | None
    problem: str | None
    last_attempt_at: datetime | None
    due_at: datetime | None
    created_at: datetime


def message_type(event: OrderEventType) -> str:
    """What a message calls an event: order.status_changed for STATUS_CHANGED."""
    return f"order.{event.value.lower()}"


def message_id(event_id: UUID) -> str:
    """The `webhook-id` of an event: the same for every try, replay and endpoint."""
    return f"msg_{event_id.hex}"


MESSAGE_TYPES = {message_type(event): event for event in OrderEventType}
