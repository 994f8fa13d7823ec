"""What is known of a provider without asking it, and how it has been doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import Kind, global_id


class Capability(StrEnum):
    """A fact about a provider that changes what we do."""

    REFERENCE_LOOKUP = "REFERENCE_LOOKUP"
    IDEMPOTENT_PLACE = "IDEMPOTENT_PLACE"
    BATCH_STATUS = "BATCH_STATUS"
    QUOTE = "QUOTE"
    CANCEL = "CANCEL"
    RESEND = "RESEND"
    BALANCE = "BALANCE"
    WEBHOOK = "WEBHOOK"


class ProviderState(StrEnum):
    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


class CircuitState(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class Provider:
    """A company we buy from, as clients see it."""

    name: str
    display_name: str
    capabilities: frozenset[Capability]

    @property
    def global_id(self) -> str:
        return global_id(Kind.PROVIDER, self.name)


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """How a provider has been answering this process; latencies in milliseconds."""

    state: ProviderState
    circuit: CircuitState
    paused: bool
    requests: int
    error_rate: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    unknown_outcomes: int
    needs_review: int
    quota_remaining: int | None
    last_success_at: datetime | None
    last_reconciled_at: datetime | None
