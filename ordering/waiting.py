"""Waiting for delivery: accepted orders are looked at, many in one request where possible."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from db.claims import Claim
from domain.orders import FulfillmentStatus, OrderStatus
from domain.providers import Capability
from ordering.outcomes import Outcome
from ordering.schedule import jittered, wait
from providers.errors import NotFound, ProviderError
from providers.pacing import Asker, asked_by
from providers.port import OrderKey, Provider, ProviderOrder, Reading

log = structlog.get_logger()

Looked = tuple[Claim, datetime, Outcome]

ENDED = frozenset({FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED})
UNDER_WAY = frozenset({OrderStatus.PENDING, OrderStatus.PROCESSING})
DELIVERING = frozenset({OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED})
# What was reported failed is looked at daily for two weeks: providers deliver late.
DAILY = timedelta(days=1)
# Delivered, they say, and the units could not be read just now.
SOON = timedelta(seconds=2)


class Watcher:
    """Looks at accepted orders at their provider; knows no database."""

    async def look(self, provider: Provider, claimed: Sequence[Claim]) -> list[Looked]:
        """What each order has come to. One list request for several, then one read for those
        that have moved; an order that cannot be asked about now is looked at later.
        """
        as_of = datetime.now(UTC)
        with asked_by(Asker.WORKER):
            readings = await self._readings(provider, claimed)
            found = await asyncio.gather(
                *(self._one(provider, claim, readings.get(claim.id)) for claim in claimed)
            )
        return [(claim, as_of, outcome) for claim, outcome in zip(claimed, found, strict=True)]

    async def with_units(self, provider: Provider, outcome: Outcome) -> Outcome:
        """The outcome with the units of an order that says it has some."""
        told = outcome.told
        if told is None or (told.reading.status not in DELIVERING and not told.reading.delivered):
            return outcome
        try:
            whole = await _whole(provider, told)
        except ProviderError as error:
            log.info("watch.units_later", provider=provider.name, cause=type(error).__name__)
            return replace(outcome, due_in=SOON)
        return replace(outcome, told=whole, issued=whole.vouchers or ())

    async def _readings(
        self, provider: Provider, claimed: Sequence[Claim]
    ) -> dict[object, Reading]:
        """Statuses in one request, where that spares any; nothing where it fails."""
        if len(claimed) < 2 or Capability.BATCH_STATUS not in provider.capabilities:
            return {}
        keys = [OrderKey(_id(claim), claim.reference, claim.placed_at) for claim in claimed]
        try:
            readings = await provider.statuses(keys)
        except ProviderError as error:
            log.info("watch.list_failed", provider=provider.name, cause=type(error).__name__)
            return {}
        return {claim.id: readings[_id(claim)] for claim in claimed if _id(claim) in readings}

    async def _one(self, provider: Provider, claim: Claim, reading: Reading | None) -> Outcome:
        if reading is not None and _nothing_new(claim, reading):
            return _after(provider, claim, Outcome(None, told=ProviderOrder(reading)))
        try:
            told = await provider.order(_id(claim))
            whole = await _whole(provider, told)
        except NotFound as error:
            log.warning("watch.gone", provider=provider.name, code=error.code)
            return _later(provider, claim)
        except ProviderError as error:
            log.info("watch.later", provider=provider.name, cause=type(error).__name__)
            return _later(provider, claim)
        late = claim.was in ENDED
        outcome = Outcome(None, told=whole, issued=whole.vouchers or (), quarantine=late)
        return _after(provider, claim, outcome)


async def _whole(provider: Provider, told: ProviderOrder) -> ProviderOrder:
    """The order with its units, by a call of their own where they need one."""
    if told.vouchers is not None:
        return told
    reading = told.reading
    key = OrderKey(reading.provider_order_id, reading.reference, told.placed_at)
    return replace(told, vouchers=await provider.vouchers(key))


def _nothing_new(claim: Claim, reading: Reading) -> bool:
    """A list row never shows units: whatever may mean more than is stored is read whole."""
    if claim.was in ENDED:
        return reading.status in {OrderStatus.FAILED, OrderStatus.CANCELLED}
    return reading.status in UNDER_WAY and (reading.delivered or 0) <= claim.delivered


def _after(provider: Provider, claim: Claim, outcome: Outcome) -> Outcome:
    return replace(outcome, due_in=next_wait(provider, claim))


def _later(provider: Provider, claim: Claim) -> Outcome:
    return Outcome(claim.was, due_in=next_wait(provider, claim))


def next_wait(provider: Provider, claim: Claim) -> timedelta:
    """When to look again, should it still be open then."""
    if claim.was in ENDED:
        return DAILY
    return jittered(wait(claim.at - (claim.first_sent_at or claim.placed_at), provider.looks))


def _id(claim: Claim) -> str:
    return claim.provider_order_id or claim.reference
