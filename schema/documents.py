"""Documents from strangers: parsed, bounded and validated within milliseconds, and remembered.

Validation compares every field with all others of the same answer name, and walks fragments as
often as they are spread: a kilobyte can ask for hours. So a document is measured before it is
validated, on one walk that stops at a budget, and the stock limiters (which walk fragments
exponentially) are not used.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)
from graphql.language import ast
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from schema.costs import Price

MAX_LENGTH = 100_000  # characters; the longest hand-written documents have a tenth of it
MAX_TOKENS = 4_000  # about 10 ms of parsing
MAX_COMMENTS = 1_000
MAX_DEPTH = 20  # the introspection query of today's tools needs 15
MAX_FIELDS = 2_000  # with fragments expanded
MAX_ALIASES = 200
MAX_SAME_FIELD = 2_000  # comparisons of fields that share an answer name, about 10 us each
MAX_DIRECTIVES = 100
MAX_FRAGMENTS = 60
MAX_OPERATIONS = 20
MAX_VARIABLES = 100
MAX_ITEMS = 500  # in one list that is written into the document
MAX_DIGITS = 100  # of one number; Python refuses to read some thousands
MAX_ERRORS = 10  # each may look for similar names among all of a type
NUMBERS = (ast.IntValueNode, ast.FloatValueNode)
INTROSPECTION = frozenset(("__schema", "__type", "_service"))
REMEMBERED = 400_000  # characters of text; their trees take about 300 times as much memory


def refuse(message: str) -> GraphQLError:
    """A document that asks for more work than one may."""
    return GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})


def parse_bounded(text: str) -> DocumentNode:
    """The parsed document, or GraphQLError when it does not parse or is too large to validate."""
    document = parse(
        text,
        max_source_length=MAX_LENGTH,
        max_lexical_tokens=MAX_TOKENS,
        max_comments=MAX_COMMENTS,
    )
    _count(document)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    walk = _Walk(fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            walk.merged([node.selection_set], 1)
    return document


@dataclass
class _Walk:
    """One budget for the whole document; a fragment that spreads itself is found too deep."""

    fragments: dict[str, FragmentDefinitionNode]
    fields: int = 0
    comparisons: int = 0

    def merged(self, sets: Iterable[SelectionSetNode], depth: int) -> None:
        """Count the fields of selection sets that end up in one object, then those below them."""
        if depth > MAX_DEPTH:
            raise refuse(f"A document may be at most {MAX_DEPTH} fields deep.")
        below: dict[str, list[SelectionSetNode]] = defaultdict(list)
        seen: dict[str, int] = defaultdict(int)
        for node in self.flat(sets):
            name = (node.alias or node.name).value
            self.fields += 1
            self.comparisons += seen[name]
            seen[name] += 1
            if self.fields > MAX_FIELDS:
                raise refuse(f"A document may ask for at most {MAX_FIELDS} fields.")
            if self.comparisons > MAX_SAME_FIELD:
                raise refuse("The document asks for the same fields too many times.")
            if node.selection_set:
                below[name].append(node.selection_set)
        for group in below.values():
            self.merged(group, depth + 1)

    def flat(self, sets: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        """The fields of selection sets, through fragments; each fragment once per object."""
        spread: set[str] = set()
        waiting: list[SelectionNode] = [node for group in sets for node in group.selections]
        while waiting:
            node = waiting.pop()
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self.fragments and name not in spread:
                    spread.add(name)
                    waiting.extend(self.fragments[name].selection_set.selections)
            elif isinstance(node, ast.InlineFragmentNode):
                waiting.extend(node.selection_set.selections)


def _count(document: DocumentNode) -> None:
    """Refuse too many of a kind."""
    operations = fragments = variables = aliases = directives = 0
    for node in nodes(document):
        operations += isinstance(node, OperationDefinitionNode)
        fragments += isinstance(node, FragmentDefinitionNode)
        variables += isinstance(node, ast.VariableDefinitionNode)
        aliases += isinstance(node, FieldNode) and node.alias is not None
        directives += isinstance(node, ast.DirectiveNode)
        if isinstance(node, ast.ListValueNode) and len(node.values) > MAX_ITEMS:
            raise refuse(f"A list in a document may have at most {MAX_ITEMS} items.")
        if isinstance(node, NUMBERS) and len(node.value) > MAX_DIGITS:
            raise refuse(f"A number in a document may have at most {MAX_DIGITS} digits.")
    for found, most, name in (
        (operations, MAX_OPERATIONS, "operations"),
        (fragments, MAX_FRAGMENTS, "fragments"),
        (variables, MAX_VARIABLES, "variables"),
        (aliases, MAX_ALIASES, "aliases"),
        (directives, MAX_DIRECTIVES, "directives"),
    ):
        if found > most:
            raise refuse(f"A document may have at most {most} {name}.")


def nodes(document: DocumentNode) -> Iterator[ast.Node]:
    """Everything in a document; iterative, so that nesting costs no stack."""
    waiting: list[ast.Node] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            child = getattr(node, key, None)
            if isinstance(child, ast.Node):
                waiting.append(child)
            elif isinstance(child, tuple | list):
                waiting.extend(child)


def _refuse_introspection(document: DocumentNode) -> None:
    """Refuse what tells of the schema; `__typename` names what was found and stays."""
    for node in nodes(document):
        if isinstance(node, FieldNode) and node.name.value in INTROSPECTION:
            raise GraphQLError(
                "Introspection is switched off.",
                nodes=[node],
                extensions={"code": "INTROSPECTION_DISABLED"},
            )


class Documents(SchemaExtension):
    """Parses, bounds and validates; what was found valid is remembered by its text."""

    def __init__(self, remembered: "Remembered", *, introspection: bool = True) -> None:
        super().__init__()
        self.remembered = remembered
        self.introspection = introspection

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:
            known = self.remembered.get(context.query)
            context.graphql_document = known or parse_bounded(context.query)
            if not context._provided_operation_name:  # noqa: SLF001 - the public one guesses
                _only_operation(context.graphql_document)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.query and context.graphql_document is not None:
            if context.query in self.remembered:
                context.pre_execution_errors = []
            else:
                if not self.introspection:
                    _refuse_introspection(context.graphql_document)
                errors = check(
                    context.schema._schema,  # noqa: SLF001
                    context.graphql_document,
                    suggest=self.introspection,
                )
                context.pre_execution_errors = errors
                if not errors:
                    self.remembered.add(context.query, context.graphql_document)
        yield


def _only_operation(document: DocumentNode) -> None:
    """The library would run the first of several operations when none is named."""
    operations = (isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if sum(operations) > 1:
        raise refuse("Name the operation to run: the document holds several.")


def check(
    schema: GraphQLSchema, document: DocumentNode, *, suggest: bool = True
) -> list[GraphQLError]:
    """What is wrong with a parsed document, the first ten errors at most.

    With `suggest` an unknown name is answered with names that look like it.
    """
    errors = validate(
        schema,
        document,
        specified_rules,
        max_errors=MAX_ERRORS,
        hide_suggestions=not suggest,
    )
    if not suggest:
        for error in errors:  # one rule suggests all the same
            error.message = error.message.partition(" Did you mean ")[0]
    return errors


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation of a valid document. `name` is its own where none was asked for."""

    document: DocumentNode
    name: str | None
    kind: OperationType
    price: Price


class Remembered:
    """The most recently used valid documents by their text."""

    def __init__(self, characters: int = REMEMBERED) -> None:
        self._free = characters
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()
        self._prices: dict[str, dict[str | None, Price]] = {}
        self._ready: dict[str, dict[str | None, Ready]] = {}

    def __contains__(self, text: str) -> bool:
        return text in self._documents

    def get(self, text: str) -> DocumentNode | None:
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def prices(self, text: str) -> dict[str | None, Price]:
        """What a document's operations cost by their names, to be added to while it is known."""
        return self._prices.setdefault(text, {}) if text in self._documents else {}

    def ready(self, text: str) -> dict[str | None, Ready]:
        """A document's operations by the names they are asked for, to be added to as well."""
        return self._ready.setdefault(text, {}) if text in self._documents else {}

    def add(self, text: str, document: DocumentNode) -> None:
        if text not in self._documents:
            self._documents[text] = document
            self._free -= len(text)
        while self._free < 0:
            forgotten, _ = self._documents.popitem(last=False)
            self._prices.pop(forgotten, None)
            self._ready.pop(forgotten, None)
            self._free += len(forgotten)
