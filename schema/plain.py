"""Fields that need nothing of an execution: an attribute of their record, or a function of it."""

from collections.abc import Callable, Iterator
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.types.fields.resolver import StrawberryResolver

from resolvers import reveals, vouchers


def plain_attributes(schema: GraphQLSchema) -> Iterator[tuple[GraphQLField, str]]:
    """The unguarded fields that are read from their record, with the attribute's name."""
    for field, definition in _unguarded(schema):
        if definition.is_basic_field:
            yield field, definition.python_name


def plain_functions(
    schema: GraphQLSchema,
) -> Iterator[tuple[GraphQLField, Callable[[Any], Any]]]:
    """The unguarded fields whose resolver is handed its record and nothing else."""
    for field, definition in _unguarded(schema):
        resolver: StrawberryResolver[Any] | None = definition.base_resolver
        if resolver is None or resolver.arguments:
            continue
        parameters = list(resolver.signature.parameters)
        if len(parameters) == 1 and parameters[0] in {"root", "self"}:
            function: Any = resolver.wrapped_func
            yield field, function


def begun_secrets(schema: GraphQLSchema) -> Iterator[tuple[GraphQLField, type]]:
    """The secrets of a voucher, with the class of what their resolvers return."""
    kind = schema.type_map["Voucher"]
    if isinstance(kind, GraphQLObjectType):
        for field in kind.fields.values():
            resolver = field.extensions["strawberry-definition"].base_resolver
            if resolver is not None and resolver.wrapped_func in vouchers.SECRETS:
                yield field, reveals.Opened


def shown_records(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, frozenset[type]]]:
    """The types that judge what they are shown, with the records that are always theirs."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind.is_type_of:
            face = kind.extensions["strawberry-definition"].origin
            yield kind, getattr(face, "records", frozenset())


def _unguarded(schema: GraphQLSchema) -> Iterator[tuple[GraphQLField, Any]]:
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        for field in kind.fields.values():
            definition = field.extensions.get("strawberry-definition")
            # The guard is a wrapper (see schema/permissions.py): whatever wraps is never passed by.
            if definition is None or field.args or hasattr(field.resolve, "__wrapped__"):
                continue
            if not definition.extensions:
                yield field, definition
