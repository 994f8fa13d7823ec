"""GraphQL over WebSocket: the protocol graphql-transport-ws, by the letter.

A socket goes from opened to acknowledged to closed. What a client does wrong with the protocol
closes it with the protocol's code; what is wrong with an operation ends that operation alone.
"""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, aclosing, suppress
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import WSMsgType, web
from graphql import GraphQLError
from strawberry.types.graphql import OperationType

from app.auth import Caller
from app.crowds import Gone
from app.encoding import encode
from app.errors import Refusal, presented
from app.following import followed
from app.operations import Gateway, Result, admitted, executed, shown, understood
from app.requests import MAX_BODY, Operation, checked
from app.streams import End, forget_place
from app.ws_messages import (
    BAD_REQUEST,
    ENDS,
    FORBIDDEN,
    INIT_TIMEOUT,
    MOST_OPERATIONS,
    SUBPROTOCOL,
    SUBSCRIBER_EXISTS,
    TOO_MANY,
    TOO_MANY_INITS,
    TRY_AGAIN_LATER,
    UNAUTHORIZED,
    Violation,
    bounded,
    code_of,
    credentials_of,
    id_of,
    message_of,
    object_or_none,
    request_of,
    words_of,
)
from resolvers.context import Undecided

log = structlog.get_logger()

PROTOCOL = "graphql-transport-ws"
SINGLE = (OperationType.QUERY, OperationType.MUTATION)

INIT_SECONDS = 3.0
STALL_SECONDS = 0.5  # a timer so late tells that the loop stood still, and read nothing either
HEARTBEAT_SECONDS = 10.0  # of silence, then a ping; half of it later without an answer it is cut
SEND_SECONDS = 10.0  # for one message to leave; whoever reads slower is closed, and may resume
MOST_UNREAD = 64 * 1024  # bytes
LOOK_SECONDS = 0.02
CLOSE_SECONDS = 1.0  # for the other side to answer a close
LINGER_SECONDS = 10.0  # for a slow reader to reach the close frame


