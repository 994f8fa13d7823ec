"""Live status: what a page costs, and what a slow, broken or lying provider does to it."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from ordering.catalog import refresh
from simulators.world import State, Step
from tests.operations.service import Service, add_orders, open_orders

PAGE = """
query ($first: Int!) { orders(first: $first) { nodes {
  id reference status live asOf settled
  fulfillments { status live providerStatus delivered total provider { name } } } } }"""
FULL_PAGE = """
query ($first: Int!) { orders(first: $first) { nodes {
  id status live
  lines { productName quantity product { name } }
  vouchers(first: 10) { nodes { maskedCode faceValue { amount } } }
  events { nodes { type } }
  fulfillments { status provider { name } } } } }"""


async def import_open(service: Service, each: int, extra: int = 0) -> dict[str, list[str]]:
    """Import open orders of all providers: provider -> provider order ids."""
    found = {}
    for number, (name, simulator) in enumerate(sorted(service.simulators.items())):
        found[name] = open_orders(simulator, each + (number < extra))
    await asyncio.gather(
        *(service.imported(name, order_id) for name, ids in found.items() for order_id in ids)
    )
    await stale(service)
    return found


async def stale(service: Service) -> None:
    """What is recorded is no longer fresh; and the counters start at zero."""
    await service.settle()
    async with service.program.database.worker() as conn:
        await conn.execute(
            "UPDATE fulfillments SET observed_at = observed_at - interval '1 minute',"
            " due_at = CASE WHEN due_at IS NULL THEN NULL ELSE now() + interval '1 hour' END"
        )
    service.statements.sent.clear()
    for simulator in service.simulators.values():
        simulator.requests.clear()


def asked(service: Service) -> dict[str, int]:
    return {
        name: sum(simulator.requests.values()) for name, simulator in service.simulators.items()
    }


async def test_a_page_of_fifty_costs_two_statements_and_one_list_request_per_provider(
    service: Service,
) -> None:
    await import_open(service, 12, extra=2)
    found = await service.client("partner").data(PAGE, {"first": 50})
    nodes = found["orders"]["nodes"]
    assert len(nodes) == 50
    assert Counter(n["fulfillments"][0]["provider"]["name"] for n in nodes) == {
        "enkash": 13,
        "starship": 13,
        "woohoo": 12,
        "xoxoday": 12,
    }
    assert all(node["live"] and node["fulfillments"][0]["live"] for node in nodes)
    assert len(service.statements.sent) == 2, service.statements.sent
    assert {name: dict(sim.requests) for name, sim in service.simulators.items()} == {
        name: {"orders": 1} for name in service.simulators
    }
    await service.settle()
    assert len(service.statements.sent) == 3, "one write-back after the answer"
    assert "UPDATE fulfillments" in service.statements.sent[-1]


async def test_each_loaded_relation_costs_one_statement_more(service: Service) -> None:
    await refresh(service.program.database, service.program.providers)
    await import_open(service, 2)
    found = await service.client("partner").data(FULL_PAGE, {"first": 50})
    products = [line["product"] for n in found["orders"]["nodes"] for line in n["lines"]]
    assert len(list(filter(None, products))) == 4, "EnKash and open Woohoo orders carry no SKU"
    # orders, fulfillments, and: lines, products of lines, vouchers, events.
    assert len(service.statements.sent) == 6, service.statements.sent
    assert set(asked(service).values()) == {1}


async def test_a_page_without_status_asks_nobody_and_writes_nothing(service: Service) -> None:
    await import_open(service, 2)
    await service.client("partner").data("{ orders(first: 50) { nodes { id reference } } }")
    await service.settle()
    assert len(service.statements.sent) == 1
    assert set(asked(service).values()) == {0}


async def test_settled_orders_answer_from_their_row(service: Service) -> None:
    for name, simulator in service.simulators.items():
        [order] = add_orders(simulator, 1, State.DELIVERED, 2)
        await service.imported(name, order.order_id)
    await stale(service)
    query = "{ orders(first: 50) { nodes { status live settled asOf } } }"
    found = await service.client("partner").data(query)
    assert {(n["live"], n["settled"]) for n in found["orders"]["nodes"]} == {(False, True)}
    await service.settle()
    assert len(service.statements.sent) == 1
    assert set(asked(service).values()) == {0}


async def test_a_fresh_record_is_not_asked_for_again(service: Service) -> None:
    await import_open(service, 1)
    partner = service.client("partner")
    first = await partner.data(PAGE, {"first": 10})
    await service.settle()
    again = await partner.data(PAGE, {"first": 10})
    assert all(node["live"] for node in first["orders"]["nodes"])
    assert not any(node["live"] for node in again["orders"]["nodes"])
    assert [n["status"] for n in again["orders"]["nodes"]] == [
        n["status"] for n in first["orders"]["nodes"]
    ]
    assert set(asked(service).values()) == {1}


@pytest.mark.parametrize(
    "fault", ["timeout_before", "error_before", "garbage", "refused", "rate_limited"]
)
@pytest.mark.parametrize("broken", ["enkash", "starship", "xoxoday", "woohoo"])
async def test_a_broken_provider_is_answered_as_recorded_and_the_others_live(
    service: Service, broken: str, fault: str
) -> None:
    await import_open(service, 3)
    service.simulators[broken].faults.replace(
        {"seed": 1, "faults": [{"operation": "orders", "fault": fault}]}
    )
    started = time.monotonic()
    answer = await service.client("partner").send(PAGE, {"first": 50})
    took = time.monotonic() - started
    nodes = answer.data["orders"]["nodes"]
    by_provider: dict[str, set[Any]] = {}
    for node in nodes:
        [part] = node["fulfillments"]
        by_provider.setdefault(part["provider"]["name"], set()).add((node["live"], part["live"]))
    assert by_provider == {name: {(name != broken, name != broken)} for name in service.simulators}
    # A sanity bound, not a measurement: the provider hangs for ever, the page does not.
    assert took < 5
    assert all(node["status"] == "PROCESSING" for node in nodes)


async def test_what_was_seen_is_written_back_once_and_moves_no_state(service: Service) -> None:
    ids = await import_open(service, 1)
    simulator = service.simulators["starship"]
    order = simulator.world.by_id(ids["starship"][0])
    assert order is not None
    order.turn(Step(simulator.settings.now() - 1, State.DELIVERED, order.quantity))
    found = await service.client("partner").data(PAGE, {"first": 50})
    [node] = [
        n
        for n in found["orders"]["nodes"]
        if n["fulfillments"][0]["provider"]["name"] == "starship"
    ]
    # Delivered is not believed before the units are stored.
    assert (node["status"], node["live"], node["settled"]) == ("PROCESSING", True, False)
    await service.settle()
    async with service.program.database.worker() as conn:
        row = await conn.fetchrow(
            "SELECT state, word, observed ->> 'word' AS seen, delivered, version,"
            " due_at <= now() AS due FROM fulfillments WHERE provider = 'starship'"
        )
    assert row is not None
    assert dict(row) == {
        "state": "accepted",
        "word": "PROCESSING",
        "seen": "DELIVERED",
        "delivered": 0,
        "version": 2,
        "due": True,
    }


async def test_the_worker_stores_what_a_read_saw(service: Service) -> None:
    ids = await import_open(service, 1)
    for name, simulator in service.simulators.items():
        order = simulator.world.by_id(ids[name][0])
        assert order is not None
        order.turn(Step(simulator.settings.now() - 1, State.DELIVERED, order.quantity))
    partner = service.client("partner")
    await partner.data(PAGE, {"first": 50})
    await service.settle()
    assert await service.resumer.step() == 4
    found = await partner.data(
        "{ orders(first: 50) { nodes { status settled"
        " vouchers { nodes { maskedCode code claimUrl } } events { nodes { type } } } } }"
    )
    for node in found["orders"]["nodes"]:
        assert (node["status"], node["settled"]) == ("DELIVERED", True)
        assert all(v["code"] or v["claimUrl"] for v in node["vouchers"]["nodes"])
        assert [e["type"] for e in node["events"]["nodes"]] == [
            "IMPORTED",
            "VOUCHERS_DELIVERED",
            "STATUS_CHANGED",
        ]
    assert await service.resumer.step() == 0


async def test_units_that_come_one_by_one_are_each_stored_once(service: Service) -> None:
    ids = await import_open(service, 1)
    simulator = service.simulators["starship"]
    order = simulator.world.by_id(ids["starship"][0])
    assert order is not None
    assert order.quantity >= 2
    partner = service.client("partner")
    for units, status in (
        (1, "PARTIALLY_DELIVERED"),
        (1, "PARTIALLY_DELIVERED"),
        (order.quantity, "DELIVERED"),
    ):
        state = State.DELIVERED if units == order.quantity else State.PARTIALLY_DELIVERED
        order.turn(Step(simulator.settings.now() - 0.01, state, units))
        async with service.program.database.worker() as conn:
            await conn.execute("UPDATE fulfillments SET due_at = now() WHERE provider = 'starship'")
        await service.resumer.step()
        found = await partner.data(
            """query ($id: String!) {
                 order(by: {providerOrder: {provider: "starship", orderId: $id}}) {
                   status vouchers(first: 50) { totalCount } lines { delivered failed } } }""",
            {"id": order.order_id},
        )
        assert found["order"]["status"] == status
        assert found["order"]["vouchers"]["totalCount"] == units
        assert found["order"]["lines"] == [{"delivered": units, "failed": 0}]


async def test_one_read_is_in_flight_per_order_however_many_ask(service: Service) -> None:
    await import_open(service, 2)
    for simulator in service.simulators.values():
        simulator.settings.change({"latency_ms": 200})
    partner = service.client("partner")
    answers = await asyncio.gather(*(partner.data(PAGE, {"first": 50}) for _ in range(8)))
    assert set(asked(service).values()) == {1}
    for answer in answers:
        assert all(node["live"] for node in answer["orders"]["nodes"])


async def test_orders_that_one_operation_asks_for_twice_are_read_once(service: Service) -> None:
    await import_open(service, 2)
    found = await service.client("partner").data(
        "{ orders(first: 50) { nodes { status live } }"
        " again: orders(last: 50) { nodes { asOf fulfillments { live } } } }"
    )
    assert set(asked(service).values()) == {1}
    assert all(node["live"] for node in found["orders"]["nodes"])
    parts = [part for node in found["again"]["nodes"] for part in node["fulfillments"]]
    assert len(parts) == 8
    assert all(part["live"] for part in parts)


async def test_a_fault_of_ours_in_one_adapter_is_said_where_it_was_met(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_open(service, 2)

    async def faulty(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(service.program.providers["woohoo"], "statuses", faulty)
        answer = await service.client("partner").send(PAGE, {"first": 50})
        assert set(answer.codes) == {"INTERNAL"}
    await stale(service)
    found = await service.client("partner").data(PAGE, {"first": 50})
    assert all(node["live"] for node in found["orders"]["nodes"])


async def test_an_unknown_word_is_processing_and_no_failure(service: Service) -> None:
    await import_open(service, 2)
    for simulator in service.simulators.values():
        simulator.faults.replace(
            {
                "seed": 1,
                "faults": [
                    {"operation": "orders", "fault": "unknown_status"},
                    {"operation": "orders", "fault": "extra_fields"},
                ],
            }
        )
    found = await service.client("partner").data(PAGE, {"first": 50})
    assert {(n["status"], n["live"]) for n in found["orders"]["nodes"]} == {("PROCESSING", True)}


async def test_viewers_leave_most_of_an_orders_hourly_reads_to_the_worker(
    service: Service,
) -> None:
    """Starship allows 60 reads of one order in an hour; viewers have 15 of them."""
    [order_id] = open_orders(service.simulators["starship"], 1)
    await service.imported("starship", order_id)
    partner = service.client("partner")
    live = []
    for _ in range(17):
        await stale(service)
        found = await partner.data(PAGE, {"first": 1})
        live.append(found["orders"]["nodes"][0]["live"])
    assert live == [True] * 15 + [False] * 2
