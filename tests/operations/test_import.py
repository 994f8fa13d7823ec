"""Importing an order: twice is once, and every refusal is clear and leaves nothing behind."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import Kind, global_id
from simulators.world import State
from tests.operations.service import Service, add_orders

PROVIDERS = ("enkash", "starship", "xoxoday", "woohoo")
LEFT_BEHIND = """
SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_lines)
     + (SELECT count(*) FROM fulfillments) + (SELECT count(*) FROM vouchers)
     + (SELECT count(*) FROM order_events) + (SELECT count(*) FROM audit_events)
     + (SELECT count(*) FROM fulfillment_aliases)"""
ORDER = """
query ($provider: String!, $id: String!) {
  order(by: {providerOrder: {provider: $provider, orderId: $id}}) {
    id reference origin status settled placedAt
    lines { productName quantity delivered failed product { id name sku }
            faceValue { amount currency } total { amount currency } }
    totals { price { amount currency } captured { amount } }
    fulfillments { reference providerOrderId status delivered total provider { name } }
    vouchers(first: 100) { totalCount nodes {
      type maskedCode faceValue { amount currency } expiresAt expiresOn neverExpires
      code pin claimUrl referenceNumber } }
    events { nodes { type sequence status } } } }"""


async def rows(service: Service) -> int:
    async with service.program.database.worker() as conn:
        return int(await conn.fetchval(LEFT_BEHIND))


def final_orders(service: Service, provider: str, state: State) -> list[Any]:
    return [
        order
        for order in service.simulators[provider].seeded_orders
        if order.course[-1].state is state
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_delivered_order_is_read_with_its_secrets(
    service: Service, provider: str
) -> None:
    partner = service.client("partner")
    orders = final_orders(service, provider, State.DELIVERED)
    assert len({order.product.kind for order in orders}) == 4, "every voucher type is played"
    for known in orders:
        await service.imported(provider, known.order_id)
        found = (await partner.data(ORDER, {"provider": provider, "id": known.order_id}))["order"]
        assert (found["status"], found["settled"], found["origin"]) == (
            "DELIVERED",
            True,
            "IMPORTED",
        )
        [line] = found["lines"]
        assert (line["quantity"], line["delivered"], line["failed"]) == (
            known.quantity,
            known.quantity,
            0,
        )
        assert Decimal(line["faceValue"]["amount"]) == known.face_value
        vouchers = found["vouchers"]["nodes"]
        assert found["vouchers"]["totalCount"] == len(vouchers) == known.quantity
        got = [(v["code"], v["pin"] or None, v["claimUrl"]) for v in vouchers]
        assert got == [(u.code, u.pin, u.claim_url) for u in known.vouchers]
        for shown, unit in zip(vouchers, known.vouchers, strict=True):
            assert shown["neverExpires"] is (unit.expires_on is None)
            assert shown["expiresOn"] == (unit.expires_on and unit.expires_on.isoformat())
        assert [event["type"] for event in found["events"]["nodes"]] == ["IMPORTED"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("state", list(State))
async def test_every_status_is_said_in_our_words(
    service: Service, provider: str, state: State
) -> None:
    for known in final_orders(service, provider, state):
        payload = await service.import_order(provider, known.order_id)
        assert payload["problems"] == []
        delivered = known.course[-1].units
        status = payload["order"]["status"]
        if delivered == known.quantity:
            assert status == "DELIVERED"
        elif delivered:
            assert status == "PARTIALLY_DELIVERED"
        elif state in (State.FAILED, State.CANCELLED):
            assert status == state.value
        else:
            assert status in ("PENDING", "PROCESSING")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_importing_twice_is_the_same_order(service: Service, provider: str) -> None:
    known = final_orders(service, provider, State.DELIVERED)[0]
    first = await service.import_order(provider, known.order_id)
    after_first = await rows(service)
    again = await service.import_order(provider, known.order_id)
    padded = await service.import_order(provider, f" {known.order_id} ")
    assert again["order"] == padded["order"] == first["order"]
    assert await rows(service) == after_first


async def test_importing_at_once_from_everywhere_makes_one_order(service: Service) -> None:
    known = final_orders(service, "starship", State.DELIVERED)[0]
    payloads = await asyncio.gather(
        *(service.import_order("starship", known.order_id) for _ in range(8))
    )
    assert {payload["order"]["id"] for payload in payloads} == {payloads[0]["order"]["id"]}
    async with service.program.database.worker() as conn:
        assert await conn.fetchval("SELECT count(*) FROM orders") == 1
        assert await conn.fetchval("SELECT count(*) FROM vouchers") == known.quantity


FAULTS = {
    "unauthorized": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "rate_limited": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "error_before": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "error_after": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "garbage": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "reset_after": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "refused": ("PROVIDER_UNAVAILABLE", "AFTER"),
    "timeout_before": ("PROVIDER_TIMEOUT", "AFTER"),
    "timeout_after": ("PROVIDER_TIMEOUT", "AFTER"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_failing_provider_is_a_clear_problem_and_leaves_no_row(
    monkeypatch: pytest.MonkeyPatch, service: Service, provider: str, fault: str
) -> None:
    simulator = service.simulators[provider]
    known = final_orders(service, provider, State.DELIVERED)[0]
    transport = service.program.providers[provider].transport
    # Only a provider that never answers is cut short; the others may be slow.
    monkeypatch.setattr(transport, "_timeout", 0.4 if fault.startswith("timeout") else 20.0)
    simulator.faults.replace(
        {
            "seed": 1,
            "faults": [
                {"operation": operation, "fault": fault}
                for operation in ("order", "vouchers", "find", "status")
            ],
        }
    )
    before = await rows(service)
    payload = await service.import_order(provider, known.order_id)
    [problem] = payload["problems"]
    assert payload["order"] is None
    assert (problem["code"], problem["retry"]) == FAULTS[fault]
    assert problem["outcome"] == "NOT_STARTED"
    assert problem["retryAfterMs"] > 0
    assert await rows(service) == before


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_unknown_order_is_not_found_and_leaves_no_row(
    service: Service, provider: str
) -> None:
    before = await rows(service)
    payload = await service.import_order(provider, "99999999")
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_FOUND"]
    assert await rows(service) == before


@pytest.mark.parametrize(
    ("provider", "order_id", "path"),
    [
        ("acme", "1", ["input", "provider"]),
        ("", "1", ["input", "provider"]),
        ("enkash", "", ["input", "orderId"]),
        ("enkash", "   ", ["input", "orderId"]),
        ("enkash", "x" * 101, ["input", "orderId"]),
        ("enkash", "a\x00b", ["input", "orderId"]),
        ("woohoo", "a\nb", ["input", "orderId"]),
    ],
)
async def test_bad_input_is_named_and_asks_no_provider(
    service: Service, provider: str, order_id: str, path: list[str]
) -> None:
    payload = await service.import_order(provider, order_id)
    assert [(p["code"], p["path"]) for p in payload["problems"]] == [("INVALID_INPUT", path)]
    assert all(not simulator.requests["order"] for simulator in service.simulators.values())


@pytest.mark.parametrize(
    "order_id", ["../../x", "1/2", "1?x=1", "1#y", "%2e%2e", "1;2", "' OR 1=1", "\u00e9\u4e2d"]
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_id_that_means_something_in_a_path_is_only_unknown(
    service: Service, provider: str, order_id: str
) -> None:
    payload = await service.import_order(provider, order_id)
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_FOUND"]


async def test_an_order_of_another_account_answers_like_an_unknown_one(service: Service) -> None:
    known = final_orders(service, "woohoo", State.DELIVERED)[0]
    async with service.program.database.worker() as conn:
        other = await conn.fetchval("SELECT id FROM accounts WHERE name = 'other'")
    mine = await service.client("operator").data(
        """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
             order { id lines { quantity } vouchers { totalCount } }
             problems { code message } } }""",
        {
            "input": {
                "provider": "woohoo",
                "orderId": known.order_id,
                "account": global_id(Kind.ACCOUNT, other),
            }
        },
    )
    # The order became the other account's: the operator's own account cannot see it any more.
    assert mine["orderImport"]["problems"] == []
    assert mine["orderImport"]["order"]["lines"] == [{"quantity": known.quantity}]
    assert mine["orderImport"]["order"]["vouchers"] == {"totalCount": known.quantity}
    theirs = await service.import_order("woohoo", known.order_id)
    unknown = await service.import_order("woohoo", "99999999")
    assert theirs["problems"] == unknown["problems"]
    assert [problem["code"] for problem in theirs["problems"]] == ["NOT_FOUND"]


async def test_an_order_that_looks_like_ours_is_not_imported(service: Service) -> None:
    [order] = add_orders(service.simulators["enkash"], 1, State.DELIVERED, 2)
    simulator = service.simulators["enkash"]
    order.reference = "VG_ABCDEFGHIJKLMNOP"
    simulator.world.add(order)
    payload = await service.import_order("enkash", order.order_id)
    assert [problem["code"] for problem in payload["problems"]] == ["NOT_FOUND"]


async def test_importing_needs_its_scope(service: Service) -> None:
    known = final_orders(service, "enkash", State.DELIVERED)[0]
    for name, code in (
        ("partner", "FORBIDDEN"),
        ("readonly", "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    ):
        answer = await service.client(name).send(
            "mutation ($input: OrderImportInput!) { orderImport(input: $input) { order { id } } }",
            {"input": {"provider": "enkash", "orderId": known.order_id}},
        )
        assert answer.codes == [code]
    assert not service.simulators["enkash"].requests["order"]
    assert await rows(service) == 0
