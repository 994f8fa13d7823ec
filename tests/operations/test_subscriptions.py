"""orderEvents over WebSocket: nothing missed, nothing twice, only what one may see."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from db import clients
from tests.operations.buying import Buyer
from tests.operations.service import Service, running
from tests.operations.sockets import connected, following, happen


@pytest.fixture
async def order(service: Service) -> str:
    """An order of the demo account, imported."""
    return await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)


async def test_events_arrive_in_order_as_they_happen(service: Service, order: str) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1")
        await following(service)
        sequences = await happen(service, order, 3)
        found = await socket.events(3)
        assert [int(event["sequence"]) for event in found] == sequences
        assert {event["order"]["id"] for event in found} == {order}
    await following(service, 0)


async def test_reading_then_subscribing_misses_nothing(service: Service, buyer: Buyer) -> None:
    placed = await buyer.buy("enkash")
    query = "query ($id: ID!) { order(by: {id: $id}) { lastSequence } }"
    last = (await buyer.client.data(query, {"id": placed["id"]}))["order"]["lastSequence"]
    missed = await happen(service, placed["id"], 2)
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", variables={"after": last})
        found = await socket.events(2)
        assert [int(event["sequence"]) for event in found] == missed
        later = await happen(service, placed["id"])
        assert [int(event["sequence"]) for event in await socket.events(1)] == later


async def test_a_cursor_and_a_sequence_mean_the_same_place(service: Service, order: str) -> None:
    await happen(service, order, 3)
    client = service.client("partner")
    page = await client.data("{ orderEvents(first: 2) { edges { cursor node { sequence } } } }")
    edge = page["orderEvents"]["edges"][1]
    after = "query ($after: String) { orderEvents(after: $after) { nodes { sequence } } }"
    by_cursor = await client.data(after, {"after": edge["cursor"]})
    by_sequence = await client.data(after, {"after": edge["node"]["sequence"]})
    assert by_cursor == by_sequence
    wanted = [node["sequence"] for node in by_cursor["orderEvents"]["nodes"]]
    for place in (edge["cursor"], edge["node"]["sequence"]):
        async with connected(client) as socket:
            await socket.subscribe("1", variables={"after": place})
            found = await socket.events(len(wanted))
            assert [event["sequence"] for event in found] == wanted


@pytest.mark.parametrize("after", ["999999", "-1", "01", "x", "", "WzEsIngiXQ", "9" * 30])
async def test_a_place_that_is_none_is_refused(service: Service, order: str, after: str) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", variables={"after": after})
        message = await socket.next()
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["extensions"] == {"code": "INVALID_INPUT", "argument": "after"}
        await socket.subscribe("1", "{ __typename }")
        assert (await socket.next())["type"] == "next"


async def test_a_long_gap_is_read_in_whole(service: Service, order: str) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1")
        await following(service)
        await happen(service, order)
        (seen,) = await socket.events(1)
    missed = await happen(service, order, 520)  # more than one read takes
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", variables={"after": seen["sequence"]})
        found = await socket.events(520)
        assert [int(event["sequence"]) for event in found] == missed
        assert await socket.silent()


async def test_only_the_orders_asked_for(service: Service, order: str) -> None:
    seeded = service.simulators["enkash"].seeded_orders
    other = await service.imported("enkash", seeded[1].order_id)
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", variables={"ids": [other, "nonsense", "T3JkZXI6MQ"]})
        await following(service)
        await happen(service, order)
        (sequence,) = await happen(service, other)
        assert [int(event["sequence"]) for event in await socket.events(1)] == [sequence]


async def test_another_account_is_told_nothing(service: Service, order: str) -> None:
    async with connected(service.client("other")) as socket:
        await socket.subscribe("1", variables={"after": "0"})
        await socket.subscribe("2", variables={"ids": [order], "after": "0"})
        await following(service, 2)
        await happen(service, order)
        assert await socket.silent(0.5)


async def test_secrets_are_never_shown(service: Service, buyer: Buyer) -> None:
    placed = await buyer.buy("enkash", 1)
    query = """subscription { orderEvents(after: "0") { sequence
      order { vouchers(first: 5) { nodes { maskedCode code pin } } } } }"""
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", query)
        await following(service)
        for _ in range(2):
            await happen(service, placed["id"])
        codes, shown = set(), 0
        while shown < 2:
            message = await socket.next()
            body = message["payload"]
            nodes = body["data"]["orderEvents"]["order"]["vouchers"]["nodes"]
            assert all(node["code"] is None and node["pin"] is None for node in nodes)
            shown += bool(nodes)
            codes |= {error["extensions"]["code"] for error in body.get("errors", ())}
        assert codes == {"UNSUPPORTED"}
    await service.settle()
    async with service.program.database.worker() as conn:
        actions = await conn.fetch("SELECT DISTINCT action FROM audit_events")
    assert "VOUCHER_REVEALED" not in {row["action"] for row in actions}


async def test_a_client_without_the_scope_is_refused(service: Service) -> None:
    async with service.program.database.worker() as conn:
        await conn.execute("RESET ROLE")
        await conn.execute(
            "UPDATE api_clients SET scopes = '{catalog:read}' WHERE key_id = $1",
            service.client("readonly").credentials["key"],  # type: ignore[index]
        )
    async with connected(service.client("readonly")) as socket:
        await socket.subscribe("1")
        message = await socket.next()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    assert service.program.services.feed.followers == 0


async def test_a_revoked_client_is_told_nothing_more_and_closed(
    service: Service, order: str
) -> None:
    key = service.client("readonly").credentials["key"]  # type: ignore[index]
    async with connected(service.client("readonly")) as socket:
        await socket.subscribe("1")
        await following(service)
        async with service.program.database.worker() as conn:
            await clients.revoke(conn, key)
        assert await socket.closed() == 4403
    async with connected(service.client("readonly"), init=False) as socket:
        keys = service.client("readonly").credentials
        assert keys is not None
        credentials = {"X-API-Key": keys["key"], "X-API-Secret": keys["secret"]}
        await socket.send(type="connection_init", payload=credentials)
        assert await socket.closed() == 4403


async def test_two_replicas_tell_both_their_subscribers(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> None:
    async with (
        running(monkeypatch, postgres_dsn, tmp_path) as first,
        running(monkeypatch, postgres_dsn, tmp_path) as second,
        connected(first.client("partner")) as here,
        connected(second.client("partner")) as there,
    ):
        id = await first.imported("enkash", first.simulators["enkash"].seeded_orders[0].order_id)
        await here.subscribe("1")
        await there.subscribe("1")
        await following(first)
        await following(second)
        sequences = await happen(first, id, 2) + await happen(second, id, 2)
        for socket in (here, there):
            found = await socket.events(4)
            assert [int(event["sequence"]) for event in found] == sequences


async def test_wake_ups_arrive_at_once_and_again_after_a_lost_listener(
    service: Service, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.feed.LOOK_SECONDS", 3600.0)
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1")
        await following(service)
        await happen(service, order)
        await socket.events(1)
        async with service.program.database.worker() as conn:
            await conn.execute("RESET ROLE")
            ended = await conn.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database()"
                " AND application_name IN ('vouchergraph listener', 'vouchergraph notifier')"
            )
        assert len(ended) == 2
        for _ in range(3):
            await happen(service, order)
            await socket.events(1)


async def test_idle_subscribers_cost_one_look(
    service: Service, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty follow one account's log, one follows another's: an event there is read once."""
    async with (
        connected(service.client("partner")) as many,
        connected(service.client("other")) as one,
    ):
        for number in range(50):
            await many.subscribe(str(number), "subscription { orderEvents { sequence } }")
        await one.subscribe("1")
        await following(service, 51)
        await asyncio.sleep(0.3)
        service.statements.sent.clear()
        await happen(service, order)
        for _ in range(50):
            assert (await many.next())["type"] == "next"
        await one.silent()
        sent = [query for query in service.statements.sent if "INSERT" not in query]
        assert service.statements.naming("order_events") <= 1 + 1, sent  # one writes, one reads
        heads = [query for query in sent if "FROM event_heads" in query]
        assert 1 <= len(heads) <= 2
        await following(service, 51)


