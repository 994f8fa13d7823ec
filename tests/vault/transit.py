"""A stand-in for HashiCorp Vault's Transit engine: its paths, answers and errors, and real ciphers.

Written from the engine's HTTP interface: `POST /v1/MOUNT/encrypt/NAME`, `decrypt/NAME`,
`keys/NAME/rotate`, `keys/NAME/config` and `GET /v1/MOUNT/keys/NAME`.
"""

import asyncio
import base64
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.a-token-of-tests"


@dataclass
class Engine:
    """One engine with one key, and how it misbehaves."""

    url: str = ""
    token: str = TOKEN
    type: str = "aes256-gcm96"
    derived: bool = False
    versions: dict[int, AESGCM] = field(default_factory=dict)
    lowest: int = 1
    calls: Counter[str] = field(default_factory=Counter)
    status: int | None = None
    text: str | None = None
    delay: float = 0.0

    def __post_init__(self) -> None:
        self.add()

    @property
    def latest(self) -> int:
        return max(self.versions)

    def add(self) -> None:
        self.versions[len(self.versions) + 1] = AESGCM(os.urandom(32))

    @property
    def ring(self) -> str:
        return f"transit:{self.url}/team/transit/keys/vouchergraph"

    async def answer(self, request: web.Request) -> web.Response:
        act = request.match_info["act"]
        self.calls[act] += 1
        await asyncio.sleep(self.delay)
        if self.status is not None:
            headers = {"Location": f"{self.url}/elsewhere"} if self.status == 307 else {}
            return web.json_response({"errors": ["x"]}, status=self.status, headers=headers)
        if self.text is not None:
            return web.Response(text=self.text, content_type="application/json")
        if request.headers.get("X-Vault-Token") != self.token:
            return _errors(403, "permission denied")
        if request.match_info["name"] != "vouchergraph":
            return _errors(404)
        if act == "keys" and request.method == "GET":
            return _data(self._described())
        body = await request.json()
        does: Callable[[Any], web.Response] = getattr(
            self, f"_{request.match_info.get('more') or act}"
        )
        return does(body)

    def _described(self) -> dict[str, Any]:
        return {
            "name": "vouchergraph",
            "type": self.type,
            "derived": self.derived,
            "exportable": False,
            "deletion_allowed": False,
            "keys": {str(n): 1700000000 + n for n in self.versions if n >= self.lowest},
            "latest_version": self.latest,
            "min_available_version": 0,
            "min_decryption_version": self.lowest,
            "min_encryption_version": 0,
        }

    def _encrypt(self, body: dict[str, str]) -> web.Response:
        nonce, plain = os.urandom(12), base64.b64decode(body["plaintext"])
        sealed = self.versions[self.latest].encrypt(
            nonce, plain, base64.b64decode(body["associated_data"])
        )
        text = base64.b64encode(nonce + sealed).decode()
        return _data({"ciphertext": f"vault:v{self.latest}:{text}", "key_version": self.latest})

    def _decrypt(self, body: dict[str, str]) -> web.Response:
        _, version, text = body["ciphertext"].split(":")
        number, sealed = int(version[1:]), base64.b64decode(text)
        if number < self.lowest:
            return _errors(400, "ciphertext or signature version is disallowed by policy (too old)")
        if number not in self.versions:
            return _errors(400, "invalid ciphertext: version is too new")
        try:
            plain = self.versions[number].decrypt(
                sealed[:12], sealed[12:], base64.b64decode(body["associated_data"])
            )
        except InvalidTag:
            return _errors(400, "cipher: message authentication failed")
        return _data({"plaintext": base64.b64encode(plain).decode()})

    def _rotate(self, _: dict[str, str]) -> web.Response:
        self.add()
        return web.Response(status=204)

    def _config(self, body: dict[str, int]) -> web.Response:
        if body["min_decryption_version"] > self.latest:
            return _errors(400, "cannot set min decryption version to a version that is not there")
        self.lowest = body["min_decryption_version"]
        return web.Response(status=204)


@asynccontextmanager
async def running_engine() -> AsyncIterator[Engine]:
    """An engine on a free port of this machine."""
    engine = Engine()
    app = web.Application()
    for path in ("/v1/team/transit/{act}/{name}", "/v1/team/transit/{act}/{name}/{more}"):
        app.router.add_route("*", path, engine.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    engine.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield engine
    finally:
        await runner.cleanup()


def _data(data: dict[str, Any]) -> web.Response:
    return web.json_response({"request_id": "r", "lease_id": "", "renewable": False, "data": data})


def _errors(status: int, *errors: str) -> web.Response:
    return web.json_response({"errors": list(errors)}, status=status)
