"""What operations cost: by the written rules, from the document and its variables alone."""

from typing import Any

import pytest
from graphql import get_introspection_query, get_named_type, parse

from schema import Schema, build_schema, costs
from schema.costs import amount, price
from schema.documents import MAX_FIELDS, check, parse_bounded
from tests.schema.test_documents import MOST_STEPS, steps

PROVIDERS = 4
STATUS = 10 * PROVIDERS


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build_schema()


def cost(
    schema: Schema, text: str, variables: dict[str, Any] | None = None, name: str | None = None
) -> int:
    document = parse(text)
    assert check(schema._schema, document) == []
    return amount(price(schema._schema, document, name, PROVIDERS), variables)


LEDGER = "nodes { id amount { amount } }"
COSTS = {
    "a scalar": ("{ __typename }", 0),
    "an object": ("{ viewer { accountName scopes } }", 1),
    "an object in an object": ("{ wallet { __typename } viewer { actor } }", 2),
    "an unpaged list": ("{ providers { name } }", 10),
    "a list of numbers": ("{ viewer { scopes } }", 1),
    "a page": ("{ products(first: 5) { nodes { id } } }", 1 + 5 * 1),
    "a page by last": ("{ products(last: 7) { nodes { id } } }", 1 + 7 * 1),
    "a usual page": ("{ products { nodes { id } } }", 1 + 20 * 1),
    "a null size": ("{ products(first: null) { nodes { id } } }", 1 + 20 * 1),
    "no item asked for": ("{ products(first: 50) { pageInfo { hasNextPage } } }", 1 + 1),
    "edges": ("{ products(first: 5) { edges { cursor node { id } } } }", 1 + 5 * (1 + 1)),
    "a total": ("{ products(first: 1) { totalCount nodes { id } } }", 1 + 10 + 1),
    "below an item": (
        "{ products(first: 5) { nodes { provider { name } } } }",
        1 + 5 * (1 + 1),
    ),
    "a page in a page": (
        "{ orders(first: 10) { nodes { vouchers(first: 3) { nodes { id } } } } }",
        1 + 10 * (1 + (1 + 3 * 1)),
    ),
    "once beside a page": (
        "{ products(first: 5) { nodes { id } sources { outcome } } }",
        1 + 5 * 1 + 10 * 1,
    ),
    "revealed fields": (
        "{ order(by: {id: 1}) { vouchers(first: 10) { nodes { code pin } } } }",
        1 + (1 + 10 * (1 + 2)),
    ),
    "live status of one": ("{ order(by: {id: 1}) { status live asOf } }", 1 + STATUS),
    "live status of a page": ("{ orders(first: 50) { nodes { status } } }", 1 + 50 + STATUS),
    "live status below a page": (
        "{ orders(first: 5) { nodes { status fulfillments { status providerStatus } } } }",
        1 + 5 * (1 + 10) + STATUS,
    ),
    "live status of two pages": (
        "{ a: orders(first: 5) { nodes { status } } b: orders(first: 5) { nodes { status } } }",
        2 * (1 + 5 + STATUS),
    ),
    "no live status": ("{ orders(first: 50) { nodes { reference settled } } }", 1 + 50),
    "balances": ("{ providers { balances { amount } } }", 10 * (1 + 10 * 1 + 20)),
    "orders counted": (
        '{ orderCounts(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { count } }',
        10 * 1 + 90,
    ),
    "a chain checked": ("{ auditChain { intact } }", 1 + 49),
    "a cart that is quoted": ("{ cart(id: 1) { totals { price { amount } } } }", 1 + 10 * 2 + 80),
    "a cart that is not": ("{ cart(id: 1) { updatedAt } }", 1),
    "nodes": ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
    "the dearest of several types": (
        "{ node(id: 1) { ... on Product { provider { name } } ... on Voucher { code pin } } }",
        1 + 2,
    ),
    "an interface's fragment": (
        "{ node(id: 1) { ... on Node { id ... on Voucher { code } } } }",
        2,
    ),
    "entities": (
        '{ _entities(representations: [{__typename: "Order", id: "1"}, {__typename: "Order",'
        ' id: "2"}]) { ... on Order { reference } } }',
        2,
    ),
    "aliases": ("{ a: viewer { actor } b: viewer { actor } c: viewer { actor } }", 3),
    "the same field twice": ("{ viewer { actor } viewer { accountName } }", 1),
    "skipped": ("{ viewer @skip(if: true) { actor } }", 1),
    "not included": ("{ products(first: 5) { nodes @include(if: false) { id } } }", 6),
    "a fragment spread twice": (
        "fragment F on Product { provider { name } }"
        " { a: products(first: 5) { nodes { ...F ...F } } product(id: 1) { ...F } }",
        1 + 5 * 2 + 2,
    ),
    "an inline fragment": ("{ ... { viewer { actor } } ... on Query { viewer { scopes } } }", 1),
    "a mutation": (
        "mutation { cartCreate(input: {}) { problems { code } } }",
        10 + 10 * 1,
    ),
    "a mutation that shows a cart": (
        "mutation { cartCreate(input: {}) { cart { lines { quantity } } } }",
        10 + 1 + 10 * 1 + 80,
    ),
    "two mutations": (
        "mutation { a: cartCreate(input: {}) { __typename }"
        " b: cartCreate(input: {}) { __typename } }",
        20,
    ),
    "an order placed": (
        'mutation { orderPlace(input: {cartId: 1, idempotencyKey: "12345678"})'
        " { order { status } } }",
        50 + 1 + STATUS,
    ),
    "the schema": (get_introspection_query(), 100),
}


