"""The HTTP side: GraphQL and GraphiQL on one path, health, and an end that takes no new work."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web
from aiohttp.http import HttpVersion11
from graphql import GraphQLError
from strawberry.types.graphql import OperationType
from structlog.contextvars import bind_contextvars

from app import explorer, operations, sse, webhooks, websockets
from app.answers import answer, keep, pack
from app.auth import Caller
from app.console import Console
from app.cors import METHODS, Origins
from app.errors import Refusal, presented
from app.negotiation import JSON, RESPONSE_JSON, accepted, answers_with, quality, takes_json
from app.requests import MAX_BODY, Operation, read_request, request_id
from app.telemetry import Timing, count_answer, exposition, log_answer
from schema.keeping import may_be_kept

PATH = "/graphql"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

REQUEST_ID = web.RequestKey("request_id", str)
CALLER = web.RequestKey("caller", Caller)
OPERATION = web.RequestKey("operation", str)
DOCUMENT = {"query", "documentId", "extensions"}  # where a GET has its document, or its name

ALLOWED = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class Gateway(operations.Gateway, Protocol):
    """What the server needs of the rest of the program."""

    origins: Origins

    async def ready(self) -> str | None:
        """None when it can serve, else what is missing."""

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a webhook in, as app/webhooks.py wants it."""


class Endpoint:
    """GraphQL over HTTP, and GraphiQL for browsers."""

    def __init__(self, gateway: Gateway, page: explorer.Page) -> None:
        self.gateway = gateway
        self.page = page

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        try:
            self._admit(request)
        except Refusal as refusal:
            return _refused(request, refusal)
        if request.method == "OPTIONS":
            return self.gateway.origins.preflight(request)
        if websockets.is_handshake(request):
            return await websockets.Socket(self.gateway, request, request[REQUEST_ID]).serve()
        if request.method == "GET" and not DOCUMENT & request.query.keys() and _is_browser(request):
            return self.page.answer(request)
        try:
            return await self._operation(request)
        except Refusal as refusal:
            return _refused(request, refusal)

    def _admit(self, request: web.Request) -> None:
        """Refuse methods that are none of ours, and pages of origins that are not listed."""
        if request.method not in (*ALLOWED, "OPTIONS"):
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "BAD_REQUEST",
                "Send GET or POST.",
                {"Allow": f"{METHODS}, OPTIONS"},
            )
        if not self.gateway.origins.admits(request):
            raise Refusal(
                HTTPStatus.FORBIDDEN, "FORBIDDEN", "Pages of this origin may not use this API."
            )

    async def _operation(self, request: web.Request) -> web.StreamResponse:
        caller = request[CALLER] = await operations.admitted(self.gateway, request)
        sent = await read_request(request)
        request[OPERATION] = sent.name or ""
        asked = await operations.understood(self.gateway, sent, caller)
        context = self.gateway.context(request, caller)
        if wanted := sse.wanted(request, asked, self.gateway.schema):
            stream = sse.EventStream(self.gateway, request, caller, request[REQUEST_ID])
            return await stream.answer(asked, context, wanted)
        if not takes_json(request) and sse.EVENTS not in accepted(request):
            raise Refusal(
                HTTPStatus.NOT_ACCEPTABLE,
                "BAD_REQUEST",
                f"Answers are {RESPONSE_JSON} or {JSON}, in UTF-8: accept one of them.",
            )
        result = await operations.executed(self.gateway, asked, context, ALLOWED[request.method])
        found = operations.shown(result, context, request[REQUEST_ID])
        response = answer(request, found.body, _status(request, found), caller.standing.headers())
        if self._may_be_kept(request, asked, found):
            keep(request, response, found.body["data"])
        if not context.revealed_vouchers:
            await pack(request, response)
        return response

    def _may_be_kept(
        self, request: web.Request, asked: Operation, found: operations.Result
    ) -> bool:
        """Whether a client may keep the answer: a GET's, without an error, of the catalog alone."""
        if request.method != "GET" or found.refused or "errors" in found.body:
            return False
        return may_be_kept(self.gateway.schema, asked.query)


