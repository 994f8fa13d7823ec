"""Forged tokens: another algorithm, a key that the token brings, headers that change the rules."""

import hashlib
import hmac
from http import HTTPStatus
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.app.desk import HERE, Desk
from tests.app.issuer import NOW, LocalIssuer, encoded, key


async def status(desk: Desk, token: str) -> int:
    """What a token is refused with."""
    return (await desk.refusal({"Authorization": f"Bearer {token}"})).status


async def test_confused_algorithms_are_refused(issued: Desk, issuer: LocalIssuer) -> None:
    public, rsa = issuer.keys[0], key("rsa", "RSA", 2048)
    assert isinstance(public, ECKey)
    assert isinstance(rsa, RSAKey)
    issuer.keys = [public, rsa, key("p384", "EC", "P-384")]
    claims = issuer.claims(issued.account)
    forged = [
        with_hmac({"alg": "HS256", "kid": kid}, claims, material)
        for material in (public.as_pem(), rsa.as_pem(), public.as_der(), rsa.as_der())
        for kid in (public.kid, rsa.kid, None)
    ]
    for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "ES256K", "dir", "RSA-OAEP"):
        head = encoded({"alg": alg, "typ": "JWT", "kid": public.kid})
        forged += [f"{head}.{encoded(claims)}.", f"{head}.{encoded(claims)}.AAAA"]
    good = issuer.token(issued.account).reveal().split(".")
    # A genuine signature under the name of another algorithm, or of another key.
    for fields in (
        {"alg": "ES384", "kid": public.kid},
        {"alg": "RS256", "kid": public.kid},
        {"alg": "ES256", "kid": rsa.kid},
        {"alg": ["ES256"], "kid": public.kid},
        {"kid": public.kid},
    ):
        forged.append(".".join((encoded(fields), *good[1:])))
    for token in forged:
        assert await status(issued, token) == HTTPStatus.UNAUTHORIZED
        issued.now += 60  # so that each is looked at, and not the address refused


def with_hmac(header: dict[str, Any], claims: object, material: bytes) -> str:
    fields = {name: value for name, value in header.items() if value is not None}
    signing = f"{encoded(fields)}.{encoded(claims)}"
    mac = hmac.new(material, signing.encode(), hashlib.sha256).digest()
    return f"{signing}.{encoded(mac)}"


async def test_a_key_that_the_token_brings_is_not_looked_at(
    issued: Desk, issuer: LocalIssuer
) -> None:
    mine = key("one")
    brought = mine.as_dict(private=False)
    for header in (
        {"jwk": brought},
        {"jwk": brought, "kid": None},
        {"jku": f"{issuer.url}/keys"},
        {"x5u": f"{issuer.url}/keys"},
        {"x5c": ["MIIB"]},
        {"kid": "../../dev/null"},
    ):
        token = issuer.token(issued.account, by=mine, header=header)
        assert await status(issued, token.reveal()) == HTTPStatus.UNAUTHORIZED
    # Beside a genuine signature it changes nothing.
    genuine = issuer.token(issued.account, header={"jwk": brought})
    sent = {"Authorization": f"Bearer {genuine.reveal()}"}
    assert (await issued.authenticator.caller(sent, HERE)).viewer
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": NOW + 300},
        {"crit": []},
        {"b64": True},
        {"typ": "logout+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": 7},
        {"kid": 7},
    ],
)
async def test_headers_that_change_the_rules(
    issued: Desk, issuer: LocalIssuer, header: dict[str, Any]
) -> None:
    good = issuer.token(issued.account).reveal().split(".")
    fields = {"alg": "ES256", "typ": "JWT", "kid": issuer.keys[0].kid, **header}
    assert await status(issued, ".".join((encoded(fields), *good[1:]))) == 401
    if "typ" in header and isinstance(header["typ"], str):
        token = issuer.token(issued.account, header=header)
        assert await status(issued, token.reveal()) == 401
