"""Which values of a leaf type are their own answer, so that nothing needs to be called."""

import enum
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType
from graphql.type import scalars

# The stock serializer, the class it answers as it is, and what else must hold (`x` is the value).
AS_IS: dict[Any, tuple[type, str]] = {
    scalars.serialize_string: (str, ""),
    scalars.serialize_id: (str, ""),
    scalars.serialize_boolean: (bool, ""),
    scalars.serialize_int: (int, " and -2147483648 <= x <= 2147483647"),
    scalars.serialize_float: (float, " and -inf < x < inf"),
}


@dataclass(frozen=True, slots=True)
class AsIs:
    """Values of this class are their own answer where the condition holds."""

    cls: type
    condition: str


@dataclass(frozen=True, slots=True)
class Named:
    """Values of this class are answered by a table; what it does not hold is looked at."""

    cls: type
    table: dict[Any, str]


@dataclass(frozen=True, slots=True)
class Serialized:
    """Plain values are answered by the type's own function."""

    function: Any


Leaf = AsIs | Named | Serialized


def _named(type_: GraphQLEnumType) -> Named | None:
    """The table of an enum whose values are members of one class, or strings."""
    values = [found.value for found in type_.values.values()]
    classes = {type(value) for value in values}
    if len(classes) != 1:
        return None
    cls = classes.pop()
    wrapped = getattr(type_, "wrapped_cls", None)  # strawberry's enums show members of a class
    if wrapped is not None and issubclass(wrapped, enum.Enum):
        cls, values = wrapped, list(wrapped)
    if cls is not str and not issubclass(cls, enum.Enum):
        return None
    try:
        return Named(cls, {value: type_.coerce_output_value(value) for value in values})
    except Exception:  # noqa: BLE001 - a type of its own kind is asked each time
        return None


def leaf_of(type_: Any, cache: dict[str, Leaf]) -> Leaf:
    """The rule for a leaf type; asked once per type and plans."""
    found = cache.get(type_.name)
    if found is None:
        rule: Leaf | None = None
        if isinstance(type_, GraphQLEnumType):
            rule = _named(type_)
        elif isinstance(type_, GraphQLScalarType):
            stock = [AS_IS[own] for own in AS_IS if own is type_.coerce_output_value]
            rule = AsIs(*stock[0]) if stock else None
        found = cache[type_.name] = rule or Serialized(type_.coerce_output_value)
    return found
