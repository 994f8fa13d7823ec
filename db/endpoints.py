"""Endpoints of outgoing webhooks, and their signing secrets, which are the worker's alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from db.pool import Connection, Record
from domain.orders import OrderEventType
from domain.webhooks import Endpoint

COLUMNS = """e.id, e.account, e.url, e.events, e.enabled, e.disabled_reason, e.cursor,
    e.failing_since, e.replayed_at, e.created_at"""

LIVE = """
SELECT s.id, s.account, s.endpoint_id, s.sealed, s.ends_at FROM webhook_secrets s
 WHERE s.endpoint_id = ANY($1) AND (s.ends_at IS NULL OR s.ends_at > clock_timestamp())
 ORDER BY s.created_at DESC, s.id DESC"""

# It begins at the end of the log as this statement sees it: what is committed later comes behind.
INSERT = f"""
WITH added AS (
    INSERT INTO webhook_endpoints (id, account, url, events, cursor)
    SELECT $1, $2, $3, $4, coalesce((SELECT last FROM event_heads WHERE account = $2), 0)
    RETURNING *)
SELECT {COLUMNS} FROM added e"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """One signing secret of an endpoint, bound to its own row; `ends_at` None: the newest."""

    id: UUID
    account: UUID
    endpoint_id: UUID
    sealed: bytes = field(repr=False)
    ends_at: datetime | None = None


async def add(
    conn: Connection, id: UUID, account: UUID, url: str, events: Sequence[OrderEventType]
) -> Endpoint:
    """Insert an endpoint that is told what happens from now on. As worker."""
    row = await conn.fetchrow(INSERT, id, account, url, [event.value for event in events])
    if row is None:
        raise LookupError("the endpoint was not stored")
    return _endpoint(row)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Endpoint]:
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM webhook_endpoints e WHERE e.id = ANY($1)",  # noqa: S608
        list(ids),
    )
    return {row["id"]: _endpoint(row) for row in rows}


async def lock(conn: Connection, id: UUID) -> Endpoint | None:
    """The endpoint, locked until the transaction ends; None when there is none such."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM webhook_endpoints e WHERE e.id = $1 FOR NO KEY UPDATE",  # noqa: S608
        id,
    )
    return _endpoint(row) if row else None


async def listed(conn: Connection, account: UUID | None = None) -> list[Endpoint]:
    """Endpoints of an account, or as worker of all of them, oldest first."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM webhook_endpoints e"  # noqa: S608
        " WHERE $1::uuid IS NULL OR e.account = $1 ORDER BY e.id",
        account,
    )
    return [_endpoint(row) for row in rows]


async def switch(conn: Connection, id: UUID, *, enabled: bool, reason: str | None = None) -> None:
    """Enable or disable it. Enabled, it begins with a clean record. As worker."""
    await conn.execute(
        "UPDATE webhook_endpoints SET enabled = $2, disabled_reason = $3,"
        " failing_since = CASE WHEN $2 THEN NULL ELSE failing_since END WHERE id = $1",
        *(id, enabled, reason),
    )


async def rewind(conn: Connection, id: UUID, sequence: int) -> None:
    """Take the log up again after this number; never further on than it stands."""
    await conn.execute(
        "UPDATE webhook_endpoints SET cursor = least(cursor, $2::bigint),"
        " replayed_at = clock_timestamp() WHERE id = $1",
        *(id, sequence),
    )


async def worked(conn: Connection, id: UUID) -> None:
    """It took a message: whatever failed before is over. As worker."""
    await conn.execute(
        "UPDATE webhook_endpoints SET failing_since = NULL"
        " WHERE id = $1 AND failing_since IS NOT NULL",
        id,
    )


async def failed(conn: Connection, id: UUID) -> timedelta:
    """It did not take a message: for how long it has taken none. As worker."""
    since: timedelta | None = await conn.fetchval(
        "UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, clock_timestamp())"
        " WHERE id = $1 RETURNING clock_timestamp() - failing_since",
        id,
    )
    return since or timedelta(0)


async def secrets(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[SealedSecret]]:
    """The live secrets of each endpoint, newest first. As worker."""
    found: dict[UUID, list[SealedSecret]] = {id: [] for id in ids}
    for row in await conn.fetch(LIVE, list(ids)):
        found[row["endpoint_id"]].append(SealedSecret(**row))
    return found


async def add_secret(conn: Connection, secret: SealedSecret, overlap: timedelta) -> None:
    """Make it the newest secret. The one before lives on so long; older ones go. As worker."""
    live = (await secrets(conn, [secret.endpoint_id]))[secret.endpoint_id]
    kept = live[0].id if live and overlap else None
    await conn.execute(
        "DELETE FROM webhook_secrets WHERE endpoint_id = $1 AND id IS DISTINCT FROM $2::uuid",
        *(secret.endpoint_id, kept),
    )
    await conn.execute(
        "UPDATE webhook_secrets SET ends_at = clock_timestamp() + $2 WHERE id = $1", kept, overlap
    )
    await conn.execute(
        "INSERT INTO webhook_secrets (id, account, endpoint_id, sealed) VALUES ($1, $2, $3, $4)",
        *(secret.id, secret.account, secret.endpoint_id, secret.sealed),
    )


async def forget_ended(conn: Connection) -> int:
    """Drop secrets that ended; how many. As worker."""
    status = await conn.execute("DELETE FROM webhook_secrets WHERE ends_at <= clock_timestamp()")
    return int(status.rpartition(" ")[2])


def _endpoint(row: Record) -> Endpoint:
    return Endpoint(
        id=row["id"],
        account=row["account"],
        url=row["url"],
        events=tuple(OrderEventType(event) for event in row["events"]),
        enabled=row["enabled"],
        disabled_reason=row["disabled_reason"],
        cursor=row["cursor"],
        failing_since=row["failing_since"],
        replayed_at=row["replayed_at"],
        created_at=row["created_at"],
    )
