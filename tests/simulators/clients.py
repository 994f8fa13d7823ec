"""Plain clients of the four providers, written from the contracts; every answer is shown raw."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from simulators import Simulator
from simulators.catalog import Kind, Product


@dataclass(frozen=True)
class Reply:
    """One answer as it came."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw, parse_float=Decimal)


class Client:
    """Sends requests to one simulator, and puts it into the state a test wants."""

    def __init__(self, http: aiohttp.ClientSession, simulator: Simulator) -> None:
        self.http = http
        self.simulator = simulator
        self.credentials = simulator.credentials

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        patience: float = 5,
    ) -> Reply:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.request(
            method,
            URL(self.simulator.url + path, encoded=True),
            data=None if body is None else sent,
            headers=headers or {},
            timeout=aiohttp.ClientTimeout(total=patience),
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    @staticmethod
    def basic(name: str, secret: str) -> str:
        return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()

    async def break_with(self, operation: str, fault: str, **more: Any) -> None:
        row = {"operation": operation, "fault": fault} | more
        reply = await self.send("PUT", "/_sim/faults", {"seed": 7, "faults": [row]})
        assert reply.status == 200, reply.raw

    async def set(self, **settings: Any) -> None:
        assert (await self.send("PUT", "/_sim/settings", settings)).status == 200

    async def ledger(self, reference: str) -> list[dict[str, Any]]:
        rows = (await self.send("GET", "/_sim/ledger")).json
        return [row for row in rows if row["reference"] == reference]

    async def requests(self) -> dict[str, int]:
        counts: dict[str, int] = (await self.send("GET", "/_sim/requests")).json
        return {name: count for name, count in counts.items() if count}

    def product(self, kind: Kind = Kind.CODE_WITH_PIN, **like: Any) -> Product:
        """A product that is sold at once at fixed values, or with other facts when asked."""
        wanted = {"available": True, "delayed": False, "habit": ""} | like
        return next(
            item
            for item in self.simulator.world.products.values()
            if item.kind is kind
            and item.values
            and all(getattr(item, name) == value for name, value in wanted.items())
        )


class EnKashClient(Client):
    """Logs in by password."""

    token = ""

    async def log_in(self, **other: str) -> Reply:
        known = dict(self.credentials) | other
        form = f"grant_type=password&clientId={known['client_id']}"
        form += f"&username={quote(known['username'])}&password={known['password']}"
        headers = {
            "Authorization": self.basic(known["client_id"], known["client_secret"]),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        reply = await self.send("POST", "/oauth/token", form.encode(), headers)
        if reply.status == 200:
            self.token = reply.json["access_token"]
        return reply

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return await self.send(method, f"/api/v0{path}", body, headers, **more)

    async def place(
        self, reference: str, product: Product, quantity: int = 1, **more: Any
    ) -> Reply:
        body = {
            "productCatalogId": product.sku,
            "denomination": int(product.usual_value),
            "quantity": quantity,
            "orderReferenceId": reference,
        }
        return await self.call("POST", "/partner/create-order", body, **more)

    async def details(self, named: str, **more: Any) -> Reply:
        return await self.call("POST", "/order/orderDetails", {"orderId": named}, **more)


class StarshipClient(Client):
    """Key and secret on every call."""

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Reply:
        known = {
            "X-API-Key": self.credentials["api_key"],
            "X-API-Secret": self.credentials["api_secret"],
        }
        return await self.send(method, f"/api/v1{path}", body, known | dict(headers or {}), **more)

    def signature(self, method: str, path: str, body: bytes = b"", age: int = 0) -> dict[str, str]:
        stamp = str(int(time.time()) - age)
        message = f"{stamp}{method}/api/v1{path}".encode() + body
        secret = self.credentials["api_secret"].encode()
        digest = hmac.digest(secret, message, "sha256").hex()
        return {"X-Signature": f"t={stamp},v1={digest}", "X-Timestamp": stamp}

    async def place(
        self, reference: str, product: Product, quantity: int = 1, **more: Any
    ) -> Reply:
        key = more.pop("key", reference)
        body = {
            "product_id": int(product.sku),
            "denomination": float(product.usual_value),
            "quantity": quantity,
            "ref": reference,
        }
        return await self.call("POST", "/orders", body, {"Idempotency-Key": key}, **more)


class XoxodayClient(Client):
    """Refreshes its token pair; one path for everything."""

    token = ""
    refresh_token = ""

    async def refresh(self, token: str | None = None) -> Reply:
        body = {
            "grant_type": "refresh_token",
            "refresh_token": token or self.refresh_token or self.credentials["refresh_token"],
            "client_id": self.credentials["client_id"],
            "client_secret": self.credentials["client_secret"],
        }
        reply = await self.send("POST", "/v1/oauth/token/user", body)
        if reply.status == 200:
            self.token = reply.json["access_token"]
            self.refresh_token = reply.json["refresh_token"]
        return reply

    async def call(self, operation: str, data: dict[str, Any], **more: Any) -> Reply:
        kind = "query" if operation == "getBalance" else "mutation"
        body = {
            "query": f"plumProAPI.{kind}.{operation}",
            "tag": "plumProAPI",
            "variables": {"data": data},
        }
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return await self.send("POST", "/v1/oauth/api", body, headers, **more)

    async def place(
        self, reference: str, product: Product, quantity: int = 1, **more: Any
    ) -> Reply:
        data = {
            "productId": int(product.sku),
            "quantity": quantity,
            "denomination": float(product.usual_value),
            "poNumber": reference,
            "notifyReceiverEmail": 0,
        }
        return await self.call("placeOrder", data, **more)

    async def details(self, *, order_id: Any = 0, reference: str = "", **more: Any) -> Reply:
        data = {"poNumber": reference, "orderId": order_id, "sendMailToReceiver": 0}
        return await self.call("getOrderDetails", data, **more)


class WoohooClient(Client):
    """Two steps to a token, and a signature on everything."""

    token = ""

    async def log_in(self) -> Reply:
        known = self.credentials
        first = {name: known[name] for name in ("username", "password")}
        reply = await self.send("POST", "/oauth2/verify", first | {"clientId": known["client_id"]})
        body = {
            "clientId": known["client_id"],
            "clientSecret": known["client_secret"],
            "authorizationCode": reply.json["authorizationCode"],
        }
        reply = await self.send("POST", "/oauth2/token", body)
        self.token = reply.json["token"]
        return reply

    def signature(self, method: str, path: str, body: bytes = b"") -> str:
        bare, _, query = path.partition("?")
        ordered = "&".join(sorted(query.split("&")))
        url = f"{self.simulator.url}{bare}{'?' + ordered if query else ''}"
        parts = [method, quote(url, safe=""), *([quote(body, safe="")] if body else [])]
        key = self.credentials["client_secret"].encode()
        return hmac.digest(key, "&".join(parts).encode(), "sha512").hex()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Reply:
        path = f"/rest/v3{path}"
        raw = b""
        if body is not None:
            raw = json.dumps(
                body, sort_keys=True, separators=(",", ":"), ensure_ascii=False
            ).encode()
        known = {
            "Authorization": f"Bearer {self.token}",
            "dateAtClient": "2026-01-05T06:30:00Z",
            "signature": self.signature(method, path, raw),
            "Content-Type": "application/json",
        }
        wanted = {k: v for k, v in (known | dict(headers or {})).items() if v}
        return await self.send(method, path, raw or None, wanted, **more)

    async def place(
        self, reference: str, product: Product, quantity: int = 1, **more: Any
    ) -> Reply:
        return await self.call(
            "POST", "/orders", woohoo_order(reference, product, quantity), **more
        )


class ResellerClient(Client):
    """Basic, and an envelope around everything."""

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        known = self.credentials
        headers = {"Authorization": self.basic(known["username"], known["password"])}
        return await self.send(method, f"/giftcard{path}", body, headers, **more)


@asynccontextmanager
async def listening(received: asyncio.Queue[bytes]) -> AsyncIterator[str]:
    """A receiver of webhooks: every request it gets goes whole into the queue; its URL."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        received.put_nowait(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        await server.wait_closed()


def woohoo_order(reference: str, product: Product, quantity: int, **more: Any) -> dict[str, Any]:
    value = int(product.usual_value)
    return {
        "refno": reference,
        "products": [{"sku": product.sku, "price": value, "qty": quantity, "currency": 356}],
        "payments": [{"code": "svc", "amount": value * quantity}],
        "address": {"firstname": "Zoë", "country": "IN", "billToThis": True},
        "syncOnly": True,
        "deliveryMode": "API",
    } | more


def answered(reply: Reply, operation: str) -> Any:
    """What a Xoxoday operation answered; its frame is checked."""
    assert reply.status == 200, reply.raw
    [(name, found)] = reply.json["data"].items()
    assert (name, found["status"]) == (operation, 1)
    return found["data"]


def error_id(reply: Reply) -> tuple[int, str]:
    """Xoxoday's error: HTTP status and id; its shape is checked."""
    body = reply.json
    assert set(body) == {"code", "errorId", "errorInfo", "error"}
    return reply.status, body["errorId"]


def at_once(client: XoxodayClient, kind: Kind) -> list[Product]:
    """What a provider delivers at once, at fixed values."""
    return [
        item
        for item in client.simulator.world.products.values()
        if item.kind is kind and item.values and item.available and not item.delayed
    ]


def refused_as(reply: Reply) -> tuple[int, int]:
    """Woohoo's error: HTTP status and code; its shape is checked."""
    body = reply.json
    assert {"code", "message", "messages"} <= set(body)
    return reply.status, body["code"]


def unwrapped(reply: Reply) -> Any:
    """What is in the reseller's envelope."""
    assert set(reply.json) == {"code", "status", "message", "data"}
    assert reply.json["code"] == f"0x0{reply.status}"
    return reply.json["data"]
