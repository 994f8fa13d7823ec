"""Floods over WebSocket: cut with the protocol's codes, memory as before, others are answered."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from tests.app.process import Running
from tests.app.test_hostile import MOST_GROWTH, next_query

PROTOCOL = "graphql-transport-ws"
SUBSCRIBE = "subscription { orderEvents { sequence } }"
MOST_OPERATIONS = 100


@pytest.fixture(autouse=True)
def memory(roomy: Running) -> Any:
    process = psutil.Process(roomy.process.pid)
    before = process.memory_info().rss
    yield
    assert process.memory_info().rss - before < MOST_GROWTH


async def greeted(
    session: aiohttp.ClientSession, roomy: Running
) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(roomy.url, protocols=[PROTOCOL], autoping=False)
    await socket.send_json({"type": "connection_init", "payload": roomy.headers("partner")})
    assert (await socket.receive_json())["type"] == "connection_ack"
    return socket


async def code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code that a socket is closed with; what arrives before is read and dropped."""
    async for _ in socket:
        pass
    return socket.close_code


async def test_five_hundred_sockets_that_say_nothing(roomy: Running) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        opening = (session.ws_connect(roomy.url, protocols=[PROTOCOL]) for _ in range(500))
        sockets = await asyncio.gather(*opening)
        await next_query(roomy)
        assert set(await asyncio.gather(*map(code, sockets))) == {4408}
    await next_query(roomy)


async def test_a_storm_of_pings(roomy: Running) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await greeted(session, roomy)
        with suppress(ConnectionError):
            for _ in range(20_000):
                await socket.send_str('{"type":"ping"}')
        await next_query(roomy)
        with suppress(ConnectionError):
            await socket.close()
    await next_query(roomy)


async def test_ten_thousand_operations_on_one_socket(roomy: Running) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await greeted(session, roomy)
        refused = 0
        for number in range(10_000):
            with suppress(ConnectionError):
                payload = {"query": SUBSCRIBE}
                await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                while refused < 10_000 - MOST_OPERATIONS:
                    message = await socket.receive()
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    refused += json.loads(message.data)["type"] == "error"
        await next_query(roomy)
        assert socket.closed or refused >= 10_000 - MOST_OPERATIONS
        await socket.close()
    await next_query(roomy)


async def test_documents_that_are_too_much(roomy: Running) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await greeted(session, roomy)
        hostile = [
            "{ a" * 100 + "}" * 100,
            "{" + " ".join(f"a{n}: __typename" for n in range(900)) + "}",
        ]
        for number in range(200):
            payload = {"query": hostile[number % 2]}
            await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
            answer = await socket.receive_json()
            assert (answer["id"], answer["type"]) == (str(number), "error")
        await socket.send_json(
            {"id": "fine", "type": "subscribe", "payload": {"query": "{ __typename }"}}
        )
        assert (await socket.receive_json())["payload"]["data"] == {"__typename": "Query"}
        await socket.close()
    await next_query(roomy)


async def test_a_message_without_end(roomy: Running) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await greeted(session, roomy)
        with suppress(ConnectionError):
            await socket.send_str('{"type":"subscribe","id":"' + "a" * 5_000_000)
        # Whoever still sends may be reset before the code is read.
        assert await code(socket) in {1009, 1006}
    await next_query(roomy)
