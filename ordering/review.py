"""Review: what no machine can decide, a person does; audited in the account that it touches."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from db import audit, claims, events, exceptions, fulfillments, orders, vouchers
from db.claims import Claim, Settlement
from db.orders import Conflict
from db.pool import Connection, Database
from db.wallets import Insufficient
from domain.audit import AuditAction
from domain.ids import Kind, global_id
from domain.orders import Fulfillment, FulfillmentStatus, OrderEventType, OrderStatus, Resolution
from domain.problems import Problem, ProblemCode, Refused, invalid, not_found
from domain.viewers import Viewer
from ordering.acts import act
from ordering.afresh import Afresh
from ordering.keys import Keys
from ordering.linking import Linker
from ordering.settle import derive
from ordering.statuses import accepted_state
from providers.port import Provider

log = structlog.get_logger()

DAILY = timedelta(days=1)
REVIEW = FulfillmentStatus.NEEDS_REVIEW
UNKNOWN = FulfillmentStatus.UNKNOWN
STATES: Mapping[Resolution, tuple[FulfillmentStatus, ...]] = {
    Resolution.RELEASE: (REVIEW,),
    Resolution.LINK_PROVIDER_ORDER: (REVIEW, UNKNOWN),
    Resolution.RETRY: (REVIEW,),
    Resolution.DELIVER_LATE: (REVIEW,),
    Resolution.KEEP: (REVIEW,),
}

Apply = Callable[[Connection, Claim], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wants done, and why; `provider_order_id` goes with LINK_PROVIDER_ORDER."""

    resolution: Resolution
    reason: str
    provider_order_id: str | None = None


