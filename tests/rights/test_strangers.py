"""What belongs to another account answers as what never was: same bytes, same statements."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from domain.ids import Kind, global_id, uuid7
from tests.rights.asking import Asked, bundled, keyed, nodes, parts
from tests.rights.changing import operation
from tests.rights.world import SHARED, World

KINDS = {
    "Cart": Kind.CART,
    "open cart": Kind.CART,
    "Order": Kind.ORDER,
    "Fulfillment": Kind.FULFILLMENT,
    "Voucher": Kind.VOUCHER,
    "OrderEvent": Kind.ORDER_EVENT,
    "WalletEntry": Kind.WALLET_ENTRY,
    "AuditEvent": Kind.AUDIT_EVENT,
    "WebhookEndpoint": Kind.WEBHOOK_ENDPOINT,
    "WebhookDelivery": Kind.WEBHOOK_DELIVERY,
}
WHO = ("stranger", "strange operator")


def unknown(world: World) -> dict[str, str]:
    """Ids like ours that nothing has."""
    made_up = {name: global_id(kind, uuid7()) for name, kind in KINDS.items()}
    return {name: world.ours.ids[name] for name in SHARED} | made_up


@dataclass
class Heard:
    """What a stranger was told, without what is another one each time, and what it cost us."""

    status: int
    text: str
    statements: list[str]


async def hear(world: World, who: str, asked: Asked, names: Mapping[str, str]) -> Heard:
    """Ask; the ids that were asked for stand under their names in what comes back."""
    statements = world.service.statements.sent
    before = len(statements)
    answer = await world.clients[who].send(asked.text, asked.variables)
    await world.service.settle()
    answer.body.pop("extensions", None)
    text = json.dumps(answer.body)
    for name, value in names.items():
        text = text.replace(value, name)
    # Sorted: what is read at the same time reaches the database in any order. A new connection
    # makes the driver ask for its types first.
    sent = (one for one in statements[before:] if not re.search("set_config|typeinfo_tree", one))
    return Heard(answer.status, text, sorted(sent))


def test_every_type_of_an_account_is_tried() -> None:
    assert {*KINDS, *SHARED} - {"open cart"} == set(nodes())


@pytest.mark.parametrize("who", WHO)
async def test_no_way_of_reading_tells_a_foreign_record_from_none(world: World, who: str) -> None:
    foreign, none = world.ours.ids, unknown(world)
    before = await world.state()
    for theirs, nothing in zip(reading(foreign), reading(none), strict=True):
        first = await hear(world, who, theirs, foreign)
        assert first == await hear(world, who, nothing, none), theirs.name
        assert not any(own in first.text for own in world.ours.own), theirs.name
    assert (await world.state()).moved(before) == set()


def reading(ids: Mapping[str, str]) -> list[Asked]:
    """By each field that takes an id, by `node`, `nodes` and `_entities`."""
    one_by_one = [
        asked
        for name, text in parts(ids, 1)
        if name in ("cart", "order", "voucher") or name.removeprefix("node ") in KINDS
        for asked in bundled([(name, text)])
    ]
    own = {name: ids[name] for name in KINDS}
    return [
        *one_by_one,
        Asked("nodes", NODES, {"ids": list(own.values())}),
        Asked(
            "_entities", ENTITIES, {"r": [_key(name, own[name]) for name in keyed() if name in own]}
        ),
    ]


NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"


def _key(name: str, id: str) -> dict[str, str]:
    return {"__typename": name, "id": id}


@pytest.mark.parametrize("who", WHO)
async def test_no_other_name_of_an_order_tells_of_it(world: World, who: str) -> None:
    """By its reference, by the provider's, by the provider's own id, as a filter."""
    text = """query ($id: ID!) { order(by: {id: $id}) { reference fulfillments {
      reference providerOrderId provider { name } } } }"""
    found = await world.clients["owner"].data(text, {"id": world.ours.ids["Order"]})
    order = found["order"]
    [part] = order["fulfillments"]
    names = {
        "reference": order["reference"],
        "theirs": part["reference"],
        "provider order": part["providerOrderId"],
    }
    made_up = {name: value[:-3] + "zzz" for name, value in names.items()}
    for first, second in zip(
        _by_name(names, part["provider"]["name"]),
        _by_name(made_up, part["provider"]["name"]),
        strict=True,
    ):
        heard = await hear(world, who, first, names)
        assert heard == await hear(world, who, second, made_up), first.text
        assert world.ours.ids["Order"] not in heard.text


def _by_name(names: Mapping[str, str], provider: str) -> list[Asked]:
    order = "query ($by: OrderLookup!) { order(by: $by) { id reference } }"
    listed = "query ($f: OrderFilter!) { orders(filter: $f) { totalCount nodes { id } } }"
    key = {"provider": provider, "orderId": names["provider order"]}
    return [
        Asked("reference", order, {"by": {"reference": names["reference"]}}),
        Asked("theirs", order, {"by": {"reference": names["theirs"]}}),
        Asked("provider order", order, {"by": {"providerOrder": key}}),
        Asked("filter", listed, {"f": {"reference": names["reference"]}}),
        Asked("filter theirs", listed, {"f": {"reference": names["theirs"]}}),
    ]


@pytest.mark.parametrize("who", WHO)
async def test_nothing_of_another_account_can_be_changed(world: World, who: str) -> None:
    """Refused in the same words as what never was, at the same cost, and nothing moves."""
    line, own_cart = await _line(world), world.theirs.ids["open cart"]
    foreign = world.ours.ids | {"line": line, "key": f"key-{uuid7()}"}
    none = unknown(world) | {"line": global_id(Kind.CART_LINE, uuid7()), "key": f"key-{uuid7()}"}
    before = await world.state()
    for first, second in zip(
        changing(foreign, own_cart, world), changing(none, own_cart, world), strict=True
    ):
        heard = await hear(world, who, first, foreign)
        assert heard == await hear(world, who, second, none), first.name
        [payload] = json.loads(heard.text)["data"].values()
        assert payload["problems"], first.name
    assert (await world.state()).moved(before) == set()


async def _line(world: World) -> str:
    text = f'{{ cart(id: "{world.ours.ids["open cart"]}") {{ lines {{ id }} }} }}'
    return str((await world.clients["owner"].data(text))["cart"]["lines"][0]["id"])


def changing(ids: Mapping[str, str], own_cart: str, world: World) -> list[Asked]:
    """Every mutation of clients that names a record, and a foreign line in a cart of one's own."""
    cart, order = ids["open cart"], ids["Order"]
    given: list[dict[str, dict[str, Any]]] = [
        {"cartLinesAdd": {"cartId": cart, "lines": [world.line("enkash")]}},
        {"cartLinesUpdate": {"cartId": cart, "lines": [{"id": ids["line"], "quantity": 2}]}},
        {"cartLinesUpdate": {"cartId": own_cart, "lines": [{"id": ids["line"], "quantity": 0}]}},
        {"orderPlace": {"cartId": cart, "idempotencyKey": ids["key"]}},
        {"orderCancel": {"orderId": order, "reason": "mine now"}},
        {"vouchersResend": {"orderId": order}},
        {"webhookReplay": {"endpointId": ids["WebhookEndpoint"], "after": "0"}},
    ]
    return [operation(one, deep=0) for one in given]


