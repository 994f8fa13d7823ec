"""Arguments come out as the library converts them, whatever graphql-core gives for their types."""

import copy
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_argument

from schema import build_schema
from schema.inputs import Inputs, NotKnown

SCHEMA = build_schema()
QUERY = SCHEMA.core.query_type
assert QUERY is not None
ARGUMENTS = {
    f"{name}({key})": (argument, field.args[key])
    for name, field in QUERY.fields.items()
    if (definition := field.extensions.get("strawberry-definition")) is not None
    for argument in definition.arguments
    for key in [SCHEMA.config.name_converter.from_argument(argument)]
}


def values(kind: Any, deep: int = 0) -> st.SearchStrategy[Any]:
    """What graphql-core may hand over for a type; leaves are not looked at by anybody."""
    if isinstance(kind, GraphQLNonNull):
        return certain(kind.of_type, deep)
    return st.none() | certain(kind, deep)


def certain(kind: Any, deep: int) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(kind.of_type, deep + 1), max_size=3)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from([value.value for value in kind.values.values()])
    if isinstance(kind, GraphQLInputObjectType):
        needed = {
            key: values(field.type, deep + 1)
            for key, field in kind.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        }
        others = {
            key: values(field.type, deep + 1)
            for key, field in kind.fields.items()
            if key not in needed
        }
        return st.fixed_dictionaries(needed, optional=others)
    return st.text(max_size=4) | st.integers() | st.booleans()


def same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@settings(max_examples=60)
@given(data=st.data())
def test_an_argument_is_converted_as_the_library_does(name: str, data: st.DataObject) -> None:
    argument, core = ARGUMENTS[name]
    assert isinstance(core, GraphQLArgument)
    value = data.draw(values(core.type))
    registry = SCHEMA.schema_converter.scalar_registry
    theirs = convert_argument(copy.deepcopy(value), argument.type, registry, SCHEMA.config)
    convert = Inputs(SCHEMA)._convert(argument.type)
    ours = value if convert is None else convert(value)
    assert same(ours, theirs)
    if isinstance(value, list):
        assert ours is not value  # a default is one list for all requests


def test_every_query_field_of_ours_is_unwrapped() -> None:
    assert QUERY is not None
    wrapped = {
        name
        for name, field in QUERY.fields.items()
        if "strawberry" in getattr(field.resolve, "__wrapped__", field.resolve).__module__
    }
    assert wrapped == {"_service"}


def test_what_is_not_known_keeps_the_librarys_wrapper() -> None:
    with pytest.raises(NotKnown):
        Inputs(SCHEMA)._convert(object)
