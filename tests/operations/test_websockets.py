"""graphql-transport-ws by the letter: a socket's states, its close codes, what it survives."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from app import websockets
from app.auth.api_keys import Credentials
from app.requests import MAX_BODY
from tests.operations.service import Service
from tests.operations.sockets import connected, following, happen, payload
from tests.operations.test_audit import owner

DEEP = "[" * 100_000 + "]" * 100_000
SUBSCRIBE: dict[str, Any] = {
    "id": "1",
    "type": "subscribe",
    "payload": {"query": "{ __typename }"},
}
MALFORMED = [
    "",
    "x",
    "[]",
    "null",
    "3",
    '"x"',
    "true",
    "{}",
    '{"type":null}',
    '{"type":3}',
    '{"type":"nothing"}',
    '{"type":"ping","payload":3}',
    '{"type":"pong","payload":[]}',
    '{"type":"complete"}',
    '{"type":"complete","id":3}',
    '{"type":"subscribe","payload":{"query":"{ __typename }"}}',
    '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}',
    '{"type":"subscribe","id":7,"payload":{"query":"{ __typename }"}}',
    '{"type":"subscribe","id":"1"}',
    '{"type":"subscribe","id":"1","payload":null}',
    '{"type":"subscribe","id":"1","payload":"{ __typename }"}',
    '{"type":"subscribe","id":"1","payload":{}}',
    '{"type":"subscribe","id":"1","payload":{"query":3}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","operationName":1}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","extensions":""}}',
    '{"type":"ping","payload":' + "9" * 5000 + "}",
    DEEP,
    '{"type":"ping","payload":' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}",
    '{"type":"connection_ack"}',
]


async def test_a_malformed_message_closes_with_4400(service: Service) -> None:
    for text in MALFORMED:
        async with connected(service.client("partner")) as socket:
            await socket.ws.send_str(text)
            assert await socket.closed() == 4400, text[:100]


async def test_a_malformed_greeting_closes_with_4400(service: Service) -> None:
    greeting: Any
    for greeting in (3, "x", [], True, {"X-API-Key": 3}, {"authorization": {}}):
        async with connected(service.client("partner"), init=False) as socket:
            await socket.send(type="connection_init", payload=greeting)
            assert await socket.closed() == 4400, greeting


async def test_binary_and_huge_messages(service: Service) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.ws.send_bytes(json.dumps(SUBSCRIBE).encode())
        assert await socket.closed() == 4400
    async with connected(service.client("partner")) as socket:
        await socket.ws.send_str("x" * (MAX_BODY + 1))
        assert await socket.closed() == 1009


async def test_subscribing_before_the_greeting(service: Service) -> None:
    async with connected(service.client("partner"), init=False) as socket:
        await socket.send(**SUBSCRIBE)
        assert await socket.closed() == 4401


async def test_greeting_twice(service: Service) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed() == 4429


async def test_an_id_that_is_in_use(service: Service) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1")
        await socket.subscribe("1")
        assert await socket.closed() == 4409


async def test_an_id_is_free_again_after_its_operation(service: Service) -> None:
    async with connected(service.client("partner")) as socket:
        for _ in range(3):
            await socket.subscribe("1", "{ __typename }")
            assert (await socket.next())["type"] == "next"
            assert await socket.next() == {"id": "1", "type": "complete"}
        await socket.subscribe("1")
        await following(service)
        await socket.send(id="1", type="complete")
        await following(service, 0)
        await socket.subscribe("1", "{ __typename }")
        assert (await socket.next())["type"] == "next"


async def test_another_subprotocol(service: Service) -> None:
    client = service.client("partner")
    for protocol in ("graphql-ws", "nonsense"):
        async with connected(client, init=False, protocol=protocol) as socket:
            assert await socket.closed() == 4406
    async with client.session.ws_connect(client.url) as ws:
        await ws.receive()
        assert ws.close_code == 4406


async def test_silence_before_the_greeting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websockets, "INIT_SECONDS", 0.3)
    async with connected(service.client("partner"), init=False) as socket:
        await socket.send(type="ping")  # does not count as a greeting
        assert await socket.next() == {"type": "pong"}
        assert await socket.closed() == 4408


async def test_a_greeting_that_is_long_in_being_answered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait after it is ours: no client is closed for it."""
    monkeypatch.setattr(websockets, "INIT_SECONDS", 0.3)
    unknown = Credentials.mint("sandbox")
    greeting = {"X-API-Key": unknown.key, "X-API-Secret": unknown.secret.reveal()}
    async with connected(service.client("partner"), init=False) as socket:
        async with owner(service) as conn, conn.transaction():
            await conn.execute("LOCK TABLE api_clients IN ACCESS EXCLUSIVE MODE")
            await socket.send(type="connection_init", payload=greeting)
            assert await socket.silent(1.0)
        assert await socket.closed() == 4403


