"""Fulfill: every fulfillment is carried a step further, exactly once, whatever crashes.

Claim (a short transaction) -> ask the provider (no transaction) -> settle (a short transaction).
The mutation and the worker call the same methods. What each answer means is in outcomes.py, what is
written in settle.py.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from db import claims
from db.claims import Claim, Overtaken
from db.pool import Database
from domain.orders import AttemptOutcome, FulfillmentStatus
from domain.providers import Capability
from ordering import outcomes
from ordering.bodies import Bodies
from ordering.outcomes import Outcome
from ordering.refusals import problem_of
from ordering.settle import Settler
from ordering.waiting import Watcher
from providers.errors import (
    Duplicate,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Unavailable,
)
from providers.pacing import Asker, asked_by
from providers.port import Provider, ProviderOrder

log = structlog.get_logger()

# On top of the call's own limit: a live caller always settles before its lease ends.
LEASE_MARGIN = timedelta(seconds=30)
# Not sent: the claim was too old, the provider is paused, or somebody else goes on with it.
OVERTAKEN = timedelta(seconds=1)
AT_ONCE = 32
# The provider is still working on the same key.
IN_PROGRESS = timedelta(seconds=2)
RUNNING_CODES = frozenset({"IDEMPOTENCY_IN_PROGRESS"})

PLACING = frozenset({FulfillmentStatus.READY})
FINDING = frozenset({FulfillmentStatus.SENDING, FulfillmentStatus.UNKNOWN})


class Fulfiller:
    """Built once by app/; safe to call by anyone, at any time, for any fulfillment."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        bodies: Bodies,
        settler: Settler,
        watcher: Watcher,
        *,
        gap: timedelta,
        tolerance_percent: float = 0,
    ) -> None:
        self._database = database
        self._providers = providers
        self._bodies = bodies
        self._settler = settler
        self._watcher = watcher
        self._gap = gap
        self._tolerance = tolerance_percent
        self._leases = {
            name: provider.configuration.timeout + LEASE_MARGIN
            for name, provider in providers.items()
        }

    async def fulfill(self, fulfillment_id: UUID, provider_name: str) -> None:
        """Carry one fulfillment a step further; nothing when somebody else holds it."""
        lease = self._leases.get(provider_name)
        if lease is None:
            return
        async with self._database.worker() as conn:
            claim = await claims.claim(conn, fulfillment_id, lease)
        if claim is not None:
            await self._carry(claim)

    async def step(self) -> int:
        """Carry on what is due, longest overdue first; how many were."""
        async with self._database.worker() as conn:
            due = await claims.claim_due(conn, AT_ONCE, self._leases)
        watched: dict[str, list[Claim]] = defaultdict(list)
        jobs = []
        for claim in due:
            if claim.was in PLACING | FINDING:
                jobs.append(self._carry(claim))
            else:
                watched[claim.provider_name].append(claim)
        jobs += [self._watch(name, group) for name, group in watched.items()]
        for result in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(result, Exception):
                self.lost(result)
        return len(due)

    @staticmethod
    def lost(error: BaseException | None) -> None:
        """A step that failed: it is carried on when its lease ends."""

        log.error("fulfill.failed", cause=type(error).__name__)

    async def _watch(self, name: str, group: Sequence[Claim]) -> None:
        provider = self._providers[name]
        mine = [claim for claim in group if claim.credential == provider.credential]
        for claim, as_of, outcome in await self._watcher.look(provider, mine):
            await self._settler.settle(claim, outcome, as_of)

    async def _carry(self, claim: Claim) -> None:
        provider = self._providers[claim.provider_name]
        if claim.credential != provider.credential:
            log.warning("fulfill.other_account", provider=provider.name)
            return
        if claim.was not in PLACING | FINDING:
            await self._watch(claim.provider_name, [claim])
            return
        started = datetime.now(UTC)
        with asked_by(Asker.PLACING):
            if claim.was in PLACING:
                outcome = await self._send(provider, claim)
            else:
                outcome = await self._find(provider, claim)
            outcome = await self._with_units(provider, outcome)
        await self._settler.settle(claim, outcome, started)

    # ------------------------------------------------------------------ sending

    async def _send(self, provider: Provider, claim: Claim) -> Outcome:
        """Place it, unless its price has moved; the class of the error decides what is next."""
        moved = await self._price_moved(provider, claim)
        if moved is not None:
            return moved
        body = await self._bodies.open(claim.account, claim.id, claim.body or b"")
        try:
            async with self._database.worker() as conn:
                await claims.sent(conn, claim)
        except Overtaken:
            return Outcome(_unsent(claim), due_in=OVERTAKEN)
        try:
            told = await provider.place(claim.reference, body)
        except Rejected as error:
            return outcomes.refused(claim, problem_of(error), self._settling(provider))
        except Duplicate as error:
            return await self._duplicate(provider, claim, error)
        except Unavailable as error:
            wait = max(error.retry_after or timedelta(0), outcomes.back_off(claim.attempt - 1))
            return outcomes.never_accepted(claim, problem_of(error), wait)
        except OutcomeUnknown as error:
            return outcomes.unknown(problem_of(error), self._settling(provider), error.code)
        return outcomes.accepted(claim, told, AttemptOutcome.ACCEPTED)

    async def _price_moved(self, provider: Provider, claim: Claim) -> Outcome | None:
        """REJECTED when the provider now wants more than the frozen price and the tolerance.

        Only before anything was sent: what may have been bought is not refused for its price.
        """
        if claim.sends or claim.uncertain or Capability.QUOTE not in provider.capabilities:
            return None
        item = claim.item
        if item is None or claim.total is None:
            return None
        try:
            quote = await provider.quote(item)
        except Rejected as error:
            return outcomes.refused(claim, problem_of(error), self._settling(provider))
        except ProviderError:
            return None  # the place itself will tell
        return outcomes.price_moved(claim, quote, self._tolerance)

    async def _duplicate(self, provider: Provider, claim: Claim, error: Duplicate) -> Outcome:
        """The reference is known there: find it, compare it, adopt it; never place it again."""
        if error.code in RUNNING_CODES:
            return outcomes.unknown(problem_of(error), IN_PROGRESS, error.code)
        try:
            told = await self._there(provider, claim)
        except ProviderError:
            told = None
        if told is not None:
            return outcomes.accepted(claim, told, AttemptOutcome.FOUND)
        return outcomes.duplicate(claim, error.code, self._settling(provider))

    # ------------------------------------------------------------------ finding

    async def _find(self, provider: Provider, claim: Claim) -> Outcome:
        """What became of an attempt that nobody knows the end of."""
        if not claim.uncertain:  # whoever claimed it died before anything went out
            return Outcome(FulfillmentStatus.READY, due_in=timedelta())
        if Capability.REFERENCE_LOOKUP not in provider.capabilities:
            return await self._repeat_or_scan(provider, claim)
        try:
            told = await provider.find(claim.reference)
        except ProviderError as error:
            return outcomes.still_unknown(claim, problem_of(error))
        if told is not None:
            return outcomes.accepted(claim, told, AttemptOutcome.FOUND)
        return outcomes.not_found(claim, claim.at, self._settling(provider), self._gap)

    async def _repeat_or_scan(self, provider: Provider, claim: Claim) -> Outcome:
        """The same key and bytes while the provider remembers them; then the list, which only
        proves what it holds.
        """
        first = claim.first_sent_at or claim.at
        asked_already = "duplicate" in (claim.evidence or {}) or "refused" in (claim.evidence or {})
        if claim.at < first + outcomes.REPLAY_WINDOW and not asked_already:
            return await self._send_again(provider, claim)
        try:
            told = await self._scan(provider, claim, first - outcomes.SCAN_MARGIN)
        except ProviderError as error:
            return outcomes.still_unknown(claim, problem_of(error))
        if told is not None:
            return outcomes.accepted(claim, told, AttemptOutcome.FOUND)
        return outcomes.review(
            "NOT_IN_LIST", "its outcome is unknown and the provider's list does not show it"
        )

    async def _send_again(self, provider: Provider, claim: Claim) -> Outcome:
        outcome = await self._send(provider, claim)
        if outcome.told is None or outcome.told.reading.provider_order_id is None:
            return outcome
        try:
            # A replayed answer is the one of back then.
            told = await provider.order(outcome.told.reading.provider_order_id)
        except ProviderError:
            return outcome
        return outcomes.accepted(claim, told, AttemptOutcome.FOUND)

    async def _there(self, provider: Provider, claim: Claim) -> ProviderOrder | None:
        if Capability.REFERENCE_LOOKUP in provider.capabilities:
            return await provider.find(claim.reference)
        since = (claim.first_sent_at or claim.at) - outcomes.SCAN_MARGIN
        return await self._scan(provider, claim, since)

    async def _scan(
        self, provider: Provider, claim: Claim, since: datetime
    ) -> ProviderOrder | None:
        found = None
        async for told in provider.orders(since):
            if told.reading.reference == claim.reference:
                found = told
        return await provider.order(found.reading.provider_order_id) if found else None

    async def _with_units(self, provider: Provider, outcome: Outcome) -> Outcome:
        """What was accepted just now may be delivered already: its units are read at once."""
        if outcome.told is None or outcome.issued:
            return outcome
        return await self._watcher.with_units(provider, outcome)

    def _settling(self, provider: Provider) -> timedelta:
        return provider.configuration.settling


def _unsent(claim: Claim) -> FulfillmentStatus:
    return FulfillmentStatus.UNKNOWN if claim.uncertain else FulfillmentStatus.READY
