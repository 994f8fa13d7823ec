"""What a change of the schema does to clients: compared with the last released SDL.

Removing, renaming or narrowing anything breaks; so does a scope that was not needed before. What
was deprecated with a date may go once the date has passed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from graphql import (
    REMOVE,
    BreakingChange,
    DangerousChange,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    Visitor,
    build_ast_schema,
    parse,
    validate,
    visit,
)
from graphql.utilities import find_schema_changes

DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")


@dataclass(frozen=True, slots=True)
class Changes:
    """What breaks clients, and what may surprise them; each in words."""

    breaking: tuple[str, ...] = ()
    dangerous: tuple[str, ...] = ()


def compare(
    released: str, now: str, documents: Mapping[str, str] | None = None, today: date | None = None
) -> Changes:
    """The differences between two plain SDLs; `documents` are clients' own, by name or hash."""
    old = visit(parse(released), _Expired(today or datetime.now(UTC).date()))
    new = parse(now)
    schema = build_ast_schema(new)
    found = find_schema_changes(build_ast_schema(old), schema)
    return Changes(
        breaking=(
            *(
                change.description
                for change in found
                # That nothing uses Int any more is no loss beside what used it.
                if isinstance(change, BreakingChange) and not _is_standard(change.description)
            ),
            *_tightened(old, new),
            *_refused(schema, documents or {}),
        ),
        dangerous=tuple(
            change.description for change in found if isinstance(change, DangerousChange)
        ),
    )


def _is_standard(description: str) -> bool:
    return description.startswith("Standard scalar ")


def removal_date(node: Node) -> date | None:
    """The day after which a deprecated element may go, from the reason of its deprecation."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == "deprecated":
            for argument in directive.arguments or ():
                if stated := DATE.search(getattr(argument.value, "value", "")):
                    return date.fromisoformat(stated[1])
    return None


def undated(sdl: str) -> list[str]:
    """What is deprecated in an SDL without the day after which it may go: "Type.field"."""
    return [
        f"{node.name.value}.{one.name.value}"
        for node in parse(sdl).definitions
        if isinstance(node, TypeDefinitionNode)
        for kind in ("fields", "values")
        for one in getattr(node, kind, None) or ()
        if any(directive.name.value == "deprecated" for directive in one.directives or ())
        and removal_date(one) is None
    ]


class _Expired(Visitor):
    """Drops what was deprecated until a day that has passed."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today

    def _enter(self, node: Node, *_: object) -> Any:
        until = removal_date(node)
        return REMOVE if until is not None and until < self._today else None

    enter_field_definition = enter_enum_value_definition = enter_input_value_definition = _enter


def _tightened(old: DocumentNode, new: DocumentNode) -> Iterator[str]:
    """Types and fields that ask for a scope that was not needed before."""
    now = dict(_scopes(new))
    for place, before in _scopes(old):
        after = now.get(place)
        if after is None:
            continue
        # Every way in must still be one; no requirement is a way in without any scope.
        if not all(any(way <= known for way in after) for known in before):
            ways = " or ".join(" and ".join(sorted(way)) for way in after)
            yield f"{place} now needs {ways}."


def _scopes(document: DocumentNode) -> Iterator[tuple[str, tuple[frozenset[str], ...]]]:
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            yield node.name.value, _ways(node)
            for one in node.fields or ():
                yield f"{node.name.value}.{one.name.value}", _ways(one)


def _ways(node: Any) -> tuple[frozenset[str], ...]:
    for directive in node.directives or ():
        if directive.name.value == "requiresScopes":
            listed = directive.arguments[0].value.values
            return tuple(frozenset(scope.value for scope in way.values) for way in listed)
    return (frozenset(),)


def _refused(schema: GraphQLSchema, documents: Mapping[str, str]) -> Iterable[str]:
    for name, text in documents.items():
        try:
            errors = validate(schema, parse(text), max_errors=1)
        except GraphQLError as error:
            errors = [error]
        if errors:
            yield f"The registered document {name} is no longer valid: {errors[0].message}"