@pytest.mark.parametrize(("text", "expected"), COSTS.values(), ids=COSTS.keys())
def test_cost(schema: Schema, text: str, expected: int) -> None:
    assert cost(schema, text) == expected


PAGE = """query ($n: Int = 30, $m: Int) {
  orders(first: $n) { nodes { vouchers(first: $m) { nodes { id } } } } }"""


@pytest.mark.parametrize(
    ("variables", "sizes"),
    [
        ({"n": 10, "m": 3}, (10, 3)),
        ({"n": 10.0, "m": 3}, (10, 3)),
        ({"m": 3}, (30, 3)),
        ({"n": 1}, (1, 20)),
        ({"n": None, "m": None}, (20, 20)),
        ({"n": 10**12, "m": -5}, (100, 0)),
        ({"n": "10", "m": True}, (20, 20)),
        (None, (30, 20)),
    ],
)
def test_sizes_come_from_variables(
    schema: Schema, variables: dict[str, Any] | None, sizes: tuple[int, int]
) -> None:
    n, m = sizes
    assert cost(schema, PAGE, variables) == 1 + n * (1 + (1 + m))


def test_lists_are_as_long_as_their_variables(schema: Schema) -> None:
    text = 'query ($ids: [ID!]! = ["a", "b"]) { nodes(ids: $ids) { id } }'
    assert cost(schema, text, {"ids": list("abcde")}) == 5
    assert cost(schema, text) == 2
    assert cost(schema, text, {"ids": "a"}) == 1
    assert cost(schema, text, {"ids": [str(n) for n in range(1000)]}) == 100
    within = "query ($a: ID!, $b: ID!) { nodes(ids: [$a, $b, $a]) { id } }"
    assert cost(schema, within, {"a": "1", "b": "2"}) == 3


def test_only_the_operation_that_is_named_is_charged(schema: Schema) -> None:
    text = "query A { viewer { actor } } query B { products { nodes { id } } }"
    assert (cost(schema, text, name="A"), cost(schema, text, name="B")) == (1, 21)


def test_a_number_of_a_thousand_digits_is_a_full_page(schema: Schema) -> None:
    document = parse("{ products(first: %s) { nodes { id } } }" % ("9" * 5000))
    assert amount(price(schema._schema, document, None, PROVIDERS), None) == 101


def test_pricing_the_largest_document_is_bounded_work(schema: Schema) -> None:
    fields = " ".join(f"a{n}: node(id: 1) {{ ...F }}" for n in range(150))
    spread = " ".join(
        f"... on {kind} {{ id }}" for kind in ("Order", "Voucher", "Product", "Cart", "Provider")
    )
    document = parse_bounded(f"{{ {fields} }} fragment F on Node {{ {spread} }}")
    assert MAX_FIELDS >= 150 * 6
    with steps() as taken:
        price(schema._schema, document, None, PROVIDERS)
    assert taken.count < MOST_STEPS


def test_what_costs_more_than_usual_is_in_the_schema(schema: Schema) -> None:
    types: Any = schema._schema.type_map
    extra = {*costs.SCALARS, *costs.EXTRA, *costs.ASKS_STATUS}
    extra |= {("Query", field) for field in costs.KEYED}
    extra |= {("Mutation", field) for field in costs.MUTATIONS}
    extra |= {("Cart", field) for field in costs.ASKS_QUOTE}
    assert [one for one in extra if one[1] not in types[one[0]].fields] == []
    for field, argument in costs.KEYED.items():
        assert argument in types["Query"].fields[field].args


def test_every_page_takes_its_size_from_first_and_last(schema: Schema) -> None:
    types: Any = schema._schema.type_map
    pages = [
        field.args
        for kind in types.values()
        for field in getattr(kind, "fields", {}).values()
        if hasattr(field, "resolve") and str(get_named_type(field.type)).endswith("Connection")
    ]
    assert len(pages) > 5
    assert all({"first", "last"} <= args.keys() for args in pages)
