"""Operations however they came: executed once, or followed, and shown as clients see them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog
from aiohttp import web
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.auth import Caller
from app.errors import Refusal, bad_request, before_execution, presented
from app.persisted import Documents
from app.requests import Operation, Sent
from app.streams import Streams
from db.pool import DatabaseUnavailable
from resolvers.context import Context
from schema import Schema

if TYPE_CHECKING:
    from app.crowds import Crowds

log = structlog.get_logger()

# The last wall: every call below has a deadline of its own that is far shorter.
EXECUTION_SECONDS = 60.0


class Gateway(Protocol):
    """What operations need of the rest of the program."""

    schema: Schema
    streams: Streams
    crowds: "Crowds"

    @property
    def documents(self) -> Documents:
        """The documents that may be named instead of sent."""

    async def caller(
        self, request: web.Request, credentials: Mapping[str, str] | None = None
    ) -> Caller:
        """Who sent a request, by its headers or by these; or a Refusal."""

    async def still_valid(self, caller: Caller) -> bool:
        """Whether credentials hold yet, as they were. Undecided: nobody can tell."""

    def context(self, request: web.Request, caller: Caller) -> Context:
        """What its resolvers are given."""

    def defer(self, work: Awaitable[None]) -> None:
        """Do it after the answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """One GraphQL answer. `refused`: nothing was executed, or nothing more will be."""

    body: dict[str, Any]
    refused: bool = False

    @property
    def ended(self) -> bool:
        """Whether it says that the credentials no longer hold."""
        codes = (error["extensions"].get("code") for error in self.body.get("errors", ()))
        return self.refused and "UNAUTHENTICATED" in codes


async def understood(gateway: Gateway, sent: Sent, caller: Caller) -> Operation:
    """The operation with its document. Refused: the document is not known, or may not run here."""
    return await gateway.documents.operation(sent, caller.viewer.account if caller.viewer else None)


async def results(
    gateway: Gateway, asked: Operation, context: Context, request_id: str
) -> AsyncGenerator[Result, None]:
    """Each result of a subscription. Close it when it is not wanted any more.

    It reads on when its last result was taken.
    """
    stream = await gateway.schema.stream(
        asked.query,
        variable_values=asked.variables,
        context_value=context,
        operation_name=asked.name,
        operation_extensions=asked.extensions,
        allowed_operation_types=(OperationType.SUBSCRIPTION,),
    )
    async with aclosing(stream) as found:
        try:
            async for result in found:
                finished(gateway, asked, context)
                # @defer and @stream, which answer otherwise, are not in this schema.
                yield shown(cast(ExecutionResult, result), context, request_id, streamed=True)
        except GraphQLError as error:
            yield shown(PreExecutionError(data=None, errors=[error]), context, request_id)
        finally:
            finished(gateway, asked, context)


async def executed(
    gateway: Gateway, asked: Operation, context: Context, allowed: Iterable[OperationType]
) -> ExecutionResult:
    """What a query or mutation came to.

    Refused: of another kind, over the caller's budget, or it took too long.
    """
    try:
        async with asyncio.timeout(EXECUTION_SECONDS):
            result = await gateway.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.name,
                operation_extensions=asked.extensions,
                allowed_operation_types=allowed,
            )
    except TimeoutError:
        raise Refusal(
            HTTPStatus.GATEWAY_TIMEOUT, "TIMEOUT", "The operation took too long."
        ) from None
    except CannotGetOperationTypeError:
        raise bad_request("`operationName` must name one of the document's operations.") from None
    except InvalidOperationTypeError as error:
        raise _not_this_way(error.operation_type) from None
    finally:
        finished(gateway, asked, context)
    if (refusal := _budgets(result)) is not None:
        raise refusal
    return result


def shown(
    result: ExecutionResult, context: Context, request_id: str, *, streamed: bool = False
) -> Result:
    """A result as clients see it: errors in our words, data unless nothing was executed."""
    if (refusal := _budgets(result)) is not None:
        return Result(refusal.body, refused=True)
    body: dict[str, Any] = {}
    before = isinstance(result, PreExecutionError)
    # What fails once it was executed comes in the same form, with a path (schema.Afterwards); so
    # does what keeps a subscription from beginning.
    pathless = all(error.path is None for error in result.errors or ())
    refused = (before and (pathless or streamed)) or before_execution(result.errors, result.data)
    if result.errors:
        begun = context.begun or not before
        body["errors"] = [presented(error, request_id, executed=begun) for error in result.errors]
    if not refused:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return Result(body, refused)


def _budgets(result: ExecutionResult) -> Refusal | None:
    """The budget's refusal, made before anything was done."""
    causes = (error.original_error for error in result.errors or ())
    return next((cause for cause in causes if isinstance(cause, Refusal)), None)


def _not_this_way(kind: OperationType) -> Refusal:
    if kind is OperationType.MUTATION:
        return Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "BAD_REQUEST",
            "Mutations are sent by POST.",
            {"Allow": "POST"},
        )
    return bad_request(f"A {kind.value.lower()} cannot be sent this way.")


async def admitted(
    gateway: Gateway, request: web.Request, credentials: Mapping[str, str] | None = None
) -> Caller:
    """Who asks. Refused: bad credentials, too many requests, no database."""
    try:
        return await gateway.caller(request, credentials)
    except DatabaseUnavailable:
        log.exception("request.no_database", exc_info=False)
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "The service is not ready. Try again soon.",
            {"Retry-After": "1"},
        ) from None


def finished(gateway: Gateway, asked: Operation, context: Context) -> None:
    """An operation, or an event of one, was answered: do what is left, and keep its document."""
    if context.begun and context.viewer is not None:  # it was valid
        gateway.documents.keep(asked, context.account)
    _defer(gateway, context)


def _defer(gateway: Gateway, context: Context) -> None:
    for work in context.finish():
        gateway.defer(work)
