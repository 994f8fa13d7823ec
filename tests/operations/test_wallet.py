"""Wallets: money comes in once for each key, and every movement is told to its owner alone."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app import issuing
from db import limits
from db.limits import SpendLimit
from domain.ids import Kind, global_id, uuid7
from tests.operations.service import Service

TOP_UP = """mutation ($input: WalletTopUpInput!) { walletTopUp(input: $input) {
  replayed problems { code message path retry }
  wallet { balances { available { amount currency } held { amount currency } }
           entries { nodes { id kind amount { amount currency } order { id }
                             balanceAfter { amount } heldAfter { amount } } } } } }"""
WALLET = """query ($first: Int, $after: String, $last: Int, $before: String) { wallet {
  balances { available { amount currency } held { amount currency } }
  entries(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } }
    nodes { id at kind amount { amount currency } balanceAfter { amount currency }
            heldAfter { amount currency } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


async def top_up(service: Service, client: str = "operator", **given: Any) -> Any:
    wanted = {"amount": "100.00", "currency": "INR", "idempotencyKey": "key-00001", **given}
    return (await service.client(client).data(TOP_UP, {"input": wanted}))["walletTopUp"]


async def account(service: Service, name: str) -> UUID:
    async with service.program.database.worker() as conn:
        found: UUID = await conn.fetchval("SELECT id FROM accounts WHERE name = $1", name)
    return found


async def written(service: Service) -> Any:
    """Everything a top-up may write."""
    async with service.program.database.worker() as conn:
        return tuple(
            await conn.fetchrow(
                "SELECT (SELECT count(*) FROM transfers), (SELECT count(*) FROM topups),"
                " (SELECT coalesce(sum(available), 0) FROM wallets),"
                " (SELECT count(*) FROM audit_events)"
            )
            or ()
        )


def balances(wallet: Any) -> dict[str, tuple[str, str]]:
    return {
        one["available"]["currency"]: (one["available"]["amount"], one["held"]["amount"])
        for one in wallet["balances"]
    }


def told(problems: Sequence[Any]) -> list[tuple[str, list[str]]]:
    return [(problem["code"], problem["path"]) for problem in problems]


async def test_money_comes_in_and_the_owner_sees_it(service: Service) -> None:
    done = await top_up(service, amount="1234.5")
    assert (done["problems"], done["replayed"]) == ([], False)
    assert balances(done["wallet"]) == {"INR": ("1234.50", "0.00")}
    [entry] = done["wallet"]["entries"]["nodes"]
    assert (entry["kind"], entry["amount"]) == ("TOP_UP", {"amount": "1234.50", "currency": "INR"})
    assert (entry["order"], entry["balanceAfter"]) == (None, {"amount": "1234.50"})
    seen = (await service.client("partner").data(WALLET))["wallet"]
    assert seen["entries"]["nodes"][0]["id"] == entry["id"]
    found = await service.client("partner").data(
        "query ($id: ID!) { node(id: $id) { id ... on WalletEntry { kind } } }",
        {"id": entry["id"]},
    )
    assert found["node"] == {"id": entry["id"], "kind": "TOP_UP"}


async def test_the_same_request_again_adds_nothing_and_shows_the_wallet_of_now(
    service: Service,
) -> None:
    await top_up(service)
    await top_up(service, idempotencyKey="key-00002", amount="11")
    before = await written(service)
    again = await top_up(service, amount="100.0")
    assert (again["problems"], again["replayed"]) == ([], True)
    assert balances(again["wallet"]) == {"INR": ("111.00", "0.00")}
    assert await written(service) == before


@pytest.mark.parametrize(
    "other", [{"amount": "100.01"}, {"currency": "USD"}, {"account": "ACCOUNT"}, {"amount": "-1"}]
)
async def test_a_key_of_something_else_is_refused(service: Service, other: dict[str, str]) -> None:
    await top_up(service)
    before = await written(service)
    if "account" in other:
        other = {"account": global_id(Kind.ACCOUNT, await account(service, "other"))}
    done = await top_up(service, **other)
    assert told(done["problems"]) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    assert done["problems"][0]["retry"] == "NEW_KEY"
    assert (done["wallet"], done["replayed"]) == (None, False)
    assert await written(service) == before


async def test_many_at_once_with_one_key_add_once(service: Service) -> None:
    done = await asyncio.gather(*(top_up(service) for _ in range(10)))
    assert all(one["problems"] == [] for one in done)
    assert [one["replayed"] for one in done].count(False) == 1
    assert {tuple(balances(one["wallet"]).items()) for one in done} == {
        (("INR", ("100.00", "0.00")),)
    }
    assert await written(service) == (1, 1, Decimal("100.00"), 1)


async def test_a_refused_request_leaves_its_key_free(service: Service) -> None:
    nobody = global_id(Kind.ACCOUNT, uuid7())
    cases: list[tuple[dict[str, str], list[tuple[str, list[str]]]]] = [
        ({"amount": "0"}, [("INVALID_INPUT", ["input", "amount"])]),
        ({"amount": "-5"}, [("INVALID_INPUT", ["input", "amount"])]),
        ({"amount": "1.001"}, [("INVALID_INPUT", ["input", "amount"])]),
        ({"amount": "1.5", "currency": "JPY"}, [("INVALID_INPUT", ["input", "amount"])]),
        ({"amount": "99999999999999999999"}, [("INVALID_INPUT", ["input", "amount"])]),
        ({"currency": "rupees"}, [("INVALID_INPUT", ["input", "currency"])]),
        (
            {"currency": "", "amount": "0"},
            [("INVALID_INPUT", ["input", "currency"]), ("INVALID_INPUT", ["input", "amount"])],
        ),
        ({"account": nobody}, [("NOT_FOUND", ["input", "account"])]),
        ({"account": "nonsense"}, [("NOT_FOUND", ["input", "account"])]),
    ]
    for given, problems in cases:
        done = await top_up(service, **given)
        assert told(done["problems"]) == problems, given
        assert done["wallet"] is None
    assert await written(service) == (0, 0, Decimal(0), 0)
    assert (await top_up(service))["replayed"] is False


@pytest.mark.parametrize("key", ["short", "x" * 256, "with space", "k\u00e9y-00001", "line\nbreak"])
async def test_a_strange_key_is_refused_by_its_type(service: Service, key: str) -> None:
    wanted = {"amount": "1", "currency": "INR", "idempotencyKey": key}
    answer = await service.client("operator").send(TOP_UP, {"input": wanted})
    assert answer.codes == ["INVALID_INPUT"]
    assert await written(service) == (0, 0, Decimal(0), 0)


async def test_an_operator_fills_another_accounts_wallet_and_leaves_a_trace_there(
    service: Service,
) -> None:
    theirs = await account(service, "other")
    done = await top_up(
        service, account=global_id(Kind.ACCOUNT, theirs), amount="5", currency="USD"
    )
    assert balances(done["wallet"]) == {"USD": ("5.00", "0.00")}
    [entry] = done["wallet"]["entries"]["nodes"]
    for name, expected in (("other", {"USD": ("5.00", "0.00")}), ("operator", {})):
        wallet = (await service.client(name).data(WALLET))["wallet"]
        assert balances(wallet) == expected
    found = await service.client("other").data(
        "{ auditEvents { nodes { action subject actor fields } } }"
    )
    [event] = found["auditEvents"]["nodes"]
    assert (event["action"], event["subject"]) == ("WALLET_TOPPED_UP", entry["id"])
    assert event["fields"] == ["5.00 USD"]
    mine = await service.client("operator").data("{ auditEvents { nodes { action } } }")
    assert mine["auditEvents"]["nodes"] == []


async def test_entries_are_paged_newest_first_with_the_balance_after_each(service: Service) -> None:
    for number in range(1, 8):
        currency = "INR" if number % 2 else "USD"
        await top_up(
            service, amount=str(number), currency=currency, idempotencyKey=f"page-{number:04d}"
        )
    partner = service.client("partner")
    whole = (await partner.data(WALLET))["wallet"]
    nodes = whole["entries"]["nodes"]
    assert [Decimal(node["amount"]["amount"]) for node in nodes] == list(range(7, 0, -1))
    assert balances(whole) == {"INR": ("16.00", "0.00"), "USD": ("12.00", "0.00")}
    after: dict[str, Decimal] = {}
    for node in reversed(nodes):
        currency = node["amount"]["currency"]
        after[currency] = after.get(currency, Decimal(0)) + Decimal(node["amount"]["amount"])
        assert Decimal(node["balanceAfter"]["amount"]) == after[currency]
        assert node["heldAfter"] == {"amount": "0.00", "currency": currency}
    ids, cursor = [], None
    while True:
        page = (await partner.data(WALLET, {"first": 3, "after": cursor}))["wallet"]["entries"]
        ids += [edge["node"]["id"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert ids == [node["id"] for node in nodes]
    last = (await partner.data(WALLET, {"last": 2, "before": cursor}))["wallet"]["entries"]
    assert [node["id"] for node in last["nodes"]] == ids[-3:-1]
    foreign = await service.client("other").send(WALLET, {"first": 3, "after": cursor})
    assert foreign.codes == ["INVALID_INPUT"]


async def test_a_wallet_costs_one_statement_for_each_part_that_is_asked(service: Service) -> None:
    await top_up(service)
    sent = service.statements.sent
    for query, count in (
        ("{ wallet { __typename } }", 0),
        ("{ wallet { balances { held { amount } } } }", 1),
        ("{ wallet { balances { held { amount } } entries { nodes { id order { id } } } } }", 2),
    ):
        sent.clear()
        await service.client("partner").data(query)
        assert len(sent) == count, sent


async def test_what_an_order_moved_costs_one_statement_only_when_asked(service: Service) -> None:
    known = service.simulators["enkash"].seeded_orders[0].order_id
    order = await service.imported("enkash", known)
    query = "query ($id: ID!) { order(by: {id: $id}) { totals { price { amount } FIELDS } } }"
    partner, sent = service.client("partner"), service.statements.sent
    for fields, count in (("", 2), ("held { amount } captured { amount } refunded { amount }", 3)):
        sent.clear()
        found = await partner.data(query.replace("FIELDS", fields), {"id": order})
        assert len(sent) == count, sent
    [total] = found["order"]["totals"]
    assert {total[name]["amount"] for name in ("held", "captured", "refunded")} == {"0.00"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("partner", "FORBIDDEN"), ("readonly", "FORBIDDEN"), (None, "UNAUTHENTICATED")],
)
async def test_filling_a_wallet_needs_its_scope(
    service: Service, name: str | None, code: str
) -> None:
    wanted = {"amount": "1", "currency": "INR", "idempotencyKey": "key-00001"}
    answer = await service.client(name).send(TOP_UP, {"input": wanted})
    assert answer.codes == [code]
    assert await written(service) == (0, 0, Decimal(0), 0)


@pytest.mark.parametrize(("name", "code"), [("readonly", "FORBIDDEN"), (None, "UNAUTHENTICATED")])
async def test_seeing_a_wallet_needs_its_scope(
    service: Service, name: str | None, code: str
) -> None:
    [entry] = (await top_up(service))["wallet"]["entries"]["nodes"]
    for query in (
        "{ wallet { __typename } }",
        f'{{ wallet: node(id: "{entry["id"]}") {{ id }} }}',
    ):
        answer = await service.client(name).send(query)
        assert answer.codes == [code]
        assert answer.body["data"] in (None, {"wallet": None})


async def test_a_strangers_entry_is_one_that_is_not_there(service: Service) -> None:
    [entry] = (await top_up(service))["wallet"]["entries"]["nodes"]
    other = service.client("other")
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert await other.data(query, {"id": entry["id"]}) == {"node": None}
    assert (await other.data(WALLET))["wallet"]["entries"]["nodes"] == []


async def test_a_client_is_made_with_its_limits(service: Service) -> None:
    spend = issuing.spend_limits(["INR=50000/day", "USD=20.5/order", "INR=100/order"])
    owner = await account(service, "demo")
    parts = service.program.parts
    made = await issuing.create(parts, owner, "shop", ("orders:place",), (), spend)
    async with service.program.database.worker() as conn:
        client = await conn.fetchval("SELECT id FROM api_clients WHERE key_id = $1", made.key)
        assert await limits.of(conn, client) == [
            SpendLimit("INR", Decimal(50000), Decimal(100)),
            SpendLimit("USD", None, Decimal("20.5")),
        ]