class Reviewer:
    """Carries out decisions: whole, audited and told, or not at all."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        keys: Keys,
        linker: Linker,
        afresh: Afresh,
    ) -> None:
        self._database = database
        self._providers = providers
        self._keys = keys
        self._linker = linker
        self._afresh = afresh

    async def resolve(self, id: UUID, decision: Decision, viewer: Viewer) -> Fulfillment:
        """The fulfillment as the decision left it. Refused, and nothing changed, where the
        decision does not fit how it stands, a provider says no, or funds are short.
        """
        found = await self._found(id, decision.resolution)
        apply = await self._prepared(found, decision)
        settled = await self._carry_out(found, decision, apply, viewer)
        log.warning(
            "fulfillment.resolved",
            fulfillment=str(id),
            resolution=decision.resolution.value,
            state=settled.progress.state.value,
            actor=viewer.actor,
        )
        return settled

    async def _found(self, id: UUID, resolution: Resolution) -> Claim:
        """How it stands now. Refused when there is none, or the decision does not fit its state."""
        allowed = STATES[resolution]
        async with self._database.worker() as conn:
            claim = await claims.take(conn, id, allowed)
            if claim is not None:
                return claim
            known = (await fulfillments.by_ids(conn, [id])).get(id)
        if known is None:
            raise not_found("there is no such fulfillment")
        wanted = " or ".join(one.value for one in allowed)
        raise invalid(f"it is {known.progress.state.value}; this needs {wanted}", *RESOLUTION)

    async def _prepared(self, found: Claim, decision: Decision) -> Apply:
        """What is to be written; whatever a provider has to be asked is asked here."""
        match decision.resolution:
            case Resolution.RELEASE:
                return release
            case Resolution.DELIVER_LATE:
                return deliver_late
            case Resolution.KEEP:
                return keep
        provider = self._providers.get(found.provider_name)
        if provider is None or provider.credential != found.credential:
            raise invalid("its account at the provider is not set up here any more")
        if decision.resolution is Resolution.RETRY:
            return await self._afresh.prepared(provider, found)
        return await self._linker.prepared(provider, found, decision.provider_order_id or "")

    async def _carry_out(
        self, found: Claim, decision: Decision, apply: Apply, viewer: Viewer
    ) -> Fulfillment:
        key = await self._keys.audit()
        done = act(
            viewer,
            AuditAction.FULFILLMENT_RESOLVED,
            global_id(Kind.FULFILLMENT, found.id),
            fields=(decision.resolution.value,),
            reason=decision.reason,
        )
        try:
            async with self._database.worker() as conn:
                before = await orders.lock(conn, found.order_id)
                claim = await claims.take(conn, found.id, STATES[decision.resolution])
                if claim is None or before is None:
                    raise invalid("it has moved meanwhile: look at it again", *FULFILLMENT)
                await apply(conn, claim)
                status, changed = await derive(conn, found.order_id)
                await exceptions.close_of_fulfillment(conn, found.id, viewer.actor)
                settled = (await fulfillments.by_ids(conn, [found.id]))[found.id]
                await audit.append(conn, found.account, [done], key)
                news = [(found.order_id, OrderEventType.RESOLVED, status)]
                if changed and status is not before.status:
                    news.append((found.order_id, OrderEventType.STATUS_CHANGED, status))
                await events.append(conn, found.account, news)
        except Insufficient as short:
            message = f"only {short.available} {short.currency} are available to pay for the units"
            raise Refused(Problem(ProblemCode.INSUFFICIENT_FUNDS, message)) from None
        except Conflict:
            raise invalid(
                "another fulfillment has that order already", "input", "providerOrderId"
            ) from None
        return settled


FULFILLMENT = ("input", "fulfillmentId")
RESOLUTION = ("input", "resolution")


async def release(conn: Connection, claim: Claim) -> None:
    """Give up what has not come, and give its money back."""
    if not _undecided(claim):
        raise invalid("all its units are decided: deliver what came late, or keep it", *RESOLUTION)
    await claims.settle(conn, claim, _closed(claim, failed=claim.quantity - claim.delivered))


async def keep(conn: Connection, claim: Claim) -> None:
    """Leave units and money as they are. An order that is known and open is followed on."""
    if not _undecided(claim):
        await claims.settle(conn, claim, _closed(claim, failed=claim.failed))
        return
    if claim.provider_order_id is None:
        raise invalid("its money is held: release it, link an order, or retry", *RESOLUTION)
    if await vouchers.quarantined(conn, claim.id):
        raise invalid("its units wait: deliver them late, or release it", *RESOLUTION)
    state = accepted_state(claim.word, claim.quantity, claim.delivered)
    await claims.settle(
        conn,
        claim,
        Settlement(
            state=state,
            word=claim.word,
            final=False,
            delivered=claim.delivered,
            failed=claim.failed,
            observed_at=datetime.now(UTC),
            due_in=timedelta(),
        ),
    )


async def deliver_late(conn: Connection, claim: Claim) -> None:
    """Hand over quarantined units: from the hold while there is one, else from what is free."""
    units = await claims.deliver_late(conn, claim)
    if not units:
        raise invalid("no units of it have come late", *RESOLUTION)
    late = max(0, units - _undecided(claim))
    await claims.settle(conn, claim, _counted(claim, claim.delivered + units, claim.failed - late))


def _undecided(claim: Claim) -> int:
    """Units that were neither delivered nor given up: their money is held."""
    return claim.quantity - claim.delivered - claim.failed


def _counted(claim: Claim, delivered: int, failed: int) -> Settlement:
    """The state that so many units make. What is still to come is waited for."""
    left = claim.quantity - delivered - failed
    state = accepted_state(claim.word, claim.quantity, delivered)
    return Settlement(
        state=state,
        word=claim.word,
        final=not left,
        delivered=delivered,
        failed=failed,
        observed_at=datetime.now(UTC),
        due_in=timedelta() if left else None,
    )


def _closed(claim: Claim, *, failed: int) -> Settlement:
    """Nothing more is expected. What the provider knows is read on daily, for late units."""
    if claim.delivered:
        state = accepted_state(claim.word, claim.quantity, claim.delivered)
    elif claim.provider_order_id is None:
        state = FulfillmentStatus.REJECTED
    elif claim.word is OrderStatus.CANCELLED:
        state = FulfillmentStatus.CANCELLED
    else:
        state = FulfillmentStatus.FAILED
    ended = state in {FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED}
    return Settlement(
        state=state,
        word=claim.word,
        final=True,
        delivered=claim.delivered,
        failed=failed,
        observed_at=datetime.now(UTC),
        problem=claim.problem,
        due_in=DAILY if ended else None,
        ended=ended,
    )
