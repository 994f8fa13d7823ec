"""Rights in one place: each field has its scope declared, printed, and enforced as printed."""

from itertools import chain, combinations
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_non_null_type,
    is_object_type,
    is_union_type,
)

from domain.viewers import IMPLIED_BY, Scope, alternatives
from schema import build_schema
from schema.permissions import enforce, needs, requirements
from tests.rights.printed import Ways, may, objects, of_field, of_type, schema, ways
from tests.rights.table import ANY_CLIENT, RIGHTS
from tests.rights.world import SCOPES

ROOTS = ("Query", "Mutation", "Subscription")


def test_every_type_and_field_is_in_the_table_of_rights() -> None:
    """A new one fails here until somebody wrote down who may see it."""
    printed = {kind.name: set(kind.fields) for kind in objects(schema())}
    printed["Query"].discard("_entities")
    assert printed == {name: set(rights.fields) for name, rights in RIGHTS.items()}


def test_the_printed_directives_are_those_of_the_table() -> None:
    for kind in objects(schema()):
        assert ways(kind.ast_node) == RIGHTS[kind.name].own, kind.name
        for name, field in kind.fields.items():
            if name != "_entities":
                wanted = RIGHTS[kind.name].fields[name]
                assert ways(field.ast_node) == wanted, f"{kind.name}.{name}"


def test_a_root_field_without_a_scope_is_one_for_any_client() -> None:
    bare = {
        f"{root}.{name}"
        for root in ROOTS
        for name in _kind(root).fields
        if not of_field(_kind(root), name)
    }
    assert bare == ANY_CLIENT


def test_every_mutation_has_a_scope_of_its_own() -> None:
    assert [
        name for name, field in _kind("Mutation").fields.items() if not ways(field.ast_node)
    ] == []


def test_scopes_are_the_known_ones_and_implied_ones_are_printed() -> None:
    assert {scope.value for scope in Scope} == set(SCOPES)
    asked = {one for kind in objects(schema()) for one in _asked(kind)}
    assert {scope for one in asked for together in one for scope in together} == set(SCOPES)
    for scope in IMPLIED_BY:
        printed = frozenset(frozenset(together) for together in alternatives(scope))
        assert printed in asked, scope
        assert frozenset({frozenset({scope.value})}) not in asked, scope


def _asked(kind: GraphQLObjectType) -> list[Ways]:
    nodes = (kind.ast_node, *(field.ast_node for field in kind.fields.values()))
    return [found for node in nodes if (found := ways(node))]


def test_what_is_enforced_is_what_is_printed() -> None:
    """A field asks its own scopes and those of the type it leads to, on every way to it."""
    built = build_schema()._schema
    for kind in objects(schema()):
        enforced = built.type_map[kind.name]
        assert isinstance(enforced, GraphQLObjectType)
        for name in kind.fields:
            found = {
                frozenset(map(frozenset, scopes)) for scopes in requirements(built, enforced, name)
            }
            wanted = set(of_field(kind, name))
            own = of_type(kind)
            assert found >= wanted - {own}, f"{kind.name}.{name}"
            assert found <= wanted, f"{kind.name}.{name}"
            if found or kind.name in ROOTS:
                assert _guarded(enforced.fields[name].resolve), f"{kind.name}.{name}"


def _guarded(resolve: Any) -> bool:
    return resolve is not None and resolve.__code__.co_name == "guard"


@pytest.mark.parametrize("held", [*chain(*(combinations(SCOPES, n) for n in (0, 1, 2, 9, 10)))])
def test_a_refused_field_never_takes_its_neighbors_with_it(held: tuple[str, ...]) -> None:
    """Whatever scopes are held: where a field can be reached and is refused, it may be null.

    `nodes` and `_entities` are never refused to a client, and their items may be null.
    """
    seen: set[str] = set()
    waiting = [_kind(root) for root in ("Query", "Mutation")]
    while waiting:
        kind = waiting.pop()
        if kind.name in seen:
            continue
        seen.add(kind.name)
        for name, field in kind.fields.items():
            if not may(held, of_field(kind, name)):
                assert not is_non_null_type(field.type), f"{kind.name}.{name}"
                continue
            waiting += _below(get_named_type(field.type), held)


def _below(target: Any, held: tuple[str, ...]) -> list[GraphQLObjectType]:
    if is_object_type(target):
        return [target]
    if is_union_type(target) or is_abstract_type(target):
        possible = schema().get_possible_types(target)
        return [kind for kind in possible if (own := of_type(kind)) is None or may(held, [own])]
    return []


def test_values_without_a_scope_are_below_what_has_one() -> None:
    """No list or field leads from a root past every scope to what belongs to an account."""
    open_to_all: set[str] = set()
    waiting = [_kind("Query")]
    while waiting:
        kind = waiting.pop()
        if kind.name not in open_to_all:
            open_to_all.add(kind.name)
            for name, field in kind.fields.items():
                if not of_field(kind, name):
                    waiting += _below(get_named_type(field.type), ())
    assert open_to_all == {"Query", "Provider", "Viewer", "Limit"}


def test_a_guarded_field_that_has_no_resolver_is_guarded_all_the_same() -> None:
    """Whatever the library may leave to be read from the record is read behind the guard."""
    built = build_schema()
    graph = built._schema
    voucher = graph.type_map["Voucher"]
    assert isinstance(voucher, GraphQLObjectType)
    voucher.fields["code"].resolve = None
    enforce(graph)
    assert _guarded(voucher.fields["code"].resolve)


def test_subscriptions_are_guarded_where_they_begin() -> None:
    root = build_schema()._schema.subscription_type
    assert root is not None
    for name, field in root.fields.items():
        assert _guarded(field.subscribe), name


def test_alternatives_are_printed_as_a_gateway_reads_them() -> None:
    assert needs(Scope.WALLET_READ) == (("wallet:read",),)
    assert alternatives(Scope.CATALOG_READ) == (("catalog:read",), ("carts:write",))


def _kind(name: str) -> GraphQLObjectType:
    found = schema().type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found
