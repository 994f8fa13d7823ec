"""The HTTP side: GraphQL and GraphiQL on one path, health, and an end that takes no new work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
import structlog
from aiohttp import web, web_response
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app import explorer, webhooks
from app.auth import Caller
from app.errors import Refusal, bad_request, before_execution, presented
from app.requests import MAX_BODY, Operation, answers_with, read_operation, request_id
from app.telemetry import REQUESTS, exposition, measured
from db.pool import DatabaseUnavailable
from resolvers.context import Context
from schema import Schema

log = structlog.get_logger()

# The last wall: every call below has a deadline of its own that is far shorter.
EXECUTION_SECONDS = 60.0
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Answers to what is not HTTP are made below the application and would name versions.
web_response.SERVER_SOFTWARE = "vouchergraph"  # type: ignore[attr-defined]

REQUEST_ID = web.RequestKey("request_id", str)
CALLER = web.RequestKey("caller", Caller)
OPERATION = web.RequestKey("operation", str)

ALLOWED = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}

_encoder = msgspec.json.Encoder()


class Gateway(Protocol):
    """What the server needs of the rest of the program."""

    schema: Schema

    async def caller(self, request: web.Request) -> Caller:
        """Who sent a request, or a Refusal."""

    def context(self, request: web.Request, caller: Caller) -> Context:
        """What its resolvers are given."""

    def defer(self, work: Awaitable[None]) -> None:
        """Do it after the answer."""

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
        if request.method not in ("GET", "POST"):
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        if request.method == "GET" and "query" not in request.query and _is_browser(request):
            return self.page.answer(request)
        try:
            return await self._operation(request)
        except Refusal as refusal:
            response = answer(request, refusal.body, refusal.status, refusal.headers)
            if request.content.exception() is not None or not request.content.is_eof():
                # What follows on this connection cannot be told from the rest of the body.
                response.force_close()
            return response

    async def _operation(self, request: web.Request) -> web.Response:
        caller = request[CALLER] = await self._caller(request)
        asked = await read_operation(request)
        request[OPERATION] = asked.name or ""
        context = self.gateway.context(request, caller)
        result = await self._execute(request, asked, context)
        for work in context.finish():
            self.gateway.defer(work)
        return self._answer(request, result, caller)

    async def _caller(self, request: web.Request) -> Caller:
        try:
            return await self.gateway.caller(request)
        except DatabaseUnavailable:
            log.exception("request.no_database", exc_info=False)
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "The service is not ready. Try again soon.",
                {"Retry-After": "1"},
            ) from None

    async def _execute(
        self, request: web.Request, asked: Operation, context: Context
    ) -> ExecutionResult:
        try:
            async with asyncio.timeout(EXECUTION_SECONDS):
                return await self.gateway.schema.execute(
                    asked.query,
                    variable_values=asked.variables,
                    context_value=context,
                    operation_name=asked.name,
                    operation_extensions=asked.extensions,
                    allowed_operation_types=ALLOWED[request.method],
                )
        except TimeoutError:
            raise Refusal(
                HTTPStatus.GATEWAY_TIMEOUT, "TIMEOUT", "The operation took too long."
            ) from None
        except CannotGetOperationTypeError:
            raise bad_request(
                "`operationName` must name one of the document's operations."
            ) from None
        except InvalidOperationTypeError as error:
            kind = error.operation_type.value.lower()
            if request.method == "GET" and kind == "mutation":
                raise Refusal(
                    HTTPStatus.METHOD_NOT_ALLOWED,
                    "BAD_REQUEST",
                    "Mutations are sent by POST.",
                    {"Allow": "POST"},
                ) from None
            raise bad_request(f"A {kind} cannot be sent this way.") from None

    @staticmethod
    def _answer(request: web.Request, result: ExecutionResult, caller: Caller) -> web.Response:
        body: dict[str, Any] = {}
        if result.errors:
            executed = not isinstance(result, PreExecutionError)
            body["errors"] = [
                presented(error, request[REQUEST_ID], executed=executed) for error in result.errors
            ]
        status = HTTPStatus.OK
        if before_execution(result.errors, result.data):
            status = HTTPStatus.BAD_REQUEST if answers_with(request)[1] else HTTPStatus.OK
        else:
            body["data"] = result.data
        if result.extensions:
            body["extensions"] = result.extensions
        return answer(request, body, status, caller.standing.headers())


def answer(
    request: web.Request,
    body: Any,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A GraphQL answer, never stored by anyone on its way."""
    kind, _ = answers_with(request)
    return web.Response(
        body=encode(body),
        status=status,
        headers={"Content-Type": f"{kind}; charset=utf-8", **(headers or {})},
    )


def encode(body: Any) -> bytes:
    """JSON; a lone surrogate that came in by an escape goes out as a replacement character."""
    try:
        return _encoder.encode(body)
    except UnicodeEncodeError:
        return _encoder.encode(_sendable(body))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_sendable(key): _sendable(item) for key, item in value.items()}
    return [_sendable(item) for item in value] if isinstance(value, list) else value


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
    started = asyncio.get_running_loop().time()
    with structlog.contextvars.bound_contextvars(request_id=number), measured():
        try:
            response = await handler(request)
        except web.HTTPException as error:
            code = "NOT_FOUND" if error.status == HTTPStatus.NOT_FOUND else "BAD_REQUEST"
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            body = _one_error(error.reason, code)
            response = answer(request, body, HTTPStatus(error.status), headers)
        except Exception as error:  # noqa: BLE001 - the last wall: no trace may reach a client
            fault = GraphQLError("", path=[], original_error=error)
            body = {"errors": [presented(fault, number)]}
            response = answer(request, body, HTTPStatus.INTERNAL_SERVER_ERROR)
        if request.path == "/graphql":
            _log(request, response.status, asyncio.get_running_loop().time() - started)
    return response


def _log(request: web.Request, status: int, seconds: float) -> None:
    REQUESTS.labels(str(status)).inc()
    caller = request.get(CALLER)
    log.info(
        "request.answered",
        client=caller.viewer.actor if caller and caller.viewer else None,
        operation=_plain(request.get(OPERATION, "")),
        status=status,
        ms=round(seconds * 1000, 1),
    )


def _plain(name: str) -> str:
    return name[:60] if name.isidentifier() and name.isascii() else ""


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request.get(REQUEST_ID, "")
    response.headers.pop("Server", None)


def build(gateway: Gateway, page: explorer.Page, *, metrics: bool) -> web.Application:
    """The application; `metrics` also serves the counters, for listeners on loopback only."""
    app = web.Application(middlewares=[frame], client_max_size=MAX_BODY)

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(request: web.Request) -> web.Response:
        missing = await gateway.ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return web.json_response({"status": missing or "ready"}, status=status)

    app.router.add_route("*", "/graphql", Endpoint(gateway, page).__call__)
    app.router.add_post("/webhooks/{provider}", webhooks.Handler(gateway).__call__)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/static/graphiql/{name}", explorer.asset)
    if metrics:
        app.router.add_get("/metrics", expose)
    app.on_response_prepare.append(_headers)
    return app


async def expose(request: web.Request) -> web.Response:
    """The counters for Prometheus."""
    return web.Response(body=exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})
