"""The shortest way from graphql-core to what answers a field.

The library wraps every resolver: it converts arguments that need no conversion, and makes an `Info`
of its own for each value. On a page of vouchers these wrappers cost more than what they wrap. So
once the schema is built they are taken off wherever they would change nothing: fields read their
attribute, or are handed to their resolver as graphql-core hands them over. Such resolvers look at
`context` and `path` of their info, which both kinds of it have. Rights are put around what is left
here (see schema/permissions.py).
"""

import inspect
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
)
from graphql.type import specified_scalar_types
from strawberry.types.field import StrawberryField

from schema.permissions import ROOTS

Resolve = Callable[..., Any]


def straighten(schema: GraphQLSchema) -> None:
    """Take the wrappers off, before rights are put around the fields.

    The roots' fields keep theirs: they take inputs. Query's lose it later (see schema/inputs.py).
    """
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLEnumType):
            _tabulate(kind)
        if not isinstance(kind, GraphQLObjectType) or kind.name in ROOTS:
            continue
        for field in kind.fields.values():
            definition = field.extensions.get("strawberry-definition")
            if isinstance(definition, StrawberryField) and not definition.extensions:
                field.resolve = _straight(field, definition) or field.resolve


def _straight(field: GraphQLField, definition: StrawberryField) -> Resolve | None:
    """What answers the field; None where the library's wrapper has something to do."""
    resolver = definition.base_resolver
    if resolver is None:
        return _attribute(definition.python_name)
    parent = resolver.parent_parameter or resolver.root_parameter
    function: Any = resolver.wrapped_func
    names = list(inspect.signature(function).parameters)
    if parent is None or resolver.self_parameter or names[0] != parent.name:
        return None
    if len(names) == 1:
        return _of_source(function)
    asked = resolver.info_parameter
    if asked is None or names[1] != asked.name or set(names[2:]) != field.args.keys():
        return None
    if not all(get_nullable_type(given.type) in PLAIN for given in field.args.values()):
        return None
    answer: Resolve = function
    return answer


# What graphql-core makes of these is what resolvers are given.
PLAIN = frozenset(specified_scalar_types.values())


def _attribute(name: str) -> Resolve:
    def read(source: Any, info: Any) -> Any:
        return getattr(source, name)

    return read


def _of_source(function: Resolve) -> Resolve:
    def ask(source: Any, info: Any) -> Any:
        return function(source)

    return ask


def _tabulate(kind: GraphQLEnumType) -> None:
    """Look an enum's name up; the library compares with every value there is."""
    members = getattr(kind, "wrapped_cls", None)
    if members is None:
        return
    compared = kind.coerce_output_value
    table = {member: compared(member) for member in members}

    def look_up(value: Any) -> Any:
        found = table.get(value) if type(value) is members else None
        return compared(value) if found is None else found

    kind.coerce_output_value = look_up  # type: ignore[assignment, method-assign]
