"""Every sealed value of every table, for sealing it anew. Nothing here can open one. As worker.

A value begins with its format's byte and the 16 bytes of its data key's id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from db.pool import Connection

Place: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table of sealed values of accounts: its columns, and the field that each is bound to.

    `by` is the column that its rows are found by: order ids, or the account's own.
    """

    table: str
    fields: Mapping[str, str]
    by: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.fields)


SECRETS = ("code", "pin", "claim_url", "reference_number")
# Sealed values of the installation stand in provider_tokens alone.
SHELVES = (
    Shelf("vouchers", {name: name for name in SECRETS}, "order_id"),
    Shelf("fulfillments", {"body": "body"}, "order_id"),
    Shelf("orders", {"recipient": "recipient"}, "id"),
    Shelf("webhook_secrets", {"sealed": "webhook"}, "account"),
)
KEY = "substring({} FROM 2 FOR 16)"


@dataclass(frozen=True, slots=True)
class Values:
    """The sealed values of one row, by column."""

    row: UUID
    sealed: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenValue:
    """The sealed token of one login at a provider."""

    provider: str
    login: str
    sealed: bytes = field(repr=False)


async def orders(
    conn: Connection, account: UUID, after: Place | None, limit: int
) -> tuple[list[UUID], Place | None]:
    """A slice of an account's orders, and where the next begins; None: there is no more."""
    rows = await conn.fetch(
        "SELECT id, placed_at FROM orders WHERE account = $1"
        " AND ($2::timestamptz IS NULL OR (placed_at, id) > ($2, $3::uuid))"
        " ORDER BY placed_at, id LIMIT $4",
        *(account, *(after or (None, None)), limit),
    )
    last = (rows[-1]["placed_at"], rows[-1]["id"]) if len(rows) == limit else None
    return [row["id"] for row in rows], last


async def behind(
    conn: Connection, shelf: Shelf, owners: Sequence[UUID], key: UUID, after: UUID, limit: int
) -> list[Values]:
    """Rows of these owners (see Shelf), by id after `after`, with a value under another key."""
    other = " OR ".join(f"{KEY.format(column)} <> $2" for column in shelf.columns)
    rows = await conn.fetch(
        f"SELECT id, {', '.join(shelf.columns)} FROM {shelf.table}"  # noqa: S608
        f" WHERE {shelf.by} = ANY($1) AND id > $3 AND ({other}) ORDER BY id LIMIT $4",
        *(list(owners), key.bytes, after, limit),
    )
    return [
        Values(row["id"], {name: row[name] for name in shelf.columns if row[name] is not None})
        for row in rows
    ]


async def exchange(
    conn: Connection, shelf: Shelf, changes: Sequence[tuple[Values, Values]]
) -> set[UUID]:
    """Put each second in place of the first: the rows where that was done.

    Rows that have changed, or that somebody is changing, are left as they are: nobody waits.
    """
    names = shelf.columns
    old = ", ".join(f"old_{name}" for name in names)
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM n.old_{name}" for name in names)
    arrays = ", ".join(f"${number}::bytea[]" for number in range(2, 2 + 2 * len(names)))
    rows = await conn.fetch(
        f"WITH free AS MATERIALIZED (SELECT id FROM {shelf.table} WHERE id = ANY($1)"  # noqa: S608
        " FOR NO KEY UPDATE SKIP LOCKED)"
        f" UPDATE {shelf.table} t SET {', '.join(f'{name} = n.{name}' for name in names)}"
        f" FROM free JOIN unnest($1::uuid[], {arrays}) AS n (id, {old}, {', '.join(names)})"
        f" ON free.id = n.id WHERE t.id = n.id AND {same} RETURNING t.id",
        [before.row for before, _ in changes],
        *([before.sealed.get(name) for before, _ in changes] for name in names),
        *([after.sealed.get(name) for _, after in changes] for name in names),
    )
    return {row["id"] for row in rows}


async def tokens_behind(conn: Connection, key: UUID) -> list[TokenValue]:
    """Provider tokens that are not under that data key."""
    rows = await conn.fetch(
        "SELECT provider, login, sealed FROM provider_tokens"  # noqa: S608
        f" WHERE {KEY.format('sealed')} <> $1",
        key.bytes,
    )
    return [TokenValue(**row) for row in rows]


async def exchange_token(conn: Connection, before: TokenValue, sealed: bytes) -> bool:
    """Put a value in the place of another; False: the token was renewed meanwhile."""
    found = await conn.fetchval(
        "UPDATE provider_tokens SET sealed = $4 WHERE provider = $1 AND login = $2 AND sealed = $3"
        " RETURNING true",
        *(before.provider, before.login, before.sealed, sealed),
    )
    return bool(found)


async def in_use(conn: Connection, account: UUID | None, keys: Sequence[UUID]) -> set[UUID]:
    """Which of these data keys of an account (None: the installation) still seal a value."""
    wanted = [key.bytes for key in keys]
    if account is None:
        rows = await conn.fetch(
            f"SELECT DISTINCT {KEY.format('sealed')} AS key FROM provider_tokens"  # noqa: S608
            f" WHERE {KEY.format('sealed')} = ANY($1::bytea[])",
            wanted,
        )
        return {UUID(bytes=row["key"]) for row in rows}
    found: set[UUID] = set()
    for shelf in SHELVES:
        # Most tables are indexed by order, not by account.
        source = "orders t" if shelf.by == "id" else f"{shelf.table} t"
        if shelf.by == "order_id":
            source += " JOIN orders o ON o.id = t.order_id"
        owner = "o.account" if shelf.by == "order_id" else "t.account"
        for column in shelf.columns:
            key = KEY.format(f"t.{column}")
            rows = await conn.fetch(
                f"SELECT DISTINCT {key} AS key FROM {source}"  # noqa: S608
                f" WHERE {owner} = $1 AND {key} = ANY($2::bytea[])",
                *(account, wanted),
            )
            found.update(UUID(bytes=row["key"]) for row in rows)
    return found


async def count_behind(conn: Connection, account: UUID | None = None) -> int:
    """How many values are sealed under data keys that are not active: of one account, or all."""
    parts = [
        f"SELECT count(*) AS n FROM {table} t JOIN data_keys k"  # noqa: S608
        f" ON uuid_send(k.id) = {KEY.format(f't.{column}')} WHERE NOT k.active"
        " AND ($1::uuid IS NULL OR k.account = $1)"
        for table, columns in (
            *((shelf.table, shelf.columns) for shelf in SHELVES),
            ("provider_tokens", ("sealed",)),
        )
        for column in columns
    ]
    number: int = await conn.fetchval(
        f"SELECT sum(n)::bigint FROM ({' UNION ALL '.join(parts)}) AS counted",  # noqa: S608
        account,
    )
    return number
