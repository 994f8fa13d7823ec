"""API keys and secrets, checked without telling which of the two was wrong.

Of a secret only an HMAC under a versioned pepper is stored. A secret has 256 random bits, so a slow
password hash would protect nothing and let anyone burn our time.
"""

import asyncio
import base64
import hmac
import ipaddress
import re
import secrets
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.addresses import address_of
from app.auth.failures import Failures
from app.pepper import Pepper
from db import clients
from db.clients import Client, Digest
from db.pool import Database
from domain.secret import Secret

KEY_PREFIXES = {"sandbox": "vgtest_", "live": "vglive_"}
KEY_ID = re.compile(r"vg(test|live)_[a-z2-7]{26}")
SECRET = re.compile(r"vgs_([A-Za-z0-9_-]{43})_([0-9a-f]{8})")
CACHE_SECONDS = 5.0  # how long a revoked client may go on
FRESH_SECONDS = 0.25  # younger rows are not read again for a secret that does not fit
CACHED = 10_000
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A fresh key id with its secret, which is shown once."""

    key: str
    secret: Secret

    @classmethod
    def mint(cls, mode: str) -> "Credentials":
        """A random pair."""
        key = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
        return cls(KEY_PREFIXES[mode] + key, new_secret())


def new_secret() -> Secret:
    """256 random bits; a checksum at the end, by which scanners and typists know a wrong one."""
    value = secrets.token_urlsafe(32)
    return Secret(f"vgs_{value}_{_checksum(value)}")


def is_well_formed(secret: str) -> bool:
    """Whether a text could be a secret of ours: its form and its checksum."""
    read = SECRET.fullmatch(secret)
    return read is not None and _checksum(read[1]) == read[2]


def _checksum(value: str) -> str:
    return f"{zlib.crc32(value.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A client that was let in, and by which of its secrets."""

    client: Client
    digest: Digest = field(repr=False)


class ApiKeys:
    """The clients by their keys; rows are remembered for at most five seconds."""

    def __init__(
        self,
        database: Database,
        pepper: Pepper,
        failures: Failures,
        *,
        mode: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._failures = failures
        self._prefix = KEY_PREFIXES[mode]
        self._clock = clock
        self._nobody = Digest(NOBODY, pepper.version)
        # By key id: when the row was read, the row, and who comes with its current secret.
        self._rows: OrderedDict[str, tuple[float, Client | None, Accepted | None]] = OrderedDict()
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()
        # Rows that are being read, and since when.
        self._reads: dict[str, tuple[float, asyncio.Task[Client | None]]] = {}

    async def accepted(self, key: str, secret: str, address: str) -> Accepted | None:
        """The client whose credentials these are, if it may use them now and from here."""
        found = self._again(key, secret, address)
        if found is not None:
            return found
        if not KEY_ID.fullmatch(key) or not is_well_formed(secret):
            return None
        # Who has logged in from here before is not locked out by others behind the same address.
        if (address, key) not in self._welcome:
            await self._failures.check(address)
        found = self._match(await self._row(key, CACHE_SECONDS), secret, address)
        if found is None:
            # Perhaps made or rotated a moment ago: what is remembered is no reason to refuse.
            found = self._match(await self._row(key, FRESH_SECONDS), secret, address)
        if found is None:
            return None
        self._welcome[address, key] = None
        if len(self._welcome) > CACHED:
            self._welcome.popitem(last=False)
        return found

    def _again(self, key: str, secret: str, address: str) -> Accepted | None:
        """Who was let in from here before, while the row is remembered; None says nothing."""
        known = self._rows.get(key)
        if known is None or (address, key) not in self._welcome:
            return None
        read_at, client, accepted = known
        if client is None or accepted is None or self._clock() >= read_at + CACHE_SECONDS:
            return None
        genuine = self._is(secret, accepted.digest)
        return accepted if genuine and self._admits(client, address) else None

    async def holds(self, accepted: Accepted, address: str) -> bool:
        """Whether a client that was let in would be now, with the same rights."""
        client = await self._row(accepted.client.key_id, CACHE_SECONDS)
        return (
            client is not None
            and self._admits(client, address)
            and accepted.digest in client.digests(datetime.now(UTC))
            and (client.account, client.scopes) == (accepted.client.account, accepted.client.scopes)
        )

    def _match(self, client: Client | None, secret: str, address: str) -> Accepted | None:
        """The same work whether there is such a client or not, and whatever is wrong."""
        known = client.digests(datetime.now(UTC)) if client else ()
        current, previous = (*known, self._nobody, self._nobody)[:2]
        genuine = [self._is(secret, one) for one in (current, previous)]
        if client is None or not any(genuine) or not self._admits(client, address):
            return None
        return Accepted(client, current if genuine[0] else previous)

    def _is(self, secret: str, known: Digest) -> bool:
        return hmac.compare_digest(self._pepper.mac(secret, known.pepper_version), known.mac)

    def _admits(self, client: Client, address: str) -> bool:
        return (
            client.key_id.startswith(self._prefix)
            and client.is_valid(datetime.now(UTC))
            and _from_allowed_address(client, address)
        )

    async def _row(self, key: str, seconds: float) -> Client | None:
        """A client's row, at most that old; that there is none is remembered as well."""
        now = self._clock()
        known = self._rows.get(key)
        if known is not None and now < known[0] + seconds:
            return known[1]
        begun = self._reads.get(key)
        # One read for all who ask meanwhile: a thousand subscribers of a client ask at once.
        if begun is None or now >= begun[0] + seconds:
            begun = self._reads[key] = (now, asyncio.create_task(self._read(key, now)))
        # One who leaves does not take the read from the others.
        return await asyncio.shield(begun[1])

    async def _read(self, key: str, now: float) -> Client | None:
        try:
            async with self._database.worker(read_only=True) as conn:
                client = await clients.find(conn, key)
        finally:
            if self._reads.get(key, (None,))[0] == now:
                del self._reads[key]
        if (newer := self._rows.get(key)) is not None and newer[0] > now:
            return client
        self._rows[key] = (now, client, Accepted(client, client.current) if client else None)
        self._rows.move_to_end(key)
        if len(self._rows) > CACHED:
            self._rows.popitem(last=False)
        return client


def _from_allowed_address(client: Client, address: str) -> bool:
    if not client.limits.addresses:
        return True
    here = address_of(address)
    return here is not None and any(
        here in ipaddress.ip_network(net) for net in client.limits.addresses
    )
