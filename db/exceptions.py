"""What reconcile found: differences between our orders and a provider's. All of it as worker.

One difference is one open row however often it is found; what was closed and turns up again is a
new one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from db.pool import Connection, Record
from domain.ids import uuid7

COLUMNS = """e.id, e.provider, e.credential, e.class, e.provider_order_id, e.reference,
    e.fulfillment_id, e.account, e.evidence, e.first_seen, e.last_seen, e.closed_at, e.closed_by"""

RECORD = """
INSERT INTO exceptions AS e (id, provider, credential, class, provider_order_id, reference,
                             fulfillment_id, account, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT account FROM fulfillments WHERE id = $7), $8::jsonb)
ON CONFLICT (provider, credential, class, provider_order_id, reference) WHERE closed_at IS NULL
DO UPDATE SET last_seen = clock_timestamp(), evidence = excluded.evidence
RETURNING e.id"""

CLOSE_UNSEEN = """
UPDATE exceptions SET closed_at = now(), closed_by = $4
 WHERE provider = $1 AND credential = $2 AND closed_at IS NULL AND id <> ALL($3::uuid[])
RETURNING id"""


class Difference(StrEnum):
    """EXPECTED: open here, not there yet. MISMATCHED: on both sides, differing in state, units or
    money. ORPHANED: there with our prefix, unknown here. DUPLICATED: two there for one here.
    """

    EXPECTED = "EXPECTED"
    MISMATCHED = "MISMATCHED"
    ORPHANED = "ORPHANED"
    DUPLICATED = "DUPLICATED"


@dataclass(frozen=True, slots=True)
class ReconcileException:
    """One difference; `evidence` is JSON without secrets."""

    id: UUID
    provider_name: str
    credential: str
    difference: Difference
    provider_order_id: str | None
    reference: str | None
    fulfillment_id: UUID | None
    account: UUID | None
    evidence: Mapping[str, Any]
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    closed_by: str | None


async def record(
    conn: Connection,
    provider: str,
    credential: str,
    difference: Difference,
    *,
    provider_order_id: str | None = None,
    reference: str | None = None,
    fulfillment_id: UUID | None = None,
    evidence: Mapping[str, Any],
) -> UUID:
    """Note a difference, a new one or one that is still there; its id.

    At least one of the provider's order id and the reference names it.
    """
    id: UUID = await conn.fetchval(
        RECORD,
        *(uuid7(), provider, credential, difference.value, provider_order_id, reference),
        *(fulfillment_id, msgspec.json.encode(evidence).decode()),
    )
    return id


async def open(conn: Connection, provider: str | None = None) -> list[ReconcileException]:  # noqa: A001
    """The differences not closed yet, of one provider or all, oldest first."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM exceptions e WHERE e.closed_at IS NULL"  # noqa: S608
        " AND ($1::text IS NULL OR e.provider = $1) ORDER BY e.first_seen, e.id",
        provider,
    )
    return [_exception(row) for row in rows]


async def close(conn: Connection, id: UUID, by: str) -> bool:
    """Explained by somebody; False when there is no such open one."""
    found = await conn.fetchval(
        "UPDATE exceptions SET closed_at = now(), closed_by = $2"
        " WHERE id = $1 AND closed_at IS NULL RETURNING true",
        *(id, by),
    )
    return bool(found)


async def close_of_fulfillment(conn: Connection, fulfillment_id: UUID, by: str) -> int:
    """Close what is open about a fulfillment; how many were closed."""
    rows = await conn.fetch(
        "UPDATE exceptions SET closed_at = now(), closed_by = $2"
        " WHERE fulfillment_id = $1 AND closed_at IS NULL RETURNING id",
        *(fulfillment_id, by),
    )
    return len(rows)


async def close_unseen(
    conn: Connection, provider: str, credential: str, seen: Collection[UUID], by: str
) -> int:
    """Close what a complete look did not record any more, given what it did; how many were."""
    return len(await conn.fetch(CLOSE_UNSEEN, provider, credential, list(seen), by))


def _exception(row: Record) -> ReconcileException:
    return ReconcileException(
        id=row["id"],
        provider_name=row["provider"],
        credential=row["credential"],
        difference=Difference(row["class"]),
        provider_order_id=row["provider_order_id"],
        reference=row["reference"],
        fulfillment_id=row["fulfillment_id"],
        account=row["account"],
        evidence=msgspec.json.decode(row["evidence"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
    )
