"""Which classes' values need no further look: no error, nothing to await, nothing to call.

graphql-core asks every value; here a class is asked once.
"""

from collections.abc import Mapping
from types import CoroutineType, FunctionType, GeneratorType, NoneType
from typing import Any

from graphql.pyutils import UndefinedType

MOST = 2_000  # classes; what is beyond is looked at every time

PLAIN: set[type] = {str, int, float, bool, list, tuple, dict}


def _may_pretend(cls: type) -> bool:
    """Whether instances answer for attributes that their class does not have."""
    for base in cls.__mro__:
        own = base.__dict__
        if "__getattr__" in own or isinstance(own.get("__getattribute__"), FunctionType):
            return True
    return False


def is_plain(cls: type) -> bool:
    """Whether no value of this class is an error, awaitable, callable, null or undefined."""
    return not (
        cls in (NoneType, UndefinedType)
        or issubclass(cls, Exception | CoroutineType | GeneratorType)
        or any("__await__" in base.__dict__ or "__call__" in base.__dict__ for base in cls.__mro__)
        or _may_pretend(cls)
    )


def learn(value: Any) -> None:
    """Remember the class of a value, where it is plain."""
    cls = type(value)
    if len(PLAIN) < MOST and cls not in PLAIN and is_plain(cls):
        PLAIN.add(cls)


_MAPPINGS: dict[type, bool] = {dict: True}


def is_mapping(value: Any) -> bool:
    """Whether the default resolver asks the value for a key rather than for an attribute."""
    known = _MAPPINGS.get(type(value))
    if known is None:
        known = isinstance(value, Mapping)
        if len(_MAPPINGS) < MOST:
            _MAPPINGS[type(value)] = known
    return known
