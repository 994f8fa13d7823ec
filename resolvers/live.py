"""Live status: open fulfillments are asked for at their providers at once, under one deadline."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    LiveStatus,
    Order,
    OrderStatus,
    order_status,
)
from domain.providers import Capability
from ordering.observe import Seen
from ordering.statuses import heard
from providers.errors import ProviderError
from providers.pacing import Asker, asked_by
from providers.port import OrderKey, Provider, Reading

log = structlog.get_logger()

# A page may hold a hundred open orders of a provider that has no list: the rest answer as recorded.
MOST_SINGLE_READS = 10
# Of a provider's hourly reads of one order, viewers have a quarter.
VIEWERS_PART = 4
HOUR = timedelta(hours=1)
MOST_COUNTED = 10_000
NEVER_ASKED = frozenset({FulfillmentStatus.READY, FulfillmentStatus.SENDING})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one provider said of one order, and when the request that asked it began."""

    reading: Reading
    as_of: datetime


@dataclass(frozen=True, slots=True)
class OrderLive:
    """An order's status as far as its providers could be asked just now."""

    status: OrderStatus
    as_of: datetime
    live: bool


@dataclass(slots=True)
class Heard:
    """What one request to a provider brought, by provider order id.

    `written`: the fulfillments as they were recorded for whom somebody writes it down. All others
    who waited for the same answer would write the same.
    """

    answers: Mapping[str, Answer]
    written: set[tuple[UUID, int]] = field(default_factory=set)


