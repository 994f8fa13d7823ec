"""The keys that the issuer of bearer tokens signs with: fetched, remembered, asked for sparingly.

Only public members of asymmetric keys are taken, whatever else the issuer may publish.
"""

import asyncio
import re
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, RSAKey, import_key
from joserfc.jws import JWSRegistry

from app.addresses import is_safe_url
from app.auth.issuer import IssuerUnavailable

log = structlog.get_logger()

DISCOVERY = "/.well-known/openid-configuration"
FRESH_SECONDS = (60.0, 600.0)  # the least and the most that a set is used before it is read again
KEPT_SECONDS = 24 * 3600.0  # how long the last good set serves while the issuer cannot be reached
PAUSE_SECONDS = 10.0  # between two fetches, whatever tokens name: how soon a new key is known
FETCH_SECONDS = 5.0
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
RSA_BITS = range(2048, 8193)
KINDS = ("RSA", "EC", "OKP")
PUBLIC = ("kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y")
MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", re.IGNORECASE)


class _Unusable(Exception):
    """What the issuer answered cannot be used; the text says why, in words of ours."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one fetch; `until` is when they should be read again."""

    keys: tuple[Key, ...]
    fetched_at: float
    until: float

    def fitting(self, kid: str | None, alg: str) -> Key | None:
        """The one key of that id that may verify that algorithm; without an id, the only one."""
        named = [key for key in self.keys if kid is None or key.kid == kid]
        found = [key for key in named if _fits(key, alg)]
        return found[0] if len(found) == 1 else None

    def names(self, kid: str | None) -> bool:
        return kid is None or any(key.kid == kid for key in self.keys)


class SigningKeys:
    """The issuer's keys. `jwks_url` None: the issuer's own discovery document names it."""

    def __init__(
        self, issuer: str, jwks_url: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._clock = clock
        self._known: KeySet | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, alg: str) -> Key | None:
        """The key a token names, None when the issuer has none such that fits the algorithm.

        IssuerUnavailable: it may have, but cannot be asked.
        """
        await self._refresh_when_due()
        known = self._current()
        if known is None or not known.names(kid):
            await self._fetch()
            known = self._current()
        if known is None or (self._failed and not known.names(kid)):
            raise IssuerUnavailable(self._pause())
        return known.fitting(kid, alg)

    async def has(self, key: Key) -> bool:
        """Whether the issuer still publishes a key that `find` gave. IssuerUnavailable."""
        await self._refresh_when_due()
        known = self._current()
        if known is None:
            raise IssuerUnavailable(self._pause())
        return key in known.keys

    def _current(self) -> KeySet | None:
        known = self._known
        late = known is not None and self._clock() >= known.fetched_at + KEPT_SECONDS
        return None if late else known

    async def _refresh_when_due(self) -> None:
        if self._known is not None and self._clock() < self._known.until:
            return
        if self._failed and self._current() is not None:
            self._begin()  # with the last good set there is nothing to wait for
        else:
            await self._fetch()

    def _pause(self) -> float:
        """Seconds until the issuer may be asked again."""
        since = self._clock() - self._tried_at if self._tried_at is not None else PAUSE_SECONDS
        return max(0.0, PAUSE_SECONDS - since)

    async def _fetch(self) -> None:
        """Ask the issuer, once for all who wait, unless it was asked a moment ago."""
        self._begin()
        if self._fetching is not None:
            # One who goes away takes the answer from nobody.
            await asyncio.shield(self._fetching)

    def _begin(self) -> None:
        if self._fetching is None and self._pause() <= 0:
            self._fetching = asyncio.create_task(self._fetched())

    async def _fetched(self) -> None:
        try:
            known = await self._ask()
        except (aiohttp.ClientError, OSError, TimeoutError, _Unusable) as error:
            self._failed = True
            reason = str(error) if isinstance(error, _Unusable) else type(error).__name__
            log.warning("auth.keys_not_read", reason=reason, kept=self._current() is not None)
        else:
            self._failed, self._known = False, known
            log.info("auth.keys_read", keys=len(known.keys))
        finally:
            self._tried_at = self._clock()
            self._fetching = None

    async def _ask(self) -> KeySet:
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        # Once in minutes: a session for each is simpler than one that somebody must close.
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
            url = self._jwks_url or await self._discovered(session)
            found, max_age = await _read(session, url)
        entries = found.get("keys")
        if not isinstance(entries, list) or len(entries) > MAX_KEYS:
            raise _Unusable("there is no list of keys")
        now = self._clock()
        return KeySet(tuple(_usable(entries)), now, now + max_age)

    async def _discovered(self, session: aiohttp.ClientSession) -> str:
        found, _ = await _read(session, self._issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self._issuer:
            raise _Unusable("the discovery document names another issuer")
        url = found.get("jwks_uri")
        if not isinstance(url, str) or not is_safe_url(url):
            raise _Unusable("the discovery document names no https address of keys")
        return url


async def _read(session: aiohttp.ClientSession, url: str) -> tuple[dict[str, Any], float]:
    """A JSON object, and for how many seconds it may be used."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            raise _Unusable(f"the issuer answered {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BYTES:
                raise _Unusable(f"the issuer answered more than {MAX_BYTES} bytes")
        control = MAX_AGE.search(response.headers.get("Cache-Control", ""))
    try:
        found = msgspec.json.decode(bytes(body))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise _Unusable("the issuer's answer is not JSON") from None
    if not isinstance(found, dict):
        raise _Unusable("the issuer's answer is not a JSON object")
    least, most = FRESH_SECONDS
    return found, min(max(float(control[1]), least), most) if control else most


def _usable(entries: Iterable[object]) -> Iterable[Key]:
    """The keys that can verify a signature; others, of kinds not known too, are left out."""
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") not in KINDS:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                key = import_key({name: entry[name] for name in PUBLIC if name in entry})
        except (JoseError, ValueError, TypeError, KeyError):
            log.warning("auth.key_not_usable")
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size not in RSA_BITS:
            log.warning("auth.key_not_usable", bits=key.public_key.key_size)
            continue
        yield key


def _fits(key: Key, alg: str) -> bool:
    """Whether a key is of the kind, the curve and the use that an algorithm needs."""
    try:
        JWSRegistry.algorithms[alg].check_key(key)
        key.check_key_op("verify")
    except (JoseError, KeyError):
        return False
    return True
