"""Subscriptions against the program as its users start it: its end, and what a thousand cost."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from tests.app.process import Running, serving, workplace

PROTOCOL = "graphql-transport-ws"
SUBSCRIBE = {
    "id": "1",
    "type": "subscribe",
    "payload": {"query": "subscription { orderEvents { sequence order { status } } }"},
}
LAST = "{ orderEvents(last: 1) { nodes { sequence } } }"
IMPORT = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
  order { id } problems { code } } }"""
IDLE = 1000
MOST_EACH = 60_000  # bytes of memory


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with workplace() as found:
        yield found


async def follow(
    service: Running, session: aiohttp.ClientSession
) -> aiohttp.ClientWebSocketResponse:
    ws = await session.ws_connect(service.url, protocols=(PROTOCOL,), heartbeat=None)
    await ws.send_json({"type": "connection_init", "payload": service.headers("partner")})
    assert (await ws.receive_json(timeout=20))["type"] == "connection_ack"
    await ws.send_json(SUBSCRIBE)
    return ws


async def happen(service: Running, session: aiohttp.ClientSession) -> str:
    """An order is imported that was not before: an event; its sequence."""

    async def ask(query: str, variables: dict[str, Any] | None = None) -> Any:
        body = {"query": query, "variables": variables}
        headers = service.headers("operator")
        async with session.post(service.url, json=body, headers=headers) as response:
            return (await response.json())["data"]

    before = (await ask(LAST))["orderEvents"]["nodes"][0]["sequence"]
    async with session.get(f"{service.ready['simulators']['enkash']}/_sim/ledger") as response:
        ledger = await response.json()
    for known in ledger:
        wanted = {"provider": "enkash", "orderId": known["providerOrderId"]}
        await ask(IMPORT, {"input": wanted})
        last: str = (await ask(LAST))["orderEvents"]["nodes"][0]["sequence"]
        if last != before:
            return last
    raise AssertionError("the sandbox has imported every order")


async def test_the_end_closes_what_is_open_and_is_in_time(directory: Path) -> None:
    with serving(directory) as service:
        async with aiohttp.ClientSession() as session:
            sockets = [await follow(service, session) for _ in range(20)]
            sleeper = await session.ws_connect(service.url, protocols=(PROTOCOL,))
            headers = {**service.headers("partner"), "Accept": "text/event-stream"}
            body = SUBSCRIBE["payload"]
            async with session.post(service.url, json=body, headers=headers) as stream:
                assert await stream.content.readline() == b":\n"
                started = time.monotonic()
                service.process.send_signal(signal.SIGTERM)
                for ws in (*sockets, sleeper):
                    frame = await ws.receive(10)
                    assert frame.type is aiohttp.WSMsgType.CLOSE, frame
                    assert frame.data == 1001
                rest = await stream.content.read()
                assert b"complete" not in rest
            code = await asyncio.to_thread(service.process.wait, 10)
            assert code == 0
            assert time.monotonic() - started < 5


async def next_of(ws: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message, whenever it comes."""
    return await ws.receive_json(timeout=120)


async def test_a_thousand_idle_subscribers_cost_little(directory: Path) -> None:
    many = {
        "VOUCHERGRAPH_RATE_PER_MINUTE": "100000",
        "VOUCHERGRAPH_RATE_PER_10_SECONDS": "100000",
    }
    with serving(directory, **many) as service:
        process = psutil.Process(service.process.pid)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            warm = [await follow(service, session) for _ in range(20)]
            before = process.memory_info().rss
            sockets = []
            # Read from the start: who does not answer its pings is cut.
            following = [asyncio.create_task(next_of(ws)) for ws in warm]
            for _ in range(IDLE // 50):
                some = await asyncio.gather(*(follow(service, session) for _ in range(50)))
                # A later message is answered once the subscription has begun.
                for ws in some:
                    await ws.send_json({"type": "ping"})
                    assert (await ws.receive_json(timeout=20))["type"] == "pong"
                sockets += some
                following += [asyncio.create_task(next_of(ws)) for ws in some]
            grown = process.memory_info().rss - before
            assert grown / IDLE < MOST_EACH, f"{grown / IDLE:.0f} bytes for each"
            spent = process.cpu_times().user
            await asyncio.sleep(5)
            idle = process.cpu_times().user - spent
            assert idle / 5 < 0.2, f"{idle / 5:.3f} of a core"
            sequence = await happen(service, session)
            told = await asyncio.gather(*following)
            found = {message["payload"]["data"]["orderEvents"]["sequence"] for message in told}
            assert found == {sequence}
            await asyncio.gather(*(ws.close() for ws in (*warm, *sockets)))
