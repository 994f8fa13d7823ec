"""Other ways to ask the same: wordings, keys of a gateway, cursors. None leads past a guard."""

from typing import Any

import pytest
from graphql import GraphQLObjectType

from domain.ids import Kind, global_id, uuid7
from tests.rights.asking import Asked, bundled, keyed, nodes, parts
from tests.rights.printed import SECRETS, may, objects, of_field, schema
from tests.rights.wording import WORDINGS
from tests.rights.world import OURS, World, compare, may_move

SHORT = 1_500  # characters, so that no wording of it has too many aliases or fragments
ASKING = (
    "anonymous",
    "nothing",
    "only orders:read",
    "only operations:read",
    "all but vouchers:reveal",
    "all but audit:read",
    "owner",
)


@pytest.mark.parametrize("who", ASKING)
@pytest.mark.parametrize("wording", WORDINGS)
async def test_no_wording_leads_past_a_guard(world: World, wording: str, who: str) -> None:
    asked = [WORDINGS[wording]().of(one) for one in bundled(parts(world.ours.ids, 1), SHORT)]
    for one in asked:
        await world.full(one)
    before = await world.state()
    found = []
    for one in asked:
        expected = await world.expected(who, one)
        compare(expected, await world.send(who, one))
        found.append(expected)
    moved = (await world.state()).moved(before)
    assert moved <= may_move(found)
    if wording == "left out":
        assert not SECRETS & {where for one in found for where in one.reached}
        assert "opened" not in moved
        assert "audit_events" not in moved


# ------------------------------------------------------------------ keys of a gateway


