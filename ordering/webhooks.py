"""Webhooks that come in are hints: verified, taken once, and never believed, only looked into."""

from collections.abc import Mapping

import structlog

from db import claims, fulfillments, webhooks
from db.pool import Connection, Database
from domain.orders import Fulfillment
from providers.port import Hint, Provider

log = structlog.get_logger()


async def receive(
    database: Database, provider: Provider, headers: Mapping[str, str], body: bytes
) -> None:
    """Verify a delivery and wake the fulfillment it is about.

    Raises Rejected when its signature or key is wrong, Unsupported when the provider sends none;
    nothing has changed then. An order that is not ours is no error: the provider has done its part.
    """
    hint = provider.webhook(headers, body)
    async with database.worker() as conn:
        if not await webhooks.seen(conn, provider.name, hint.delivery):
            log.info("webhook.repeated", provider=provider.name)
            return
        found = await _meant(conn, provider, hint)
        if found is not None:
            await claims.wake(conn, [found.id])
    log.info("webhook.received", provider=provider.name, known=found is not None)


async def _meant(conn: Connection, provider: Provider, hint: Hint) -> Fulfillment | None:
    """The fulfillment of a hint; by our reference too, since an answer may not have come yet."""
    if hint.provider_order_id is not None:
        found = await fulfillments.by_provider_order(
            conn, provider.name, provider.credential, hint.provider_order_id
        )
        if found is not None:
            return found
    if hint.reference is None:
        return None
    named = await fulfillments.by_references(conn, provider.name, [hint.reference])
    return named.get(hint.reference)
