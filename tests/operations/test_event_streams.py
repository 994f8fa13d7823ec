"""graphql-sse, distinct connections mode: streams for those who want them, JSON for all others."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from app import sse
from db import clients
from tests.operations.service import Client, Service
from tests.operations.sockets import FOLLOW, following, happen, payload

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json,"
    " text/event-stream, multipart/mixed"
)
EVENTS = "text/event-stream"


class Stream:
    """The answer to one request, event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, str]:
        """The fields of the next event, comments under an empty name; empty at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while line := (await self.response.content.readline()).decode():
                if line == "\n":
                    return fields
                name, _, value = line.rstrip("\n").partition(":")
                fields[name] = value.removeprefix(" ")
        return fields

    async def event(self) -> dict[str, str]:
        """The next event that is not a comment."""
        while (fields := await self.next()) == {"": ""}:
            pass
        return fields

    async def events(self, count: int) -> list[Any]:
        found = []
        for _ in range(count):
            event = await self.event()
            assert event["event"] == "next", event
            body = json.loads(event["data"])
            assert event["id"] == body["data"]["orderEvents"]["sequence"]
            found.append(body["data"]["orderEvents"])
        return found


@asynccontextmanager
async def asked(
    client: Client,
    query: str = FOLLOW,
    variables: Mapping[str, Any] | None = None,
    *,
    accept: str = EVENTS,
    method: str = "POST",
    **headers: str,
) -> AsyncIterator[Stream]:
    sent = {"Accept": accept, **payload(client)}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"query": query, "variables": dict(variables or {})}
    if method == "GET":
        given = {"query": query, "variables": json.dumps(body["variables"])}
        request = client.session.get(client.url, params=given, headers=sent)
    else:
        request = client.session.post(client.url, json=body, headers=sent)
    async with request as response:
        yield Stream(response)


@pytest.fixture
async def order(service: Service) -> str:
    return await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)


async def test_a_subscription_is_a_stream(
    service: Service, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.streams.CHECK_SECONDS", 0.1)
    for accept in (EVENTS, URQL, f"{EVENTS}, */*;q=0.1"):
        for method in ("GET", "POST"):
            async with asked(service.client("partner"), accept=accept, method=method) as stream:
                assert stream.response.status == 200
                assert stream.response.content_type == EVENTS
                assert stream.response.headers["Cache-Control"] == "no-store"
                await following(service)
                sequences = await happen(service, order, 2)
                found = [int(event["sequence"]) for event in await stream.events(2)]
                assert found == sequences
            await following(service, 0)


async def test_last_event_id_resumes(service: Service, order: str) -> None:
    client = service.client("partner")
    async with asked(client) as stream:
        await following(service)
        await happen(service, order)
        (seen,) = await stream.events(1)
    missed = await happen(service, order, 3)
    async with asked(client, variables={"after": "0"}, Last_Event_ID=seen["sequence"]) as stream:
        assert [int(event["sequence"]) for event in await stream.events(3)] == missed
    async with asked(client, Last_Event_ID="nonsense") as stream:
        body = json.loads((await stream.event())["data"])
        assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_query_as_a_stream(service: Service) -> None:
    async with asked(service.client("partner"), "{ viewer { actor } }") as stream:
        assert stream.response.content_type == EVENTS
        event = await stream.event()
        assert event["event"] == "next"
        assert json.loads(event["data"])["data"]["viewer"]["actor"]
        assert await stream.event() == {"event": "complete", "data": ""}
        assert await stream.event() == {}


async def test_errors_arrive_as_events(service: Service) -> None:
    for query, code in {
        "{": "GRAPHQL_PARSE_FAILED",
        "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
        "subscription { orderEvents { nothing } }": "GRAPHQL_VALIDATION_FAILED",
        'subscription { orderEvents(after: "x") { id } }': "INVALID_INPUT",
    }.items():
        async with asked(service.client("partner"), query) as stream:
            body = json.loads((await stream.event())["data"])
            assert body["errors"][0]["extensions"]["code"] == code
            assert "data" not in body
            assert (await stream.event())["event"] == "complete"


async def test_who_takes_json_gets_json_for_a_query(service: Service) -> None:
    for accept in (URQL, "*/*", "application/json", f"{EVENTS}, application/json"):
        async with asked(
            service.client("partner"), "{ viewer { actor } }", accept=accept
        ) as stream:
            assert stream.response.content_type in (
                "application/json",
                "application/graphql-response+json",
            )
            body = await stream.response.json(content_type=None)
            assert body["data"]["viewer"]["actor"]


async def test_a_subscription_for_who_takes_no_events(service: Service) -> None:
    async with asked(service.client("partner"), accept="application/json") as stream:
        assert stream.response.status == 400
        assert EVENTS in (await stream.response.text())


async def test_a_mutation_by_get_is_none(service: Service) -> None:
    query = "mutation { cartCreate(input: {}) { cart { id } } }"
    async with asked(service.client("partner"), query, method="GET") as stream:
        assert stream.response.status == 405
    async with asked(service.client("partner"), query) as stream:
        assert json.loads((await stream.event())["data"])["data"]["cartCreate"]["cart"]["id"]


async def test_bad_credentials_are_http(service: Service) -> None:
    async with asked(service.client("partner"), X_API_Secret="wrong") as stream:
        assert stream.response.status == 401
    async with asked(service.client(None)) as stream:
        body = json.loads((await stream.event())["data"])
        assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await stream.event())["event"] == "complete"


async def test_comments_keep_it_alive(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_SECONDS", 0.1)
    async with asked(service.client("partner")) as stream:
        for _ in range(3):
            assert await stream.next() == {"": ""}


async def test_a_revoked_client_is_told_so_and_cut(service: Service, order: str) -> None:
    client = service.client("readonly")
    assert client.credentials is not None
    async with asked(client) as stream:
        await following(service)
        async with service.program.database.worker() as conn:
            await clients.revoke(conn, client.credentials["key"])
        event = await stream.event()
        assert json.loads(event["data"])["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await stream.event())["event"] == "complete"
        assert await stream.event() == {}
    await following(service, 0)
