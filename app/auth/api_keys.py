"""API keys and secrets, checked without telling which of the two was wrong.

Of a secret only an HMAC under a versioned pepper is stored. A secret has 256 random bits, so a slow
password hash would protect nothing and let anyone burn our time.
"""

import base64
import hmac
import ipaddress
import re
import secrets
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.auth.failures import Failures
from app.pepper import Pepper
from db import clients
from db.clients import Client
from db.pool import Database
from domain.secret import Secret

KEY_PREFIXES = {"sandbox": "vgtest_", "live": "vglive_"}
KEY_ID = re.compile(r"vg(test|live)_[a-z2-7]{26}")
MAX_SECRET = 200
CACHE_SECONDS = 5.0  # how long a revoked client may go on
CACHED = 10_000
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A fresh key id with its secret, which is shown once."""

    key: str
    secret: Secret

    @classmethod
    def mint(cls, mode: str) -> "Credentials":
        """A random pair. The secret ends in a checksum, by which scanners know a leaked one."""
        key = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
        value = secrets.token_urlsafe(32)
        return cls(
            KEY_PREFIXES[mode] + key, Secret(f"vgs_{value}_{zlib.crc32(value.encode()):08x}")
        )


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
        self._rows: OrderedDict[str, tuple[float, Client | None]] = OrderedDict()
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def client(self, key: str, secret: str, address: str) -> Client | None:
        """The client whose credentials these are and who may use them now, from here."""
        if not KEY_ID.fullmatch(key) or len(secret) > MAX_SECRET:
            return None
        # Who has logged in from here before is not locked out by others behind the same address.
        if (address, key) not in self._welcome:
            self._failures.check(address)
        client = await self._row(key)
        version = client.pepper_version if client else self._pepper.version
        genuine = hmac.compare_digest(
            self._pepper.mac(secret, version), client.secret_mac if client else NOBODY
        )
        allowed = (
            client is not None
            and key.startswith(self._prefix)
            and client.is_valid(datetime.now(UTC))
            and _from_allowed_address(client, address)
        )
        if not (genuine and allowed):
            return None
        self._welcome[address, key] = None
        if len(self._welcome) > CACHED:
            self._welcome.popitem(last=False)
        return client

    async def _row(self, key: str) -> Client | None:
        """A client's row, at most five seconds old; that there is none is remembered as well."""
        now = self._clock()
        known = self._rows.get(key)
        if known is not None and now < known[0]:
            return known[1]
        async with self._database.worker(read_only=True) as conn:
            client = await clients.find(conn, key)
        self._rows[key] = (now + CACHE_SECONDS, client)
        self._rows.move_to_end(key)
        if len(self._rows) > CACHED:
            self._rows.popitem(last=False)
        return client


def _from_allowed_address(client: Client, address: str) -> bool:
    if not client.limits.addresses:
        return True
    try:
        here = ipaddress.ip_address(address)
        return any(here in ipaddress.ip_network(net) for net in client.limits.addresses)
    except ValueError:
        return False
