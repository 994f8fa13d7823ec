"""What is kept of reveals and operator acts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AuditAction(StrEnum):
    VOUCHER_REVEALED = "VOUCHER_REVEALED"
    REVEAL_DENIED = "REVEAL_DENIED"
    ORDER_IMPORTED = "ORDER_IMPORTED"
    WALLET_TOPPED_UP = "WALLET_TOPPED_UP"
    WALLET_ADJUSTED = "WALLET_ADJUSTED"
    PROVIDER_PAUSED = "PROVIDER_PAUSED"
    PROVIDER_RESUMED = "PROVIDER_RESUMED"
    FULFILLMENT_RESOLVED = "FULFILLMENT_RESOLVED"
    CLIENT_CHANGED = "CLIENT_CHANGED"
    KEYS_CHANGED = "KEYS_CHANGED"
    WEBHOOK_CHANGED = "WEBHOOK_CHANGED"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be written into an account's audit chain. `subject` is a global id."""

    actor: str
    action: AuditAction
    subject: str
    fields: tuple[str, ...] = ()
    purpose: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of an account's chain: `mac` covers the row and the row before it."""

    id: UUID
    account: UUID
    sequence: int
    at: datetime
    act: Act
    mac: bytes


@dataclass(frozen=True, slots=True)
class AuditChain:
    """An account's chain, and what checking its newest rows has found.

    `length` counts its rows, `head` is the MAC of the newest. `first_broken` is the sequence of the
    first row that does not hold; `checkpoint_at` when the newest checkpoint saw the chain.
    """

    length: int
    head: bytes | None
    checked: int
    first_broken: int | None
    checkpoint_at: datetime | None
