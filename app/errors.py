"""How errors look from outside: a code, our own words, bounded; a fault of ours tells nothing."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from app.telemetry import FAILURES, where
from db.pool import DatabaseUnavailable
from domain.problems import Problem, Refused
from vault import MastersUnavailable

log = structlog.get_logger()

NOT_READY = "The service is not ready. Try again soon, with the same idempotency key."
MAX_MESSAGE = 300  # characters; the library quotes inputs of a megabyte
# What the execution itself says of a field's arguments; it has no other mark.
ARGUMENT_ERRORS = ("Argument ", "Variable ")


class Refusal(Exception):
    """A request that is refused before anything is executed; answered as one GraphQL error."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        headers: dict[str, str] | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {
            "errors": [{"message": message, "extensions": {"code": code, **(extensions or {})}}]
        }


def bad_request(message: str) -> Refusal:
    """What was sent is not a GraphQL request."""
    return Refusal(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", message)


def before_execution(errors: Iterable[GraphQLError] | None, data: object) -> bool:
    """Whether an answer says that nothing was executed: a request error of the specification."""
    found = list(errors or ())
    return data is None and bool(found) and all(error.path is None for error in found)


def presented(
    error: GraphQLError, request_id: str | None, *, executed: bool = True
) -> dict[str, Any]:
    """An error as clients see it: message, locations, path and `extensions.code`.

    `executed` is False for what was found wrong with a document while it was read.

    Anything unexpected becomes "Internal error" with the request id, and a log line that holds its
    kind and place, never its text or values.
    """
    shown: dict[str, Any] = {"message": "", "extensions": {}}
    if error.locations:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        shown["path"] = list(error.path)
    cause = _cause(error)
    if isinstance(cause, Refusal):  # of a limit, before anything was executed
        return {**shown, **cause.body["errors"][0]}
    if isinstance(cause, Refused):
        return {
            **shown,
            "message": _bounded(cause.problem.message),
            "extensions": _of(cause.problem),
        }
    known = error.extensions or {}
    if "code" in known:
        return {**shown, "message": _bounded(error.message), "extensions": dict(known)}
    if cause is None and (code := _code(error, executed=executed)):
        return {**shown, "message": _bounded(error.message), "extensions": {"code": code}}
    _report(cause or error, error.path)
    if isinstance(cause, DatabaseUnavailable | MastersUnavailable):
        # What was promised before it went away stands: the same key asks for it.
        return {**shown, "message": NOT_READY, "extensions": {"code": "UNAVAILABLE"}}
    extensions = {"code": "INTERNAL", **({"requestId": request_id} if request_id else {})}
    return {**shown, "message": "Internal error", "extensions": extensions}


def _cause(error: GraphQLError) -> BaseException | None:
    """The exception below, unless it is itself an error of the graph."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _code(error: GraphQLError, *, executed: bool) -> str | None:
    """The code of an error that the library raised about what the client sent."""
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if not executed:
        return "GRAPHQL_VALIDATION_FAILED"
    # Variables are coerced before any field has a path; a field's arguments after.
    known = error.path is None or error.message.startswith(ARGUMENT_ERRORS)
    return "INVALID_INPUT" if known else None


def _of(problem: Problem) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": problem.code.value}
    if problem.path:
        extensions["argument"] = ".".join(problem.path)
    if problem.retry_after_ms is not None:
        extensions["retryAfterMs"] = problem.retry_after_ms
    return extensions


def _bounded(message: str) -> str:
    # A lone surrogate cannot be sent as UTF-8, and a client may send one in an escape.
    message = message.encode("utf-8", "replace").decode("utf-8")
    if len(message) <= MAX_MESSAGE:
        return message
    half = (MAX_MESSAGE - 5) // 2
    return f"{message[:half]} ... {message[-half:]}"


def _report(error: BaseException, path: list[str | int] | None) -> None:
    name = type(error).__name__
    FAILURES.labels(name).inc()
    log.error(
        "request.failed",
        error=name,
        at=where(error),
        path=".".join(str(part) for part in path or ()),
    )
