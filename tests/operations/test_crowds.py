"""One execution for all who ask the same, and never an answer that is somebody else's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from db import clients
from schema.opening import Opened
from tests.operations.buying import Buyer
from tests.operations.service import Service
from tests.operations.sockets import FOLLOW, Sockets, connected, following, happen
from tests.operations.test_event_streams import asked

MANY = 12
VOUCHERS = """subscription { orderEvents { sequence
  order { vouchers(first: 2) { nodes { maskedCode code } } } } }"""


@pytest.fixture
async def order(service: Service) -> str:
    """An order of the demo account, imported."""
    return await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sequences of events as they are executed on the short road."""
    found: list[int] = []
    original = Opened.answer

    async def counted(self: Opened, event: Any, context: Any) -> Any:
        found.append(event.sequence)
        return await original(self, event, context)

    monkeypatch.setattr(Opened, "answer", counted)
    return found


@pytest.fixture
async def sockets(service: Service) -> AsyncIterator[Sockets]:
    async with AsyncExitStack() as stack:
        yield Sockets(service, stack)


async def test_many_are_told_by_one_execution(
    service: Service, order: str, sockets: Sockets, executed: list[int]
) -> None:
    await sockets.seen()
    followers = await sockets.open(MANY)
    assert len(service.program.crowds) == 1
    sequences = await happen(service, order, 3)
    told = []
    for number, socket in enumerate(followers):
        for sequence in sequences:
            message = await socket.next()
            assert (message["type"], message["id"]) == ("next", f'"{number}')
            assert list(message["payload"]) == ["data", "extensions"]
            cost = message["payload"]["extensions"]["cost"]
            assert (cost["requested"], cost["maximum"]) == (2, 2_000_000)
            assert message["payload"]["data"]["orderEvents"]["sequence"] == str(sequence)
            told.append(message["payload"]["data"]["orderEvents"]["order"]["id"])
    assert set(told) == {order}
    assert executed == sequences
    for socket in followers:
        await socket.ws.close()
    await following(service, 0)
    assert len(service.program.crowds) == 0


async def test_wherever_they_began_they_are_told_together(
    service: Service, order: str, sockets: Sockets, executed: list[int]
) -> None:
    """What came before is read by each alone; the variable that said where parts nobody."""
    await sockets.seen()
    before = await happen(service, order, 3)
    followers = [(await sockets.open(variables={"after": str(after)}))[0] for after in (0, *before)]
    for missed, socket in zip((None, 2, 1, 0), followers, strict=True):
        found = await socket.events(before[-1] if missed is None else missed)
        assert [int(event["sequence"]) for event in found][-1:] in ([before[-1]], [])
    executed.clear()
    (sequence,) = await happen(service, order)
    for socket in followers:
        assert [int(event["sequence"]) for event in await socket.events(1)] == [sequence]
    assert executed == [sequence]
    assert len(service.program.crowds) == 1


async def test_other_variables_and_documents_are_executed_apart(
    service: Service, order: str, sockets: Sockets, executed: list[int]
) -> None:
    other = "subscription ($n: Int, $after: String) { orderEvents { sequence order { events("
    inside = other + "first: $n, after: $after) { nodes { sequence } } } } }"
    for query in (FOLLOW, inside):
        await sockets.seen(query)
    last = str((await happen(service, order))[0])
    all_of_it = await sockets.open(2)
    (one,) = await sockets.open(variables={"ids": ["T3JkZXI6MQ"]})
    (first,) = await sockets.open(query=inside, variables={"n": 1})
    (second,) = await sockets.open(query=inside, variables={"n": 2})
    # Used elsewhere as well: there it is no place to begin from.
    (third,) = await sockets.open(query=inside, variables={"n": 1, "after": last})
    assert len(service.program.crowds) == 5
    executed.clear()
    (sequence,) = await happen(service, order)
    for socket in all_of_it:
        await socket.events(1)
    lengths = []
    for socket in (first, second, third):
        message = await socket.next()
        event = message["payload"]["data"]["orderEvents"]
        lengths.append([node["sequence"] for node in event["order"]["events"]["nodes"]])
    assert [len(found) for found in lengths] == [1, 2, 1]
    assert lengths[2] == [str(sequence)] != lengths[0]
    assert executed == [sequence] * 4
    assert await one.silent()


async def test_clients_of_different_scopes_never_share(
    service: Service, buyer: Buyer, sockets: Sockets, executed: list[int]
) -> None:
    placed = await buyer.buy("enkash", 1)
    await service.settle()
    await sockets.seen(VOUCHERS)
    may = await sockets.open(2, "partner", VOUCHERS)
    may_not = await sockets.open(3, "readonly", VOUCHERS)
    assert len(service.program.crowds) == 2
    for times in (1, 2):
        (sequence,) = await happen(service, placed["id"])
        for client, code in ((may, "UNSUPPORTED"), (may_not, "FORBIDDEN")):
            for socket in client:
                body = (await socket.next())["payload"]
                assert body["data"]["orderEvents"]["sequence"] == str(sequence)
                nodes = body["data"]["orderEvents"]["order"]["vouchers"]["nodes"]
                assert nodes
                assert all(node["code"] is None and node["maskedCode"] for node in nodes)
                assert {error["extensions"]["code"] for error in body["errors"]} == {code}
        # Each who was denied stands in the chain, with each event.
        assert await denials(service, 5 * times) == 5 * times
    # What is recorded for each is executed for each.
    assert executed.count(sequence) == 5


