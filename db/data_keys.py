"""Data keys, sealed. `account` None is the installation; those are read as worker only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from db.pool import Connection, Record
from domain.keys import KeyPurpose, SealedKey

COLUMNS = "id, account, purpose, sealed, master_version"
# A version that is known nowhere yet is written down on its way.
ADD = """
WITH known AS (
    INSERT INTO master_versions (version) VALUES ($5::bigint) ON CONFLICT DO NOTHING)
INSERT INTO data_keys (id, account, purpose, sealed, master_version) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, purpose) WHERE active DO NOTHING"""
REWRAPPED = """
WITH known AS (
    INSERT INTO master_versions (version) VALUES ($3::bigint) ON CONFLICT DO NOTHING)
UPDATE data_keys SET sealed = $2, master_version = $3 WHERE id = $1 AND sealed = $4
RETURNING true"""


class MasterRetired(Exception):
    """A data key was to be stored under a master version that was retired."""


class MasterInUse(Exception):
    """A master version cannot be retired: data keys are sealed under it."""


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many data keys of a purpose a master version seals; `active` ones seal new values."""

    version: int
    purpose: KeyPurpose
    active: int
    retired: int


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

    Use only the answer. It is in force once the transaction commits. MasterRetired.
    """
    try:
        await conn.execute(
            ADD, *(key.id, key.account, key.purpose.value, key.sealed, key.master_version)
        )
    except asyncpg.ForeignKeyViolationError:
        raise _retired(key) from None
    found = await active(conn, key.account, key.purpose)
    if found is None:
        raise LookupError("the data key was not stored")
    return found


async def replace(conn: Connection, key: SealedKey, run: UUID) -> bool:
    """Make it the active key instead of an older one; False when that is of the run already.

    As worker. MasterRetired. The older key opens what it has sealed.
    """
    older = await conn.fetchval(
        "SELECT k.id FROM data_keys k JOIN key_runs r ON r.id = $3"
        " WHERE k.account IS NOT DISTINCT FROM $1 AND k.purpose = $2 AND k.active"
        " AND k.created_at < r.started_at FOR NO KEY UPDATE OF k",
        *(key.account, key.purpose.value, run),
    )
    if older is None:
        return False
    await conn.execute(
        "UPDATE data_keys SET active = false, retired_at = clock_timestamp() WHERE id = $1", older
    )
    return (await add(conn, key)).id == key.id


async def rewrapped(conn: Connection, key: SealedKey, was: SealedKey) -> bool:
    """Store the same key under another master; False when somebody else did. As worker.

    MasterRetired.
    """
    try:
        found = await conn.fetchval(
            REWRAPPED, *(key.id, key.sealed, key.master_version, was.sealed)
        )
    except asyncpg.ForeignKeyViolationError:
        raise _retired(key) from None
    return bool(found)


async def owners_under_other_masters(
    conn: Connection, version: int, limit: int
) -> list[UUID | None]:
    """Whose keys a re-wrap still has to do: accounts, None for the installation. As worker."""
    rows = await conn.fetch(
        "SELECT DISTINCT account FROM data_keys WHERE master_version <> $1"
        " ORDER BY account NULLS FIRST LIMIT $2",
        *(version, limit),
    )
    return [row["account"] for row in rows]


async def under_other_masters(
    conn: Connection, account: UUID | None, version: int
) -> list[SealedKey]:
    """One owner's keys that are not sealed under that master version. As worker."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM data_keys"  # noqa: S608
        " WHERE account IS NOT DISTINCT FROM $1 AND master_version <> $2 ORDER BY id",
        *(account, version),
    )
    return [_key(row) for row in rows]


async def counts(conn: Connection) -> list[KeyCount]:
    """How many keys each master version seals, by purpose. As worker."""
    rows = await conn.fetch(
        "SELECT master_version, purpose, count(*) FILTER (WHERE active) AS active,"
        " count(*) FILTER (WHERE NOT active) AS retired FROM data_keys"
        " GROUP BY master_version, purpose ORDER BY master_version, purpose"
    )
    return [
        KeyCount(row["master_version"], KeyPurpose(row["purpose"]), row["active"], row["retired"])
        for row in rows
    ]


async def retire_master(conn: Connection, version: int) -> None:
    """Let nothing be sealed under a master version ever again. As worker.

    MasterInUse while a data key is, or while somebody is about to store one.
    """
    try:
        await conn.execute(
            "INSERT INTO master_versions (version) VALUES ($1) ON CONFLICT DO NOTHING", version
        )
        await conn.execute(
            "UPDATE master_versions SET usable = false WHERE version = $1 AND usable", version
        )
    except asyncpg.ForeignKeyViolationError:
        raise MasterInUse(f"data keys are sealed under master key version {version}") from None


async def retired_masters(conn: Connection) -> frozenset[int]:
    """The master versions that were retired. As worker."""
    rows = await conn.fetch("SELECT version FROM master_versions WHERE NOT usable")
    return frozenset(row["version"] for row in rows)


async def retired_owners(conn: Connection, account: UUID | None) -> list[UUID | None]:
    """Who has data keys that seal nothing more: of one account, or all. As worker."""
    rows = await conn.fetch(
        "SELECT DISTINCT account FROM data_keys WHERE NOT active"
        " AND ($1::uuid IS NULL OR account = $1) ORDER BY account NULLS FIRST",
        account,
    )
    return [row["account"] for row in rows]


async def retired(
    conn: Connection, account: UUID | None, purpose: KeyPurpose, grace: timedelta
) -> list[UUID]:
    """An owner's keys that seal nothing more since so long, locked: nobody writes under them now.

    As worker.
    """
    rows = await conn.fetch(
        "SELECT id FROM data_keys WHERE account IS NOT DISTINCT FROM $1 AND purpose = $2"
        " AND NOT active AND retired_at <= clock_timestamp() - $3::interval FOR UPDATE",
        *(account, purpose.value, grace),
    )
    return [row["id"] for row in rows]


async def until_quiet(conn: Connection, account: UUID | None, grace: timedelta) -> timedelta:
    """How long until every retired key is retired since `grace`; zero or less: all are.

    As worker.
    """
    found: timedelta | None = await conn.fetchval(
        "SELECT max(retired_at) + $2::interval - clock_timestamp() FROM data_keys"
        " WHERE NOT active AND ($1::uuid IS NULL OR account = $1)",
        *(account, grace),
    )
    return found or timedelta(0)


async def drop(conn: Connection, ids: Sequence[UUID]) -> None:
    """Delete keys that nothing is sealed under; lock them first. As worker."""
    await conn.execute("DELETE FROM data_keys WHERE id = ANY($1) AND NOT active", list(ids))


def _retired(key: SealedKey) -> MasterRetired:
    return MasterRetired(
        f"master key version {key.master_version} was retired: this process has an old key ring"
    )


def _key(row: Record) -> SealedKey:
    return SealedKey(
        id=row["id"],
        account=row["account"],
        purpose=KeyPurpose(row["purpose"]),
        sealed=row["sealed"],
        master_version=row["master_version"],
    )
