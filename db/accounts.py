"""Accounts: whose data it is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    name: str
    created_at: datetime


class NameTaken(Exception):
    """Another account has that name."""


async def add(conn: Connection, id: UUID, name: str) -> Account:
    """A new account; NameTaken when there is one of that name. As worker."""
    row = await conn.fetchrow(
        "INSERT INTO accounts (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
        " RETURNING id, name, created_at",
        id,
        name,
    )
    if row is None:
        raise NameTaken(f"there is an account {name!r} already")
    return Account(**row)


async def find(conn: Connection, id: UUID) -> Account | None:
    row = await conn.fetchrow("SELECT id, name, created_at FROM accounts WHERE id = $1", id)
    return Account(**row) if row else None


async def by_name(conn: Connection, name: str) -> Account | None:
    row = await conn.fetchrow("SELECT id, name, created_at FROM accounts WHERE name = $1", name)
    return Account(**row) if row else None


async def listed(conn: Connection) -> list[Account]:
    """All accounts the role may see, by name."""
    rows = await conn.fetch("SELECT id, name, created_at FROM accounts ORDER BY name")
    return [Account(**row) for row in rows]
