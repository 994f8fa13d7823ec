"""A database that came back from a backup forgot what was bought since: look before buying more."""

from collections.abc import Iterable

import structlog

from db import installation, jobs, pauses
from db.pool import Connection, Database

log = structlog.get_logger()

BY = "restore"
REASON = "the database was restored: nothing is placed until the orders there are reconciled"


async def guard(
    database: Database, providers: Iterable[str], jobs_of: Iterable[str], *, told: bool
) -> bool:
    """Pause every provider when this is another cluster than the stamp's, or `told` says so.

    Whether it did. Comparing is due at once; `released` ends the pauses one by one.
    """
    async with database.worker() as conn:
        stamp = await installation.find(conn)
        restored = told or (stamp is not None and stamp.cluster != await installation.cluster(conn))
        if not restored:
            return False
        for name in providers:
            await pauses.pause(conn, name, REASON, BY)
        for name in jobs_of:
            await jobs.hasten(conn, name)
    log.warning("restored.paused", reason=REASON)
    return True


async def released(conn: Connection, provider: str) -> None:
    """The provider's orders agree with ours: buy there again, and stamp when it was the last."""
    paused = await pauses.paused(conn)
    if provider not in paused or paused[provider].actor != BY:
        return
    await pauses.resume(conn, provider)
    log.warning("restored.resumed", provider=provider)
    if not any(pause.actor == BY for name, pause in paused.items() if name != provider):
        await installation.adopt_cluster(conn)
