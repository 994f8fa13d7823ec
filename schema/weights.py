"""`@cost` and `@listSize` for gateways that bound what a query may cost; from our own table.

They can say less than schema/costs.py counts: a live status or a quote is paid once for a page.
"""

from collections.abc import Iterable
from typing import Any

from strawberry import UNSET
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryList,
    StrawberryObjectDefinition,
    get_object_definition,
)
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion
from strawberry.utils.str_converters import to_camel_case

from schema.costs import (
    EXTRA,
    MUTATION,
    MUTATIONS,
    SCALARS,
    TOTAL_COUNT,
    UNPAGED,
    USUAL_PAGE,
)


def weigh(roots: Iterable[type]) -> None:
    """Put the directives on every field that can be reached; once, before the schema is built."""
    seen: set[int] = set()
    waiting: list[Any] = list(roots)
    while waiting:
        definition = get_object_definition(waiting.pop())
        if definition is None or id(definition) in seen:
            continue
        seen.add(id(definition))
        for field in definition.fields:
            kind, is_list = _named(field.type)
            if isinstance(kind, StrawberryUnion):
                waiting.extend(kind.types)
            else:
                waiting.append(kind)
            if any(isinstance(known, Cost | ListSize) for known in field.directives):
                continue
            name = field.graphql_name or to_camel_case(field.python_name)
            field.directives = [*field.directives, *_directives(definition, name, kind, is_list)]


def _directives(
    definition: StrawberryObjectDefinition, name: str, kind: Any, is_list: bool
) -> Iterable[object]:
    place = (definition.name, name)
    if definition.name == "Mutation":
        yield Cost(weight=MUTATIONS.get(name, MUTATION))
    elif name == "totalCount":
        yield Cost(weight=TOTAL_COUNT)
    elif weight := SCALARS.get(place) or EXTRA.get(place):
        yield Cost(weight=weight)
    found = get_object_definition(kind)
    if found is not None and found.name.endswith("Connection"):
        yield ListSize(
            assumed_size=USUAL_PAGE,
            slicing_arguments=["first", "last"],
            sized_fields=["edges", "nodes"],
            require_one_slicing_argument=False,
        )
    elif is_list and found is not None and not definition.name.endswith("Connection"):
        # What is left out must be UNSET: null would be printed, and breaks composition.
        yield ListSize(
            assumed_size=UNPAGED,
            slicing_arguments=UNSET,
            sized_fields=UNSET,
            require_one_slicing_argument=False,
        )


def _named(kind: Any) -> tuple[Any, bool]:
    """A field's type without its wrappers, and whether one of them is a list."""
    is_list = False
    while True:
        if isinstance(kind, LazyType):
            kind = kind.resolve_type()
        elif isinstance(kind, StrawberryContainer):
            is_list = is_list or isinstance(kind, StrawberryList)
            kind = kind.of_type
        else:
            return kind, is_list
