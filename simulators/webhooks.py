"""Posts a provider sends on its own: when an order moves, tell whoever asked to be told."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Post:
    """One webhook, signed and ready to send."""

    headers: Mapping[str, str]
    body: bytes


class Messenger:
    """Sends posts later and again, until a 2xx or the last try; forgets all when stopped."""

    def __init__(self, retry_after: Sequence[float]) -> None:
        self._retry_after = tuple(retry_after)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(
        self, url: str, wait: float, write: Callable[[], Post | None], *, copies: int = 1
    ) -> None:
        """After `wait` seconds write the post and send it; it is dated and signed only then."""
        task = asyncio.get_running_loop().create_task(self._send(url, wait, write, copies))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(
        self, url: str, wait: float, write: Callable[[], Post | None], copies: int
    ) -> None:
        await asyncio.sleep(wait)
        post = write()
        if post is None:
            return
        for copy in range(copies):
            for pause in (*self._retry_after, None):
                if await _delivered(url, post) or pause is None or copy:
                    break
                await asyncio.sleep(pause)


async def _delivered(url: str, post: Post) -> bool:
    """Whether the receiver took it."""
    with contextlib.suppress(OSError, TimeoutError, ValueError, IndexError):
        status = await asyncio.wait_for(_post(url, post), ANSWER_SECONDS)
        return 200 <= status < 300
    return False


async def _post(url: str, post: Post) -> int:
    """The status of one plain HTTP POST. aiohttp's client is not used in this room."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port or 80)
    try:
        head = [
            f"POST {where.path or '/'}{'?' + where.query if where.query else ''} HTTP/1.1",
            f"Host: {where.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(post.body)}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in post.headers.items()),
        ]
        writer.write("\r\n".join([*head, "", ""]).encode() + post.body)
        await writer.drain()
        status_line = await reader.readline()
        return int(status_line.split()[1])
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
