"""A server that speaks Woohoo in both profiles: checks logins and signatures, answers by path."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from providers.port import OrderKey
from providers.replies import Reply, encode
from providers.tokens import MemoryTokenStore
from providers.woohoo import DIRECT, PATHS, Woohoo
from simulators.woohoo import Woohoo as Simulated
from tests.providers.local import Answer, configuration, serving
from tests.providers.woohoo_payloads import envelope

ORDER, REFERENCE = "KLM7700012345", "VG_71F2A0C4"
KEY = OrderKey(ORDER, REFERENCE)
SECRET = "the-client_secret"


class Pine:
    """Either profile: checks token and signature, or name and password; answers by what is asked.

    Bodies are given bare; the reseller's are put into the envelope, as text they stand alone.
    """

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.sent: list[tuple[str, bytes]] = []
        self.logins: list[tuple[str, Any]] = []
        self.token = ""
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/oauth2/"):
            return self.login(request.path, json.loads(await request.read()))
        body = await request.read()
        assert request.method == ("POST" if body else "GET")
        if self.profile == DIRECT:
            if request.headers["Authorization"] != f"Bearer {self.token}":
                return Answer("oauth_problem=token_rejected", 401).response()
            self.check(request, body)
        else:
            pair = base64.b64encode(b"the-username:the-password").decode()
            assert request.headers["Authorization"] == f"Basic {pair}"
            assert "signature" not in request.headers
        path = request.raw_path.partition("?")[0]
        self.calls.append((path, dict(request.query)))
        if body:
            self.sent.append((path, body))
        found = self.answers[path]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return self.framed(found).response()

    def framed(self, found: Answer) -> Answer:
        if self.profile == DIRECT or isinstance(found.body, str):
            return found
        return Answer(envelope(found.body, found.status), found.status)

    def check(self, request: web.Request, body: bytes) -> None:
        """The recipe as the contract tells it, written again: no code of the adapter's."""
        query = "&".join(sorted(request.raw_path.partition("?")[2].split("&")))
        address = self.url + request.raw_path.partition("?")[0] + (f"?{query}" if query else "")
        signed = f"{request.method}&{percent(address)}"
        if body:
            ordered = json.dumps(
                json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            assert body == ordered.encode()
            signed += f"&{percent(ordered)}"
        expected = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha512).hexdigest()
        assert request.headers["signature"] == expected
        assert request.headers["dateAtClient"].endswith("Z")
        assert datetime.fromisoformat(request.headers["dateAtClient"]).tzinfo is not None
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Accept"] == "*/*"

    def login(self, path: str, body: Any) -> web.Response:
        self.logins.append((path, body))
        if path == "/oauth2/verify":
            return Answer({"authorizationCode": f"code-{len(self.logins)}"}).response()
        self.token = f"jwt-{len(self.logins)}"
        return Answer({"token": self.token}).response()

    def path(self, what: str, *keys: str) -> str:
        return PATHS[self.profile][what].format(*keys)


def percent(text: str) -> str:
    """RFC 3986: everything but letters, digits and four marks."""
    kept = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in text.encode())


@asynccontextmanager
async def running(profile: str) -> AsyncIterator[tuple[Pine, Woohoo]]:
    pine = Pine(profile)
    async with serving(pine.handle) as url:
        pine.url = url
        settings = configuration(
            Woohoo, url, profile=profile, client_id="the-client_id", client_secret=SECRET
        )
        adapter = Woohoo.open(settings, MemoryTokenStore())
        try:
            yield pine, adapter
        finally:
            await adapter.close()


Pair = tuple[Pine, Woohoo]


@asynccontextmanager
async def simulated(profile: str) -> AsyncIterator[tuple[Simulated, Woohoo]]:
    simulator = Simulated(seed=11)
    await simulator.start()
    settings = configuration(
        Woohoo, simulator.url, timeout=5, profile=profile, **simulator.credentials
    )
    adapter = Woohoo.open(settings, MemoryTokenStore())
    try:
        yield simulator, adapter
    finally:
        await adapter.close()
        await simulator.stop()


def reply(body: Any, status: int) -> Reply:
    return Reply(status, {}, body, encode(body) if body is not None else b"")
