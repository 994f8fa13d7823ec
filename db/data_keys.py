"""Data keys, sealed. `account` None is the installation; those are read as worker only."""

from collections.abc import Sequence
from uuid import UUID

from db.pool import Connection, Record
from domain.keys import KeyPurpose, SealedKey

COLUMNS = "id, account, purpose, sealed, master_version"


async def active(conn: Connection, account: UUID | None, purpose: KeyPurpose) -> SealedKey | None:
    """The key that new values are sealed with."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM data_keys"  # noqa: S608
        " WHERE account IS NOT DISTINCT FROM $1 AND purpose = $2 AND active",
        account,
        purpose.value,
    )
    return _key(row) if row else None


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, SealedKey]:
    """Keys by id, retired ones too: old values stay readable."""
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM data_keys WHERE id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _key(row) for row in rows}


async def add(conn: Connection, key: SealedKey) -> SealedKey:
    """Make it the active key, unless somebody else was first: the one that is active now.

    Use only the answer. It is in force once the transaction commits.
    """
    await conn.execute(
        "INSERT INTO data_keys (id, account, purpose, sealed, master_version)"
        " VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (account, purpose) WHERE active DO NOTHING",
        *(key.id, key.account, key.purpose.value, key.sealed, key.master_version),
    )
    found = await active(conn, key.account, key.purpose)
    if found is None:
        raise LookupError("the data key was not stored")
    return found


async def rewrapped(conn: Connection, key: SealedKey, was_version: int) -> bool:
    """Store the same key under another master; False when somebody else did. As worker."""
    found = await conn.fetchval(
        "UPDATE data_keys SET sealed = $2, master_version = $3"
        " WHERE id = $1 AND master_version = $4 RETURNING true",
        *(key.id, key.sealed, key.master_version, was_version),
    )
    return bool(found)


async def under_other_masters(conn: Connection, version: int, limit: int = 500) -> list[SealedKey]:
    """Keys not sealed under that master version: what a re-wrap still has to do. As worker."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM data_keys WHERE master_version <> $1 ORDER BY id LIMIT $2",  # noqa: S608
        version,
        limit,
    )
    return [_key(row) for row in rows]


async def counts_by_master(conn: Connection) -> dict[int, int]:
    """How many keys each master version seals. As worker."""
    rows = await conn.fetch(
        "SELECT master_version, count(*) AS n FROM data_keys GROUP BY master_version"
    )
    return {row["master_version"]: row["n"] for row in rows}


def _key(row: Record) -> SealedKey:
    return SealedKey(
        id=row["id"],
        account=row["account"],
        purpose=KeyPurpose(row["purpose"]),
        sealed=row["sealed"],
        master_version=row["master_version"],
    )
