"""Pausing a provider: nothing more is sent there; prices and orders are still read."""

import structlog

from db import audit
from db import pauses as rows
from db.pool import Database
from domain.audit import AuditAction
from domain.providers import Provider
from domain.viewers import Viewer
from ordering.acts import act
from ordering.keys import Keys

log = structlog.get_logger()


async def pause(
    database: Database, keys: Keys, provider: Provider, reason: str, viewer: Viewer
) -> None:
    """Pause it, audited in the operator's own account; nothing where it is paused already."""
    key = await keys.audit()
    async with database.worker() as conn:
        if not await rows.pause(conn, provider.name, reason, viewer.actor):
            return
        done = act(viewer, AuditAction.PROVIDER_PAUSED, provider.global_id, reason=reason)
        await audit.append(conn, viewer.account, [done], key)
    log.warning("provider.paused", provider=provider.name, actor=viewer.actor)


async def resume(database: Database, keys: Keys, provider: Provider, viewer: Viewer) -> None:
    """Buy there again; nothing, and no audit row, where it was not paused."""
    key = await keys.audit()
    async with database.worker() as conn:
        if not await rows.resume(conn, provider.name):
            return
        done = act(viewer, AuditAction.PROVIDER_RESUMED, provider.global_id)
        await audit.append(conn, viewer.account, [done], key)
    log.warning("provider.resumed", provider=provider.name, actor=viewer.actor)