class Running:
    """One operation under way. Only a subscription is cut short: other work is left to end."""

    __slots__ = ("cancellable", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.cancellable = True

    def stop(self) -> None:
        if self.cancellable and self.task is not None:
            self.task.cancel()


class Socket:
    """One client's socket."""

    __slots__ = (
        "_closing",
        "_counted",
        "_credentials",
        "_gateway",
        "_greeted",
        "_initialized",
        "_operations",
        "_request",
        "_request_id",
        "_tasks",
        "_ws",
        "caller",
    )

    kind = "websocket"

    def __init__(self, gateway: Gateway, request: web.Request, request_id: str) -> None:
        self.caller: Caller | None = None
        self._greeted: Caller | None = None
        self._gateway = gateway
        self._request = request
        self._request_id = request_id
        self._ws = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=MAX_BODY,
            # A compressor for each socket would be most of what an idle one costs.
            compress=False,
            timeout=CLOSE_SECONDS,
            # Waiting for a slow reader is done here: one who gives up waiting would take the
            # library's only waiter from all others.
            writer_limit=sys.maxsize,
        )
        self._credentials: Mapping[str, str] | None = None
        self._initialized = False
        self._operations: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._counted: AbstractContextManager[None] | None = None

    async def serve(self) -> web.WebSocketResponse:
        """From the handshake to the end."""
        ws = self._ws
        await ws.prepare(self._request)
        ws.headers.clear()  # they were sent; a socket stays for hours
        if ws.ws_protocol != PROTOCOL:
            await self._close(SUBPROTOCOL, "Subprotocol not acceptable")
            return ws
        late = self._expire_later()
        try:
            with self._gateway.streams.opened(self):
                await self._receive()
        except Violation as violation:
            await self._close(violation.code, violation.reason)
        except Refusal as refusal:
            await self._close(code_of(refusal), words_of(refusal))
        except Gone:
            pass
        finally:
            late.cancel()
            if self._counted is not None:
                self._counted.__exit__(None, None, None)
            await self._abandon()
            forget_place(ws.exception())
        log.info("socket.closed", code=ws.close_code, client=self._actor())
        return ws

    # ------------------------------------------------------------ as Streams sees it

    def end(self, why: End) -> None:
        self._close_soon(*ENDS[why])

    def is_gone(self) -> bool:
        return False  # pings find out

    def leave(self) -> None:
        self._abort()

    # ------------------------------------------------------------ messages

    async def _receive(self) -> None:
        """Read until the other side, or we, end it."""
        while True:
            frame = await self._ws.receive()
            if frame.type is WSMsgType.BINARY:
                raise Violation(BAD_REQUEST, "Invalid message received: send text")
            if frame.type is not WSMsgType.TEXT:
                return
            await self._take(message_of(frame.data))

    async def _take(self, message: dict[str, Any]) -> None:
        payload = message.get("payload")
        match message["type"]:
            case "connection_init":
                await self._initialize(object_or_none(payload))
            case "ping":
                object_or_none(payload)
                await self._send({"type": "pong"})
            case "pong":
                object_or_none(payload)
            case "subscribe":
                await self._subscribe(id_of(message), payload)
            case "complete":
                running = self._operations.pop(id_of(message), None)
                if running is not None:
                    running.stop()
            case _:
                raise Violation(BAD_REQUEST, "Invalid message received: unknown type")

    async def _initialize(self, payload: Mapping[str, Any] | None) -> None:
        if self._initialized:
            raise Violation(TOO_MANY_INITS, "Too many initialisation requests")
        self._initialized = True
        self._credentials = credentials_of(payload or {})
        caller = await admitted(self._gateway, self._request, self._credentials)
        if caller.viewer is None:
            raise Violation(FORBIDDEN, "Forbidden: send your credentials with connection_init")
        counted = self._gateway.streams.counted(caller)
        counted.__enter__()
        self._counted = counted
        await self._send({"type": "connection_ack"})
        self.caller = self._greeted = caller

    async def _subscribe(self, id: str, payload: object) -> None:
        if self.caller is None:
            raise Violation(UNAUTHORIZED, "Unauthorized")
        asked = request_of(payload)
        if id in self._operations:
            raise Violation(SUBSCRIBER_EXISTS, bounded(f"Subscriber for {id} already exists"))
        if len(self._tasks) >= MOST_OPERATIONS:
            # Answered here, so that nobody can pile up refusals that they do not read.
            await self._send({"id": id, "type": "error", "payload": TOO_MANY.body["errors"]})
            return
        running = self._operations[id] = Running()
        running.task = asyncio.create_task(self._operate(id, running, asked))
        self._tasks.add(running.task)
        running.task.add_done_callback(partial(self._over, running))

    def _over(self, running: Running, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # A task that was cancelled keeps where, and so all of the socket: let go of it at once, or
        # thousands that went would stay until a full collection.
        running.task = None

    # ------------------------------------------------------------ operations

    async def _operate(self, id: str, running: Running, payload: dict[str, Any]) -> None:
        """From a subscribe message to its `complete` or `error`."""
        with suppress(Gone):
            try:
                sent = checked(payload)
                caller = await self._admitted()
                asked = await understood(self._gateway, sent, caller)
                await self._execute(id, running, asked, caller)
            except Gone:
                raise
            except Refusal as refusal:
                await self._error(id, running, refusal.body["errors"])
                if refusal.status is HTTPStatus.UNAUTHORIZED:
                    self.end(End.CREDENTIALS)
            except Exception as error:  # noqa: BLE001 - the last wall: it ends this operation alone
                fault = GraphQLError("", path=[], original_error=error)
                await self._error(id, running, [presented(fault, self._request_id)])

    async def _admitted(self) -> Caller:
        """Who asks, counted as a request; that of the greeting pays for the first operation."""
        greeted, self._greeted = self._greeted, None
        if greeted is not None:
            with suppress(Undecided):
                if await self._gateway.still_valid(greeted):
                    return greeted
        return await admitted(self._gateway, self._request, self._credentials)

    async def _execute(self, id: str, running: Running, asked: Operation, caller: Caller) -> None:
        gateway, number = self._gateway, self._request_id
        context = gateway.context(self._request, caller)
        kind = gateway.schema.kind(asked.query, asked.name)
        if kind is not OperationType.SUBSCRIPTION:
            # What a client starts is carried to its end, as over HTTP, heard or not.
            running.cancellable = False
            single = await executed(gateway, asked, context, SINGLE)
            if not await self._next(id, running, shown(single, context, number)):
                return
        else:
            told = _Told(self, id, running)
            stream = followed(gateway, asked, context, caller, number, told)
            async with aclosing(stream) as found:
                async for result in found:
                    if not await self._next(id, running, result):
                        return
        await self._finish(id, running, {"id": id, "type": "complete"})

    async def _next(self, id: str, running: Running, result: Result) -> bool:
        """Send a result; whether there may be more."""
        if self._operations.get(id) is not running:
            return False
        if result.refused:
            await self._error(id, running, result.body["errors"])
            if result.ended:
                self.end(End.CREDENTIALS)
            return False
        await self._send({"id": id, "type": "next", "payload": result.body})
        return True

    async def _error(self, id: str, running: Running, errors: Any) -> None:
        await self._finish(id, running, {"id": id, "type": "error", "payload": errors})

    async def _finish(self, id: str, running: Running, message: dict[str, Any]) -> None:
        """The last message of an operation, unless its client has ended it; its id is free then."""
        if self._operations.get(id) is running:
            del self._operations[id]
            await self._send(message)

    # ------------------------------------------------------------ the wire

    async def _send(self, message: dict[str, Any]) -> None:
        """Send one message, and wait while the other side does not read. Gone: it never will."""
        await self._write(encode(message))
        await self.caught_up()

    async def _write(self, message: bytes) -> None:
        if self._ws.closed:
            raise Gone
        try:
            await self._ws.send_frame(message, WSMsgType.TEXT)
        except (ConnectionError, RuntimeError):
            raise Gone from None

    async def caught_up(self) -> None:
        """Wait until the other side has read most of what was sent. Gone: it never will."""
        for _ in range(round(SEND_SECONDS / LOOK_SECONDS)):
            if self._unread() <= MOST_UNREAD:
                return
            await asyncio.sleep(LOOK_SECONDS)
        self._close_soon(TRY_AGAIN_LATER, "You read too slowly: connect again and resume")
        raise Gone

    async def tell(self, id: str, running: Running, message: bytes) -> bool:
        """Send an operation's message, and wait for nothing; whether the other side reads along."""
        if self._operations.get(id) is not running:
            raise Gone
        await self._write(message)
        return self._unread() <= MOST_UNREAD

    def _unread(self) -> int:
        """Bytes that wait here for the other side to read."""
        transport = self._request.transport
        return transport.get_write_buffer_size() if transport is not None else 0

    def _expire_later(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(INIT_SECONDS, self._expire, loop.time() + INIT_SECONDS)

    def _expire(self, due: float) -> None:
        """Close whoever has not greeted us. Who has waits for our answer, however long it takes."""
        if self._initialized or self._ws.closed:
            return
        if asyncio.get_running_loop().time() - due > STALL_SECONDS:
            self._expire_later()
        else:
            self._close_soon(INIT_TIMEOUT, "Connection initialisation timeout")

    def _close_soon(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        """Say goodbye. What is not read then is thrown away a moment later."""
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._abort)
        await self._ws.close(code=code, message=bounded(reason).encode(), drain=False)

    def _abort(self) -> None:
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def _abandon(self) -> None:
        """Stop what was subscribed; what else is under way ends by itself, unheard."""
        operations, self._operations = self._operations, {}
        for running in operations.values():
            running.stop()
        for task in list(self._tasks):
            self._gateway.defer(_ended(task))
        if self._closing is not None:
            await self._closing

    def _actor(self) -> str | None:
        return self.caller.viewer.actor if self.caller and self.caller.viewer else None


class _Told:
    """A subscription of a socket, as those see it who tell many the same."""

    __slots__ = ("_beginning", "_id", "_running", "_socket", "caught_up")

    def __init__(self, socket: Socket, id: str, running: Running) -> None:
        self._socket = socket
        self._id = id
        self._running = running
        self._beginning = b'{"id":%b,"type":"next","payload":' % encode(id)
        self.caught_up = socket.caught_up

    async def tell(self, _: int, payload: bytes) -> bool:
        message = b"%b%b}" % (self._beginning, payload)
        return await self._socket.tell(self._id, self._running, message)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


def is_handshake(request: web.Request) -> bool:
    """Whether a request wants to become a WebSocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"
