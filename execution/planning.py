"""One operation of one document, ready to be executed."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    execute,
    get_variable_values,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import is_awaitable as default_is_awaitable

from execution.arguments import nodes_below
from execution.compiling import Compiler, Root
from execution.running import Run
from execution.selections import NotTaken, Reason

MOST_VARIANTS = 8  # of @skip and @include by variables, per operation
MOST_ERRORS = 50  # of one request's variables, as graphql-core counts them


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    if len(found) != 1:
        raise NotTaken(Reason.OPERATION)
    operation = found[0]
    if operation.operation is OperationType.MUTATION:
        raise NotTaken(Reason.MUTATION)
    if operation.operation is OperationType.SUBSCRIPTION:
        raise NotTaken(Reason.SUBSCRIPTION)
    if operation.directives:
        raise NotTaken(Reason.DIRECTIVE)
    return operation


def _conditions(document: DocumentNode) -> tuple[str, ...]:
    """The variables that decide which fields are asked; raises NotTaken for introspection."""
    names: dict[str, None] = {}
    for node in nodes_below(document):
        if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
            raise NotTaken(Reason.INTROSPECTION)
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value in ("skip", "include"):
                for argument in directive.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        names[argument.value.name.value] = None
    return tuple(names)


class Plan:
    """One operation of one document, compiled for each set of its conditions as they come."""

    def __init__(
        self,
        schema: GraphQLSchema,
        compiler: Compiler,
        document: DocumentNode,
        operation_name: str | None,
        on_fallback: Callable[[Reason], None],
    ) -> None:
        self._schema = schema
        self._compiler = compiler
        self._document = document
        self._operation_name = operation_name
        self._on_fallback = on_fallback
        self._operation = _operation(document, operation_name)
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        if any(node.variable_definitions for node in self._fragments.values()):
            raise NotTaken(Reason.FRAGMENT_VARIABLES)
        self._conditions = _conditions(document)
        self._variants: dict[tuple[bool, ...], Root] = {}
        if not self._conditions:
            self._variant(VariableValues({}, {}))

    def _variant(self, variables: VariableValues) -> Root:
        held = tuple(variables.coerced.get(name) for name in self._conditions)
        found = self._variants.get(held)  # type: ignore[arg-type]
        if found is None:
            if not all(isinstance(value, bool) for value in held):
                raise NotTaken(Reason.CONDITIONS)
            if len(self._variants) >= MOST_VARIANTS:
                raise NotTaken(Reason.CONDITIONS)
            found = self._compiler.compile(self._operation, self._fragments, variables)
            self._variants[held] = found  # type: ignore[index]
        return found

    def execute(
        self,
        root: Any = None,
        context: Any = None,
        variables: dict[str, Any] | None = None,
        *,
        is_awaitable: Callable[[Any], bool] = default_is_awaitable,
        hide_suggestions: bool = False,
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        """What graphql-core's `execute` answers; an awaitable only where a resolver made one.

        Conditions that cannot be compiled are executed by graphql-core, and counted.
        """
        values = self._values(variables, hide_suggestions)
        if isinstance(values, list):
            return ExecutionResult(None, errors=values)
        try:
            execute_root = self._variant(values)
        except NotTaken as left:
            self._on_fallback(left.reason)
            return execute(
                self._schema,
                self._document,
                root,
                context,
                variables,
                self._operation_name,
                is_awaitable=cast("Any", is_awaitable),
                hide_suggestions=hide_suggestions,
            )
        run = Run(
            self._schema,
            self._fragments,
            self._operation,
            root,
            context,
            values,
            is_awaitable,
            hide_suggestions,
        )
        return _started(execute_root, root, run)

    def _values(
        self, variables: dict[str, Any] | None, hide_suggestions: bool
    ) -> VariableValues | list[GraphQLError]:
        definitions = self._operation.variable_definitions
        if not definitions:
            return VariableValues({}, {})
        return get_variable_values(
            self._schema,
            definitions,
            variables or {},
            max_errors=MOST_ERRORS,
            hide_suggestions=hide_suggestions,
        )


def _started(
    execute_root: Root, root: Any, run: Run
) -> ExecutionResult | Awaitable[ExecutionResult]:
    try:
        data = execute_root(root, None, run, None)
    except GraphQLError as error:
        run.add(error, None)
        data = None
    if type(data) is dict or data is None:
        return _finished(data, run) if run.late else ExecutionResult(data, run.errors or None)
    return _answered(data, run)


async def _answered(data: Awaitable[dict[str, Any]], run: Run) -> ExecutionResult:
    try:
        found = await data
    except GraphQLError as error:
        run.add(error, None)
        found = None
    return await _finished(found, run) if run.late else ExecutionResult(found, run.errors or None)


async def _finished(data: dict[str, Any] | None, run: Run) -> ExecutionResult:
    await run.finish()
    run.late.clear()  # with what was awaited: a run outlives its answer until a collection
    return ExecutionResult(data, run.errors or None)
