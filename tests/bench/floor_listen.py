"""The floor of an event: LISTEN on one connection, and a future for each of many who wait.

It reads its job from its input, one JSON line, and answers as followers.py does.
"""

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg

from tests.bench.children import say


async def main() -> None:
    job = json.loads(sys.stdin.readline())
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[None]] = []

    def heard(*_: Any) -> None:
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def told(future: asyncio.Future[None]) -> float:
        await future
        return time.perf_counter()

    connection = await asyncpg.connect(job["dsn"])
    await connection.add_listener(job["channel"], heard)
    for number in range(job["events"]):
        waiting[:] = [loop.create_future() for _ in range(job["followers"])]
        tasks = [asyncio.create_task(told(future)) for future in waiting]
        await asyncio.sleep(0)
        if number == 0:
            say("following")
        say(await asyncio.gather(*tasks))
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