def _status(request: web.Request, found: operations.Result) -> HTTPStatus:
    refused = found.refused and answers_with(request)[1]
    return HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    caller = request.get(CALLER)
    headers = {**(caller.standing.headers() if caller else {}), **refusal.headers}
    status = refusal.status
    if status is HTTPStatus.OK:
        # Only in plain JSON may an answer without data be a 200; its clients take that as well.
        if quality(accepted(request), JSON) > 0:
            headers["Content-Type"] = f"{JSON}; charset=utf-8"
        else:
            status = HTTPStatus.BAD_REQUEST
    response = answer(request, refusal.body, status, headers)
    if request.content.exception() is not None or not request.content.is_eof():
        # What follows on this connection cannot be told from the rest of the body.
        response.force_close()
    return response


def _one_error(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def _is_browser(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


@web.middleware
async def frame(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Around every request: its id, its time, its line in the log, and no fault without words."""
    number = request[REQUEST_ID] = request_id(request)
    timing = Timing()
    # Each request is a task of its own: what is bound here ends with it.
    bind_contextvars(request_id=number)
    try:
        response = await _answered(request, handler, number)
        # A stream was sent as it came, and lasted as long as somebody listened.
        timing.counts = not response.prepared
    finally:
        seconds = timing.end()
    if request.path == PATH:
        _log(request, response.status, seconds)
    return response


async def _answered(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    number: str,
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        code = "NOT_FOUND" if error.status == HTTPStatus.NOT_FOUND else "BAD_REQUEST"
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        body = _one_error(error.reason, code)
        return answer(request, body, HTTPStatus(error.status), headers)
    except Exception as error:  # noqa: BLE001 - the last wall: no trace may reach a client
        fault = GraphQLError("", path=[], original_error=error)
        body = {"errors": [presented(fault, number)]}
        return answer(request, body, HTTPStatus.INTERNAL_SERVER_ERROR)


def _log(request: web.Request, status: int, seconds: float) -> None:
    count_answer(status)
    caller = request.get(CALLER)
    log_answer(
        request[REQUEST_ID],
        caller.viewer.actor if caller and caller.viewer else None,
        _plain(request.get(OPERATION, "")),
        status,
        round(seconds * 1000, 1),
    )


def _plain(name: str) -> str:
    return name[:60] if name.isidentifier() and name.isascii() else ""


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    for name, value in HEADERS.items():
        if name not in headers:
            headers[name] = value
    # What the library refuses before any handler runs has no id yet.
    headers["X-Request-Id"] = request.get(REQUEST_ID) or request_id(request)
    headers.pop("Server", None)


async def _expect(request: web.Request) -> None:
    """Ask for a body that its client would rather be asked for, but for one that is too large."""
    asked = request.headers.get("Expect", "").lower() == "100-continue"
    if asked and request.version == HttpVersion11 and (request.content_length or 0) <= MAX_BODY:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # else this counts as the begin of the answer


def _framed() -> web.Application:
    app = web.Application(middlewares=[frame], client_max_size=MAX_BODY)
    app.on_response_prepare.append(_headers)
    return app


def build(
    gateway: Gateway, page: explorer.Page, console: Console, *, metrics: bool
) -> web.Application:
    """The application; `metrics` also serves the counters, for listeners on loopback only.

    StartRefused when the documents that it is to trust cannot be read.
    """
    _ = gateway.documents  # read now, not at the first request
    app = _framed()

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(request: web.Request) -> web.Response:
        missing = await gateway.ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return web.json_response({"status": missing or "ready"}, status=status)

    async def cors(request: web.Request, response: web.StreamResponse) -> None:
        if request.path == PATH:
            vary = response.headers.get("Vary")
            response.headers.update(gateway.origins.headers(request))
            if vary:
                response.headers["Vary"] = f"{vary}, Origin"

    receive = webhooks.Handler(gateway).__call__
    app.router.add_route("*", PATH, Endpoint(gateway, page).__call__, expect_handler=_expect)
    app.router.add_post("/webhooks/{provider}", receive, expect_handler=_expect)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/static/graphiql/{name}", explorer.asset)
    console.register(app)
    if metrics:
        app.router.add_get("/metrics", expose)

    async def end_streams(_: web.Application) -> None:
        await gateway.streams.close()

    app.on_shutdown.append(end_streams)
    app.on_response_prepare.append(cors)
    return app


def counters() -> web.Application:
    """The counters alone, for a listener of their own."""
    app = _framed()
    app.router.add_get("/metrics", expose)
    return app


async def expose(request: web.Request) -> web.Response:
    """The counters for Prometheus."""
    return web.Response(body=exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})