# None when the provider did not answer.
Answers = Heard | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Fulfillments that one request to a provider answers; without a `flight` nobody was asked."""

    flight: asyncio.Task[Answers] | None
    fulfillments: Sequence[Fulfillment]

    def told(self) -> tuple[dict[UUID, LiveStatus], list[Seen]]:
        """The status of each as far as it is known now, and what is to be written back."""
        flight = self.flight
        heard = flight.result() if flight and flight.done() and not flight.cancelled() else None
        if heard is None:
            return {f.id: status(f, None) for f in self.fulfillments}, []
        statuses: dict[UUID, LiveStatus] = {}
        seen: list[Seen] = []
        for fulfillment in self.fulfillments:
            answer = heard.answers.get(str(fulfillment.provider_order_id))
            statuses[fulfillment.id] = status(fulfillment, answer)
            as_recorded = (fulfillment.id, fulfillment.version)
            if as_recorded not in heard.written:
                heard.written.add(as_recorded)
                seen.append(_seen(fulfillment, answer))
        return statuses, seen


class LiveStatuses:
    """Asks providers for the status of open fulfillments; one for the whole process.

    Never raises for a provider's sake: whatever is late, broken or unknown is answered as recorded.
    One read is in flight per order, however many viewers wait for it.
    """

    def __init__(
        self, providers: Mapping[str, Provider], *, deadline: timedelta, fresh: timedelta
    ) -> None:
        self._providers = providers
        self._deadline = deadline
        self._fresh = fresh
        self._in_flight: dict[UUID, asyncio.Task[Answers]] = {}
        self._single_reads: dict[UUID, deque[datetime]] = {}

    def ask(self, fulfillments: Sequence[Fulfillment]) -> list[Asked]:
        """Ask for those that are worth it; requests go out in the loop's next turn.

        Each answer is there within the deadline.
        """
        flights = self._ask(self._worth_asking(fulfillments))
        asked: dict[asyncio.Task[Answers] | None, list[Fulfillment]] = {}
        for fulfillment in fulfillments:
            asked.setdefault(flights.get(fulfillment.id), []).append(fulfillment)
        return [Asked(flight, group) for flight, group in asked.items()]

    async def read(
        self, fulfillments: Sequence[Fulfillment]
    ) -> tuple[dict[UUID, LiveStatus], list[Seen]]:
        """The status of each, and what was seen on the way, to be written back after the answer."""
        asked = self.ask(fulfillments)
        flights = [one.flight for one in asked if one.flight is not None]
        if flights:
            await asyncio.wait(flights, timeout=self._deadline.total_seconds())
        statuses: dict[UUID, LiveStatus] = {}
        seen: list[Seen] = []
        for one in asked:
            found, looks = one.told()
            statuses |= found
            seen += looks
        return statuses, seen

    def _worth_asking(self, fulfillments: Sequence[Fulfillment]) -> list[Fulfillment]:
        stale = datetime.now(UTC) - self._fresh
        return [
            fulfillment
            for fulfillment in fulfillments
            if fulfillment.is_open
            and fulfillment.progress.state not in NEVER_ASKED
            and fulfillment.provider_order_id is not None
            and fulfillment.observed_at < stale
            and self._is_ours_to_ask(fulfillment)
        ]

    def _is_ours_to_ask(self, fulfillment: Fulfillment) -> bool:
        """Whether we are logged in with the account at the provider that it belongs to."""
        provider = self._providers.get(fulfillment.provider_name)
        return provider is not None and provider.credential == fulfillment.credential

    def _ask(self, fulfillments: Sequence[Fulfillment]) -> dict[UUID, asyncio.Task[Answers]]:
        """The task that answers each: one already in flight, or one new request per provider."""
        tasks = {f.id: self._in_flight[f.id] for f in fulfillments if f.id in self._in_flight}
        wanted: dict[str, list[Fulfillment]] = defaultdict(list)
        for fulfillment in fulfillments:
            if fulfillment.id not in tasks:
                wanted[fulfillment.provider_name].append(fulfillment)
        for name, group in wanted.items():
            provider = self._providers[name]
            if Capability.BATCH_STATUS in provider.capabilities:
                batches = [group]
            else:
                batches = [[one] for one in group[:MOST_SINGLE_READS]]
            if len(group) == 1 and not self._may_read_alone(provider, group[0]):
                continue
            for batch in batches:
                task = asyncio.create_task(self._statuses(provider, batch))
                for fulfillment in batch:
                    tasks[fulfillment.id] = self._in_flight[fulfillment.id] = task
        return tasks

    def _may_read_alone(self, provider: Provider, fulfillment: Fulfillment) -> bool:
        """Whether viewers may have one more single read of it: the worker needs most of them."""
        allowed = provider.single_reads_per_hour
        if allowed is None:
            return True
        now = datetime.now(UTC)
        if len(self._single_reads) > MOST_COUNTED:
            self._single_reads.clear()
        times = self._single_reads.setdefault(fulfillment.id, deque())
        while times and times[0] <= now - HOUR:
            times.popleft()
        if len(times) >= allowed // VIEWERS_PART:
            return False
        times.append(now)
        return True

    async def _statuses(self, provider: Provider, batch: Sequence[Fulfillment]) -> Answers:
        started = datetime.now(UTC)
        keys = [OrderKey(str(f.provider_order_id), f.reference, f.placed_at) for f in batch]
        try:
            with asked_by(Asker.VIEWER, within=self._deadline):
                async with asyncio.timeout(self._deadline.total_seconds()):
                    readings = await provider.statuses(keys)
        except (ProviderError, TimeoutError) as error:
            code = getattr(error, "code", None)
            log.info("live.recorded", provider=provider.name, cause=type(error).__name__, code=code)
            return None
        finally:
            for fulfillment in batch:
                self._in_flight.pop(fulfillment.id, None)
        return Heard({key: Answer(reading, started) for key, reading in readings.items()})


def _seen(fulfillment: Fulfillment, answer: Answer | None) -> Seen:
    """What is to be written down; no answer: the provider's list did not hold it."""
    if answer is None:
        return Seen(fulfillment, fulfillment.observed_at)
    return Seen(fulfillment, answer.as_of, answer.reading)


def status(fulfillment: Fulfillment, answer: Answer | None) -> LiveStatus:
    """What is answered: the provider's fresh word over the stored units, else what is recorded."""
    progress = fulfillment.progress
    if answer is None:
        if fulfillment.is_open:
            progress = heard(progress, progress.word, final=progress.final)
        raw = fulfillment.provider_status
        return LiveStatus(progress, raw, fulfillment.observed_at, live=False)
    reading = answer.reading
    # An import of unknown quantity learns it from the first answer that counts.
    if (reading.quantity or 0) > progress.quantity:
        progress = replace(progress, quantity=reading.quantity or 0)
    progress = heard(progress, reading.status, final=reading.final)
    return LiveStatus(progress, reading.raw_status, answer.as_of, live=True)


def order_live(
    order: Order, found: Sequence[Fulfillment], told: Mapping[UUID, LiveStatus]
) -> OrderLive:
    """An open order's status from its fulfillments; `told` is what came of asking those open."""
    if not found:
        return OrderLive(order.status, order.updated_at, live=False)
    answers = [told.get(f.id) or status(f, None) for f in found]
    still_open = [a for f, a in zip(found, answers, strict=True) if f.is_open]
    return OrderLive(
        order_status(answer.progress for answer in answers),
        min(answer.as_of for answer in still_open or answers),
        live=bool(still_open) and all(answer.live for answer in still_open),
    )
