"""The schema as text: plain for clients and tools, with federation for gateways."""

from collections.abc import Iterable, Set
from typing import Any

from graphql import (
    REMOVE,
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from schema import Schema

# Federation brings its own definitions of these; plain tools want to see them.
DIRECTIVES = {
    "key": '''
        """An entity of the federation, named by these fields."""
        directive @key(fields: FieldSet!, resolvable: Boolean = true)
          repeatable on OBJECT | INTERFACE
        """Names of fields, as in a selection set."""
        scalar FieldSet''',
    "shareable": '''
        """Other subgraphs may define it as well."""
        directive @shareable repeatable on OBJECT | FIELD_DEFINITION''',
    "requiresScopes": '''
        """The scopes that it needs: any one of the lists, each of them whole."""
        directive @requiresScopes(scopes: [[String!]!]!)
          on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM''',
    "oneOf": '''
        """Exactly one of its fields must be given."""
        directive @oneOf on INPUT_OBJECT''',
}
FEDERATION_TYPES = frozenset({"_Any", "_Entity", "_Service", "_FieldSet"})
FEDERATION_FIELDS = frozenset({"_entities", "_service"})
NODE_FIELDS = frozenset({"node", "nodes"})
# For gateways; what an operation cost a client is told in `extensions.cost`.
WEIGHTS = frozenset({"cost", "listSize"})


def federation_sdl(schema: Schema, *, with_node: bool = True, with_scopes: bool = True) -> str:
    """What a gateway composes. `node` can be left out where another subgraph has it.

    So can the scopes, for gateways that start with no directive of security: rights hold here,
    whatever a gateway knows of them.
    """
    if with_node and with_scopes:
        return schema.as_str()
    document = parse(schema.as_str())
    if not with_node:
        document = _without_fields(document, NODE_FIELDS)
    if not with_scopes:
        document = visit(document, _Without({"requiresScopes"}))
    return print_ast(document) + "\n"


def plain_sdl(schema: Schema) -> str:
    """What clients see, with the definitions of every directive used and nothing of federation."""
    document = _without_fields(parse(schema.as_str()), FEDERATION_FIELDS)
    document = visit(document, _Without(WEIGHTS))
    kept = [node for node in document.definitions if not _is_federations(node)]
    used = _Used()
    visit(DocumentNode(definitions=tuple(kept)), used)
    extra = [DIRECTIVES[name] for name in DIRECTIVES if name in used.names]
    definitions = [node for text in extra for node in parse(text).definitions]
    ours = {_name(node) for node in definitions}
    whole = (*definitions, *(node for node in kept if _name(node) not in ours))
    return print_ast(DocumentNode(definitions=whole)) + "\n"


class _Used(Visitor):
    """Collects the names of the directives applied anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names.add(node.name.value)


class _Without(Visitor):
    """Removes directives, and their imports."""

    def __init__(self, names: Set[str]) -> None:
        super().__init__()
        self._names = names

    def enter_directive(self, node: DirectiveNode, *_: object) -> Any:
        return REMOVE if node.name.value in self._names else None

    def enter_string_value(self, node: StringValueNode, *_: object) -> Any:
        return REMOVE if node.value.removeprefix("@") in self._names else None


def _name(node: DefinitionNode) -> str | None:
    name = getattr(node, "name", None)
    return name.value if name else None


def _is_federations(node: DefinitionNode) -> bool:
    return _name(node) in FEDERATION_TYPES or isinstance(
        node, SchemaDefinitionNode | SchemaExtensionNode
    )


def _without_fields(document: DocumentNode, dropped: Iterable[str]) -> DocumentNode:
    """The document without these fields of Query."""
    names = frozenset(dropped)

    class Drop(Visitor):
        def enter_object_type_definition(
            self, node: ObjectTypeDefinitionNode, *_: object
        ) -> ObjectTypeDefinitionNode | None:
            if node.name.value != "Query":
                return None
            fields = tuple(field for field in node.fields or () if field.name.value not in names)
            return ObjectTypeDefinitionNode(
                name=node.name,
                description=node.description,
                interfaces=node.interfaces,
                directives=node.directives,
                fields=fields,
            )

    changed: DocumentNode = visit(document, Drop())
    return changed
