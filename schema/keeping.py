"""Which answers a client may keep for a while: the recorded catalog, nothing live or personal."""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

from schema import Schema

# Whatever is not listed is never kept: a new field begins as one that is not.
ROOTS = frozenset({"product", "products", "providers"})
WHOLE = frozenset(
    {
        "Product",
        "ProductConnection",
        "ProductEdge",
        "PageInfo",
        "FixedDenominations",
        "DenominationRange",
        "Denomination",
        "Money",
    }
)
PARTS = {"Query": ROOTS, "Provider": frozenset({"id", "name", "displayName", "capabilities"})}


def may_be_kept(schema: Schema, text: str) -> bool:
    """Whether every field of a valid document, in all its operations, may be kept."""
    document = schema.remembered.get(text)
    if document is None:
        return False
    try:
        _walk(schema, document)
    except _NotKept:
        return False
    return True


class _NotKept(GraphQLError):
    """A field that is live, personal or not listed."""


def _walk(schema: Schema, document: DocumentNode) -> None:
    known = TypeInfo(schema._schema)  # noqa: SLF001

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            name = node.name.value
            parent = known.get_parent_type()
            kind = parent.name if parent else ""
            if name != "__typename" and kind not in WHOLE and name not in PARTS.get(kind, ()):
                raise _NotKept("")

    visit(document, TypeInfoVisitor(known, Fields()))
