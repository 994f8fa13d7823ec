"""Carts: what they refuse and how they change, what a read costs, who may touch them."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import Kind, global_id, uuid7
from tests.operations.service import Service
from tests.operations.shop import ADD, CREATE, PROVIDERS, UPDATE, Shop, at, line, opened, told


@pytest.fixture
async def shop(service: Service) -> Shop:
    return await opened(service)


async def test_the_same_product_and_face_value_become_one_line(shop: Shop) -> None:
    product = await shop.fixed("woohoo")
    cart = await shop.create(line(product, 1), line(product, 2))
    [one] = cart["lines"]
    assert one["quantity"] == 3
    face = Decimal(one["faceValue"]["amount"])
    added = await shop.send(ADD, cart=cart["id"], lines=[line(product, 2, f"{face:.3f}")])
    [more] = added["cart"]["lines"]
    assert (more["id"], more["quantity"]) == (one["id"], 5)
    assert Decimal(more["total"]["amount"]) > Decimal(one["total"]["amount"])
    shown = await shop.read(cart)
    assert [x["quantity"] for x in shown["lines"]] == [5]
    assert shown["warnings"] == [], "another quantity is no moved price"


async def test_quantities_change_and_zero_removes(shop: Shop) -> None:
    first, second = await shop.fixed("enkash"), await shop.fixed("xoxoday")
    cart = await shop.create(line(first, 2), line(second, 1))
    one, other = cart["lines"]
    changes = [{"id": one["id"], "quantity": 0}, {"id": other["id"], "quantity": 3}]
    done = await shop.send(UPDATE, cart=cart["id"], lines=changes)
    assert done["problems"] == []
    assert [(x["id"], x["quantity"]) for x in done["cart"]["lines"]] == [(other["id"], 3)]
    assert done["cart"]["updatedAt"] > cart["updatedAt"]
    emptied = await shop.send(UPDATE, cart=cart["id"], lines=[{"id": other["id"], "quantity": 0}])
    assert emptied["cart"]["lines"] == emptied["cart"]["totals"] == []
    assert (await shop.read(cart))["totalQuantity"] == 0


async def test_everything_wrong_is_told_at_once_and_nothing_changes(shop: Shop) -> None:
    fixed, ranged = await shop.fixed("enkash"), await shop.ranged("enkash")
    gone = next(node for node in await shop.goods("enkash") if not node["available"])
    cart = await shop.create(line(fixed, 1))
    before = await shop.rows()
    cap = fixed["denominations"]["values"][0]["maxQuantity"]
    over = str(Decimal(ranged["denominations"]["max"]["amount"]) + 1)
    lines = [
        {**line(fixed), "productId": "nonsense"},
        {**line(fixed), "productId": global_id(Kind.PRODUCT, uuid7())},
        line(fixed, 1, "1.23"),
        line(ranged, 0, over),
        line(fixed, cap),
        {**line(fixed), "faceValue": "-5", "quantity": -1},
        line(gone),
        line(fixed, 1, "99999999999999999999"),
    ]
    done = await shop.send(ADD, cart=cart["id"], lines=lines)
    assert done["cart"] is None
    assert told(done["problems"]) == [
        ("NOT_FOUND", at(0, "productId")),
        ("NOT_FOUND", at(1, "productId")),
        ("DENOMINATION_NOT_OFFERED", at(2, "faceValue")),
        ("DENOMINATION_NOT_OFFERED", at(3, "faceValue")),
        ("INVALID_INPUT", at(3, "quantity")),
        ("QUANTITY_TOO_LARGE", at(4, "quantity")),
        ("INVALID_INPUT", at(5, "faceValue")),
        ("INVALID_INPUT", at(5, "quantity")),
        ("PRODUCT_UNAVAILABLE", at(6, "productId")),
        ("DENOMINATION_NOT_OFFERED", at(7, "faceValue")),
    ]
    messages = [problem["message"] for problem in done["problems"]]
    offered = fixed["denominations"]["values"][0]["faceValue"]["amount"]
    assert offered in messages[2]
    assert ranged["denominations"]["max"]["amount"] in messages[3]
    assert str(cap) in messages[5]
    assert {p["outcome"] for p in done["problems"]} == {"NOT_STARTED"}
    assert await shop.rows() == before
    assert (await shop.send(CREATE, lines=lines))["cart"] is None
    assert await shop.rows() == before


async def test_a_step_and_both_ends_of_a_range_hold(shop: Shop) -> None:
    ranged = await shop.ranged("enkash")
    offered = ranged["denominations"]
    assert offered["step"] == "1"
    for face in (offered["min"]["amount"], offered["max"]["amount"]):
        await shop.create(line(ranged, 1, face))
    half = str(Decimal(offered["min"]["amount"]) + Decimal("0.5"))
    done = await shop.send(CREATE, lines=[line(ranged, 1, half)])
    assert told(done["problems"]) == [("DENOMINATION_NOT_OFFERED", at(0, "faceValue"))]
    assert "steps of 1" in done["problems"][0]["message"]


async def test_updates_refuse_strange_lines_and_quantities(shop: Shop) -> None:
    product = await shop.fixed("enkash")
    cart = await shop.create(line(product, 1))
    other = await shop.create(line(product, 1))
    before = await shop.rows()
    [one] = cart["lines"]
    cap = product["denominations"]["values"][0]["maxQuantity"]
    changes = [
        {"id": other["lines"][0]["id"], "quantity": 1},
        {"id": one["id"], "quantity": cap + 1},
        {"id": one["id"], "quantity": -1},
        {"id": "x", "quantity": 2_000_000_000},
    ]
    done = await shop.send(UPDATE, cart=cart["id"], lines=changes)
    assert told(done["problems"]) == [
        ("NOT_FOUND", at(0, "id")),
        ("QUANTITY_TOO_LARGE", at(1, "quantity")),
        ("INVALID_INPUT", at(2, "id")),
        ("INVALID_INPUT", at(2, "quantity")),
        ("NOT_FOUND", at(3, "id")),
    ]
    assert await shop.rows() == before


async def test_a_cart_has_at_most_a_hundred_lines(shop: Shop) -> None:
    ranged = await shop.ranged("enkash")
    lines = [line(ranged, 1, str(face)) for face in range(1, 102)]
    cart = await shop.create(*lines[:100])
    assert len(cart["lines"]) == 100
    done = await shop.send(ADD, cart=cart["id"], lines=lines[100:])
    assert told(done["problems"]) == [("INVALID_INPUT", ["input", "lines"])]
    more = await shop.send(ADD, cart=cart["id"], lines=lines[:1])
    assert more["problems"] == [], "a line that is there already is no new one"


async def test_a_lower_cap_lowers_the_quantity(shop: Shop) -> None:
    product = await shop.fixed("enkash")
    cap = product["denominations"]["values"][0]["maxQuantity"]
    cart = await shop.create(line(product, cap))
    async with shop.service.program.database.worker() as conn:
        await conn.execute(
            """UPDATE products SET denominations = jsonb_set(denominations, '{values}',
                 (SELECT jsonb_agg(jsonb_set(v, '{4}', '2'))
                    FROM jsonb_array_elements(denominations -> 'values') v))
                WHERE sku = $1""",
            product["sku"],
        )
    shown = await shop.read(cart)
    assert [x["quantity"] for x in shown["lines"]] == [2]
    assert [x["live"] for x in shown["lines"]] == [True]
    assert [w["code"] for w in shown["warnings"]] == ["QUANTITY_CAPPED"]
    again = await shop.read(cart)
    assert again["warnings"] == []
    assert [x["quantity"] for x in again["lines"]] == [2]


async def test_changes_at_once_all_happen(shop: Shop) -> None:
    products = [await shop.fixed(name) for name in PROVIDERS]
    cart = await shop.create()
    done = await asyncio.gather(
        *(shop.send(ADD, cart=cart["id"], lines=[line(products[n % 4])]) for n in range(12))
    )
    assert all(one["problems"] == [] for one in done)
    shown = await shop.read(cart)
    assert sorted(x["quantity"] for x in shown["lines"]) == [3, 3, 3, 3]
    assert all(x["live"] for x in shown["lines"])


async def test_an_ordered_cart_refuses_changes_and_stays_as_it_was(shop: Shop) -> None:
    product = await shop.fixed("enkash")
    cart = await shop.create(line(product, 2))
    known = shop.service.simulators["enkash"].seeded_orders[0].order_id
    await shop.service.imported("enkash", known)
    async with shop.service.program.database.worker() as conn:
        await conn.execute("UPDATE carts SET order_id = (SELECT id FROM orders LIMIT 1)")
    change = [{"id": cart["lines"][0]["id"], "quantity": 0}]
    for done in (
        await shop.send(ADD, cart=cart["id"], lines=[line(product)]),
        await shop.send(UPDATE, cart=cart["id"], lines=change),
    ):
        assert told(done["problems"]) == [("CART_CHECKED_OUT", ["input", "cartId"])]
    for simulator in shop.service.simulators.values():
        simulator.requests.clear()
    shown = await shop.read(cart)
    assert shown["order"] is not None
    assert shown["lines"][0]["total"] == cart["lines"][0]["total"]
    assert (shown["lines"][0]["live"], shown["warnings"]) == (False, [])
    assert sum(shop.service.simulators["enkash"].requests.values()) == 0


# ------------------------------------------------------------------ costs and rights


async def test_a_read_costs_few_statements_and_none_for_what_is_not_asked(shop: Shop) -> None:
    cart = await shop.create(*[line(await shop.fixed(name)) for name in PROVIDERS])
    sent, partner = shop.service.statements.sent, shop.service.client("partner")
    for simulator in shop.service.simulators.values():
        simulator.requests.clear()
    sent.clear()
    await partner.data("query ($id: ID!) { cart(id: $id) { id updatedAt } }", {"id": cart["id"]})
    assert len(sent) == 2, sent
    assert all(not simulator.requests for simulator in shop.service.simulators.values())
    sent.clear()
    shown = await shop.read(cart)
    assert all(one["live"] for one in shown["lines"])
    # The cart and its lines, the products; then locked, with lines, and the prices kept.
    assert len(sent) == 6, sent
    assert all(
        sum(simulator.requests.values()) <= 2 for simulator in shop.service.simulators.values()
    )


async def test_aliases_of_one_cart_ask_its_providers_once(shop: Shop) -> None:
    cart = await shop.create(line(await shop.fixed("enkash")))
    simulator = shop.service.simulators["enkash"]
    simulator.requests.clear()
    query = """query ($id: ID!) { a: cart(id: $id) { lines { live } }
                 b: cart(id: $id) { totals { price { amount } } } }"""
    await shop.service.client("partner").data(query, {"id": cart["id"]})
    assert sum(simulator.requests.values()) == 1


WAYS = {
    "cart": '{ found: cart(id: "ID") { id totalQuantity } }',
    "node": '{ found: node(id: "ID") { ... on Cart { id totalQuantity } } }',
    "nodes": '{ found: nodes(ids: ["ID"]) { ... on Cart { id totalQuantity } } }',
    "entities": '{ found: _entities(representations: [{__typename: "Cart", id: "ID"}])'
    " { ... on Cart { id totalQuantity } } }",
}


@pytest.mark.parametrize("way", WAYS)
async def test_only_the_owner_with_the_scope_sees_a_cart(shop: Shop, way: str) -> None:
    cart = await shop.create(line(await shop.fixed("enkash"), 2))
    made_up = global_id(Kind.CART, uuid7())

    async def ask(name: str | None, id: str) -> Any:
        return await shop.service.client(name).send(WAYS[way].replace("ID", id))

    mine = (await ask("partner", cart["id"])).data["found"]
    mine = mine[0] if isinstance(mine, list) else mine
    assert mine == {"id": cart["id"], "totalQuantity": 2}
    for name, code in (
        ("readonly", "FORBIDDEN"),
        ("operator", "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    ):
        answer = await ask(name, cart["id"])
        assert set(answer.codes) == {code}
        assert answer.body["data"] is None or answer.body["data"]["found"] in (None, [None])
    stranger = await ask("other", cart["id"])
    assert stranger.body == (await ask("other", made_up)).body
    assert stranger.data["found"] in (None, [None])


async def test_a_strangers_cart_is_one_that_is_not_there(shop: Shop) -> None:
    product = await shop.fixed("enkash")
    cart = await shop.create(line(product))
    before = await shop.rows()
    other = Shop(shop.service, "other")
    made_up = global_id(Kind.CART, uuid7())
    for query, lines in (
        (ADD, [line(product)]),
        (UPDATE, [{"id": cart["lines"][0]["id"], "quantity": 0}]),
    ):
        theirs = await other.send(query, cart=cart["id"], lines=lines)
        assert theirs == await other.send(query, cart=made_up, lines=lines)
        assert theirs == await other.send(query, cart="nonsense", lines=lines)
        assert told(theirs["problems"]) == [("NOT_FOUND", ["input", "cartId"])]
    assert await shop.rows() == before


@pytest.mark.parametrize(("name", "code"), [("readonly", "FORBIDDEN"), (None, "UNAUTHENTICATED")])
async def test_filling_a_cart_needs_its_scope(shop: Shop, name: str | None, code: str) -> None:
    product = await shop.fixed("enkash")
    answer = await shop.service.client(name).send(CREATE, {"lines": [line(product)]})
    assert answer.codes == [code]
    assert await shop.rows() == []
