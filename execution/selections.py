"""What an operation asks of each type, collected once by graphql-core's own rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    default_field_resolver,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from execution.arguments import arguments_of
from execution.markers import BEGUN, EXTENSION, Attribute, Call, Shows
from execution.places import Field
from execution.plain import is_plain

MOST_FIELDS = 4_000  # with each possible type of abstract ones: a second of compiling


class Reason(StrEnum):
    """Why an execution was left to graphql-core; the label of a metric."""

    FIRST_SIGHT = auto()  # it may never come again
    CROWDED = auto()  # busier documents hold the room
    MUTATION = auto()
    SUBSCRIPTION = auto()
    INTROSPECTION = auto()
    INCREMENTAL = auto()  # @defer and @stream
    DIRECTIVE = auto()  # on the operation: it may change how errors spread
    FRAGMENT_VARIABLES = auto()
    CONDITIONS = auto()  # @skip and @include by too many variables, or by none that holds a boolean
    OPERATION = auto()  # not there, or not the only one
    TOO_LARGE = auto()
    CUSTOM = auto()  # middleware, an executor or resolvers of the caller's own
    UNKNOWN_TEXT = auto()  # a document without its text cannot be remembered


class NotTaken(Exception):
    """graphql-core is to execute this."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Kind(Enum):
    """How a field's value is found."""

    NAME = auto()  # __typename
    ATTRIBUTE = auto()
    CALL = auto()
    DEFAULT = auto()  # graphql-core's default resolver
    RESOLVER = auto()


@dataclass(eq=False)
class Selection:
    """What is asked of one object type at one place; `execute` is set when it is compiled."""

    type: GraphQLObjectType
    number: int
    fields: list[Field] = field(default_factory=list)
    shown: bool = False  # a resolver in it or below it sees its path
    execute: Any = None


def kind_of(definition: GraphQLField, name: str) -> tuple[Kind, Any]:
    """How a field's value is found, and the function, attribute or name that it takes."""
    if name == "__typename":
        return Kind.NAME, None
    mark = (definition.extensions or {}).get(EXTENSION)
    if not definition.args:
        if isinstance(mark, Attribute):
            return Kind.ATTRIBUTE, mark.name
        if isinstance(mark, Call):
            return Kind.CALL, mark.function
        if definition.resolve is None:
            return Kind.DEFAULT, name
    return Kind.RESOLVER, definition.resolve or default_field_resolver


def _begun(definition: GraphQLField) -> type | None:
    """The class of awaitables that may be awaited last; nothing above a null leaf waits for it."""
    mark: type | None = (definition.extensions or {}).get(BEGUN)
    return mark if is_leaf_type(definition.type) else None


def records_of(type_: Any) -> frozenset[type]:
    """The classes whose values need not be judged by an object type; often none."""
    mark = (type_.extensions or {}).get(EXTENSION)
    if isinstance(mark, Shows) and all(map(is_plain, mark.classes)):
        return mark.classes
    return frozenset()


class Collector:
    """Collects the selections of one operation under one set of conditions."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = {name: FragmentDetails(node) for name, node in fragments.items()}
        self.variables = variables
        self.selections: list[Selection] = []
        self._known: dict[tuple[str, tuple[int, ...]], Selection] = {}
        self._room = MOST_FIELDS

    def root(self) -> Selection:
        """The operation's own selection; raises NotTaken."""
        type_ = self.schema.get_root_type(self.operation.operation)
        if type_ is None:
            raise NotTaken(Reason.OPERATION)
        try:
            collected = collect_fields(
                self.schema, self.fragments, self.variables, type_, self.operation
            )
            return self._selection(type_, collected)
        except (RecursionError, GraphQLError):
            raise NotTaken(Reason.CONDITIONS) from None

    def _selection(self, type_: GraphQLObjectType, collected: CollectedFields) -> Selection:
        if collected.new_defer_usages:
            raise NotTaken(Reason.INCREMENTAL)
        selection = Selection(type_, len(self.selections))
        self.selections.append(selection)
        self._room -= len(collected.grouped_field_set)
        if self._room < 0:
            raise NotTaken(Reason.TOO_LARGE)
        for key, details in collected.grouped_field_set.items():
            name = details[0].node.name.value
            if name in ("__schema", "__type"):
                raise NotTaken(Reason.INTROSPECTION)
            definition = self.schema.get_field(type_, name)
            if definition is None:
                raise NotTaken(Reason.OPERATION)
            found = self._field(key, type_, definition, details)
            selection.fields.append(found)
            selection.shown |= found.shown
        return selection

    def _field(
        self, key: str, parent: GraphQLObjectType, definition: GraphQLField, details: Any
    ) -> Field:
        found = Field(key, parent, definition, details, isinstance(definition.type, GraphQLNonNull))
        found.kind, found.source = kind_of(definition, details[0].node.name.value)
        found.arguments = (
            arguments_of(definition, details[0].node) if found.kind is Kind.RESOLVER else None
        )
        named = get_named_type(definition.type)
        judges = bool(getattr(named, "is_type_of", None)) and not records_of(named)
        judged = is_abstract_type(named) or judges
        found.told = found.kind is Kind.RESOLVER or judged
        found.begun = _begun(definition)
        found.selections = self._below(named, details) if is_composite_type(named) else {}
        found.shown = found.told or any(part.shown for part in found.selections.values())
        return found

    def _below(self, named: Any, details: Any) -> dict[str, Selection]:
        possible = [named] if is_object_type(named) else self.schema.get_possible_types(named)
        nodes = tuple(id(detail.node) for detail in details)
        found: dict[str, Selection] = {}
        for type_ in possible:
            place = (type_.name, nodes)
            if place not in self._known:
                collected = collect_subfields(
                    self.schema, self.fragments, self.variables, self.operation, type_, details
                )
                self._known[place] = self._selection(type_, collected)
            found[type_.name] = self._known[place]
        return found
