"""GraphQL over server-sent events: the distinct connections mode of graphql-sse.

One request, one stream: a `next` for every result, `complete` at the end. A subscription's events
carry their sequence as `id`, so that Last-Event-ID resumes it.
"""

import asyncio
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from strawberry.types.graphql import OperationType

from app.auth import Caller
from app.encoding import encode
from app.errors import Refusal
from app.following import followed
from app.negotiation import JSON, RESPONSE_JSON, accepted, quality
from app.operations import Gateway, Result, executed, shown
from app.requests import Operation
from app.streams import End
from resolvers.context import Context
from resolvers.subscriptions import ended
from schema import Schema

log = structlog.get_logger()

EVENTS = "text/event-stream"
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
KEEP_ALIVE_SECONDS = 12.0  # proxies close what is silent for a minute, some for half of one
SEND_SECONDS = 10.0
LINGER_SECONDS = 10.0
MOST_WAITING = 64 * 1024  # bytes that are told with others and not written yet
ALLOWED = {
    "GET": frozenset((OperationType.QUERY,)),
    "POST": frozenset((OperationType.QUERY, OperationType.MUTATION)),
}
HEADERS = {
    "Content-Type": f"{EVENTS}; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect events until a buffer is full
}


def wanted(request: web.Request, asked: Operation, schema: Schema) -> "Wanted | None":
    """Whether to answer with events: preferred to JSON, or taken at all for a subscription.

    Clients that list everything they know of (urql does) want JSON for what has one result.
    Refused: a subscription whose client does not take events.
    """
    preferences = accepted(request)
    events = preferences.get(EVENTS, 0.0)
    if not events and "subscription" not in asked.query:
        return None
    kind = schema.kind(asked.query, asked.name)
    if kind is OperationType.SUBSCRIPTION:
        if not events:
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                "BAD_REQUEST",
                f"Send a subscription over WebSocket, or with Accept: {EVENTS}.",
            )
        return Wanted(many=True)
    json = max(quality(preferences, name) for name in (JSON, RESPONSE_JSON))
    if events > json and (kind is None or kind in ALLOWED[request.method]):
        return Wanted(many=False)
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events are wanted: many, or the one result of a query or mutation."""

    many: bool


class EventStream:
    """One request that is answered with events."""

    kind = "events"

    def __init__(
        self, gateway: Gateway, request: web.Request, caller: Caller, request_id: str
    ) -> None:
        self.caller: Caller | None = caller
        self._asking = caller
        self._gateway = gateway
        self._request = request
        self._request_id = request_id
        self._why: End | None = None
        self._over = asyncio.Event()
        # What others were told as well, until it is written, and who waits for more of it.
        self._told: deque[bytes] = deque()
        self._waiting = 0
        self._news = asyncio.get_running_loop().create_future()
        self._passed_on = asyncio.Event()
        self._response = web.StreamResponse(headers=HEADERS | caller.standing.headers())

    # ------------------------------------------------------------ as Streams sees it

    def end(self, why: End) -> None:
        self._why = why
        self._over.set()

    def is_gone(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()

    def leave(self) -> None:
        self._over.set()

    # ------------------------------------------------------------ as a crowd sees it

    async def tell(self, sequence: int, payload: bytes) -> bool:
        event = _framed(b"id: %d\n" % sequence, payload)
        self._told.append(event)
        self._waiting += len(event)
        self._passed_on.clear()
        if not self._news.done():
            self._news.set_result(None)
        return self._waiting <= MOST_WAITING

    async def caught_up(self) -> None:
        if self._told:
            await self._passed_on.wait()

    async def _pass_on(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        while self._told:
            event = self._told.popleft()
            await self._write(event)
            self._waiting -= len(event)
        self._passed_on.set()

    # ------------------------------------------------------------ answering

    async def answer(
        self, asked: Operation, context: Context, wanted: Wanted
    ) -> web.StreamResponse:
        """Stream the operation's results until there are no more, or nobody reads them."""
        caller = self.caller
        with ExitStack() as stack:
            stack.enter_context(self._gateway.streams.opened(self))
            if caller is not None:
                stack.enter_context(self._gateway.streams.counted(caller))
            with suppress(ConnectionError, TimeoutError):
                await self._response.prepare(self._request)
                # Headers alone are kept back by some proxies.
                await self._write(COMMENT)
                await self._stream(asked, context, many=wanted.many)
        return self._response

    async def _stream(self, asked: Operation, context: Context, *, many: bool) -> None:
        """Every result as an event, and a comment now and then, until nobody wants more."""
        over = asyncio.ensure_future(self._over.wait())
        found = followed(self._gateway, asked, context, self._asking, self._request_id, self)
        step = asyncio.ensure_future(anext(found, None) if many else self._once(asked, context))
        try:
            while (result := await self._next(step, over)) is not None:
                await self._write(_event(result, context.place))
                if not many:
                    break
                step = asyncio.ensure_future(anext(found, None))
            if not over.done():
                await self._write(COMPLETE)
            elif self._why is End.CREDENTIALS:
                await self._write(_credentials_ended() + COMPLETE)
        finally:
            over.cancel()
            if many:
                step.cancel()
                await asyncio.wait((step,))
                await found.aclose()
            else:
                # What a client starts is carried to its end, as without events, heard or not.
                self._gateway.defer(_ended(step))

    async def _once(self, asked: Operation, context: Context) -> Result:
        allowed = ALLOWED[self._request.method]
        try:
            result = await executed(self._gateway, asked, context, allowed)
        except Refusal as refusal:
            return Result(refusal.body, refused=True)
        return shown(result, context, self._request_id)

    async def _next(
        self, step: "asyncio.Future[Result | None]", over: "asyncio.Future[Any]"
    ) -> Result | None:
        """The next result; None when there is none, or it is over."""
        while True:
            await asyncio.wait(
                (step, over, self._news),
                timeout=KEEP_ALIVE_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if over.done():
                return None
            if self._news.done():
                await self._pass_on()
            elif step.done():
                return step.result()
            else:
                await self._write(COMMENT)

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._response.write(data)
        except TimeoutError:
            log.info("stream.too_slow", request_id=self._request_id)
            if self._request.transport is not None:
                self._request.transport.abort()
            raise


def _event(result: Result, place: int | None) -> bytes:
    number = b"" if place is None or result.refused else b"id: %d\n" % place
    return _framed(number, encode(result.body))


def _framed(number: bytes, payload: bytes) -> bytes:
    return b"event: next\n%bdata: %b\n\n" % (number, payload)


def _credentials_ended() -> bytes:
    error = ended()
    body = {"errors": [{"message": error.message, "extensions": error.extensions}]}
    return b"event: next\ndata: %b\n\n" % encode(body)


async def _ended(step: "asyncio.Future[Any]") -> None:
    await asyncio.wait((step,))
