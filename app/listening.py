"""Listening for HTTP: connections that say nothing are cut, and what is no HTTP is answered."""

import asyncio
import resource
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web, web_response

log = structlog.get_logger()

HEADER_SECONDS = 10.0  # for the first request line and headers of a connection
KEEP_ALIVE_SECONDS = 30.0
LINGER_SECONDS = 1.0  # for the rest of a body that was refused
DRAIN_SECONDS = 1.0  # for what runs when we stop; aiohttp may take it twice
BACKLOG = 256
OPEN_FILES = 65_536  # an open subscription is one, and many systems start with a thousand
# A listener on every address is shown at the one that is surely there.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
# Some answers are made below the application and would name versions.
web_response.SERVER_SOFTWARE = "vouchergraph"  # type: ignore[attr-defined]


def allow_many_connections() -> None:
    """Raise this process's own limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class CannotListen(Exception):
    """The address cannot be listened on; the text says why."""


class Connection(web.RequestHandler):
    """One client's connection."""

    __slots__ = ("_answer_headers", "_silence")

    def __init__(
        self,
        manager: web.Server,
        loop: asyncio.AbstractEventLoop,
        answer_headers: Mapping[str, str],
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            # The library unpacks what it is about to throw away: a megabyte that packs a gigabyte
            # would hold everybody up for as long as the rest of a refused body may take.
            auto_decompress=False,
        )
        self._answer_headers = answer_headers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(HEADER_SECONDS, self._cut_silent)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._silence.cancel()
        # The library keeps a WebSocket's, which knows its connection: thousands that went would
        # stay in memory until a full collection.
        self._data_received_cb = None

    def _cut_silent(self) -> None:
        # Of a connection that sent no whole request yet; later ones have the keep-alive's limit.
        if self.transport is not None and self._request_count == 0:
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what the parser refused, in our words; the library's quotes the request."""
        number = secrets.token_hex(12)
        log.info("request.malformed", request_id=number, status=status, cause=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        malformed = status < HTTPStatus.INTERNAL_SERVER_ERROR
        words = "This is not HTTP that can be read." if malformed else "Internal error"
        code = "BAD_REQUEST" if malformed else "INTERNAL"
        response = web.Response(
            status=status,
            body=msgspec.json.encode(
                {"errors": [{"message": words, "extensions": {"code": code}}]}
            ),
            headers={
                **self._answer_headers,
                "Content-Type": "application/json; charset=utf-8",
                "X-Request-Id": number,
            },
        )
        response.force_close()
        return response


@asynccontextmanager
async def listener(
    app: web.Application, host: str, port: int, answer_headers: Mapping[str, str]
) -> AsyncIterator[str]:
    """One listening address; its URL. CannotListen when it is taken.

    `answer_headers` are for the answers that are made below the application.
    """
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    handlers = runner.server
    if handlers is None:
        raise CannotListen("the HTTP server could not be set up")
    loop = asyncio.get_running_loop()
    try:
        listening = await loop.create_server(
            lambda: Connection(handlers, loop, answer_headers), host, port, backlog=BACKLOG
        )
    except OSError as error:
        await runner.cleanup()
        raise CannotListen(f"cannot listen on {host}:{port} ({error.strerror or error})") from None
    address, bound = listening.sockets[0].getsockname()[:2]
    shown = EVERYWHERE.get(address, address)
    try:
        yield f"http://{f'[{shown}]' if ':' in shown else shown}:{bound}"
    finally:
        listening.close()
        await runner.cleanup()
