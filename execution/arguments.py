"""Arguments of a field: none, fixed when the plan is compiled, or read in each execution."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    VariableNode,
    get_argument_values,
    get_named_type,
    is_specified_scalar_type,
)
from graphql.execution.values import VariableValues
from graphql.language import Node

from execution.running import Run

Read = Callable[[Run], dict[str, Any]]
Arguments = None | dict[str, Any] | Read

# Resolvers cannot change these, so that they may share them.
UNCHANGING = str | int | float | bool | None | Enum | Decimal | date | UUID


def nodes_below(node: Node) -> Iterator[Node]:
    """A node and everything in it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            child = getattr(node, key, None)
            if isinstance(child, Node):
                waiting.append(child)
            elif isinstance(child, tuple | list):
                waiting.extend(child)


def _unchanging(values: dict[str, Any]) -> bool:
    return all(isinstance(value, UNCHANGING) for value in values.values())


def _known_early(definition: GraphQLField, node: FieldNode) -> bool:
    """Whether neither variables nor anybody's own code decide the values."""
    if any(
        isinstance(found, VariableNode)
        for part in node.arguments or ()
        for found in nodes_below(part)
    ):
        return False
    named = [get_named_type(argument.type) for argument in definition.args.values()]
    return not any(isinstance(type_, GraphQLInputObjectType) for type_ in named) and all(
        is_specified_scalar_type(type_) or isinstance(type_, GraphQLEnumType) for type_ in named
    )


def arguments_of(definition: GraphQLField, node: FieldNode) -> Arguments:
    """The keyword arguments of a field's resolver; None where it takes none.

    What is read per execution raises GraphQLError for values that do not fit, as every call
    of graphql-core does, and is read once unless resolvers could change it.
    """
    if not definition.args and not node.arguments:
        return None
    if _known_early(definition, node):
        try:
            values = get_argument_values(definition, node, VariableValues({}, {}))
        except GraphQLError:
            values = {"": []}
        if _unchanging(values):
            return values
    place = id(node)

    def read(run: Run) -> dict[str, Any]:
        known = run.arguments.get(place)
        if known is not None:
            return known
        values = get_argument_values(definition, node, run.variables, None, run.hide_suggestions)
        if _unchanging(values):
            run.arguments[place] = values
        return values

    return read
