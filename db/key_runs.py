"""Runs that give accounts new data keys: what is left of one that was cut off. As worker."""

from uuid import UUID

from db.pool import Connection
from domain.ids import uuid7
from domain.keys import KeyPurpose


async def begin(conn: Connection, account: UUID | None) -> tuple[UUID, bool]:
    """The open run of an account (None: of all), and whether it had been begun before."""
    fresh = uuid7()
    await conn.execute(
        "INSERT INTO key_runs (id, account) VALUES ($1, $2)"
        " ON CONFLICT (account) WHERE finished_at IS NULL DO NOTHING",
        *(fresh, account),
    )
    run: UUID = await conn.fetchval(
        "SELECT id FROM key_runs WHERE account IS NOT DISTINCT FROM $1 AND finished_at IS NULL",
        account,
    )
    return run, run != fresh


async def finish(conn: Connection, run: UUID) -> None:
    await conn.execute("UPDATE key_runs SET finished_at = clock_timestamp() WHERE id = $1", run)


async def open_runs(conn: Connection) -> list[UUID | None]:
    """The accounts of runs that are not finished; None: of all accounts."""
    rows = await conn.fetch("SELECT account FROM key_runs WHERE finished_at IS NULL")
    return [row["account"] for row in rows]


async def waiting(conn: Connection, run: UUID) -> list[tuple[UUID | None, KeyPurpose]]:
    """Whose active key, of those that seal values, is older than the run."""
    rows = await conn.fetch(
        "SELECT k.account, k.purpose FROM data_keys k JOIN key_runs r ON r.id = $1"
        " WHERE k.active AND k.purpose IN ('data', 'token') AND k.created_at < r.started_at"
        " AND (r.account IS NULL OR k.account = r.account)"
        " ORDER BY k.account NULLS FIRST",
        run,
    )
    return [(row["account"], KeyPurpose(row["purpose"])) for row in rows]
