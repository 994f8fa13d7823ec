"""Periodic work, done by one process at a time. All of it as worker.

A lease ends by itself when its holder dies, and the job is due again at once. The fence tells a
holder that has lost its lease from the one that has it now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from db.pool import Connection

CLAIM = """
UPDATE jobs
   SET fence = fence + 1, lease_until = clock_timestamp() + $2, every = $3
 WHERE name = $1 AND due_at <= clock_timestamp()
   AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING fence"""

DONE = """
UPDATE jobs
   SET lease_until = NULL, done_at = clock_timestamp(), due_at = clock_timestamp() + every
 WHERE name = $1 AND fence = $2 AND lease_until IS NOT NULL
RETURNING true"""


async def claim(conn: Connection, name: str, lease: timedelta, every: timedelta) -> int | None:
    """Take a job for as long as the lease: a fence; None when it is not due or somebody has it.

    A job that was never done is due at once; afterwards it is due `every` so often.
    """
    await conn.execute(
        "INSERT INTO jobs (name, due_at, every) VALUES ($1, clock_timestamp(), $2)"
        " ON CONFLICT DO NOTHING",
        *(name, every),
    )
    fence: int | None = await conn.fetchval(CLAIM, name, lease, every)
    return fence


async def done(conn: Connection, name: str, fence: int) -> bool:
    """The job was done and is due again after its interval; False when the lease was lost."""
    return bool(await conn.fetchval(DONE, name, fence))


async def release(conn: Connection, name: str, fence: int, retry_in: timedelta) -> bool:
    """The job was not done: it is due again after so long; False when the lease was lost."""
    found = await conn.fetchval(
        "UPDATE jobs SET lease_until = NULL, due_at = clock_timestamp() + $3"
        " WHERE name = $1 AND fence = $2 AND lease_until IS NOT NULL RETURNING true",
        *(name, fence, retry_in),
    )
    return bool(found)


async def hasten(conn: Connection, name: str) -> None:
    """Make a job due now; nothing when it was never claimed, since it is due then anyway."""
    await conn.execute(
        "UPDATE jobs SET due_at = least(due_at, clock_timestamp()) WHERE name = $1", name
    )


async def last_done(conn: Connection, names: Sequence[str]) -> dict[str, datetime]:
    """When each job was done last; those that never were are left out."""
    rows = await conn.fetch(
        "SELECT name, done_at FROM jobs WHERE name = ANY($1) AND done_at IS NOT NULL", list(names)
    )
    return {row["name"]: row["done_at"] for row in rows}
