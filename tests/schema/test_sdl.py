"""The printed schema: a snapshot that clients rely on, and rights that are printed as enforced."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_specified_directive,
    parse,
)
from graphql import build_schema as read_sdl

from domain.viewers import Scope
from schema import Schema, build_schema
from schema.permissions import declared, requirements, type_scopes
from schema.sdl import federation_sdl, plain_sdl

SNAPSHOT = Path(__file__).parents[2] / "schema" / "schema.graphql"
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
READS = {
    "Product": "catalog:read",
    "Order": "orders:read",
    "Fulfillment": "orders:read",
    "Voucher": "orders:read",
    "OrderEvent": "orders:read",
    "AuditEvent": "audit:read",
    "Cart": "carts:write",
    "Wallet": "wallet:read",
    "WalletEntry": "wallet:read",
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build_schema()


def test_the_checked_in_sdl_is_the_one_printed_from_the_code(schema: Schema) -> None:
    assert SNAPSHOT.read_text() == plain_sdl(schema), "run: make sdl, and read the difference"


def test_plain_sdl_stands_alone(schema: Schema) -> None:
    text = plain_sdl(schema)
    assert read_sdl(text).query_type is not None
    for word in ("_Any", "_Entity", "_Service", "_entities", "_service", "@link"):
        assert word not in text


def test_federation_sdl_has_keys_and_links(schema: Schema) -> None:
    text = federation_sdl(schema)
    parse(text)
    assert "@link(url:" in text
    for name in ("Product", "Cart", "Order", "Voucher", "Provider"):
        assert f'type {name} implements Node @key(fields: "id")' in text
    assert "type Money @shareable" in text
    assert "type PageInfo @shareable" in text
    assert "input OrderLookup @oneOf" in text


def test_gateways_are_told_what_things_cost_and_clients_are_not(schema: Schema) -> None:
    text = federation_sdl(schema)
    assert '"@cost"' in text
    assert '"@listSize"' in text
    for printed in (
        'OrderPlacePayload @requiresScopes(scopes: [["orders:place"]]) @cost(weight: 50)',
        'ProductConnection @listSize(assumedSize: 20, slicingArguments: ["first", "last"],'
        ' sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)',
        "lines: [OrderLine!]! @listSize(assumedSize: 10, requireOneSlicingArgument: false)",
        "totalCount: Int @cost(weight: 10)",
    ):
        assert printed in text
    assert "@cost" not in plain_sdl(schema)
    assert "@listSize" not in plain_sdl(schema)


def test_scopes_can_be_left_out_for_gateways_that_refuse_them(schema: Schema) -> None:
    without = federation_sdl(schema, with_scopes=False)
    assert "requiresScopes" not in without
    assert "@key" in without
    parse(without)


def test_node_can_be_left_to_another_subgraph(schema: Schema) -> None:
    assert "  node(" in federation_sdl(schema)
    without = federation_sdl(schema, with_node=False)
    assert "  node(" not in without
    assert "  nodes(" not in without
    assert "  order(" in without


def test_types_carry_their_scopes_and_what_implies_them(schema: Schema) -> None:
    printed = {name: type_scopes(schema._schema, name) for name in READS}
    assert {name: scopes[0] for name, scopes in printed.items()} == {
        name: (scope,) for name, scope in READS.items()
    }
    assert printed["Order"] == (
        ("orders:read",),
        ("orders:place",),
        ("orders:import",),
        ("operations:read",),
    )
    assert printed["Product"] == (("catalog:read",), ("carts:write",))
    assert type_scopes(schema._schema, "OrderConnection") == printed["Order"]
    assert type_scopes(schema._schema, "VoucherEdge") == printed["Voucher"]


def test_every_way_to_a_guarded_type_asks_for_its_scopes(schema: Schema) -> None:
    """A field that leads to a guarded type asks for it, unless its parent asked the same."""
    graph = schema._schema
    for parent in graph.type_map.values():
        if not isinstance(parent, GraphQLObjectType) or parent.name.startswith("_"):
            continue
        for name, field in parent.fields.items():
            target = get_named_type(field.type).name
            wanted = type_scopes(graph, target)
            if not wanted or type_scopes(graph, parent.name) == wanted:
                continue
            assert wanted in requirements(graph, parent, name), f"{parent.name}.{name}"


def test_secrets_are_guarded_nullable_and_named_in_the_sdl(schema: Schema) -> None:
    voucher = schema._schema.type_map["Voucher"]
    assert isinstance(voucher, GraphQLObjectType)
    for name in ("code", "pin", "claimUrl", "referenceNumber"):
        field = voucher.fields[name]
        definition = field.extensions["strawberry-definition"]
        assert declared(definition) == ((Scope.VOUCHERS_REVEAL.value,),)
        assert str(field.type) == "String"
        assert f'{name}: String @requiresScopes(scopes: [["vouchers:reveal"]])' in plain_sdl(schema)


def test_only_known_scopes_are_asked_for(schema: Schema) -> None:
    known = {scope.value for scope in Scope}
    for kind in schema._schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field in kind.fields.values():
            for together in declared(field.extensions.get("strawberry-definition")):
                assert set(together) <= known


def test_everything_is_described(schema: Schema) -> None:
    read = read_sdl(plain_sdl(schema))
    assert [place for place, text in _described(read) if not (text or "").strip()] == []


def _described(read: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, input field and value, with its description."""
    for name, kind in read.type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        yield name, kind.description
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description
        for value_name, value in getattr(kind, "values", {}).items():
            yield f"{name}.{value_name}", value.description
    for directive in read.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description
