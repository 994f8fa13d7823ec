"""Webhooks that come in: proven, taken once, a reason to look and nothing more."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from simulators.webhooks import Post
from simulators.world import State, Step
from tests.operations.buying import Buyer, until
from tests.operations.operating import accepted, sql, state, stuck, turned
from tests.operations.service import Service

SENDERS = ("starship", "xoxoday")
FAR = "UPDATE fulfillments SET due_at = now() + interval '1 hour'"
DUE = "SELECT due_at <= now() AS due, state FROM fulfillments"


async def send(service: Service, name: str, body: bytes, headers: Mapping[str, str]) -> int:
    url = f"{service.url}/webhooks/{name}"
    async with service.session.post(url, data=body, headers=headers) as response:
        await response.read()
        return response.status


def post(service: Service, name: str, order: Any = None) -> Post:
    """What the provider would send about an order that was delivered."""
    simulator = service.simulators[name]
    order = order or accepted(service, name)
    made = simulator.write_post(order, Step(simulator.settings.now(), State.DELIVERED, 2))
    assert made is not None
    return made


@pytest.mark.parametrize("name", SENDERS)
async def test_a_proven_delivery_wakes_the_worker_once(
    service: Service, buyer: Buyer, name: str
) -> None:
    order = await stuck(service, buyer, name)
    turned(service, name, State.DELIVERED, 2)
    await sql(service, FAR)
    told = post(service, name)
    assert await send(service, name, told.body, told.headers) == 200
    assert [dict(row) for row in await sql(service, DUE)] == [{"due": True, "state": "accepted"}]
    assert (await buyer.order(order["id"]))["status"] != "DELIVERED", "a hint moves nothing"
    await service.program.services.fulfiller.step()
    assert (await buyer.order(order["id"]))["status"] == "DELIVERED"


@pytest.mark.parametrize("name", SENDERS)
async def test_a_repeated_delivery_is_taken_and_does_nothing(
    service: Service, buyer: Buyer, name: str
) -> None:
    await stuck(service, buyer, name)
    told = post(service, name)
    assert await send(service, name, told.body, told.headers) == 200
    await sql(service, FAR)
    assert await send(service, name, told.body, told.headers) == 200
    [row] = await sql(service, DUE)
    assert row["due"] is False


@pytest.mark.parametrize("name", SENDERS)
async def test_what_proves_nothing_changes_nothing(
    service: Service, buyer: Buyer, name: str
) -> None:
    await stuck(service, buyer, name)
    await sql(service, FAR)
    told = post(service, name)
    before = await state(service)
    forged = {
        key: value[:-1] + ("0" if value[-1] != "0" else "1") for key, value in told.headers.items()
    }
    old = {**told.headers, "X-Timestamp": "1"}
    for body, headers in (
        (told.body, {}),
        (told.body, forged),
        (told.body + b" ", told.headers if name == "starship" else forged),
        (told.body, old if name == "starship" else {"x-api-key": ""}),
        (b"", {}),
    ):
        assert await send(service, name, body, headers) == 401
    [row] = await sql(service, DUE)
    assert row["due"] is False
    assert await sql(service, "SELECT FROM webhook_deliveries") == []
    assert await state(service) == before
    # The genuine one is not spoiled by them.
    assert await send(service, name, told.body, told.headers) == 200


@pytest.mark.parametrize("name", SENDERS)
async def test_an_order_that_is_not_ours_is_taken_all_the_same(service: Service, name: str) -> None:
    told = post(service, name, service.simulators[name].seeded_orders[0])
    before = await state(service)
    assert await send(service, name, told.body, told.headers) == 200
    assert await state(service) == before


@pytest.mark.parametrize("status", ["sending", "needs_review", "rejected"])
async def test_what_is_being_sent_or_decided_is_left_alone(
    service: Service, buyer: Buyer, status: str
) -> None:
    await stuck(service, buyer, "starship")
    told = post(service, "starship")
    async with service.program.database.worker() as conn:
        await conn.execute("UPDATE fulfillments SET state = $1", status)
    await sql(service, FAR)
    assert await send(service, "starship", told.body, told.headers) == 200
    [row] = await sql(service, DUE)
    assert (row["state"], row["due"]) == (status, False)


async def test_who_sends_none_is_not_found(service: Service) -> None:
    for name in ("enkash", "woohoo", "acme", "%2e%2e", "x" * 500):
        assert await send(service, name, b"{}", {}) == 404
    async with service.session.get(f"{service.url}/webhooks/starship") as response:
        assert response.status == 405


async def test_a_body_has_a_limit(service: Service) -> None:
    big = json.dumps({"data": "x" * 70_000}).encode()
    assert await send(service, "starship", big, {}) == 413

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 8_000

    url = f"{service.url}/webhooks/starship"
    async with service.session.post(url, data=drip()) as response:
        assert response.status == 413


@pytest.mark.parametrize("name", SENDERS)
async def test_a_provider_that_is_told_our_address_tells_us(
    service: Service, buyer: Buyer, name: str
) -> None:
    simulator = service.simulators[name]
    simulator.settings.change(
        {"webhook_url": f"{service.url}/webhooks/{name}", "instant": False, "delivery_seconds": 0.3}
    )
    order = await buyer.buy(name)
    await sql(service, FAR)
    # No poll is due within the hour: it is the webhook that brings the units.
    found = await until(service, buyer, order["id"], "FULFILLED")
    assert found["status"] == "DELIVERED"
