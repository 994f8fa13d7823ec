"""Checkpoints of the audit chains: stored, and logged, so that a copy of each leaves the house."""

from datetime import timedelta

import structlog

from db import checkpoints, jobs
from db.checkpoints import Checkpoint
from db.pool import Database
from ordering.keys import Keys

log = structlog.get_logger()

JOB = "audit.checkpoint"
# The worker looks every few seconds: with these a minute never passes without one.
EVERY = timedelta(seconds=55)
LEASE = timedelta(minutes=1)


async def every_minute(database: Database, keys: Keys) -> bool:
    """Take one when the minute is over; always False, since the next is a minute away."""
    async with database.worker() as conn:
        fence = await jobs.claim(conn, JOB, LEASE, EVERY)
    if fence is not None:
        await take(database, keys)
        async with database.worker() as conn:
            await jobs.done(conn, JOB, fence)
    return False


async def take(database: Database, keys: Keys) -> Checkpoint | None:
    """Store and log a checkpoint of the heads that changed; None when none did.

    It is logged once it is committed. One that a crash kept out of the log is vouched for by the
    next, whose MAC covers it. A head that was set back is told at once, as an error.
    """
    key = await keys.audit()
    async with database.worker() as conn:
        taken = await checkpoints.take(conn, key)
    if taken is None:
        return None
    log.info("audit.checkpoint", **taken.checkpoint.shown())
    for account in taken.set_back:
        log.error("audit.head_set_back", account=str(account), number=taken.checkpoint.number)
    return taken.checkpoint
