"""Making, rotating and ending API clients, each with a trace in the account's audit chain."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from app.auth.api_keys import Credentials, new_secret
from app.composition import Core, StartRefused
from db import accounts, audit, clients, limits
from db.clients import Client, Digest, Limits, NewClient
from db.limits import SpendLimit
from db.pool import Connection
from domain.audit import Act, AuditAction
from domain.ids import Kind, global_id, uuid7
from domain.secret import Secret

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


def expiry(text: str) -> datetime:
    """When a client ends: an instant, in UTC unless it says otherwise, or the end of a day in UTC.

    ValueError for what is neither, or lies behind us.
    """
    try:
        found = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("an end is written like 2027-06-30 or 2027-06-30T18:00Z") from None
        found = read if read.tzinfo else read.replace(tzinfo=UTC)
    if found <= datetime.now(UTC):
        raise ValueError("the end lies in the past")
    return found


def described(client: Client, spend: Iterable[SpendLimit], pepper_version: int) -> str:
    """One line for lists: key id, account, name, state, scopes, then what is particular to it."""
    now, own = datetime.now(UTC), client.limits
    state = "active"
    if client.revoked_at is not None:
        state = "revoked"
    elif not client.is_valid(now):
        state = "expired"
    elif client.previous_until is not None and client.is_rotating(now):
        state = f"rotating until {shown(client.previous_until)}"
    particulars = {
        "expires": shown(client.expires_at) if client.expires_at else None,
        "ip": ",".join(own.addresses) or None,
        "rate-per-minute": own.rate_per_minute,
        "rate-per-10-seconds": own.rate_per_10_seconds,
        "cost-budget": own.cost_budget,
        "reveals-per-order-hour": own.reveals_per_order_hour,
        "vouchers-per-hour": own.vouchers_per_hour,
        "limit": ",".join(_limits(spend)) or None,
        "pepper": client.pepper_version if client.pepper_version != pepper_version else None,
    }
    return "  ".join(
        (
            *(client.key_id, client.account_name, client.name, state, ",".join(client.scopes)),
            *(f"{name}={value}" for name, value in particulars.items() if value is not None),
        )
    )


def shown(instant: datetime) -> str:
    """An instant for people, in UTC to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _limits(spend: Iterable[SpendLimit]) -> Iterable[str]:
    for one in spend:
        for amount, per in ((one.per_day, "day"), (one.largest_order, "order")):
            if amount is not None:
                yield f"{one.currency}={amount:f}/{per}"


async def create(
    parts: Core,
    account: UUID,
    name: str,
    scopes: tuple[str, ...],
    addresses: tuple[str, ...],
    spend: Spend,
    *,
    own: Limits = Limits(),  # noqa: B008 - a frozen record
    expires_at: datetime | None = None,
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
                limits=replace(own, addresses=addresses),
                expires_at=expires_at,
            ),
        )
        for currency, (per_day, largest) in spend.items():
            await limits.set_limit(conn, client_id, currency, per_day, largest)
        await _trace(conn, account, credentials.key, "created", key)
    return credentials


@dataclass(frozen=True, slots=True)
class Rotated:
    """A client's new secret, which only this answer holds, and when the one before it ends."""

    secret: Secret
    previous_until: datetime


async def rotate(parts: Core, key_id: str, overlap: timedelta) -> Rotated | None:
    """Give a client a new secret; None when there is none such, or it was revoked or has expired.

    A secret whose overlap from an earlier rotation still runs ends at once.
    """
    pepper, secret = parts.pepper, new_secret()
    key = await parts.keys.audit()
    async with parts.database.worker() as conn:
        client = await clients.find(conn, key_id)
        if client is None:
            return None
        if client.demo:
            raise StartRefused("a demo client's secret is the one in sandbox.json: it stays")
        digest = Digest(pepper.mac(secret.reveal(), pepper.version), pepper.version)
        until = await clients.rotate(conn, key_id, digest, overlap)
        if until is None:
            return None
        await _trace(conn, client.account, key_id, "rotated", key)
    return Rotated(secret, until)


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
