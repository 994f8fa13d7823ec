"""A client of graphql-transport-ws, and things that happen to an account's orders."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp

from db import events
from domain.ids import Kind, row_id
from domain.orders import OrderEventType, OrderStatus
from tests.operations.service import Client, Service

PROTOCOL = "graphql-transport-ws"
FOLLOW = """subscription ($ids: [ID!], $after: String) {
  orderEvents(orderIds: $ids, after: $after) {
    id sequence type status order { id reference } } }"""
PATIENCE = 10.0


@dataclass
class Socket:
    """One socket, spoken to in messages of the protocol."""

    ws: aiohttp.ClientWebSocketResponse

    async def send(self, **message: Any) -> None:
        await self.ws.send_str(json.dumps(message))

    async def next(self) -> Any:
        """The next message; fails when the socket is closed instead."""
        frame = await self.ws.receive(PATIENCE)
        assert frame.type is aiohttp.WSMsgType.TEXT, (frame.type, self.ws.close_code)
        return json.loads(frame.data)

    async def closed(self) -> int:
        """The code it is closed with; messages before are passed over."""
        async with asyncio.timeout(20):
            while not self.ws.closed:
                await self.ws.receive()
        assert self.ws.close_code is not None
        return self.ws.close_code

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            frame = await self.ws.receive(seconds)
        except TimeoutError:
            return True
        raise AssertionError(frame)

    async def subscribe(
        self, id: str, query: str = FOLLOW, variables: Mapping[str, Any] | None = None
    ) -> None:
        payload = {"query": query, "variables": dict(variables or {})}
        await self.send(id=id, type="subscribe", payload=payload)

    async def events(self, count: int) -> list[Any]:
        """So many events of one subscription."""
        found = []
        for _ in range(count):
            message = await self.next()
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            found.append(message["payload"]["data"]["orderEvents"])
        return found


@asynccontextmanager
async def connected(
    client: Client, *, init: bool = True, protocol: str = PROTOCOL, **headers: str
) -> AsyncIterator[Socket]:
    """A socket of that client; with `init` it is acknowledged."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.session.ws_connect(
        client.url, protocols=(protocol,), headers=sent, autoclose=True, heartbeat=None
    ) as ws:
        socket = Socket(ws)
        if init:
            await socket.send(type="connection_init", payload=payload(client))
            assert await socket.next() == {"type": "connection_ack"}
        yield socket


def payload(client: Client) -> dict[str, str]:
    keys = client.credentials
    return {"X-API-Key": keys["key"], "X-API-Secret": keys["secret"]} if keys else {}


async def happen(service: Service, order: str, count: int = 1) -> list[int]:
    """Let something happen to an order, each in a transaction of its own; the sequences."""
    id = row_id(order, Kind.ORDER)
    assert id is not None
    account = await account_of(service, id)
    found = []
    for _ in range(count):
        async with service.program.database.worker() as conn:
            found += await events.append(
                conn, account, [(id, OrderEventType.STATUS_CHANGED, OrderStatus.DELIVERED)]
            )
    return found


async def account_of(service: Service, order: UUID) -> UUID:
    async with service.program.database.worker() as conn:
        account = await conn.fetchval("SELECT account FROM orders WHERE id = $1", order)
    assert isinstance(account, UUID)
    return account


async def following(service: Service, count: int = 1) -> None:
    """Wait until so many follow a log."""
    for _ in range(1000):
        if service.program.services.feed.followers == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(service.program.services.feed.followers)


class Sockets:
    """Opens sockets, all of which end with the test."""

    def __init__(self, service: Service, stack: AsyncExitStack) -> None:
        self._service = service
        self._stack = stack

    async def seen(self, query: str = FOLLOW) -> None:
        """Have a document known: its first sight takes the library's road."""
        before = self._service.program.services.feed.followers
        async with connected(self._service.client("partner")) as socket:
            await socket.subscribe("first", query)
            await following(self._service, before + 1)
        await following(self._service, before)

    async def open(
        self,
        count: int = 1,
        client: str = "partner",
        query: str = FOLLOW,
        variables: Mapping[str, Any] | None = None,
    ) -> list[Socket]:
        """So many sockets that follow, each with a subscription of its own name."""
        before = self._service.program.services.feed.followers
        opened = []
        for number in range(count):
            socket = await self._stack.enter_async_context(connected(self._service.client(client)))
            await socket.subscribe(f'"{number}', query, variables)
            opened.append(socket)
        await following(self._service, before + count)
        return opened
