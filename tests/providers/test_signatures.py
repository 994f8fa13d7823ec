"""Schemes that need no login: headers, and signatures recomputed from the vendors' recipes."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from domain.secret import Secret
from providers.auth import Auth, Basic, Sha512Request, StaticHeaders, canonical
from tests.providers.local import Answer, canned, transport


def rfc3986(text: str) -> str:
    safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    return "".join(chr(b) if b in safe else f"%{b:02X}" for b in text.encode())


def woohoo_signature(secret: str, method: str, url: str, body: bytes) -> str:
    """The vendor's recipe, written down once more."""
    base, _, query = url.partition("?")
    if query:
        base += "?" + "&".join(sorted(query.split("&")))
    parts = [method.upper(), rfc3986(base)]
    if body:
        ordered = json.dumps(
            json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert ordered.encode() == body  # what was sent is what was signed
        parts.append(rfc3986(ordered))
    return hmac.new(secret.encode(), "&".join(parts).encode(), hashlib.sha512).hexdigest()


@pytest.mark.parametrize(
    ("body", "params"),
    [
        (None, None),
        (None, {"offset": "0", "limit": "10", "b": "x y"}),
        ({"refno": "VG_1", "products": [{"sku": "S", "price": 10, "qty": 1}]}, None),
        ({"z": {"y": 1, "a": "₹/é"}, "B": 2, "a": []}, {"q": "1"}),
    ],
)
async def test_the_sha512_signature_covers_what_is_sent(
    body: Any, params: dict[str, str] | None
) -> None:
    async with canned() as server:
        server.answers["/rest/v3/orders"] = Answer({})
        async with transport(server.url, auth=(Sha512Request(Secret("csec")),)) as acme:
            if body is None:
                await acme.get("orders", "/rest/v3/orders", params=params)
            else:
                content = json.dumps(body, indent=1).encode()
                await acme.post("place", "/rest/v3/orders", content=content, params=params)
    seen = server.seen[0]
    query = "&".join(f"{k}={quote(v, safe='').replace('%20', '+')}" for k, v in seen.query.items())
    url = f"{server.url}{seen.path}" + (f"?{query}" if query else "")
    wanted = woohoo_signature("csec", seen.method, url, seen.body)
    assert seen.headers["signature"] == wanted
    assert seen.headers["signature"].islower()
    sent_at = datetime.fromisoformat(seen.headers["dateAtClient"])
    assert abs(sent_at - datetime.now(UTC)) < timedelta(seconds=5)


def test_canonical_json_is_sorted_compact_and_without_needless_zeros() -> None:
    raw = b'{"b": 1.50, "a": {"d": 2.00, "c": "\\u20b9/"}, "e": [1, 1e2]}'
    assert canonical(raw) == '{"a":{"c":"₹/","d":2},"b":1.5,"e":[1,100]}'.encode()


# Starship and plain schemes


@pytest.mark.parametrize("body", [None, {"b": 1, "a": "é"}])
async def test_key_secret_and_signature_over_the_bytes_sent(body: Any) -> None:
    scheme = StaticHeaders({"X-API-Key": Secret("k"), "X-API-Secret": Secret("s")}, Secret("s"))
    async with canned() as server:
        server.answers["/api/v1/orders"] = Answer({})
        async with transport(server.url, auth=(scheme,)) as acme:
            if body is None:
                await acme.get("orders", "/api/v1/orders", params={"page": "1"})
            else:
                await acme.post("place", "/api/v1/orders", json=body)
    seen = server.seen[0]
    stamp = seen.headers["X-Timestamp"]
    text = f"{stamp}{seen.method}/api/v1/orders".encode() + seen.body
    wanted = hmac.new(b"s", text, hashlib.sha256).hexdigest()
    assert seen.headers["X-Signature"] == f"t={stamp},v1={wanted}"
    assert abs(int(stamp) - time.time()) < 5
    assert (seen.headers["X-API-Key"], seen.headers["X-API-Secret"]) == ("k", "s")


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [
        (StaticHeaders({"X-API-Key": Secret("k")}), {"X-API-Key": "k"}),
        (Basic("ünï", Secret("p:w")), {"Authorization": "Basic w7xuw686cDp3"}),
    ],
)
async def test_static_schemes(scheme: Auth, wanted: dict[str, str]) -> None:
    async with canned() as server, transport(server.url, auth=(scheme,)) as acme:
        await acme.get("orders", "/x")
    headers = server.seen[0].headers
    assert {name: headers[name] for name in wanted} == wanted
    assert "X-Signature" not in headers
