"""Orders, their lines and fulfillments, and the rule that derives an order's status."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.money import Money
from domain.problems import Problem


class OrderStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    DELIVERED = "DELIVERED"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class FulfillmentStatus(StrEnum):
    READY = "READY"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    FULFILLED = "FULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    CANCELLED = "CANCELLED"


ALWAYS_OPEN = frozenset(
    {
        FulfillmentStatus.READY,
        FulfillmentStatus.SENDING,
        FulfillmentStatus.ACCEPTED,
        FulfillmentStatus.UNKNOWN,
        FulfillmentStatus.NEEDS_REVIEW,
    }
)


class OrderOrigin(StrEnum):
    PLACED = "PLACED"
    IMPORTED = "IMPORTED"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one fulfillment is: our state, the provider's word, and counted units.

    `word` is the last status the provider gave, in our six words; `final` says that the provider
    will not change it any more. `quantity` is the units ordered (imports of unknown quantity: the
    units seen).
    """

    state: FulfillmentStatus
    word: OrderStatus
    final: bool
    quantity: int
    delivered: int
    failed: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in ALWAYS_OPEN or (
            self.state is FulfillmentStatus.PARTIALLY_FULFILLED and not self.final
        )


def order_status(parts: Iterable[Progress]) -> OrderStatus:
    """The order's status from its fulfillments: counted units decide, then the providers' words."""
    parts = tuple(parts)
    nothing_open = not any(part.is_open for part in parts)
    delivered = sum(part.delivered for part in parts)
    if delivered and nothing_open and delivered >= sum(part.quantity for part in parts):
        return OrderStatus.DELIVERED
    if delivered:
        return OrderStatus.PARTIALLY_DELIVERED
    if nothing_open:
        cancelled = all(part.state is FulfillmentStatus.CANCELLED for part in parts)
        return OrderStatus.CANCELLED if parts and cancelled else OrderStatus.FAILED
    started = any(
        part.state is not FulfillmentStatus.READY and part.word is not OrderStatus.PENDING
        for part in parts
    )
    return OrderStatus.PROCESSING if started else OrderStatus.PENDING


def is_settled(parts: Iterable[Progress]) -> bool:
    """Nothing is open: no provider is expected to do anything more."""
    return not any(part.is_open for part in parts)


@dataclass(frozen=True, slots=True)
class Order:
    """What the buyer agreed to. `status` and `settled` are as recorded at `updated_at`."""

    id: UUID
    account: UUID
    reference: str
    origin: OrderOrigin
    status: OrderStatus
    settled: bool
    placed_at: datetime
    updated_at: datetime
    last_sequence: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product of an order; `total` is exact, the unit price is derived for display."""

    id: UUID
    order_id: UUID
    provider_name: str
    sku: str | None
    product_id: UUID | None
    product_name: str
    face_value: Money
    quantity: int
    fee: Money
    total: Money
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """One provider's part of one order, as recorded.

    `credential` tells which account of ours at the provider it belongs to; nobody else can ask.
    `observed_at` is when the recorded word was asked for. `version` rises with every change, so
    that a late write can tell that somebody newer was there.
    """

    id: UUID
    account: UUID
    order_id: UUID
    line_id: UUID
    provider_name: str
    credential: str
    reference: str
    provider_order_id: str | None
    progress: Progress
    provider_status: str | None
    observed_at: datetime
    placed_at: datetime
    charged: Money | None
    problem: Problem | None
    version: int

    @property
    def is_open(self) -> bool:
        return self.progress.is_open


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """A fulfillment's progress as it stood at `as_of`; live when the provider just said so."""

    progress: Progress
    provider_status: str | None
    as_of: datetime
    live: bool


class AttemptOutcome(StrEnum):
    """What came of one try at a provider."""

    RUNNING = "RUNNING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"
    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class FulfillmentAttempt:
    """One try at a provider: sending it, or looking for it. `provider_code` is for operators."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: AttemptOutcome
    provider_code: str | None


class Resolution(StrEnum):
    """What a person decides about a fulfillment that no machine can decide about."""

    RELEASE = "RELEASE"
    LINK_PROVIDER_ORDER = "LINK_PROVIDER_ORDER"
    RETRY = "RETRY"
    DELIVER_LATE = "DELIVER_LATE"
    KEEP = "KEEP"


class OrderEventType(StrEnum):
    PLACED = "PLACED"
    IMPORTED = "IMPORTED"
    STATUS_CHANGED = "STATUS_CHANGED"
    VOUCHERS_DELIVERED = "VOUCHERS_DELIVERED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    RESOLVED = "RESOLVED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    RESENT = "RESENT"
    EXPIRING = "EXPIRING"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of an account's order log; never a secret."""

    id: UUID
    account: UUID
    sequence: int
    at: datetime
    order_id: UUID
    type: OrderEventType
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Every part that is not None must hold; `reference` is ours or the provider's."""

    status: tuple[OrderStatus, ...] | None = None
    provider: tuple[str, ...] | None = None
    placed_after: datetime | None = None
    placed_before: datetime | None = None
    reference: str | None = None


class CountInterval(StrEnum):
    HOUR = "HOUR"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class OrderCount:
    """How many orders of one status were placed in the hour or day, in UTC, that begins here."""

    start: datetime
    status: OrderStatus
    count: int


@dataclass(frozen=True, slots=True)
class FulfillmentFilter:
    """What operators look for, over all accounts; every part that is not None must hold."""

    status: tuple[FulfillmentStatus, ...] | None = None
    provider: tuple[str, ...] | None = None
    account: UUID | None = None
