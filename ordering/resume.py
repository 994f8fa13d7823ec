"""Resume: accepted fulfillments are looked at when they are due, and what has come is stored."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from db import claims, events, fulfillments, order_lines, orders, vouchers
from db.claims import Claim, Settlement
from db.pool import Connection, Database
from domain.orders import FulfillmentStatus, Order, OrderEventType, is_settled, order_status
from domain.vouchers import IssuedVoucher, SealedVoucher
from ordering.keys import Keys
from ordering.schedule import wait
from ordering.sealing import seal_all
from ordering.statuses import accepted_state, never_coming
from providers.errors import ProviderError
from providers.port import OrderKey, Provider, ProviderOrder
from vault import Vault

log = structlog.get_logger()

# On top of the call's own limit: a live caller always settles before its lease ends.
LEASE_MARGIN = timedelta(seconds=30)
AT_ONCE = 16


class Resumer:
    """Carries accepted fulfillments on; safe to run anywhere, any number of times, at any time."""

    def __init__(
        self, database: Database, providers: Mapping[str, Provider], vault: Vault, keys: Keys
    ) -> None:
        self._database = database
        self._providers = providers
        self._vault = vault
        self._keys = keys
        self._leases = {
            name: provider.configuration.timeout + LEASE_MARGIN
            for name, provider in providers.items()
        }

    async def step(self) -> int:
        """Look at what is due now, longest overdue first; how many were looked at."""
        async with self._database.worker() as conn:
            claimed = await claims.claim_due(conn, AT_ONCE, self._leases)
        await asyncio.gather(*(self._look(claim) for claim in claimed))
        return len(claimed)

    async def _look(self, claim: Claim) -> None:
        provider = self._providers[claim.provider_name]
        if provider.credential != claim.credential:
            log.warning("resume.other_account", provider=provider.name)
            return
        as_of = datetime.now(UTC)
        try:
            told, issued = await _ask(provider, claim)
        except ProviderError as error:
            # Not knowing moves nothing: it is asked again when the lease ends.
            log.info("resume.later", provider=provider.name, cause=type(error).__name__)
            return
        sealed = await self._seal(claim, issued)
        async with self._database.worker() as conn:
            await _settle(conn, claim, told, sealed, as_of)

    async def _seal(self, claim: Claim, issued: Sequence[IssuedVoucher]) -> list[SealedVoucher]:
        async with self._database.worker() as conn:
            line = (await order_lines.by_ids(conn, [claim.line_id]))[claim.line_id]
        return await seal_all(
            self._vault,
            self._keys,
            issued,
            account=claim.account,
            order_id=claim.order_id,
            line_id=claim.line_id,
            fulfillment_id=claim.id,
            face_value=line.face_value,
        )


async def _ask(provider: Provider, claim: Claim) -> tuple[ProviderOrder, tuple[IssuedVoucher, ...]]:
    """The order with its units, from the provider; no transaction is open meanwhile."""
    told = await provider.order(claim.provider_order_id or claim.reference)
    if told.vouchers is not None:
        return told, told.vouchers
    key = OrderKey(told.reading.provider_order_id, claim.reference, claim.placed_at)
    return told, await provider.vouchers(key)


async def _settle(
    conn: Connection,
    claim: Claim,
    told: ProviderOrder,
    sealed: Sequence[SealedVoucher],
    as_of: datetime,
) -> None:
    """Store the units and the word, and derive the order's status, in one transaction."""
    before = await orders.lock(conn, claim.order_id)
    if before is None:
        return
    fresh = await vouchers.add(conn, sealed)
    reading = told.reading
    delivered = claim.delivered + len(fresh)
    quantity = max(claim.quantity, reading.quantity or 0, delivered)
    state = accepted_state(reading.status, quantity, delivered)
    failed = never_coming(reading.status, quantity, delivered, final=reading.final)
    open_still = state is FulfillmentStatus.ACCEPTED or (
        state is FulfillmentStatus.PARTIALLY_FULFILLED and delivered + failed < quantity
    )
    settled = await claims.settle(
        conn,
        claim,
        Settlement(
            state=state,
            word=reading.status,
            final=reading.final and not open_still,
            delivered=delivered,
            failed=failed,
            quantity=quantity,
            raw_status=reading.raw_status,
            provider_order_id=reading.provider_order_id,
            charged=told.charged,
            observed_at=as_of,
            due_in=wait(as_of - claim.placed_at) if open_still else None,
        ),
    )
    if quantity != claim.quantity:
        await order_lines.set_quantity(conn, claim.line_id, quantity)
    if settled is not None:
        await _tell(conn, before, delivered=bool(fresh))


async def _tell(conn: Connection, before: Order, *, delivered: bool) -> None:
    """Derive the order's status, and log what changed."""
    parts = (await fulfillments.by_orders(conn, [before.id]))[before.id]
    progress = [part.progress for part in parts]
    status = order_status(progress)
    changed = await orders.set_status(conn, before.id, status, settled=is_settled(progress))
    news = []
    if delivered:
        news.append((before.id, OrderEventType.VOUCHERS_DELIVERED, status))
    if changed and status is not before.status:
        news.append((before.id, OrderEventType.STATUS_CHANGED, status))
    if news:
        await events.append(conn, before.account, news)
