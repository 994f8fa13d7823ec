"""API clients: who may ask, for which account. Only a keyed digest of a secret is here.

All of it as worker: a client is looked up before its account is known.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.pool import Connection, Record


@dataclass(frozen=True, slots=True)
class Limits:
    """A client's own limits; None: the setting decides. `addresses` empty: from anywhere."""

    rate_per_minute: int | None = None
    rate_per_10_seconds: int | None = None
    cost_budget: int | None = None
    reveals_per_order_hour: int | None = None
    vouchers_per_hour: int | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to be added. `secret_mac` is the HMAC of its secret under that pepper version."""

    id: UUID
    account: UUID
    key_id: str
    name: str
    secret_mac: bytes
    pepper_version: int
    scopes: tuple[str, ...]
    limits: Limits = Limits()
    demo: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """The HMAC of a secret under one version of the pepper."""

    mac: bytes
    pepper_version: int


@dataclass(frozen=True, slots=True)
class Client:
    """A client as recorded, with its account's name.

    `previous` is the digest of the secret before the last rotation, good until `previous_until`.
    """

    id: UUID
    account: UUID
    account_name: str
    key_id: str
    name: str
    secret_mac: bytes
    pepper_version: int
    scopes: tuple[str, ...]
    limits: Limits
    demo: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    previous: Digest | None = None
    previous_until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def current(self) -> Digest:
        return Digest(self.secret_mac, self.pepper_version)

    def digests(self, now: datetime) -> tuple[Digest, ...]:
        """Of the secrets that are good now: the current one, and one that is being replaced."""
        if self.previous is None or not self.is_rotating(now):
            return (self.current,)
        return self.current, self.previous

    def is_rotating(self, now: datetime) -> bool:
        """Whether the secret before the last rotation is still good."""
        return self.previous_until is not None and now < self.previous_until


SELECT = """
SELECT c.id, c.account, c.key_id, c.name, c.secret_mac, c.pepper_version, c.scopes,
       c.rate_per_minute, c.rate_per_10_seconds, c.cost_budget, c.reveals_per_order_hour,
       c.vouchers_per_hour, c.addresses, c.demo, c.created_at, c.expires_at, c.revoked_at,
       c.previous_secret_mac, c.previous_pepper_version, c.previous_until,
       a.name AS account_name
  FROM api_clients c JOIN accounts a ON a.id = c.account"""

INSERT = """
INSERT INTO api_clients (id, account, key_id, name, secret_mac, pepper_version, scopes,
    rate_per_minute, rate_per_10_seconds, cost_budget, reveals_per_order_hour, vouchers_per_hour,
    addresses, demo, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"""


# Without an overlap nothing is kept of the secret that ends.
ROTATE = """
UPDATE api_clients
   SET previous_secret_mac = CASE WHEN $4 > interval '0' THEN secret_mac END,
       previous_pepper_version = CASE WHEN $4 > interval '0' THEN pepper_version END,
       previous_until = CASE WHEN $4 > interval '0' THEN now() + $4 END,
       secret_mac = $2, pepper_version = $3
 WHERE key_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
RETURNING coalesce(previous_until, now())"""


async def find(conn: Connection, key_id: str) -> Client | None:
    """The client of that key id, revoked and expired ones too."""
    row = await conn.fetchrow(f"{SELECT} WHERE c.key_id = $1", key_id)
    return _client(row) if row else None


async def listed(conn: Connection, account: UUID | None = None) -> list[Client]:
    """The clients of one account or of all, oldest first."""
    rows = await conn.fetch(
        f"{SELECT} WHERE $1::uuid IS NULL OR c.account = $1 ORDER BY c.created_at, c.id", account
    )
    return [_client(row) for row in rows]


async def add(conn: Connection, client: NewClient) -> None:
    limits = client.limits
    await conn.execute(
        INSERT,
        *(client.id, client.account, client.key_id, client.name),
        *(client.secret_mac, client.pepper_version, list(client.scopes)),
        *(limits.rate_per_minute, limits.rate_per_10_seconds, limits.cost_budget),
        *(limits.reveals_per_order_hour, limits.vouchers_per_hour, list(limits.addresses)),
        *(client.demo, client.expires_at),
    )


async def rotate(conn: Connection, key_id: str, new: Digest, overlap: timedelta) -> datetime | None:
    """Give a client a new secret; the one it had is good until the instant answered.

    One that was being replaced already ends now. None when there is no such client, or it was
    revoked or has expired.
    """
    until: datetime | None = await conn.fetchval(
        ROTATE, key_id, new.mac, new.pepper_version, overlap
    )
    return until


async def revoke(conn: Connection, key_id: str) -> bool:
    """End a client for good; False when there is none such or it was revoked before."""
    found = await conn.fetchval(
        "UPDATE api_clients SET revoked_at = now()"
        " WHERE key_id = $1 AND revoked_at IS NULL RETURNING true",
        key_id,
    )
    return bool(found)


async def exists_demo(conn: Connection) -> bool:
    """Whether a demo client that still works exists: live mode refuses to start with one."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM api_clients WHERE demo AND revoked_at IS NULL)"
        )
    )


def _client(row: Record) -> Client:
    return Client(
        id=row["id"],
        account=row["account"],
        account_name=row["account_name"],
        key_id=row["key_id"],
        name=row["name"],
        secret_mac=row["secret_mac"],
        pepper_version=row["pepper_version"],
        scopes=tuple(row["scopes"]),
        limits=Limits(
            rate_per_minute=row["rate_per_minute"],
            rate_per_10_seconds=row["rate_per_10_seconds"],
            cost_budget=row["cost_budget"],
            reveals_per_order_hour=row["reveals_per_order_hour"],
            vouchers_per_hour=row["vouchers_per_hour"],
            addresses=tuple(row["addresses"]),
        ),
        demo=row["demo"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        previous=_previous(row),
        previous_until=row["previous_until"],
    )


def _previous(row: Record) -> Digest | None:
    mac = row["previous_secret_mac"]
    return None if mac is None else Digest(mac, row["previous_pepper_version"])
