"""How a provider has been answering this process: its circuit, and figures of the last minutes."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from domain.providers import CircuitState, ProviderHealth, ProviderState

if TYPE_CHECKING:
    from purgatory.domain.model import Context

log = structlog.get_logger()

FAULTS_TO_OPEN = 5  # in a row
PAUSE_SECONDS = 10.0
WINDOW_SECONDS = 300.0
MOST_SAMPLES = 5_000  # bounds memory at full speed; the newest ones tell enough
DEGRADED_ABOVE = 0.1

STATES = {
    "closed": CircuitState.CLOSED,
    "opened": CircuitState.OPEN,
    "half-opened": CircuitState.HALF_OPEN,
}


class _Fault(Exception):
    """What purgatory wants to be handed; it carries nothing."""


class Breaker:
    """Opens after faults in a row; after a pause one call at a time may try it again.

    The circuit is made at the first fault: the library loads a client of Redis, 6 MiB that a
    process whose providers answer does not need.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._circuit: Context | None = None
        self._probing = False

    @property
    def state(self) -> CircuitState:
        return STATES[self._circuit.state] if self._circuit else CircuitState.CLOSED

    def admits(self) -> bool:
        """Whether a call may go; it must be answered by one of the three methods below."""
        if self._circuit is None:
            return True
        from purgatory.domain.model import OpenedState  # noqa: PLC0415 - loaded with the circuit

        try:
            self._circuit.handle_new_request()
        except OpenedState:
            return False
        if self.state is CircuitState.HALF_OPEN:
            if self._probing:
                return False
            self._probing = True
        return True

    def failed(self) -> None:
        """The call ended in a fault of the provider or of the way to it."""
        before = self.state
        if self._circuit is None:
            from purgatory.domain.model import Context  # noqa: PLC0415 - see above

            self._circuit = Context(self._provider, FAULTS_TO_OPEN, PAUSE_SECONDS)
        self._circuit.handle_exception(_Fault())
        self._told(self._circuit, before)

    def succeeded(self) -> None:
        """The provider answered, with whatever word."""
        before = self.state
        if self._circuit is not None:
            self._circuit.handle_end_request()
            self._told(self._circuit, before)
        self._probing = False

    def abandoned(self) -> None:
        """The call told nothing of the provider: its caller went away, or it was never sent."""
        self._probing = False

    def _told(self, circuit: "Context", before: CircuitState) -> None:
        self._probing = False
        circuit.messages.clear()  # events for purgatory's bus, which we do not run
        if self.state is not before:
            log.warning("provider.circuit", provider=self._provider, state=self.state.value)


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    good: bool
    seconds: float


class Figures:
    """A rolling window of calls: how many, how many failed, how long they took."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=MOST_SAMPLES)
        self._last_success: datetime | None = None

    def add(self, *, good: bool, seconds: float) -> None:
        self._samples.append(_Sample(time.monotonic(), good, seconds))
        if good:
            self._last_success = datetime.now(UTC)

    def health(  # the four last figures are not known here
        self,
        circuit: CircuitState,
        *,
        quota_remaining: int | None = None,
        paused: bool = False,
        unknown_outcomes: int = 0,
        needs_review: int = 0,
        last_reconciled_at: datetime | None = None,
    ) -> ProviderHealth:
        """What an operator sees; the caller adds what only the database knows."""
        oldest = time.monotonic() - WINDOW_SECONDS
        recent = [sample for sample in self._samples if sample.at >= oldest]
        failed = sum(not sample.good for sample in recent)
        rate = failed / len(recent) if recent else 0.0
        latencies = sorted(sample.seconds for sample in recent)
        return ProviderHealth(
            state=_state(circuit, rate),
            circuit=circuit,
            paused=paused,
            requests=len(recent),
            error_rate=rate,
            latency_p50_ms=_percentile(latencies, 0.50),
            latency_p95_ms=_percentile(latencies, 0.95),
            unknown_outcomes=unknown_outcomes,
            needs_review=needs_review,
            quota_remaining=quota_remaining,
            last_success_at=self._last_success,
            last_reconciled_at=last_reconciled_at,
        )


def _state(circuit: CircuitState, error_rate: float) -> ProviderState:
    if circuit is CircuitState.OPEN:
        return ProviderState.DOWN
    if circuit is CircuitState.HALF_OPEN or error_rate > DEGRADED_ABOVE:
        return ProviderState.DEGRADED
    return ProviderState.HEALTHY


def _percentile(ordered: list[float], share: float) -> float | None:
    """Nearest rank, in milliseconds."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 3)
