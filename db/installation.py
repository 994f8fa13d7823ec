"""What this database is: its mode, and the cluster it was born in. All of it as worker."""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Connection

COLUMNS = "mode, system_identifier, timeline_id, created_at"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The running PostgreSQL's identity; it differs after a restore."""

    system_identifier: int
    timeline_id: int


@dataclass(frozen=True, slots=True)
class Installation:
    mode: str
    cluster: Cluster
    created_at: datetime


async def cluster(conn: Connection) -> Cluster:
    """The identity of the cluster that answers now."""
    row = await conn.fetchrow(
        "SELECT (SELECT system_identifier FROM pg_control_system()) AS system_identifier,"
        " (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline_id"
    )
    if row is None:
        raise LookupError("PostgreSQL did not tell its identity")
    return Cluster(row["system_identifier"], row["timeline_id"])


async def find(conn: Connection) -> Installation | None:
    """The stamp, or None before the first."""
    row = await conn.fetchrow(f"SELECT {COLUMNS} FROM installation")  # noqa: S608
    if row is None:
        return None
    return Installation(
        row["mode"], Cluster(row["system_identifier"], row["timeline_id"]), row["created_at"]
    )


async def stamp(conn: Connection, mode: str) -> Installation:
    """Stamp a new database with its mode ("sandbox" or "live"); the stamp it has, new or old."""
    now = await cluster(conn)
    await conn.execute(
        "INSERT INTO installation (mode, system_identifier, timeline_id) VALUES ($1, $2, $3)"
        " ON CONFLICT (singleton) DO NOTHING",
        *(mode, now.system_identifier, now.timeline_id),
    )
    found = await find(conn)
    if found is None:
        raise LookupError("the installation was not stamped")
    return found


async def adopt_cluster(conn: Connection) -> None:
    """After a restore, once everything is reconciled: this cluster is the right one."""
    now = await cluster(conn)
    await conn.execute(
        "UPDATE installation SET system_identifier = $1, timeline_id = $2",
        *(now.system_identifier, now.timeline_id),
    )
