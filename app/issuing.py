"""Making and ending API clients, with a trace of both in the account's audit chain."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from app.auth.api_keys import Credentials
from app.composition import Core, StartRefused
from db import accounts, audit, clients, limits
from db.clients import Limits, NewClient
from db.pool import Connection
from domain.audit import Act, AuditAction
from domain.ids import Kind, global_id, uuid7

ACTOR = "cli"
LIMIT = re.compile(r"([A-Z]{3})=([0-9]{1,15}(?:\.[0-9]{1,4})?)/(day|order)")

# By currency: what may be spent in a UTC day, and in one order.
Spend = Mapping[str, tuple[Decimal | None, Decimal | None]]


def spend_limits(texts: Iterable[str]) -> Spend:
    """Limits from texts such as INR=50000/day and INR=5000/order; ValueError for any other."""
    found: dict[str, tuple[Decimal | None, Decimal | None]] = {}
    for text in texts:
        read = LIMIT.fullmatch(text)
        if read is None:
            raise ValueError("a limit is written like INR=50000/day or INR=5000/order")
        currency, amount = read[1], Decimal(read[2])
        per_day, largest = found.get(currency, (None, None))
        found[currency] = (amount, largest) if read[3] == "day" else (per_day, amount)
    return found


async def create(
    parts: Core,
    account: UUID,
    name: str,
    scopes: tuple[str, ...],
    addresses: tuple[str, ...],
    spend: Spend,
) -> Credentials:
    """A new client of an account with a fresh secret, which only this answer holds."""
    credentials = Credentials.mint(parts.settings.mode)
    pepper = parts.pepper
    key = await parts.keys.audit()
    async with parts.database.worker() as conn:
        if await accounts.find(conn, account) is None:
            raise StartRefused(f"there is no account {account}")
        client_id = uuid7()
        await clients.add(
            conn,
            NewClient(
                id=client_id,
                account=account,
                key_id=credentials.key,
                name=name,
                secret_mac=pepper.mac(credentials.secret.reveal(), pepper.version),
                pepper_version=pepper.version,
                scopes=scopes,
                limits=Limits(addresses=addresses),
            ),
        )
        for currency, (per_day, largest) in spend.items():
            await limits.set_limit(conn, client_id, currency, per_day, largest)
        await _trace(conn, account, credentials.key, "created", key)
    return credentials


async def revoke(parts: Core, key_id: str) -> bool:
    """End a client; False when there is none such or it was revoked before."""
    key = await parts.keys.audit()
    async with parts.database.worker() as conn:
        client = await clients.find(conn, key_id)
        if client is None or not await clients.revoke(conn, key_id):
            return False
        await _trace(conn, client.account, key_id, "revoked", key)
    return True


async def _trace(conn: Connection, account: UUID, key_id: str, done: str, key: bytes) -> None:
    subject = global_id(Kind.ACCOUNT, account)
    act = Act(ACTOR, AuditAction.CLIENT_CHANGED, subject, fields=(f"{key_id} {done}",))
    await audit.append(conn, account, [act], key)
