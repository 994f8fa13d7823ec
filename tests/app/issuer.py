"""An OpenID Connect issuer on this machine: discovery, keys, tokens of any make."""

import asyncio
import base64
import json
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import Key, generate_key

from app.auth.issuer import Issuer
from domain.secret import Secret

AUDIENCE = "vouchergraph"
NOW = 1_800_000_000


def key(kid: str | None = "one", kind: str = "EC", size: str | int = "P-256") -> Key:
    return generate_key(kind, size, {"kid": kid} if kid else None)  # type: ignore[call-overload,no-any-return]


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class LocalIssuer:
    """What it publishes and how it behaves may be changed at any time."""

    keys: list[Key] = field(default_factory=lambda: [key()])
    url: str = ""
    published: list[Any] | None = None
    names: str | None = None
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    discoveries: int = 0
    fetches: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    def config(self, *, discover: bool = False, **claims: str) -> Issuer:
        return Issuer(self.url, AUDIENCE, None if discover else f"{self.url}/keys", **claims)

    def claims(self, account: object, **claims: Any) -> dict[str, object]:
        """What a good token says; a claim of None is left out."""
        found = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "shop-7",
            "exp": NOW + 300,
            "iat": NOW,
            "account": str(account),
            "scope": "openid orders:read catalog:read",
            **claims,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(
        self,
        account: object,
        *,
        by: Key | None = None,
        alg: str = "ES256",
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> Secret:
        """A token signed by a key of ours; with claims and header fields as they are wanted."""
        by = by or self.keys[0]
        fields = {"alg": alg, "typ": "at+jwt", "kid": by.kid, **(header or {})}
        fields = {name: value for name, value in fields.items() if value is not None}
        payload = json.dumps(self.claims(account, **claims))
        registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return Secret(jws.serialize_compact(fields, payload, by, registry=registry))

    async def _discovery(self, request: web.Request) -> web.Response:
        self.discoveries += 1
        names = self.names if self.names is not None else self.url
        return web.json_response({"issuer": names, "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, request: web.Request) -> web.Response:
        self.fetches += 1
        self.asked.set()
        await self.open.wait()
        keys = self.published
        if keys is None:
            keys = [dict(one.as_dict(private=False)) for one in self.keys]
        body = self.body if self.body is not None else json.dumps({"keys": keys}).encode()
        return web.Response(
            body=body, status=self.status, headers=self.headers, content_type="application/json"
        )


@asynccontextmanager
async def local_issuer() -> AsyncIterator[LocalIssuer]:
    issuer = LocalIssuer()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer._discovery)
    app.router.add_get("/keys", issuer._keys)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield issuer
    finally:
        issuer.open.set()
        await runner.cleanup()
