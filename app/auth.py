"""Who asks: API keys and secrets, checked without telling which of the two was wrong.

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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from app.errors import Refusal
from app.limits import Limiter, Rule, Standing
from app.pepper import Pepper
from db import clients
from db.clients import Client
from db.pool import Database
from domain.secret import Secret
from domain.viewers import Limit, Scope, Viewer

KEY_PREFIXES = {"sandbox": "vgtest_", "live": "vglive_"}
KEY_ID = re.compile(r"vg(test|live)_[a-z2-7]{26}")
MAX_SECRET = 200
CACHE_SECONDS = 5.0  # how long a revoked client may go on
CACHED = 10_000
# A secret cannot be guessed; the limit keeps strangers from making the database work.
FAILED_LOGINS = (Rule(30, 60),)
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


@dataclass(frozen=True, slots=True)
class Allowance:
    """What clients may do whose row does not say otherwise."""

    rate_per_minute: int
    rate_per_10_seconds: int
    reveals_per_order_hour: int
    vouchers_per_hour: int

    @property
    def rules(self) -> tuple[Rule, ...]:
        return Rule(self.rate_per_minute, 60), Rule(self.rate_per_10_seconds, 10)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, None for the anonymous, and where they stand under their rate limit."""

    viewer: Viewer | None
    standing: Standing


class Authenticator:
    """Turns headers into a caller, or a Refusal. `demo` are the allowances of demo clients."""

    def __init__(
        self,
        database: Database,
        pepper: Pepper,
        *,
        mode: str,
        allowance: Allowance,
        demo: Allowance,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._prefix = KEY_PREFIXES[mode]
        self._allowance = allowance
        self._demo = demo
        self._clock = clock
        self._rows: OrderedDict[str, tuple[float, Client | None]] = OrderedDict()
        self._rates = Limiter(clock)
        self._failures = Limiter(clock)
        self._blocked: dict[str, float] = {}
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def caller(self, headers: Mapping[str, str], address: str) -> Caller:
        """Who the headers name. Refused: bad credentials (401), too many requests (429)."""
        key, secret = headers.get("X-API-Key"), headers.get("X-API-Secret")
        if key is None and secret is None and "Authorization" not in headers:
            # The anonymous reach nothing but the schema, and have the limit of one client.
            rules = self._anonymous().rules
            return Caller(None, self._within(self._rates.take(f"address {address}", rules)))
        client = None
        if key is not None and secret is not None and "Authorization" not in headers:
            client = await self._client(key, secret, address)
        if client is None:
            raise self._failed(address)
        allowance = self._of(client)
        standing = self._within(self._rates.take(f"client {client.id}", allowance.rules))
        return Caller(_viewer(client, allowance), standing)

    def limits(self, viewer: Viewer) -> list[Limit]:
        """Where a client stands under its rate limits, for its own eyes."""
        now = datetime.now(UTC)
        return [
            Limit(
                name=f"requests per {standing.rule.seconds} s",
                maximum=standing.rule.maximum,
                remaining=standing.remaining,
                resets_at=now + timedelta(seconds=standing.resets_in),
            )
            for standing in self._rates.standings(f"client {viewer.client_id}")
        ]

    def _anonymous(self) -> Allowance:
        return self._demo if self._prefix == KEY_PREFIXES["sandbox"] else self._allowance

    async def _client(self, key: str, secret: str, address: str) -> Client | None:
        """The client whose credentials these are and who may use them now, from here."""
        if not KEY_ID.fullmatch(key) or len(secret) > MAX_SECRET:
            return None
        # Who has logged in from here before is not locked out by others behind the same address.
        if (address, key) not in self._welcome:
            self._not_blocked(address)
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

    def _failed(self, address: str) -> Refusal:
        """Count a failed login; the answer is the same whatever was wrong."""
        standing = self._failures.take(address, FAILED_LOGINS)
        if not standing.allowed:
            self._blocked[address] = self._clock() + standing.resets_in
            return _too_many_failures(standing.resets_in)
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The credentials were not accepted. Send a valid X-API-Key with its X-API-Secret.",
            {"WWW-Authenticate": "ApiKey"},
        )

    def _not_blocked(self, address: str) -> None:
        until = self._blocked.get(address)
        if until is None:
            return
        left = until - self._clock()
        if left > 0:
            raise _too_many_failures(max(1, round(left)))
        del self._blocked[address]

    def _of(self, client: Client) -> Allowance:
        default, own = self._demo if client.demo else self._allowance, client.limits
        return Allowance(
            own.rate_per_minute or default.rate_per_minute,
            own.rate_per_10_seconds or default.rate_per_10_seconds,
            own.reveals_per_order_hour or default.reveals_per_order_hour,
            own.vouchers_per_hour or default.vouchers_per_hour,
        )

    @staticmethod
    def _within(standing: Standing) -> Standing:
        if not standing.allowed:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                f"More than {standing.rule.maximum} requests in {standing.rule.seconds} seconds.",
                standing.headers(),
                {"retryAfterMs": standing.resets_in * 1000},
            )
        return standing


def _too_many_failures(seconds: int) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RATE_LIMITED",
        "Too many failed logins from this address.",
        {"Retry-After": str(seconds)},
        {"retryAfterMs": seconds * 1000},
    )


def _from_allowed_address(client: Client, address: str) -> bool:
    if not client.limits.addresses:
        return True
    try:
        here = ipaddress.ip_address(address)
        return any(here in ipaddress.ip_network(net) for net in client.limits.addresses)
    except ValueError:
        return False


def _viewer(client: Client, allowance: Allowance) -> Viewer:
    known = {scope.value: scope for scope in Scope}
    return Viewer(
        account=client.account,
        account_name=client.account_name,
        client_id=client.id,
        actor=client.key_id,
        scopes=frozenset(known[scope] for scope in client.scopes if scope in known),
        reveals_per_order_hour=allowance.reveals_per_order_hour,
        vouchers_per_hour=allowance.vouchers_per_hour,
    )
