"""Cancel: what was not sent yet is withdrawn at once; what was, the provider has to confirm."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from db import cancellations, claims, events, fulfillments, orders
from db.claims import Claim, Settlement
from db.pool import Connection, Database
from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderEventType,
)
from domain.problems import Outcome, Problem, ProblemCode, RetryAdvice
from domain.providers import Capability
from ordering.bodies import Bodies
from ordering.fulfill import Fulfiller
from ordering.refusals import problem_of
from ordering.settle import derive
from providers.errors import (
    Duplicate,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Unavailable,
    Unsupported,
)
from providers.pacing import Asker, asked_by
from providers.port import OrderKey, Provider

log = structlog.get_logger()

SOON_MS = 2_000
# Whoever noted it may have died before asking; asking twice does no harm.
AGAIN_AFTER = timedelta(minutes=1)
OVER = frozenset(
    {FulfillmentStatus.REJECTED, FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The order after it; `pending`: a provider was asked and has not confirmed yet."""

    order: Order
    pending: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one sent fulfillment."""

    pending: bool = False
    problem: Problem | None = None


class Canceller:
    """Cancels as much of an order as can be; never overtakes what is being sent or unknown."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        bodies: Bodies,
        fulfiller: Fulfiller,
    ) -> None:
        self._database = database
        self._providers = providers
        self._bodies = bodies
        self._fulfiller = fulfiller

    async def cancel(self, order: Order, reason: str) -> Cancelled:
        """The order as it stands then, and a problem for each part that cannot be cancelled."""
        withdrawn, parts = await self._withdraw(order)
        left = [part for part in parts if part.progress.state not in OVER]
        if not left and not withdrawn and not _is_cancelled(parts):
            over = _problem("nothing of this order is under way any more")
            return Cancelled(order, pending=False, problems=(over,))
        answers = await asyncio.gather(*(self._part(part) for part in left))
        log.info("order.cancel", order=str(order.id), withdrawn=withdrawn, asked=len(left))
        async with self._database.worker() as conn:
            order = (await orders.by_ids(conn, [order.id]))[order.id]
        return Cancelled(
            order,
            pending=any(answer.pending for answer in answers),
            problems=tuple(answer.problem for answer in answers if answer.problem),
        )

    async def _withdraw(self, order: Order) -> tuple[int, Sequence[Fulfillment]]:
        """Cancel what is READY, by compare-and-set; how many, and all parts as they are then."""
        async with self._database.worker() as conn:
            before = await orders.lock(conn, order.id)
            withdrawn = 0
            for part in (await fulfillments.by_orders(conn, [order.id]))[order.id]:
                if part.progress.state is not FulfillmentStatus.READY:
                    continue
                claim = await claims.take(conn, part.id, [FulfillmentStatus.READY])
                if claim is not None:
                    await claims.settle(conn, claim, _never_sent(claim))
                    withdrawn += 1
            parts = (await fulfillments.by_orders(conn, [order.id]))[order.id]
            if withdrawn and before is not None:
                await _tell(conn, before)
        return withdrawn, parts

    async def _part(self, part: Fulfillment) -> Asked:
        """Cancel one part that was sent, or say why not."""
        provider = self._providers.get(part.provider_name)
        if provider is None or provider.credential != part.credential:
            return Asked(problem=_problem("its provider is not set up here any more"))
        name = provider.display_name
        match part.progress.state:
            case FulfillmentStatus.READY | FulfillmentStatus.SENDING:
                return Asked(problem=_later(f"it is being sent to {name} just now"))
            case FulfillmentStatus.UNKNOWN:
                return Asked(problem=_later(f"it is not known yet whether {name} has it"))
            case FulfillmentStatus.NEEDS_REVIEW:
                return Asked(problem=_problem("a person has to decide about it first"))
        if Capability.CANCEL not in provider.capabilities or part.provider_order_id is None:
            return Asked(problem=_problem(f"{name} cancels nothing that it has accepted"))
        return await self._ask(provider, part)

    async def _ask(self, provider: Provider, part: Fulfillment) -> Asked:
        """Noted before the call, so that a crash leaves it to the worker to see what happened."""
        async with self._database.worker() as conn:
            sent = await cancellations.sent(conn, part.id)
            if sent.body is None:
                return Asked(problem=_problem("it was not placed here"))
            if sent.asked_at is not None and datetime.now(UTC) - sent.asked_at < AGAIN_AFTER:
                return Asked(pending=True)
            if not await cancellations.ask(conn, part.id, AGAIN_AFTER):
                return Asked(problem=_later("it has moved just now"))
        body = await self._bodies.open(part.account, part.id, sent.body)
        try:
            with asked_by(Asker.PLACING):
                confirmed = await provider.cancel(_key(part), body)
        except (Rejected, NotFound, Unsupported) as error:
            await self._give_up(part)
            why = f"{provider.display_name} does not cancel it any more"
            return Asked(problem=replace(_problem(why), provider_code=error.code))
        except Unavailable as error:
            await self._give_up(part)
            return Asked(problem=problem_of(error))
        except (Duplicate, OutcomeUnknown):
            return Asked(pending=True)
        except ProviderError as error:
            log.warning("order.cancel_unclear", provider=provider.name, cause=type(error).__name__)
            return Asked(pending=True)
        if not confirmed:
            return Asked(pending=True)
        async with self._database.worker() as conn:
            await cancellations.hasten(conn, part.id)
        await self._fulfiller.fulfill(part.id, provider.name)
        async with self._database.worker() as conn:
            now = (await fulfillments.by_ids(conn, [part.id]))[part.id]
        return Asked(pending=now.progress.state is not FulfillmentStatus.CANCELLED)

    async def _give_up(self, part: Fulfillment) -> None:
        async with self._database.worker() as conn:
            await cancellations.withdraw(conn, part.id)


def _key(part: Fulfillment) -> OrderKey:
    return OrderKey(part.provider_order_id or "", part.reference, part.placed_at)


def _is_cancelled(parts: Sequence[Fulfillment]) -> bool:
    """Whether it was all cancelled before: asking again changes nothing and is no mistake."""
    return bool(parts) and all(p.progress.state is FulfillmentStatus.CANCELLED for p in parts)


def _never_sent(claim: Claim) -> Settlement:
    return Settlement(
        state=FulfillmentStatus.CANCELLED,
        word=claim.word,
        final=True,
        delivered=claim.delivered,
        failed=claim.quantity - claim.delivered,
        observed_at=datetime.now(UTC),
    )


async def _tell(conn: Connection, before: Order) -> None:
    status, changed = await derive(conn, before.id)
    news = [(before.id, OrderEventType.CANCELLED, status)]
    if changed and status is not before.status:
        news.append((before.id, OrderEventType.STATUS_CHANGED, status))
    await events.append(conn, before.account, news)


def _problem(message: str) -> Problem:
    return Problem(ProblemCode.NOT_CANCELLABLE, message)


def _later(message: str) -> Problem:
    return Problem(
        ProblemCode.NOT_CANCELLABLE,
        f"{message}; try again",
        retry=RetryAdvice.AFTER,
        outcome=Outcome.NOT_STARTED,
        retry_after_ms=SOON_MS,
    )
