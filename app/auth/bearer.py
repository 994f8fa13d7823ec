"""Bearer tokens: a JWT of the configured issuer turned into who sent it, or nothing.

Which algorithm verifies is decided by a list of ours and by the issuer's key, never by the token
alone; keys that a token brings or points to are not looked at.
"""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import structlog
from joserfc.jwk import Key

from app.auth.failures import Failures
from app.auth.issuer import Issuer
from app.auth.jwks import SigningKeys
from app.auth.jwt import Signed, TokenRefused, claims_of, signed
from db import accounts
from db.accounts import Account
from db.pool import Database
from domain.ids import Kind, row_id
from domain.secret import Secret
from domain.viewers import NEVER_TOGETHER, Scope

log = structlog.get_logger()

# Names the clients that tokens speak for; a fixed number of ours.
CLIENTS = UUID("6d0f9c43-1f0e-5b7c-9a55-6a3f4b8e2d17")
CACHE_SECONDS = 5.0
CACHED = 10_000
MAX_SUBJECT = 200
ROW_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What acts on all accounts is granted by a command on our side, never by an issuer.
BY_COMMAND_ONLY = frozenset({Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE})


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says. `ends_at`, in seconds since 1970, includes the clocks' skew."""

    client_id: UUID
    actor: str
    account: UUID
    scopes: frozenset[Scope]
    expires_at: float
    ends_at: float
    key: Key = field(repr=False)


class Bearer:
    """Verifies tokens; a genuine one is remembered until it expires or its key is withdrawn."""

    def __init__(
        self,
        database: Database,
        failures: Failures,
        issuer: Issuer,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._failures = failures
        self._issuer = issuer
        self._keys = SigningKeys(issuer.url, issuer.jwks_url, clock)
        self._clock = clock
        self._wall = wall
        self._verified: OrderedDict[bytes, Identity] = OrderedDict()
        self._accounts: OrderedDict[UUID, tuple[float, Account | None]] = OrderedDict()

    async def accepted(self, token: Secret, address: str) -> tuple[Identity, Account] | None:
        """Who sent a token, and their account; None for any that is not good here and now.

        IssuerUnavailable: nobody can tell.
        """
        digest = hashlib.sha256(token.reveal().encode("utf-8", "replace")).digest()
        identity = self._verified.get(digest)
        if identity is None or not await self._lasts(identity):
            # Who holds a genuine token is not locked out by others behind the same address.
            await self._failures.check(address)
            identity = await self._verify(token)
            if identity is None:
                return None
            self._verified[digest] = identity
            if len(self._verified) > CACHED:
                self._verified.popitem(last=False)
        account = await self._account(identity.account)
        return (identity, account) if account else None

    async def holds(self, identity: Identity) -> bool:
        """Whether who sent a token may go on: until it ends, or its key or account goes."""
        return (
            self._wall() < identity.ends_at
            and await self._keys.has(identity.key)
            and await self._account(identity.account) is not None
        )

    async def _lasts(self, identity: Identity) -> bool:
        return self._wall() < identity.expires_at and await self._keys.has(identity.key)

    async def _verify(self, token: Secret) -> Identity | None:
        try:
            return self._identity(*await self._signed(token))
        except TokenRefused as refused:
            # The answer is the same for all of them; only whoever runs this sees why.
            log.info("auth.token_refused", reason=str(refused))
            return None

    async def _signed(self, token: Secret) -> tuple[Signed, Key]:
        found = signed(token)
        key = await self._keys.find(found.kid, found.alg)
        if key is None:
            raise TokenRefused("key")
        found.verify(key)
        return found, key

    def _identity(self, found: Signed, key: Key) -> Identity:
        issuer = self._issuer
        claims = claims_of(found, issuer.url, issuer.audience, self._wall())
        subject = claims.values["sub"]
        if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise TokenRefused("sub")
        actor = f"oidc:{subject}"
        return Identity(
            client_id=uuid5(CLIENTS, f"{issuer.url}\n{subject}"),
            actor=actor,
            account=_account_id(claims.values.get(issuer.account)),
            scopes=_scopes(claims.values, issuer.scope, actor),
            expires_at=claims.expires_at,
            ends_at=claims.ends_at,
            key=key,
        )

    async def _account(self, id: UUID) -> Account | None:
        now = self._clock()
        known = self._accounts.get(id)
        if known is not None and now < known[0] + CACHE_SECONDS:
            return known[1]
        async with self._database.worker(read_only=True) as conn:
            account = await accounts.find(conn, id)
        self._accounts[id] = (now, account)
        self._accounts.move_to_end(id)
        if len(self._accounts) > CACHED:
            self._accounts.popitem(last=False)
        return account


def _account_id(claim: object) -> UUID:
    """The account's row id or its global id."""
    if not isinstance(claim, str):
        raise TokenRefused("account")
    found = UUID(claim) if ROW_ID.fullmatch(claim) else row_id(claim, Kind.ACCOUNT)
    if found is None:
        raise TokenRefused("account")
    return found


def _scopes(claims: Mapping[str, Any], name: str, actor: str) -> frozenset[Scope]:
    """The scopes in a claim: words apart by spaces, or a list of words. Others are not ours."""
    claim = claims.get(name, "")
    words = claim.split() if isinstance(claim, str) else claim
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TokenRefused("scope")
    asked = frozenset(scope for scope in Scope if scope.value in words)
    dropped = asked & BY_COMMAND_ONLY
    if asked >= NEVER_TOGETHER:
        dropped |= NEVER_TOGETHER
    if dropped:
        log.warning(
            "auth.scopes_dropped", actor=actor, scopes=sorted(scope.value for scope in dropped)
        )
    return asked - dropped
