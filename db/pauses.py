"""Paused providers: nothing is bought there; what was bought is still looked after.

As worker. `db/claims.py` neither claims a READY fulfillment of a paused provider nor lets one out.
"""

from dataclasses import dataclass
from datetime import datetime

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a provider is paused, by whom, since when."""

    provider: str
    reason: str
    actor: str
    at: datetime


async def paused(conn: Connection) -> dict[str, Pause]:
    """The pauses in force, by provider."""
    rows = await conn.fetch("SELECT provider, reason, actor, at FROM provider_pauses")
    return {row["provider"]: Pause(**row) for row in rows}


async def pause(conn: Connection, provider: str, reason: str, actor: str) -> bool:
    """Pause a provider; False when it is paused already, and the first reason stays."""
    found = await conn.fetchval(
        "INSERT INTO provider_pauses (provider, reason, actor) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING true",
        *(provider, reason, actor),
    )
    return bool(found)


async def resume(conn: Connection, provider: str) -> bool:
    """End a pause; False when there was none."""
    found = await conn.fetchval(
        "DELETE FROM provider_pauses WHERE provider = $1 RETURNING true", provider
    )
    return bool(found)
