"""One JSON Web Token: its form, its signature and the claims that every one must have."""

import re
import warnings
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import ClaimError, JoseError, SecurityWarning
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from domain.secret import Secret

MAX_TOKEN = 8 * 1024
SKEW_SECONDS = 60  # between our clock and the issuer's
FORM = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Asymmetric only: a key that anybody may read must never be good for signing.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
# Some issuers leave the type out; the types of other tokens (logout+jwt, dpop+jwt) are refused.
TYPES = ("jwt", "at+jwt", "application/at+jwt")


class _Registry(JWSRegistry):
    """Bounds for what stands in a token; some issuers put certificates into the header."""

    max_header_length = 4096
    max_signature_length = 2048


class TokenRefused(Exception):
    """A token that is not good; the text is a word of ours for what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A token in the right form, not verified yet. `kid` names its key."""

    alg: str
    kid: str | None
    _signature: CompactSignature = field(repr=False)

    def verify(self, key: Key) -> None:
        """TokenRefused unless the key made the signature."""
        try:
            with warnings.catch_warnings():
                # Of EdDSA, which only has a new name: issuers go on using the old one.
                warnings.simplefilter("ignore", SecurityWarning)
                genuine = jws.validate_compact(self._signature, key, registry=_registry(self.alg))
        except (JoseError, ValueError, TypeError):
            genuine = False
        if not genuine:
            raise TokenRefused("signature")

    @property
    def payload(self) -> bytes:
        return self._signature.payload


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of a token that is good now: until `expires_at`, with the skew `ends_at`."""

    values: dict[str, Any] = field(repr=False)
    expires_at: float
    ends_at: float


def signed(token: Secret) -> Signed:
    """A token taken apart. TokenRefused."""
    raw = token.reveal().encode("utf-8", "replace")
    if len(raw) > MAX_TOKEN or not FORM.fullmatch(raw):
        raise TokenRefused("form")
    try:
        found = jws.extract_compact(raw, registry=_registry("RS256"))
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefused("form") from None
    header = found.headers()
    if not isinstance(header, dict) or "crit" in header or "b64" in header:
        raise TokenRefused("header")
    alg, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if alg not in ALGORITHMS:
        raise TokenRefused("algorithm")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise TokenRefused("type")
    if kid is not None and not isinstance(kid, str):
        raise TokenRefused("key")
    return Signed(alg, kid, found)


def claims_of(token: Signed, issuer: str, audience: str, now: float) -> Verified:
    """The claims of a verified token of that issuer for that audience. TokenRefused."""
    try:
        claims = msgspec.json.decode(token.payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise TokenRefused("claims") from None
    if not isinstance(claims, dict):
        raise TokenRefused("claims")
    wanted = JWTClaimsRegistry(
        int(now),
        SKEW_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        wanted.validate(claims)
    except ClaimError as error:
        raise TokenRefused(error.claim) from None
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("claims") from None
    return Verified(claims, claims["exp"], claims["exp"] + SKEW_SECONDS)


def _registry(alg: str) -> _Registry:
    # Further header fields are the issuer's affair; those that would change the rules are refused.
    return _Registry(algorithms=[alg], strict_check_header=False)
