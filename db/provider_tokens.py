"""Tokens of provider logins, sealed, shared by all replicas. All of it as worker.

One replica renews at a time: it holds a lease, and a fence that is checked when it saves. A new
token is committed before anyone uses it.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from db.pool import Connection

CLAIM = """
UPDATE provider_tokens
   SET fence = fence + 1, lease_until = clock_timestamp() + $4, updated_at = now()
 WHERE provider = $1 AND login = $2 AND version = $3 AND NOT refused
   AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING fence"""

SAVE = """
UPDATE provider_tokens
   SET version = version + 1, sealed = $4, refused = false, lease_until = NULL, updated_at = now()
 WHERE provider = $1 AND login = $2 AND fence = $3 AND lease_until IS NOT NULL
RETURNING version"""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """The shared state of one login; `sealed` None: no token yet. `version` 0: never saved."""

    version: int
    sealed: bytes | None = field(default=None, repr=False)
    refused: bool = False


async def load(conn: Connection, provider: str, login: str) -> SealedToken:
    """What is stored of a login, which is a digest of its credentials."""
    row = await conn.fetchrow(
        "SELECT version, sealed, refused FROM provider_tokens WHERE provider = $1 AND login = $2",
        provider,
        login,
    )
    return SealedToken(**row) if row else SealedToken(0)


async def claim(
    conn: Connection, provider: str, login: str, version: int, lease: timedelta
) -> int | None:
    """Take the right to replace that version: a fence.

    None while somebody else has it, when the version is no longer the newest, or when the login
    was refused.
    """
    await conn.execute(
        "INSERT INTO provider_tokens (provider, login) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        provider,
        login,
    )
    fence: int | None = await conn.fetchval(CLAIM, provider, login, version, lease)
    return fence


async def save(
    conn: Connection, provider: str, login: str, fence: int, sealed: bytes
) -> int | None:
    """Keep the new token and end the lease: its version; None when the fence is no longer ours."""
    version: int | None = await conn.fetchval(SAVE, provider, login, fence, sealed)
    return version


async def release(
    conn: Connection, provider: str, login: str, fence: int, *, refused: bool
) -> bool:
    """End the lease without a token; `refused` stops further logins. False: not our fence."""
    found = await conn.fetchval(
        "UPDATE provider_tokens SET lease_until = NULL, refused = $4, updated_at = now()"
        " WHERE provider = $1 AND login = $2 AND fence = $3 AND lease_until IS NOT NULL"
        " RETURNING true",
        *(provider, login, fence, refused),
    )
    return bool(found)