async def test_a_loop_that_stood_still(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A greeting that nobody was there to read is not a late one."""
    monkeypatch.setattr(websockets, "INIT_SECONDS", 0.3)
    async with connected(service.client("partner"), init=False) as socket:
        time.sleep(0.3 + 2 * websockets.STALL_SECONDS)  # noqa: ASYNC251 - the service's loop too
        await socket.send(type="connection_init", payload=payload(service.client("partner")))
        assert await socket.next() == {"type": "connection_ack"}
    async with connected(service.client("partner"), init=False) as socket:
        time.sleep(0.3 + 2 * websockets.STALL_SECONDS)  # noqa: ASYNC251
        assert await socket.closed() == 4408  # of silence, when it runs again


async def test_credentials_that_are_none(service: Service) -> None:
    for greeting in (
        None,
        {},
        {"X-API-Key": "vgtest_nobody", "X-API-Secret": "wrong"},
        {"Authorization": "Bearer x"},
        {"X-API-Key": "vgtest_nobody"},
    ):
        async with connected(service.client("partner"), init=False) as socket:
            await socket.send(type="connection_init", payload=greeting)
            assert await socket.closed() == 4403, greeting


async def test_credentials_in_the_handshake(service: Service) -> None:
    client = service.client("partner")
    headers = {name.replace("-", "_"): value for name, value in payload(client).items()}
    async with connected(client, init=False, **headers) as socket:
        await socket.send(type="connection_init")
        assert await socket.next() == {"type": "connection_ack"}
        await socket.subscribe("1", "{ viewer { actor } }")
        assert (await socket.next())["payload"]["data"]["viewer"]["actor"] == headers["X_API_Key"]


async def test_names_of_credentials_in_any_case(service: Service) -> None:
    client = service.client("partner")
    async with connected(client, init=False) as socket:
        greeting = {name.lower(): value for name, value in payload(client).items()}
        await socket.send(type="connection_init", payload=greeting)
        assert await socket.next() == {"type": "connection_ack"}


async def test_a_page_of_a_foreign_origin(service: Service) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connected(service.client("partner"), Origin="https://evil.example"):
            raise AssertionError
    assert refused.value.status == 403
    async with connected(service.client("partner"), Origin=service.url) as socket:
        await socket.subscribe("1", "{ __typename }")
        assert (await socket.next())["type"] == "next"


BAD_OPERATIONS = {
    "{": "GRAPHQL_PARSE_FAILED",
    "": "BAD_REQUEST",
    "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
    "subscription { orderEvents { nothing } }": "GRAPHQL_VALIDATION_FAILED",
    "subscription { a: orderEvents { id } b: orderEvents { id } }": "GRAPHQL_VALIDATION_FAILED",
    "subscription ($x: [ID!]) { orderEvents(orderIds: $x) { id } }": "INVALID_INPUT",
    "query ($x: Int) { orders(first: $x) { nodes { id } } }": "INVALID_INPUT",
    "query a { __typename } query b { __typename }": "GRAPHQL_VALIDATION_FAILED",
    "{ " + "a { " * 30 + "b" + " }" * 30 + " }": "GRAPHQL_VALIDATION_FAILED",
}


async def test_a_bad_operation_ends_alone(service: Service) -> None:
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("good")
        await following(service)
        for query, code in BAD_OPERATIONS.items():
            await socket.subscribe("bad", query, {"x": 3.5})
            message = await socket.next()
            assert (message["type"], message["id"]) == ("error", "bad"), message
            assert isinstance(message["payload"], list)
            assert message["payload"][0]["extensions"]["code"] == code, query
        await socket.send(id="nobody", type="complete")
        order = await service.imported(
            "enkash", service.simulators["enkash"].seeded_orders[0].order_id
        )
        await happen(service, order)
        assert len(await socket.events(2)) == 2


async def test_reveals_need_a_post(service: Service) -> None:
    order = await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)
    query = f'query {{ order(by: {{id: "{order}"}}) {{ vouchers {{ nodes {{ code }} }} }} }}'
    async with connected(service.client("partner")) as socket:
        await socket.subscribe("1", query)
        body = (await socket.next())["payload"]
        assert {error["extensions"]["code"] for error in body["errors"]} == {"UNSUPPORTED"}


async def test_operations_are_bounded(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "MOST_OPERATIONS", 3)
    async with connected(service.client("partner")) as socket:
        for number in range(3):
            await socket.subscribe(str(number))
        await following(service, 3)
        await socket.subscribe("more")
        message = await socket.next()
        assert (message["type"], message["id"]) == ("error", "more")
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await socket.send(id="0", type="complete")
        await following(service, 2)
        await socket.subscribe("more")
        await following(service, 3)


async def test_a_client_has_so_many_sockets(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.streams.MOST_PER_CLIENT", 2)
    client = service.client("partner")
    async with connected(client), connected(client):
        async with connected(client, init=False) as third:
            await third.send(type="connection_init", payload=payload(client))
            assert await third.closed() == 1013
        async with connected(service.client("other")):
            pass
    async with connected(client):
        pass


async def test_every_operation_counts_as_a_request(service: Service) -> None:
    client = service.client("partner")

    async def left() -> int:
        answer = await client.send("{ __typename }")
        return int(answer.headers["RateLimit-Remaining"])

    before = await left()
    async with connected(client) as socket:
        for number in range(5):
            await socket.subscribe(str(number), "{ __typename }")
            await socket.next()
            await socket.next()
    # The greeting pays for the first.
    assert await left() == before - 5 - 1


async def test_a_silent_peer_is_cut(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers no ping, as after its network has gone."""
    monkeypatch.setattr(websockets, "HEARTBEAT_SECONDS", 0.4)
    client = service.client("partner")
    async with client.session.ws_connect(
        client.url, protocols=("graphql-transport-ws",), autoping=False
    ) as ws:
        await ws.send_str(json.dumps({"type": "connection_init", "payload": payload(client)}))
        await ws.receive()
        async with asyncio.timeout(5):
            frame = await ws.receive()
            while frame.type in (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.TEXT):
                frame = await ws.receive()
    assert ws.close_code == 1006


async def test_a_slow_reader_is_closed_and_holds_little(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read for it while it does not read, and then it is closed."""
    monkeypatch.setattr(websockets, "SEND_SECONDS", 0.5)
    order = await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)
    await happen(service, order, 1200)
    client = service.client("partner")
    reads = counted_reads(service, monkeypatch)
    # Eighteen kilobytes an event, twenty megabytes in all.
    aliases = " ".join(f"a{number}_{'x' * 400}: id" for number in range(40))
    query = f'subscription {{ orderEvents(after: "0") {{ sequence {aliases} }} }}'
    async with connected(client) as socket:
        connection = socket.ws._response.connection
        transport = connection.transport if connection else None
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        await socket.subscribe("1", query)
        await until(lambda: bool(reads) and not len(service.program.streams))
        assert len(reads) == 1
        assert service.program.services.feed.followers == 0
        transport.resume_reading()
        last = 0
        async with asyncio.timeout(15):
            while (frame := await socket.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                event = json.loads(frame.data)["payload"]["data"]["orderEvents"]
                assert int(event["sequence"]) == last + 1
                last += 1
        assert socket.ws.close_code == 1013
        assert 0 < last < 1200
    async with connected(client) as socket:
        await socket.subscribe("1", variables={"after": str(last)})
        assert int((await socket.events(1))[0]["sequence"]) == last + 1


def counted_reads(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every read of a log."""
    reads: list[int] = []
    original = service.program.services.feed._since

    async def counted(*arguments: Any) -> Any:
        reads.append(1)
        return await original(*arguments)

    monkeypatch.setattr(service.program.services.feed, "_since", counted)
    return reads


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError
