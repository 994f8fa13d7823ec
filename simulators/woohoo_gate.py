"""Who gets in at Woohoo: Basic for the reseller, two steps and a signature for the direct profile.

The signature is HMAC-SHA512 over method, URL and body as they came in; a body whose names are not
sorted, or that is not compact, was not signed as the vendor's recipe demands.
"""

import base64
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from simulators.calls import Call
from simulators.world import Mint

TOKEN_SECONDS = 7 * 86400
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
ESCAPED = re.compile(rb"\\/|\\u(?!00[01])")  # slashes and Unicode stay as they are


class Problem(Exception):
    """Why a call was not let in, in the vendor's word."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Gate:
    """Checks calls of both profiles and issues the tokens of the direct one."""

    def __init__(self, credentials: Mapping[str, str], mint: Mint) -> None:
        self._known = credentials
        self._mint = mint
        self._codes: set[str] = set()

    # Direct: two steps to a token

    def verify(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Step one: user and client for an authorization code."""
        names = {"clientId": "client_id", "username": "username", "password": "password"}
        if any(sent.get(name) != self._known[setting] for name, setting in names.items()):
            raise Problem("user_not_found")
        code = secrets.token_hex(16)
        self._codes.add(code)
        return {"authorizationCode": code}

    def token(self, sent: Mapping[str, Any], now: float, life: float | None) -> dict[str, Any]:
        """Step two: the code and the client's secret for a token; a code works once."""
        names = {"clientId": "client_id", "clientSecret": "client_secret"}
        code = str(sent.get("authorizationCode"))
        if any(sent.get(name) != self._known[setting] for name, setting in names.items()):
            raise Problem("consumer_key_rejected")
        if code not in self._codes:
            raise Problem("token_rejected")
        self._codes.discard(code)
        end = now + (TOKEN_SECONDS if life is None else life)
        claims = {"consumerId": "77", "exp": end, "jti": secrets.token_hex(6)}
        body = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return {"token": f"{body}.{self._proof(body)}"}

    def _proof(self, body: str) -> str:
        return self._mint.digest(f"jwt:{body}").hex()

    def _alive(self, token: str, now: float) -> bool:
        body, _, proof = token.rpartition(".")
        if not hmac.compare_digest(proof.encode(), self._proof(body).encode()):
            return False
        claims = json.loads(base64.urlsafe_b64decode(body.split(".")[1]))
        return bool(claims["exp"] > now)

    # Every call

    def check_basic(self, call: Call) -> None:
        pair = f"{self._known['username']}:{self._known['password']}".encode()
        wanted = b"Basic " + base64.b64encode(pair)
        sent = call.request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(sent, wanted):
            raise Problem("unauthorized")

    def check_direct(self, call: Call) -> None:
        headers = call.request.headers
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if not self._alive(token, call.now):
            raise Problem("token_rejected")
        if "dateAtClient" not in headers:
            raise Problem("dateAtClient")
        if not self._signed(call, headers.get("signature", "")):
            raise Problem("signature_invalid")

    def _signed(self, call: Call, sent: str) -> bool:
        if call.raw and not _canonical(call.raw):
            return False
        wanted = [self._signature(call, call.raw, safe) for safe in ("", "!'()*")]
        return any(hmac.compare_digest(sent.encode(), each.encode()) for each in wanted)

    def _signature(self, call: Call, body: bytes, safe: str) -> str:
        """`safe` are the characters that one of the vendor's samples leaves alone."""
        parts = [call.request.method, quote(signed_url(call.request), safe)]
        if body:
            parts.append(quote(body, safe))
        key = self._known["client_secret"].encode()
        return hmac.digest(key, "&".join(parts).encode(), "sha512").hex()

    def sign(self, call: Call, response: web.Response) -> None:
        body = response.body if isinstance(response.body, bytes) else b""
        response.headers["signature"] = self._signature(call, body, "")


def signed_url(request: web.Request) -> str:
    """The absolute URL as the client wrote it, query parameters sorted by name."""
    path, _, query = request.raw_path.partition("?")
    ordered = "&".join(sorted(query.split("&"), key=lambda part: part.split("=")[0]))
    return f"{request.scheme}://{request.host}{path}{'?' + ordered if query else ''}"


def _canonical(body: bytes) -> bool:
    """Whether names are sorted and nothing is spaced or escaped that need not be."""
    try:
        json.loads(body, object_pairs_hook=_in_order)
    except ValueError:
        return False
    outside = STRING.sub(b"", body)
    return not re.search(rb"\s", outside) and not ESCAPED.search(body)


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if names != sorted(names):
        raise ValueError("names are not sorted")
    return dict(pairs)


def _encoded(claims: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