async def denials(service: Service, wanted: int) -> int:
    """How many denials are recorded, once so many are."""
    found = 0
    for _ in range(200):
        async with service.program.database.worker() as conn:
            found = await conn.fetchval(
                "SELECT count(*) FROM audit_events WHERE action = 'REVEAL_DENIED'"
            )
        if found >= wanted:
            break
        await asyncio.sleep(0.01)
    return found


async def test_a_revoked_client_is_ended_while_others_go_on(
    service: Service, order: str, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.streams.CHECK_SECONDS", 3600.0)  # the event finds out
    monkeypatch.setattr("app.auth.api_keys.CACHE_SECONDS", 0.0)
    await sockets.seen()
    going, staying = await sockets.open(3, "readonly"), await sockets.open(3, "partner")
    sequences = await happen(service, order)
    for socket in (*going, *staying):
        assert [int(event["sequence"]) for event in await socket.events(1)] == sequences
    key = service.client("readonly").credentials["key"]  # type: ignore[index]
    async with service.program.database.worker() as conn:
        await clients.revoke(conn, key)
    sequences = await happen(service, order, 2)
    for socket in going:
        message = await socket.next()
        assert (message["type"], message["id"][0]) == ("error", '"')
        assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await socket.closed() == 4403
    for socket in staying:
        assert [int(event["sequence"]) for event in await socket.events(2)] == sequences
    await following(service, 3)


async def test_a_slow_reader_holds_nobody_and_misses_nothing(
    service: Service, order: str, sockets: Sockets
) -> None:
    aliases = " ".join(f"a{number}_{'x' * 400}: id" for number in range(60))
    query = f"subscription {{ orderEvents {{ sequence {aliases} }} }}"
    await sockets.seen(query)
    slow, *others = await sockets.open(4, query=query)
    connection = slow.ws._response.connection
    transport = connection.transport if connection else None
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    sequences = await happen(service, order, 300)  # some eight megabytes for each
    async with asyncio.timeout(8):  # not the ten seconds that a reader has
        for socket in others:
            found = await socket.events(len(sequences))
            assert [int(event["sequence"]) for event in found] == sequences
    transport.resume_reading()
    found = await slow.events(len(sequences))
    assert [int(event["sequence"]) for event in found] == sequences
    later = await happen(service, order)
    for socket in (slow, *others):
        assert [int(event["sequence"]) for event in await socket.events(1)] == later


async def test_an_error_in_one_event_is_the_same_for_all(
    service: Service, order: str, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sockets.seen()
    followers = await sockets.open(MANY)
    failures: list[int] = []

    async def broken(*_: Any) -> Any:
        failures.append(1)
        raise RuntimeError("secret words")

    with monkeypatch.context() as patch:
        patch.setattr("db.orders.by_ids", broken)
        await happen(service, order)
        bodies = [(await socket.next())["payload"] for socket in followers]
    assert len(failures) == 1
    errors = [json.dumps(body["errors"]) for body in bodies]
    assert len(set(errors)) == 1
    assert "secret words" not in errors[0]
    (error,) = bodies[0]["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"]
    later = await happen(service, order)
    for socket in followers:
        assert [int(event["sequence"]) for event in await socket.events(1)] == later


async def test_who_comes_and_goes_misses_nothing_and_hears_nothing_twice(
    service: Service, order: str, sockets: Sockets
) -> None:
    """Joining at every moment while much happens, from now or from a place."""
    await sockets.seen()
    (first,) = await happen(service, order)
    begun: set[int] = set()
    end = asyncio.get_running_loop().create_future()

    async def one(number: int) -> list[int]:
        await asyncio.sleep(number * 0.02)
        after = str(first) if number % 2 else None
        async with connected(service.client("partner")) as socket:
            await socket.subscribe("1", variables={"after": after} if after else {})
            found: list[int] = []
            while not (end.done() and found[-1] >= end.result()):
                found += [int(event["sequence"]) for event in await socket.events(1)]
                begun.add(number)
                if number % 5 == 4 and len(found) == 20:
                    break  # leaves in the middle of it
            return found

    async def write() -> None:
        while len(begun) < 25:
            await happen(service, order)
        end.set_result((await happen(service, order, 50))[-1])
        # For those who had heard of the last one before it was known to be the last.
        await happen(service, order)

    writing = asyncio.create_task(write())
    heard = await asyncio.gather(*(one(number) for number in range(25)))
    await writing
    for number, found in enumerate(heard):
        assert found == list(range(found[0], found[0] + len(found)))
        assert number % 2 == 0 or found[0] == first + 1


async def test_a_completed_subscription_hears_nothing_more(
    service: Service, order: str, sockets: Sockets
) -> None:
    await sockets.seen()
    leaving, staying = await sockets.open(2)
    await leaving.send(id='"0', type="complete")
    await following(service, 1)
    sequences = await happen(service, order)
    assert [int(event["sequence"]) for event in await staying.events(1)] == sequences
    assert await leaving.silent()
    await leaving.subscribe('"0')
    await following(service, 2)
    sequences = await happen(service, order)
    for socket in (leaving, staying):
        assert [int(event["sequence"]) for event in await socket.events(1)] == sequences


REFUSED: list[tuple[str, dict[str, Any]]] = [
    (FOLLOW, {"after": "x"}),
    (FOLLOW, {"ids": ["x"] * 501}),
    (FOLLOW, {"ids": 3.5, "after": []}),
    (
        "subscription ($n: Int!) { orderEvents { order { events(first: $n) { nodes { id } } } } }",
        {"n": None},
    ),
]


@pytest.mark.parametrize(("query", "variables"), REFUSED)
async def test_both_roads_refuse_alike(
    service: Service, sockets: Sockets, query: str, variables: dict[str, Any]
) -> None:
    answers = []
    async with connected(service.client("partner")) as socket:
        for _ in range(3):
            await socket.subscribe("1", query, variables)
            answers.append(await socket.next())
    assert answers[0]["type"] == "error"
    assert answers[0] == answers[1] == answers[2]


async def test_both_roads_answer_alike(service: Service, buyer: Buyer, sockets: Sockets) -> None:
    placed = await buyer.buy("enkash", 1)
    query = VOUCHERS.replace("sequence", "sequence at type __typename absent: id @skip(if: true)")
    await service.settle()
    bodies = []
    followers = [(await sockets.open(1, client, query))[0] for client in ("partner",) * 3]
    (sequence,) = await happen(service, placed["id"])
    for socket in followers:
        message = await socket.next()
        assert message["payload"]["data"]["orderEvents"]["sequence"] == str(sequence)
        message["payload"]["extensions"]["cost"].pop("remaining")
        bodies.append(json.dumps(message["payload"]))
    assert bodies[0] == bodies[1] == bodies[2]


async def test_event_streams_are_told_with_sockets(
    service: Service, order: str, sockets: Sockets, executed: list[int]
) -> None:
    """Each in its own form: with the sequence as `id`, from which it resumes."""
    await sockets.seen()
    (socket,) = await sockets.open()
    async with asked(service.client("partner")) as one, asked(service.client("partner")) as two:
        await following(service, 3)
        assert len(service.program.crowds) == 1
        sequences = await happen(service, order, 3)
        assert [int(event["sequence"]) for event in await socket.events(3)] == sequences
        for stream in (one, two):
            for sequence in sequences:
                event = await stream.event()
                assert (event["event"], event["id"]) == ("next", str(sequence))
                body = json.loads(event["data"])
                assert list(body) == ["data", "extensions"]
                assert body["data"]["orderEvents"]["sequence"] == str(sequence)
        assert executed == sequences
    await following(service, 1)
    missed = await happen(service, order)
    async with asked(service.client("partner"), Last_Event_ID=str(sequences[-1])) as again:
        assert (await again.event())["id"] == str(missed[0])
        later = await happen(service, order)
        assert (await again.event())["id"] == str(later[0])
        assert len(service.program.crowds) == 1


async def test_an_event_stream_that_is_not_read_holds_nobody(
    service: Service, order: str, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sse.SEND_SECONDS", 1.0)
    aliases = " ".join(f"a{number}_{'x' * 400}: id" for number in range(60))
    query = f"subscription {{ orderEvents {{ sequence {aliases} }} }}"
    await sockets.seen(query)
    (socket,) = await sockets.open(query=query)
    async with asked(service.client("partner"), query) as stream:
        await following(service, 2)
        connection = stream.response.connection
        assert connection is not None
        assert isinstance(connection.transport, asyncio.Transport)
        connection.transport.pause_reading()
        sequences = await happen(service, order, 400)
        found = await socket.events(len(sequences))
        assert [int(event["sequence"]) for event in found] == sequences
        await following(service, 1)  # it was cut


async def test_one_who_vanishes_takes_nobody_along(
    service: Service, order: str, sockets: Sockets
) -> None:
    await sockets.seen()
    gone, *staying = await sockets.open(4)
    connection = gone.ws._response.connection
    assert connection is not None
    assert isinstance(connection.transport, asyncio.Transport)
    connection.transport.abort()
    sequences = await happen(service, order, 2)
    for socket in staying:
        assert [int(event["sequence"]) for event in await socket.events(2)] == sequences
    await following(service, 3)
    assert gone.ws.closed or (await gone.ws.receive()).type in (
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
        aiohttp.WSMsgType.CLOSING,
    )
