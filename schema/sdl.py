"""The schema as text: plain for clients and tools, with federation for gateways."""

from collections.abc import Iterable

from graphql import (
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from schema import Schema

# Federation brings its own definitions of these; plain tools want to see them.
DIRECTIVES = {
    "key": "directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT"
    " | INTERFACE scalar FieldSet",
    "shareable": "directive @shareable repeatable on OBJECT | FIELD_DEFINITION",
    "requiresScopes": "directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION"
    " | OBJECT | INTERFACE | SCALAR | ENUM",
    "oneOf": "directive @oneOf on INPUT_OBJECT",
}
FEDERATION_TYPES = frozenset({"_Any", "_Entity", "_Service", "_FieldSet"})
FEDERATION_FIELDS = frozenset({"_entities", "_service"})
NODE_FIELDS = frozenset({"node", "nodes"})


def federation_sdl(schema: Schema, *, with_node: bool = True) -> str:
    """What a gateway composes. `node` can be left out where another subgraph has it."""
    text = schema.as_str()
    return text if with_node else print_ast(_without_fields(parse(text), NODE_FIELDS)) + "\n"


def plain_sdl(schema: Schema) -> str:
    """What clients see, with the definitions of every directive used and nothing of federation."""
    document = _without_fields(parse(schema.as_str()), FEDERATION_FIELDS)
    kept = [node for node in document.definitions if not _is_federations(node)]
    used = _Used()
    visit(DocumentNode(definitions=tuple(kept)), used)
    extra = [DIRECTIVES[name] for name in DIRECTIVES if name in used.names]
    given = {name for node in kept if (name := _name(node))}
    definitions = [node for text in extra for node in parse(text).definitions]
    whole = [node for node in definitions if _name(node) not in given] + kept
    return print_ast(DocumentNode(definitions=tuple(whole))) + "\n"


class _Used(Visitor):
    """Collects the names of the directives applied anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names.add(node.name.value)


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