@pytest.mark.parametrize("who", WHO)
async def test_an_order_that_another_account_imported_is_unknown_to_the_provider(
    world: World, who: str
) -> None:
    """In words, that is: whether the provider was asked can be told by the clock alone."""
    given = world.importable.pop()
    known = given["orderId"]
    done = await world.send("only orders:import", operation({"orderImport": given}, deep=0))
    assert done.body["data"]["orderImport"]["problems"] == []
    text = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
                order { id } problems { code message path retry outcome retryAfterMs } } }"""
    before = await world.state()
    answers = []
    for order_id in (known, known[:-3] + "999"):
        answer = await world.clients[who].data(text, {"input": given | {"orderId": order_id}})
        answers.append(json.dumps(answer))
    assert answers[0] == answers[1]
    assert (await world.state()).moved(before) <= {"requests"}


@pytest.mark.parametrize("who", WHO)
async def test_lists_hold_what_is_ones_own_alone(world: World, who: str) -> None:
    """Every field of Query, read whole: no id, no secret of another account stands in it."""
    theirs = bundled(parts(world.theirs.ids, 1))
    for asked in theirs:
        answer = await world.clients[who].send(asked.text)
        found = {
            name: value
            for name, value in answer.body["data"].items()
            if name != "fulfillments"  # operators see those of all accounts
        }
        text = json.dumps(found)
        assert not any(own in text for own in world.ours.own | world.ours.secrets), asked.name
        whole = json.dumps(answer.body)
        assert not any(secret in whole for secret in world.ours.secrets), asked.name


async def test_what_operators_see_of_other_accounts_stays_sealed(world: World) -> None:
    """Below `fulfillments` they see the orders of all accounts, and open none of their vouchers."""
    before = await world.state()
    answer = await world.clients["strange operator"].send(
        """{ fulfillments(first: 50) { nodes { order { id vouchers(first: 9) { nodes {
             id maskedCode code pin claimUrl referenceNumber } } } } } }"""
    )
    text = json.dumps(answer.body)
    assert world.ours.ids["Order"] in text
    assert set(answer.codes) == {"UNSUPPORTED"}
    assert not any(secret in text for secret in world.ours.secrets | world.theirs.secrets)
    assert "opened" not in (await world.state()).moved(before)
