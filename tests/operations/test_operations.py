"""What operators do: rights, effects, nothing moved when refused, every act audited."""

from decimal import Decimal
from typing import Any

import pytest

from domain.ids import Kind, global_id, uuid7
from simulators.world import State
from tests.operations.buying import (
    Buyer,
    ledger,
    pass_time,
    until,
)
from tests.operations.operating import (
    CANCEL,
    PAUSE,
    RESEND,
    RESOLVE,
    RESUME,
    Operator,
    state,
    stuck,
    turned,
)
from tests.operations.service import Service

PART = """query ($f: FulfillmentFilter) { fulfillments(first: 50, filter: $f) { totalCount nodes {
  id status reference provider { name } line { quantity }
  attempts { number outcome startedAt finishedAt providerCode } charged { amount }
  order { id reference status lines { productName } fulfillments { id }
          events(first: 5) { nodes { type } }
          vouchers(first: 5) { nodes { maskedCode order { id } } } } } } }"""


@pytest.fixture
def operator(service: Service) -> Operator:
    return Operator(service)


# ------------------------------------------------------------------ rights

SOME = global_id(Kind.FULFILLMENT, uuid7())
ORDER = global_id(Kind.ORDER, uuid7())
GUARDED: dict[str, tuple[str, dict[str, Any]]] = {
    "fulfillments": ("{ fulfillments { nodes { id } } }", {}),
    "pause": (PAUSE, {"provider": "enkash", "reason": "why"}),
    "resume": (RESUME, {"provider": "enkash"}),
    "resolve": (
        RESOLVE,
        {"fulfillmentId": SOME, "resolution": "RELEASE", "reason": "why"},
    ),
}
BUYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "cancel": (CANCEL, {"orderId": ORDER, "reason": "why"}),
    "resend": (RESEND, {"orderId": ORDER}),
}


@pytest.mark.parametrize("name", [*GUARDED, *BUYERS])
async def test_whoever_has_not_the_scope_is_refused_and_nothing_moves(
    service: Service, name: str
) -> None:
    query, given = (GUARDED | BUYERS)[name]
    strangers = ("readonly", "partner", "other") if name in GUARDED else ("readonly", "operator")
    before = await state(service)
    for client, code in ((None, "UNAUTHENTICATED"), *((one, "FORBIDDEN") for one in strangers)):
        answer = await service.client(client).send(query, {"input": given} if given else None)
        assert set(answer.codes) == {code}
        assert list(answer.body["data"].values()) == [None]
    await service.settle()
    assert await state(service) == before


@pytest.mark.parametrize("name", BUYERS)
async def test_an_order_of_another_account_is_not_found(
    service: Service, buyer: Buyer, name: str
) -> None:
    order = await buyer.buy("enkash", 1)
    query, given = BUYERS[name]
    before = await state(service)
    mine = await service.client("other").data(query, {"input": given | {"orderId": order["id"]}})
    none = await service.client("other").data(query, {"input": given})
    assert mine == none
    [payload] = mine.values()
    assert payload["order"] is None
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_FOUND"]
    assert await state(service) == before


# ------------------------------------------------------------------ fulfillments of all accounts


async def test_operators_see_all_accounts_and_open_nothing(service: Service, buyer: Buyer) -> None:
    other = Buyer(service, "other")
    mine, theirs = await buyer.buy("enkash", 1), await other.buy("woohoo", 2)
    operator = service.client("operator")
    found = (await operator.data(PART))["fulfillments"]
    assert found["totalCount"] == 2
    by_order = {node["order"]["id"]: node for node in found["nodes"]}
    assert set(by_order) == {mine["id"], theirs["id"]}
    part = by_order[theirs["id"]]
    assert part["order"]["reference"] == theirs["reference"]
    assert part["order"]["fulfillments"] == [{"id": part["id"]}]
    assert part["order"]["lines"][0]["productName"]
    assert part["order"]["events"]["nodes"][0] == {"type": "PLACED"}
    assert [v["order"]["id"] for v in part["order"]["vouchers"]["nodes"]] == [theirs["id"]] * 2
    assert [(a["number"], a["outcome"]) for a in part["attempts"]] == [(1, "ACCEPTED")]
    assert Decimal(by_order[mine["id"]]["charged"]["amount"]) > 0


async def test_other_ways_to_a_foreign_record_stay_closed_in_the_same_operation(
    service: Service, buyer: Buyer
) -> None:
    theirs = await Buyer(service, "other").buy("woohoo", 1)
    answer = await service.client("operator").data(
        """query ($id: ID!) {
             seen: fulfillments { nodes { order { id vouchers { nodes { id } } } } }
             order(by: {id: $id}) { id } node(id: $id) { id } nodes(ids: [$id]) { id }
             orders { nodes { id } }
             _entities(representations: [{__typename: "Order", id: $id}]) { __typename } }""",
        {"id": theirs["id"]},
    )
    assert [node["order"]["id"] for node in answer["seen"]["nodes"]] == [theirs["id"]]
    assert (answer["order"], answer["node"], answer["nodes"]) == (None, None, [None])
    assert answer["orders"]["nodes"] == []
    assert answer["_entities"] == [None]


