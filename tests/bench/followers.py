"""Many subscribers in one process: sockets that follow an account's order log.

It reads its job from its input, one JSON line, and answers when all of them follow; then it answers
each time that every one has heard of one more event, with the moments at which they did.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any

import aiohttp

from tests.bench.children import say

PROTOCOL = "graphql-transport-ws"
FOLLOW = "subscription Follow { orderEvents { sequence type status } }"
AT_ONCE = 20
FOLLOWING_SECONDS = 2.0  # nothing says that a subscription has begun
PATIENCE = 60.0


async def follower(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    """A socket that follows."""
    socket = await session.ws_connect(url, protocols=(PROTOCOL,))
    await socket.send_json({"type": "connection_init"})
    greeting = await socket.receive_json(timeout=PATIENCE)
    if greeting["type"] != "connection_ack":
        raise ConnectionError(f"not welcome: {greeting}")
    await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}})
    return socket


async def told(socket: aiohttp.ClientWebSocketResponse) -> float:
    """When the next event came."""
    message: Any = await socket.receive(timeout=PATIENCE)
    at = time.perf_counter()
    found = json.loads(message.data)
    if found["type"] != "next" or "errors" in found["payload"]:
        raise ConnectionError(f"no event: {found}")
    return at


async def main() -> None:
    job = json.loads(sys.stdin.readline())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    turns = asyncio.Semaphore(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=job["headers"]) as session:

        async def one() -> aiohttp.ClientWebSocketResponse:
            async with turns:
                return await follower(session, job["url"])

        sockets, waiting = [], []
        for connected in asyncio.as_completed(one() for _ in range(job["followers"])):
            sockets.append(await connected)
            # Read from now on: the service cuts who does not answer its pings.
            waiting.append(asyncio.create_task(told(sockets[-1])))
        await asyncio.sleep(FOLLOWING_SECONDS)
        say("following")
        for _ in range(job["events"]):
            moments = await asyncio.gather(*waiting)
            waiting = [asyncio.create_task(told(socket)) for socket in sockets]
            say(moments)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in sockets))


if __name__ == "__main__":
    asyncio.run(main())