async def test_a_bad_key_is_null_alone_and_the_others_keep_their_order(world: World) -> None:
    ours, theirs = world.ours.ids, world.theirs.ids
    wanted: list[tuple[Any, str | None]] = [
        ({"__typename": "Order", "id": ours["Order"]}, ours["Order"]),
        ({"__typename": "Order", "id": theirs["Order"]}, None),
        ({"__typename": "Order", "id": global_id(Kind.ORDER, uuid7())}, None),
        ({"__typename": "Order", "id": ours["Order"] + "A"}, None),
        ({"__typename": "Order", "id": ""}, None),
        ({"__typename": "Order", "id": "\n\x7f" * 200}, None),
        ({"__typename": "Order", "id": 7}, None),
        ({"__typename": "Order", "id": [ours["Order"]]}, None),
        ({"__typename": "Order"}, None),
        ({"__typename": "Voucher", "id": ours["Order"]}, None),
        ({"__typename": "Nothing", "id": ours["Order"]}, None),
        ({"__typename": "Query", "id": ours["Order"]}, None),
        ({"id": ours["Order"]}, None),
        ({"__typename": ["Order"], "id": ours["Order"]}, None),
        ({"__typename": "Voucher", "id": theirs["Voucher"]}, None),
        ({"__typename": "Cart", "id": theirs["Cart"]}, None),
        ("Order", None),
        (5, None),
        ([], None),
        *(
            ({"__typename": name, "id": ours[name]}, None)
            for name in nodes()
            if name not in keyed()
        ),
        ({"__typename": "Voucher", "id": ours["Voucher"], "code": "mine"}, ours["Voucher"]),
        ({"__typename": "Product", "id": ours["Product"]}, ours["Product"]),
    ]
    text = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Order { id } ... on Voucher { id } ... on Product { id } ... on Cart { id } } }"""
    given = {"r": [key for key, _ in wanted]}
    answer = await world.clients["everything"].send(text, given)
    found = [item and item["id"] for item in answer.data["_entities"]]
    assert found == [id for _, id in wanted]


async def test_rights_hold_item_by_item(world: World) -> None:
    """Of many ids each is answered or refused by itself, at its own place."""
    ours, theirs = world.ours.ids, world.theirs.ids
    ids = [
        ours["Cart"],
        ours["Order"],
        theirs["Order"],
        "nonsense",
        ours["AuditEvent"],
        theirs["AuditEvent"],
        ours["Provider"],
        ours["Order"],
    ]
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    answer = await world.clients["only orders:read"].send(text, {"ids": ids})
    found = [item and item["id"] for item in answer.body["data"]["nodes"]]
    assert found == [
        None,
        ours["Order"],
        None,
        None,
        None,
        None,
        ours["Provider"],
        ours["Order"],
    ]
    # A refusal says nothing of whether the record is there: theirs is refused like ours.
    assert [(error["path"], error["extensions"]["code"]) for error in answer.body["errors"]] == [
        (["nodes", place], "FORBIDDEN") for place in (0, 4, 5)
    ]


# ------------------------------------------------------------------ cursors

LISTS = {
    "Query.products": "products({}) {{ {} }}",
    "Query.orders": "orders({}) {{ {} }}",
    "Query.orderEvents": "orderEvents({}) {{ {} }}",
    "Query.auditEvents": "auditEvents({}) {{ {} }}",
    "Query.fulfillments": "fulfillments({}) {{ {} }}",
    "Order.vouchers": 'order(by: {{id: "ORDER"}}) {{ vouchers({}) {{ {} }} }}',
    "Order.events": 'order(by: {{id: "ORDER"}}) {{ events({}) {{ {} }} }}',
    "Voucher.reveals": 'voucher(id: "VOUCHER") {{ reveals({}) {{ {} }} }}',
    "WebhookEndpoint.deliveries": 'node(id: "ENDPOINT") {{ ... on WebhookEndpoint {{'
    " deliveries({}) {{ {} }} }} }}",
    "Wallet.entries": "wallet {{ entries({}) {{ {} }} }}",
}
WORDS = {"ORDER": "Order", "VOUCHER": "Voucher", "ENDPOINT": "WebhookEndpoint"}
SAME_FOR_ALL = {"Query.products"}


def test_every_list_is_here() -> None:
    pages = {
        f"{kind.name}.{name}"
        for kind in objects(schema())
        for name, field in kind.fields.items()
        if "first" in field.args
    }
    assert pages == set(LISTS)


@pytest.mark.parametrize("where", LISTS)
async def test_a_cursor_of_another_account_is_refused_and_tells_nothing(
    world: World, where: str
) -> None:
    def text(ids: dict[str, str], arguments: str) -> str:
        selected = "edges { cursor } nodes { __typename } pageInfo { endCursor }"
        asked = "{ found: " + LISTS[where].format(arguments, selected) + " }"
        for word, name in WORDS.items():
            asked = asked.replace(word, ids[name])
        return asked

    theirs = await world.clients["strange operator"].data(text(world.theirs.ids, "first: 1"))
    [cursor] = [edge["cursor"] for edge in _page(theirs)["edges"]]
    for argument in ("after", "before"):
        asked = text(world.ours.ids, f'{argument}: "{cursor}"')
        answer = await world.clients["everything"].send(asked)
        if where in SAME_FOR_ALL:
            assert answer.codes == []
            continue
        [error] = answer.body["errors"]
        assert error["extensions"] == {"code": "INVALID_INPUT", "argument": argument}
        made_up = await world.clients["everything"].send(
            asked.replace(cursor, cursor[:-4] + "AAAA")
        )
        assert [e["extensions"] for e in made_up.body["errors"]] == [error["extensions"]]
        assert "__typename" not in str(answer.body["data"])


def _page(found: Any) -> Any:
    while "edges" not in found:
        found = next(value for value in found.values() if isinstance(value, dict))
    return found


@pytest.mark.parametrize("who", ASKING)
async def test_a_refused_list_is_refused_once(world: World, who: str) -> None:
    """At the list, not at each of its items, and neither total nor cursors are counted."""
    root = schema().query_type
    assert isinstance(root, GraphQLObjectType)
    for where, template in LISTS.items():
        if not where.startswith("Query."):
            continue
        text = (
            "{ found: "
            + template.format("first: 5", "nodes { __typename } edges { cursor }")
            + " }"
        )
        scopes = OURS[who]
        if scopes is not None and may(scopes, of_field(root, where.removeprefix("Query."))):
            continue
        before = len(world.service.statements.sent)
        answer = await world.clients[who].send(text)
        assert [error["path"] for error in answer.body["errors"]] == [["found"]]
        assert answer.body["data"] == {"found": None}
        assert len(world.service.statements.sent) == before


async def test_a_field_that_fails_takes_no_other_answer_with_it(world: World) -> None:
    """A list that may not be null ends its order; what else waited for the same rows goes on."""
    text = """query ($id: ID!, $cart: ID!) {
      a: order(by: {id: $id}) { vouchers(after: "bad") { totalCount } lines { id } totals { fee {
        amount } } fulfillments { id } }
      b: order(by: {id: $id}) { lines { id } totals { fee { amount } } fulfillments { id } }
      c: cart(id: $cart) { lines { id } order { vouchers(after: "bad") { totalCount } } } }"""
    ids = {"id": world.ours.ids["Order"], "cart": world.ours.ids["Cart"]}
    answer = await world.clients["owner"].send(text, ids)
    assert set(answer.codes) == {"INVALID_INPUT"}
    assert answer.body["data"]["a"] is None
    assert answer.body["data"]["c"]["order"] is None
    assert all(answer.body["data"]["b"].values())
    assert answer.body["data"]["c"]["lines"]


async def test_one_document_with_two_operations_runs_the_named_one_alone(world: World) -> None:
    """Rights are those of what runs; the other is neither run nor asked for its rights."""
    cart, order = world.ours.ids["Cart"], world.ours.ids["Order"]
    text = (
        f'query A {{ cart(id: "{cart}") {{ id }} }}'
        f' query B {{ order(by: {{id: "{order}"}}) {{ id }} }}'
    )
    client = world.clients["only orders:read"]
    assert client.credentials is not None
    headers = {
        "X-API-Key": client.credentials["key"],
        "X-API-Secret": client.credentials["secret"],
    }
    for name, codes in (("A", ["FORBIDDEN"]), ("B", [])):
        body = {"query": text, "operationName": name}
        async with client.session.post(client.url, json=body, headers=headers) as response:
            answer = await response.json()
        assert [error["extensions"]["code"] for error in answer.get("errors", [])] == codes


def test_the_wordings_ask_what_they_say() -> None:
    asked = Asked("one", '{ voucher(id: "x") { id code order { status } } }')
    for name, make in WORDINGS.items():
        changed = make().of(asked)
        assert changed.text != asked.text, name
        assert changed.document is not None
