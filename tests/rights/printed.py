"""What the printed schema says of rights, and what any answer must look like under it.

Read from schema.graphql alone, as a gateway would: nothing here knows the code that enforces it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    extend_schema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from graphql.utilities import value_from_ast_untyped

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
SECRETS = {f"Voucher.{name}" for name in ("code", "pin", "claimUrl", "referenceNumber")}
OPEN = {"__typename", "_service"}  # what anybody may ask

Ways = frozenset[frozenset[str]]  # one of them has to be held whole
Path_ = tuple[str | int, ...]
ANYTHING = object()  # stands for a value that is another one each time


def _directives(node: Any, name: str) -> list[Any]:
    return [d for d in (node.directives if node else None) or () if d.name.value == name]


def ways(node: Any) -> Ways | None:
    """What `@requiresScopes` on a definition says; None without it."""
    for directive in _directives(node, "requiresScopes"):
        return frozenset(
            frozenset(together) for together in value_from_ast_untyped(directive.arguments[0].value)
        )
    return None


@cache
def schema() -> GraphQLSchema:
    """The printed schema, and `_entities` over the types that have a key."""
    plain = build_schema(SDL.read_text())
    keyed = [kind.name for kind in objects(plain) if _directives(kind.ast_node, "key")]
    return extend_schema(
        plain,
        parse(
            f"scalar _Any union _Entity = {' | '.join(keyed)}"
            " extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
        ),
    )


def objects(graph: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for kind in graph.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            yield kind


def of_type(kind: Any) -> Ways | None:
    """What a type asks: its directive, or for a page or an edge that of what is in it."""
    if isinstance(kind, GraphQLObjectType) and kind.name.endswith(("Connection", "Edge")):
        kind = get_named_type((kind.fields.get("nodes") or kind.fields["node"]).type)
    return ways(kind.ast_node)


@cache
def of_field(parent: GraphQLObjectType, name: str) -> tuple[Ways, ...]:
    """All that has to hold for a field: its own directive, and that of what it leads to."""
    defined = parent.fields[name]
    found = ways(defined.ast_node), of_type(get_named_type(defined.type))
    return tuple(one for one in found if one is not None)


def may(scopes: Iterable[str], wanted: Iterable[Ways]) -> bool:
    held = frozenset(scopes)
    return all(any(together <= held for together in one) for one in wanted)


class _Gone(Exception):
    """A field that may not be null is; its parent is null instead."""


@dataclass
class Expected:
    """The answer to a document for somebody with these scopes (None: the anonymous).

    `full` is the answer of somebody of the same account who holds every scope: where a right is
    missing it is cut, and everywhere else it stays.
    """

    document: DocumentNode
    variables: Mapping[str, Any]
    full: Mapping[str, Any]
    scopes: frozenset[str] | None
    volatile: frozenset[str] = frozenset()
    data: Any = None
    errors: set[tuple[Path_, str]] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._fragments = {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._failed = {
            tuple(error["path"]): error["extensions"]["code"]
            for error in self.full.get("errors", ())
        }
        [operation] = [
            node for node in self.document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        root = schema().get_root_type(operation.operation)
        assert root is not None
        try:
            self.data = self._object(root, [operation.selection_set], self.full["data"], ())
        except _Gone:
            self.data = None

    @property
    def reveals(self) -> set[str]:
        """The secrets that are answered."""
        return self.answered & SECRETS

    def _object(
        self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], given: Any, at: Path_
    ) -> dict[str, Any]:
        fields: dict[str, list[FieldNode]] = {}
        for selections in sets:
            self._collect(kind, selections, fields)
        return {key: self._field(kind, nodes, given, (*at, key)) for key, nodes in fields.items()}

    def _collect(
        self,
        kind: GraphQLObjectType,
        selections: SelectionSetNode,
        into: dict[str, list[FieldNode]],
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                into.setdefault((node.alias or node.name).value, []).append(node)
                continue
            part: Any = node
            if isinstance(node, FragmentSpreadNode):
                part = self._fragments[node.name.value]
            named = part.type_condition.name.value if part.type_condition else kind.name
            asked = schema().type_map[named]
            if asked is kind or (is_abstract_type(asked) and schema().is_sub_type(asked, kind)):
                self._collect(kind, part.selection_set, into)

    def _included(self, node: Any) -> bool:
        for name, wanted in (("include", True), ("skip", False)):
            for directive in _directives(node, name):
                value = value_from_ast_untyped(directive.arguments[0].value, dict(self.variables))
                if value is not wanted:
                    return False
        return True

    def _field(
        self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], given: Any, at: Path_
    ) -> Any:
        name = nodes[0].name.value
        if name in OPEN:
            return given[at[-1]]
        where = f"{kind.name}.{name}"
        self.reached.add(where)
        defined = kind.fields[name]
        wanted = of_field(kind, name)
        if self.scopes is None or not may(self.scopes, wanted):
            self.refused.add(where)
            return self._null(
                defined.type, at, "UNAUTHENTICATED" if self.scopes is None else "FORBIDDEN"
            )
        if given[at[-1]] is not None:
            self.answered.add(where)
        if where in self.volatile or f"{kind.name}.*" in self.volatile:
            return ANYTHING
        sets = [node.selection_set for node in nodes if node.selection_set]
        return self._value(defined.type, sets, given[at[-1]], at)

    def _null(self, kind: Any, at: Path_, code: str | None) -> None:
        if code:
            self.errors.add((at, code))
        if is_non_null_type(kind):
            raise _Gone

    def _value(self, kind: Any, sets: Sequence[SelectionSetNode], given: Any, at: Path_) -> Any:
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if given is None:
            return self._null(kind, at, self._failed.get(at))
        try:
            if is_list_type(inner):
                return [
                    self._value(inner.of_type, sets, item, (*at, index))
                    for index, item in enumerate(given)
                ]
            if is_leaf_type(inner):
                return given
            if is_abstract_type(inner):
                inner = schema().type_map[given["__typename"]]
                asked = ways(inner.ast_node)
                if asked is not None and not may(self.scopes or (), [asked]):
                    self.refused.add(inner.name)
                    return self._null(kind, at, "FORBIDDEN")
            assert isinstance(inner, GraphQLObjectType)
            return self._object(inner, sets, given, at)
        except _Gone:
            return self._null(kind, at, None)


def differences(expected: Any, actual: Any, at: Path_ = ()) -> list[str]:
    """Where two answers differ, as paths and values for people."""
    if expected is ANYTHING:
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            found
            for key in expected.keys() | actual.keys()
            for found in differences(
                expected.get(key, "absent"), actual.get(key, "absent"), (*at, key)
            )
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            found
            for index, (one, other) in enumerate(zip(expected, actual, strict=True))
            for found in differences(one, other, (*at, index))
        ]
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{'.'.join(map(str, at))}: {expected!r} became {actual!r}"]


def errors_of(body: Mapping[str, Any]) -> set[tuple[Path_, str]]:
    """Paths and codes of an answer's errors."""
    return {
        (tuple(error.get("path", ())), error["extensions"]["code"])
        for error in body.get("errors", ())
    }
