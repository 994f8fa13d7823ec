"""What Query's fields are given, made by functions that are put together once.

The library looks up names and kinds of every argument anew for each call. Here each argument's type
becomes a function when the schema is built. A field with anything else among its parameters keeps
the library's wrapper.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from graphql import GraphQLField
from strawberry import UNSET, Schema
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField

Convert = Callable[[Any], Any]


class NotKnown(Exception):
    """A type that is left to the library."""


class Inputs:
    """The functions of one schema's argument types."""

    def __init__(self, schema: Schema) -> None:
        self._names = schema.config.name_converter
        self._scalars = schema.schema_converter.scalar_registry
        self._under_way: set[Any] = set()

    def unwrap(self, fields: Mapping[str, GraphQLField]) -> None:
        """Take the wrapper off the fields whose resolver takes the info and known arguments."""
        for field in fields.values():
            definition = field.extensions.get("strawberry-definition")
            if isinstance(definition, StrawberryField) and not definition.extensions:
                field.resolve = self._resolve(definition) or field.resolve

    def _resolve(self, definition: StrawberryField) -> Callable[..., Any] | None:
        resolver = definition.base_resolver
        if resolver is None or resolver.info_parameter is None:
            return None
        function: Any = resolver.wrapped_func
        given = {argument.python_name: argument for argument in definition.arguments}
        first, *names = inspect.signature(function).parameters
        if first != resolver.info_parameter.name or set(names) != given.keys():
            return None
        try:
            converts = {
                self._names.from_argument(argument): (name, self._convert(argument.type))
                for name, argument in given.items()
            }
        except NotKnown:
            return None
        return _asking(function, converts)

    def _convert(self, kind: Any) -> Convert | None:
        """What makes a value of that type of what graphql-core gives; None: it is one already."""
        if isinstance(kind, StrawberryMaybe) or kind is GlobalID:
            raise NotKnown
        if isinstance(kind, StrawberryOptional):
            return self._convert(kind.of_type)
        if isinstance(kind, StrawberryList):
            # Copied in any case: a default is the same list for every request.
            return _listed(self._convert(kind.of_type))
        if isinstance(kind, StrawberryEnumDefinition) or is_scalar(kind, self._scalars):
            return None
        if has_enum_definition(kind):
            return None
        if has_object_definition(kind):
            return self._input(kind, kind.__strawberry_definition__)
        raise NotKnown

    def _input(self, kind: Any, definition: Any) -> Convert:
        if not definition.is_input or definition.from_input is not None:
            raise NotKnown
        if kind in self._under_way:  # an input that holds itself
            raise NotKnown
        self._under_way.add(kind)
        absent = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        converts = {
            self._names.from_field(field): (
                field.python_name,
                self._convert(field.resolve_type(type_definition=definition)),
            )
            for field in definition.fields
        }

        self._under_way.remove(kind)

        def make(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            return kind(**(absent | _named(value, converts)))

        return make


def _asking(
    function: Callable[..., Any], converts: Mapping[str, tuple[str, Convert | None]]
) -> Callable[..., Any]:
    def ask(source: Any, info: Any, **given: Any) -> Any:
        return function(info, **_named(given, converts))

    return ask


def _named(
    given: Mapping[str, Any], converts: Mapping[str, tuple[str, Convert | None]]
) -> dict[str, Any]:
    """What was given, converted, under its names in Python."""
    found = {}
    for key, value in given.items():
        name, convert = converts[key]
        found[name] = value if convert is None else convert(value)
    return found


def _listed(convert: Convert | None) -> Convert:
    def make(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        return list(value) if convert is None else [convert(one) for one in value]

    return make
