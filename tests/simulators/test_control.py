"""What is the same for all four: starting, control paths, settings, determinism."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from simulators import KINDS, Simulator, running, start_all, stop_all
from simulators.catalog import Kind
from simulators.faults import OPERATIONS
from simulators.starship import Starship
from simulators.world import State
from tests.simulators.clients import EnKashClient, StarshipClient

NAMES = ["enkash", "starship", "xoxoday", "woohoo"]


async def test_four_start_and_stop_in_well_under_a_second() -> None:
    began = time.monotonic()
    started = await start_all()
    await stop_all(started)
    assert time.monotonic() - began < 1
    assert list(started) == NAMES
    assert all(one.url.startswith("http://127.0.0.1:") for one in started.values())


async def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        await Starship().start("0.0.0.0")  # noqa: S104


async def test_stopping_cuts_calls_that_hang(starship: StarshipClient) -> None:
    await starship.break_with("*", "timeout_after")
    hanging = asyncio.create_task(starship.call("POST", "/products/3001/charges", {}))
    await asyncio.sleep(0.05)
    assert starship.simulator.requests["quote"] == 1
    began = time.monotonic()
    await starship.simulator.stop()
    with pytest.raises(aiohttp.ClientError):
        await hanging
    assert time.monotonic() - began < 0.5


async def test_a_simulator_started_again_on_its_port_knows_its_orders(
    starship: StarshipClient,
) -> None:
    order_id = (await starship.place("VG_AGAIN1234", starship.product())).json["id"]
    simulator = starship.simulator
    port = int(simulator.url.rpartition(":")[2])
    await simulator.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await starship.call("GET", f"/orders/{order_id}")
    await simulator.start(port=port)
    assert (await starship.call("GET", f"/orders/{order_id}")).status == 200


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_world(name: str) -> None:
    one, same, other = KINDS[name](7), KINDS[name](7), KINDS[name](8)
    assert one.credentials == same.credentials != other.credentials
    assert one.world.products == same.world.products
    assert one.world.products != other.world.products
    first, second = _facts(one), _facts(same)
    assert first == second != _facts(other)


def _facts(simulator: Simulator) -> list[dict[str, Any]]:
    """The ledger without dates, which move with the start."""
    rows = simulator.world.ledger(simulator.settings.now())
    return [{name: row[name] for name in row if name != "createdAt"} for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_the_goods_are_of_all_sorts(name: str) -> None:
    goods = [item for item in KINDS[name](7).world.products.values() if not item.habit]
    assert len(goods) >= 79
    assert len({item.sku for item in goods}) == len({item.brand for item in goods}) == len(goods)
    assert {item.kind for item in goods} == set(Kind)
    assert {bool(item.values) for item in goods} == {True, False}
    assert {item.available for item in goods} == {item.delayed for item in goods} == {True, False}
    assert len({item.category for item in goods}) == 10
    assert any("<script>" in item.terms for item in goods)


@pytest.mark.parametrize("name", NAMES)
def test_the_past_holds_every_state_kind_and_many_quantities(name: str) -> None:
    simulator = KINDS[name](7)
    now = simulator.settings.now()
    past = simulator.seeded_orders
    assert {order.at(now).state for order in past} == set(State)
    assert {order.product.kind for order in past if order.issued(now)} == set(Kind)
    assert {order.quantity for order in past} >= {1, 2, 3, 5, 12}
    assert all(order.reference.startswith("PO-2041-") for order in past)
    ages = [now - order.placed_at for order in past]
    assert ages == sorted(ages, reverse=True)
    assert 9 < ages[0] / 86400 < 10.01


@pytest.mark.parametrize("name", NAMES)
async def test_ledger_rows_have_the_agreed_names(name: str, clients: dict[str, Any]) -> None:
    client = clients[name]
    rows = (await client.send("GET", "/_sim/ledger")).json
    assert [row["providerOrderId"] for row in rows] == [
        order.order_id for order in client.simulator.seeded_orders
    ]
    for row in rows:
        assert list(row) == [
            "reference",
            "providerOrderId",
            "sku",
            "quantity",
            "faceValue",
            "charged",
            "status",
            "createdAt",
            "vouchers",
        ]
        assert all(list(unit) == ["code", "pin", "claimUrl"] for unit in row["vouchers"])
        assert row["status"] in set(State)


async def test_requests_are_counted_by_operation_until_the_reset(enkash: EnKashClient) -> None:
    assert (await enkash.send("GET", "/_sim/requests")).json == dict.fromkeys(OPERATIONS, 0) | {
        "token": 1
    }
    await enkash.place("VG_COUNTED", enkash.product())
    await enkash.details("VG_COUNTED")
    assert await enkash.requests() == {"token": 1, "place": 1, "find": 1}
    await enkash.send("POST", "/_sim/reset")
    assert await enkash.requests() == {}


async def test_a_reset_forgets_orders_and_faults_but_not_tokens(enkash: EnKashClient) -> None:
    await enkash.place("VG_FORGOTTEN", enkash.product())
    await enkash.break_with("*", "error_before")
    await enkash.send("POST", "/_sim/reset")
    assert await enkash.ledger("VG_FORGOTTEN") == []
    known = enkash.simulator.seeded_orders[0]
    assert (await enkash.details(known.reference)).json["paylod"]["orderId"] == known.order_id
    assert await enkash.requests() == {"find": 1}


async def test_a_reset_can_forget_the_past_as_well(enkash: EnKashClient) -> None:
    await enkash.send("POST", "/_sim/reset?seeded=false")
    assert (await enkash.send("GET", "/_sim/ledger")).json == []
    assert (await enkash.place("VG_FIRST", enkash.product())).json["response_code"] == 0


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/_sim/faults", {"faults": [{"operation": "buy", "fault": "slow"}]}, "operation 'buy'"),
        ("/_sim/faults", {"faults": [{"operation": "place", "fault": "odd"}]}, "fault 'odd'"),
        ("/_sim/faults", {"fault": []}, "'fault'"),
        ("/_sim/faults", {"faults": {}}, "list"),
        (
            "/_sim/faults",
            {"faults": [{"operation": "place", "fault": "slow", "probability": 2}]},
            "probability",
        ),
        ("/_sim/settings", {"latency": 5}, "'latency'"),
        ("/_sim/settings", {"latency_ms": "5"}, "number"),
        ("/_sim/settings", {"instant": 1}, "true or false"),
        ("/_sim/settings", {"delivery_seconds": -1}, "negative"),
        ("/_sim/settings", b"nonsense", "Expecting value"),
    ],
)
async def test_wrong_control_bodies_say_what_is_wrong(
    starship: StarshipClient, path: str, body: Any, says: str
) -> None:
    before = starship.simulator.settings.shown()
    reply = await starship.send("PUT", path, body)
    assert reply.status == 400
    assert says in reply.json["error"]
    assert starship.simulator.settings.shown() == before
    assert not starship.simulator.faults.in_force


async def test_settings_are_changed_one_by_one_and_shown(starship: StarshipClient) -> None:
    await starship.set(latency_ms=1)
    reply = await starship.send("PUT", "/_sim/settings", {"instant": False})
    assert (reply.json["latency_ms"], reply.json["instant"]) == (1, False)


async def test_no_answer_names_the_server(starship: StarshipClient) -> None:
    assert "Server" not in (await starship.call("GET", "/products")).headers
    assert "Server" not in (await starship.send("GET", "/_sim/ledger")).headers


async def test_running_stops_even_when_the_block_fails() -> None:
    with pytest.raises(KeyError):
        async with running() as started:
            raise KeyError
    assert all(one._runner is None for one in started.values())