async def test_one_socket_many_operations(service: Service, order: str) -> None:
    """A subscription, queries and mutations beside each other."""
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("events")
        await following(service)
        await socket.subscribe("q", "{ viewer { actor } }")
        assert (await socket.next())["payload"]["data"]["viewer"]["actor"]
        assert await socket.next() == {"id": "q", "type": "complete"}
        await socket.subscribe("m", "mutation { cartCreate(input: {}) { cart { id } } }")
        assert (await socket.next())["payload"]["data"]["cartCreate"]["cart"]["id"]
        assert await socket.next() == {"id": "m", "type": "complete"}
        await happen(service, order)
        await socket.events(1)
        await socket.send(id="events", type="complete")
        await following(service, 0)
        await happen(service, order)
        assert await socket.silent()


async def test_a_database_that_goes_away_is_waited_for(
    service: Service, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.pool import DatabaseUnavailable  # noqa: PLC0415

    monkeypatch.setattr("resolvers.feed.RETRY_SECONDS", 0.05)
    failures = 3
    real: Any = service.program.database.viewer

    def broken(*args: Any, **kwargs: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise DatabaseUnavailable("gone")
        return real(*args, **kwargs)

    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", "subscription { orderEvents { sequence } }")
        await following(service)
        await asyncio.sleep(0.1)
        monkeypatch.setattr(service.program.database, "viewer", broken)
        sequences = await happen(service, order, 2)
        found = await socket.events(2)
        assert [int(event["sequence"]) for event in found] == sequences
        assert failures < 0