async def test_vouchers_below_fulfillments_stay_sealed_even_with_the_scope(
    service: Service, buyer: Buyer
) -> None:
    await buyer.buy("enkash", 1)
    await Buyer(service, "other").buy("enkash", 1)
    async with service.program.database._acquired() as conn:
        await conn.execute(
            "UPDATE api_clients SET scopes = array_remove(scopes, 'orders:import')"
            " || '{vouchers:reveal}'::text[] WHERE name = 'operator'"
        )
    query = "{ fulfillments { nodes { order { vouchers { nodes { maskedCode code pin } } } } } }"
    answer = await service.client("operator").send(query)
    assert set(answer.codes) == {"UNSUPPORTED"}
    units = [
        unit
        for node in answer.body["data"]["fulfillments"]["nodes"]
        for unit in node["order"]["vouchers"]["nodes"]
    ]
    assert [(unit["code"], unit["pin"]) for unit in units] == [(None, None)] * 2
    assert await Operator(service).audited("VOUCHER_REVEALED") == []


async def test_a_page_of_fulfillments_costs_one_statement_and_one_per_relation(
    service: Service, buyer: Buyer
) -> None:
    for _ in range(3):
        await buyer.buy("enkash", 1)
    client = service.client("operator")
    query = "{ fulfillments { nodes { id reference order { reference } line { quantity }"
    query += " attempts { number } } } }"
    await client.data(query)  # the driver learns the types
    service.statements.sent.clear()
    await client.data(query)
    assert len(service.statements.sent) == 4, service.statements.sent


async def test_filters_and_cursors(service: Service, buyer: Buyer) -> None:
    for provider in ("enkash", "woohoo", "enkash"):
        await buyer.buy(provider, 1)
    await Buyer(service, "other").buy("enkash", 1)
    client = service.client("operator")
    viewer = await service.client("other").data("{ viewer { account } }")
    account = viewer["viewer"]["account"]

    async def count(**given: Any) -> int:
        return int((await client.data(PART, {"f": given}))["fulfillments"]["totalCount"])

    assert await count(provider=["enkash"]) == 3
    assert await count(provider=["enkash"], account=account) == 1
    assert await count(status=["FULFILLED"]) == 4
    assert await count(status=["NEEDS_REVIEW", "UNKNOWN"]) == 0
    bad = await client.send(PART, {"f": {"account": "nonsense"}})
    assert bad.codes == ["INVALID_INPUT"]
    assert bad.body["errors"][0]["extensions"]["argument"] == "filter.account"
    query = "query ($a: String) { fulfillments(first: 3, after: $a) { nodes { id } pageInfo {"
    query += " endCursor hasNextPage } } }"
    first = (await client.data(query))["fulfillments"]
    rest = (await client.data(query, {"a": first["pageInfo"]["endCursor"]}))["fulfillments"]
    assert first["pageInfo"]["hasNextPage"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert len({node["id"] for node in first["nodes"] + rest["nodes"]}) == 4


# ------------------------------------------------------------------ pausing a provider


async def test_a_paused_provider_is_sent_nothing_until_it_is_resumed(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    payload = await operator.pause("enkash", "their desk asked us to")
    assert payload == {"provider": {"name": "enkash", "health": {"paused": True}}, "problems": []}
    order = await buyer.buy("enkash")
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "READY"
    assert service.simulators["enkash"].requests["place"] == 0
    assert (await buyer.buy("woohoo", 1))["status"] == "DELIVERED"
    # Pausing twice is one act; so is resuming.
    await operator.pause("enkash")
    assert (await operator.resume("enkash"))["provider"]["health"] == {"paused": False}
    assert (await operator.resume("enkash"))["problems"] == []
    await pass_time(service)
    await until(service, buyer, order["id"], "FULFILLED")
    assert len(ledger(service, "enkash")) == 1
    [paused] = await operator.audited("PROVIDER_PAUSED")
    assert (paused["name"], paused["purpose"]) == ("demo", "their desk asked us to")
    assert paused["actor"]
    assert len(await operator.audited("PROVIDER_RESUMED")) == 1


async def test_a_paused_provider_is_still_read(
    service: Service, buyer: Buyer, operator: Operator
) -> None:
    order = await stuck(service, buyer, "enkash")
    await operator.pause("enkash")
    turned(service, "enkash", State.DELIVERED, 2)
    await pass_time(service)
    assert (await buyer.order(order["id"]))["status"] == "DELIVERED"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"provider": "acme", "reason": "why"}, ["input", "provider"]),
        ({"provider": "enkash", "reason": "  "}, ["input", "reason"]),
        ({"provider": "enkash", "reason": "a\nb"}, ["input", "reason"]),
        ({"provider": "enkash", "reason": "x" * 501}, ["input", "reason"]),
    ],
)
async def test_a_bad_pause_changes_nothing(
    service: Service, operator: Operator, given: dict[str, str], path: list[str]
) -> None:
    before = await state(service)
    payload = await operator.pause(**given)
    assert payload["provider"] is None
    assert [(p["code"], p["path"]) for p in payload["problems"]] == [("INVALID_INPUT", path)]
    assert await state(service) == before
