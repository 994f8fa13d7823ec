"""The short road of a subscription whose document was found valid before.

The library keeps a context, a runner, its extensions and three generators for as long as one
lasts, and leads every event through them. Here a subscription is priced, paid for and begun, with
the errors of the library's road; its events are then executed as they come, for one subscriber or
for many at once.
"""

import json
from collections.abc import Hashable, Mapping
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.execution import ExecutionResult as CoreResult
from graphql.execution import create_source_event_stream
from graphql.execution.execute import execute_subscription_event
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from domain.orders import OrderEvent
from resolvers.context import Context
from resolvers.subscriptions import Following
from schema.charging import pay, shown_cost
from schema.documents import Ready, nodes
from schema.subscription import EachFresh


class Opened:
    """A subscription that has begun: what it follows, and `extensions` of its answers.

    `question` is equal for those whose events are executed alike: they ask the same of them, from
    wherever they begin.
    """

    __slots__ = ("_executor", "extensions", "following", "question")

    def __init__(
        self,
        executor: EachFresh,
        following: Following,
        extensions: dict[str, Any],
        question: Hashable,
    ) -> None:
        self._executor = executor
        self.following = following
        self.extensions = extensions
        self.question = question

    def discard(self) -> None:
        """Let go of what executes: graphql-core's refers to itself, and would wait for a sweep."""
        vars(self._executor).clear()

    async def answer(self, event: OrderEvent, context: Context) -> ExecutionResult:
        """What an event comes to, executed with that context; it is to be a fresh one."""
        found: Any = execute_subscription_event(self._executor.at(event, context))
        if isawaitable(found):
            found = await found
        return ExecutionResult(data=found.data, errors=found.errors)


async def opened(
    schema: GraphQLSchema,
    asked: Ready,
    variables: dict[str, Any] | None,
    context: Context,
    extensions: Mapping[str, Any] | None,
) -> Opened | ExecutionResult:
    """Pay for a subscription and begin it; or why it could not be."""
    result: ExecutionResult
    try:
        await pay(context, asked.price, variables)
        context.begun = True
        begun = await _begun(schema, asked.document, asked.name, variables, context, extensions)
        if isinstance(begun, tuple):
            return Opened(*begun, await shown_cost(context), _question(asked, variables))
        result = PreExecutionError(data=None, errors=begun)
    except Exception as error:  # noqa: BLE001 - as the library does: nothing is raised to the server
        result = ExecutionResult(data=None, errors=[as_error(error)])
    result.extensions = await shown_cost(context)
    return result


async def _begun(
    schema: GraphQLSchema,
    document: DocumentNode,
    name: str | None,
    variables: dict[str, Any] | None,
    context: Context,
    extensions: Mapping[str, Any] | None,
) -> tuple[EachFresh, Following] | list[GraphQLError]:
    """What graphql-core's `subscribe` does before the first event."""
    executor: Any = EachFresh.build(
        schema, document, None, context, variables, name, operation_extensions=extensions
    )
    if isinstance(executor, list):
        return executor
    source: Any = create_source_event_stream(executor)
    if isawaitable(source):
        source = await source
    if isinstance(source, CoreResult):
        return source.errors or []
    # Events bring contexts of their own: it would only keep this one alive.
    executor.context_value = None
    return executor, source


def as_error(error: Exception) -> GraphQLError:
    """An exception as the library shows it to whoever presents errors."""
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError(str(error), original_error=error)


def _question(asked: Ready, variables: Mapping[str, Any] | None) -> Hashable:
    """The operation with its variables, those left out that only say where to begin."""
    sent = variables or {}
    if sent:
        beginning = _beginning(asked.document, asked.name)
        sent = {name: value for name, value in sent.items() if name not in beginning}
    return asked.document.loc and asked.document.loc.source.body, asked.name, _text(sent)


def _text(variables: Mapping[str, Any]) -> str:
    return json.dumps(variables, sort_keys=True) if variables else ""


def _beginning(document: DocumentNode, name: str | None) -> set[str]:
    """The variables that are used for the root field's `after`, and for nothing else."""
    places: dict[int, str] = {}
    uses: dict[int, str] = {}
    for node in nodes(document):
        if isinstance(node, OperationDefinitionNode):
            if name is None or (node.name and node.name.value == name):
                places |= _afters(node)
        elif isinstance(node, VariableDefinitionNode):
            places[id(node.variable)] = ""
        elif isinstance(node, VariableNode):
            uses[id(node)] = node.name.value
    elsewhere = {name for node, name in uses.items() if node not in places}
    return {name for name in places.values() if name} - elsewhere


def _afters(operation: OperationDefinitionNode) -> dict[int, str]:
    return {
        id(argument.value): argument.value.name.value
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
        for argument in field.arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    }
