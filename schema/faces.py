"""A schema type is the face of a domain record: fields read the record, or ask a resolver."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry
from strawberry import federation
from typing_extensions import dataclass_transform

T = TypeVar("T", bound=type)
Item = TypeVar("Item")


def tupled(values: list[Item] | None) -> tuple[Item, ...] | None:
    """A list argument as a domain filter wants it; None stays "not given"."""
    return None if values is None else tuple(values)


@dataclass_transform(field_specifiers=(strawberry.field, federation.field))
def shows(
    *records: type,
    keys: tuple[str, ...] = (),
    shareable: bool = False,
    scopes: tuple[tuple[str, ...], ...] = (),
    abstract: bool = False,
) -> Callable[[T], T]:
    """Make a class the face of these records: resolvers return records, clients see the face.

    `abstract` marks the member of a union; implementing an interface says it by itself.
    `scopes` stand on the type and hold wherever it is reached (see schema/permissions.py).
    """

    def face(cls: T) -> T:
        # Only where a record may stand for several types: the check costs a call per value.
        if abstract or cls.__bases__ != (object,):
            cls.is_type_of = staticmethod(lambda record, info: isinstance(record, records))  # type: ignore[attr-defined]
            cls.records = frozenset(records)  # type: ignore[attr-defined]
        kwargs: dict[str, Any] = {"keys": list(keys)} if keys else {}
        if shareable:
            kwargs["shareable"] = True
        if scopes:
            kwargs["requires_scopes"] = [list(together) for together in scopes]
        description = (cls.__doc__ or "").strip() or None
        return federation.type(cls, description=description, **kwargs)

    return face


def answer(
    resolver: Callable[..., Any] | None = None,
    description: str | None = None,
    *,
    scopes: tuple[tuple[str, ...], ...] = (),
    name: str | None = None,
) -> Any:
    """A field: what it means, who answers it (None: the record's attribute), and who may ask."""
    kwargs: dict[str, Any] = {"resolver": resolver}
    if scopes:
        kwargs["requires_scopes"] = [list(together) for together in scopes]
    return federation.field(description=description, name=name, **kwargs)
