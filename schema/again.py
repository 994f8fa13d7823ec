"""The short road of an operation whose document was found valid before.

The library makes a context, a runner and a context manager for each of its four phases for every
request. For a document that is remembered nothing is left to parse or to validate: its operation is
priced, paid for, executed, and what was denied is recorded, in the order and with the errors of the
library's road. That one stays for everything else, and both answer the same.
"""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from resolvers.context import Context
from schema.charging import pay, priced, shown_cost
from schema.costs import Price
from schema.documents import Ready, Remembered

Execute = Callable[[], Any]
Record = Callable[[Context], Awaitable[None]]


def ready(
    schema: GraphQLSchema, remembered: Remembered, text: str, name: str | None, providers: int
) -> Ready | None:
    """An operation of a remembered document; None: the library is to read or refuse it."""
    document = remembered.get(text)
    if document is None:
        return None
    known = remembered.ready(text)
    found = known.get(name)
    if found is None and (operation := _chosen(document, name)) is not None:
        found = known[name] = Ready(
            document,
            operation.name.value if operation.name else None,
            OperationType(operation.operation.value),
            priced(remembered, schema, text, document, name, providers),
        )
    return found


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is asked for; None where that is not clear."""
    found = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    return found[0] if len(found) == 1 else None


async def answered(
    price: Price,
    variables: dict[str, Any] | None,
    context: Context,
    execute: Execute,
    record: Record,
) -> ExecutionResult:
    """Pay for an operation, execute it and `record` what it was denied.

    Whatever fails around the execution is the answer's one error, as on the library's road.
    """
    result: ExecutionResult
    try:
        try:
            await pay(context, price, variables)
            context.begun = True
            found = execute()
            if isawaitable(found):
                found = await found
        finally:  # also when it took too long, or failed
            await record(context)
        result = ExecutionResult(found.data, found.errors)
    except Exception as error:  # noqa: BLE001 - as the library does: nothing is raised to the server
        known = error if isinstance(error, GraphQLError) else None
        fault = known or GraphQLError(str(error), original_error=error)
        result = PreExecutionError(data=None, errors=[fault])
    result.extensions = await shown_cost(context)
    return result
