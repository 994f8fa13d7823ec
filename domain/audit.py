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
