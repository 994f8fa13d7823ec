"""Documents by their hash: sent once, found again, kept apart and within bounds."""

import json
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from app.persisted import Automatic
from app.registered import digest_of
from tests.app.process import Running

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"


def hashed(document: str, **more: object) -> dict[str, Any]:
    """What a client sends who hopes that the document is known."""
    digest = digest_of(document)
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}} | more


async def post(
    http: aiohttp.ClientSession, service: Running, body: Any, client: str = "partner", **sent: str
) -> tuple[int, Any]:
    headers = {**service.headers(client), **sent}
    async with http.post(service.url, json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def get(
    http: aiohttp.ClientSession, service: Running, client: str = "partner", **given: str
) -> tuple[int, Any]:
    async with http.get(service.url, params=given, headers=service.headers(client)) as response:
        return response.status, await response.json()


def code(body: Any) -> Any:
    return body["errors"][0]["extensions"]["code"]


async def test_a_document_is_sent_once(http: aiohttp.ClientSession, service: Running) -> None:
    query = "query Once($n: Int) { products(first: $n) { nodes { name } } }"
    status, body = await post(http, service, hashed(query))
    assert (status, code(body)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert body["errors"][0]["message"] == "PersistedQueryNotFound"
    first = await post(http, service, hashed(query, query=query, variables={"n": 2}))
    again = await post(http, service, hashed(query, variables={"n": 2}))
    emptied = await post(http, service, hashed(query, query="", variables={"n": 2}))
    assert first[1]["data"] == again[1]["data"] == emptied[1]["data"]
    assert len(again[1]["data"]["products"]["nodes"]) == 2
    extensions = json.dumps(hashed(query)["extensions"])
    status, body = await get(http, service, extensions=extensions, variables='{"n": 3}')
    assert (status, len(body["data"]["products"]["nodes"])) == (200, 3)
    status, body = await get(http, service, documentId=f"sha256:{digest_of(query)}")
    assert (status, len(body["data"]["products"]["nodes"])) == (200, 20)


async def test_it_is_learned_from_a_get_as_well(
    http: aiohttp.ClientSession, service: Running
) -> None:
    query = "query Learned { products(first: 1) { nodes { sku } } }"
    extensions = json.dumps(hashed(query)["extensions"])
    assert (await get(http, service, extensions=extensions, query=query))[0] == 200
    assert "data" in (await post(http, service, hashed(query)))[1]


async def test_what_is_not_known_is_a_200_in_plain_json_only(
    http: aiohttp.ClientSession, service: Running
) -> None:
    body = hashed("query Nobody { __typename }")
    for accept, status, kind in (
        (f"{RESPONSE_JSON},{JSON};q=0.9", 200, JSON),
        ("*/*", 200, JSON),
        (RESPONSE_JSON, 400, RESPONSE_JSON),
    ):
        headers = {**service.headers("partner"), "Accept": accept}
        async with http.post(service.url, json=body, headers=headers) as response:
            assert (response.status, response.content_type) == (status, kind)
            assert response.headers["Cache-Control"] == "no-store"
            assert code(await response.json(content_type=None)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_only_what_is_valid_is_remembered(
    http: aiohttp.ClientSession, service: Running
) -> None:
    for query in ("query Broken {", "query Unknown { nothing }", "{ __typename " * 30 + "}" * 30):
        assert (await post(http, service, hashed(query, query=query)))[0] == 400
        assert code((await post(http, service, hashed(query)))[1]) == "PERSISTED_QUERY_NOT_FOUND"


async def test_accounts_do_not_share_and_the_anonymous_keep_nothing(
    http: aiohttp.ClientSession, service: Running
) -> None:
    query = "query Apart { providers { name } }"
    assert "data" in (await post(http, service, hashed(query, query=query)))[1]
    assert code((await post(http, service, hashed(query), "other"))[1]) == (
        "PERSISTED_QUERY_NOT_FOUND"
    )
    mine = "query Anonymous { __typename }"
    for body in (hashed(mine, query=mine), hashed(mine)):
        async with http.post(service.url, json=body) as response:
            found = await response.json()
    assert code(found) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_hash_of_another_document_is_refused(
    http: aiohttp.ClientSession, service: Running
) -> None:
    body = hashed("{ __typename }", query="{ viewer { actor } }")
    status, answer = await post(http, service, body)
    assert (status, code(answer)) == (400, "BAD_REQUEST")


WRONG: list[dict[str, object]] = [
    {"extensions": {"persistedQuery": "abc"}},
    {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "abc"}}},
    {"extensions": {"persistedQuery": {"version": 1}}},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a" * 201}}},
    {"documentId": 5},
    {"documentId": ""},
    {"documentId": "a" * 201},
    {"documentId": "some", "query": "{ __typename }"},
    {"documentId": "some", **hashed("{ __typename }")},
    {"query": 5, **hashed("{ __typename }")},
    {},
]


@pytest.mark.parametrize("body", WRONG, ids=json.dumps)
async def test_what_is_malformed_is_a_bad_request(
    http: aiohttp.ClientSession, service: Running, body: dict[str, object]
) -> None:
    status, answer = await post(http, service, body)
    assert (status, code(answer)) == (400, "BAD_REQUEST")


async def test_an_id_that_nobody_registered(http: aiohttp.ClientSession, service: Running) -> None:
    status, body = await post(http, service, {"documentId": "sha256:" + "0" * 64})
    assert (status, code(body)) == (400, "DOCUMENT_NOT_FOUND")


async def test_mutations_by_hash_are_sent_by_post(
    http: aiohttp.ClientSession, service: Running
) -> None:
    query = "mutation Hashed { cartCreate(input: {}) { cart { id } } }"
    assert "data" in (await post(http, service, hashed(query, query=query)))[1]
    assert "data" in (await post(http, service, hashed(query)))[1]
    status, body = await get(http, service, extensions=json.dumps(hashed(query)["extensions"]))
    assert (status, code(body)) == (405, "BAD_REQUEST")


async def test_over_a_websocket(http: aiohttp.ClientSession, service: Running) -> None:
    query = "query Socket { viewer { accountName } }"
    async with http.ws_connect(service.url, protocols=["graphql-transport-ws"]) as ws:
        await ws.send_json({"type": "connection_init", "payload": service.headers("partner")})
        assert (await ws.receive_json())["type"] == "connection_ack"

        async def ask(id: str, payload: dict[str, Any]) -> Any:
            await ws.send_json({"type": "subscribe", "id": id, "payload": payload})
            found = await ws.receive_json()
            if found["type"] == "next":
                assert (await ws.receive_json())["type"] == "complete"
            return found["payload"]

        (error,) = await ask("1", hashed(query))
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        assert "data" in await ask("2", hashed(query, query=query))
        assert (await ask("3", hashed(query, query="")))["data"]["viewer"]["accountName"] == "demo"
        named = await ask("4", {"documentId": f"sha256:{digest_of(query)}"})
        assert named["data"]["viewer"]["accountName"] == "demo"
        await ws.send_json({"type": "subscribe", "id": "5", "payload": {"variables": {}}})
        await ws.receive()
        assert ws.close_code == 4400


async def test_over_an_event_stream(http: aiohttp.ClientSession, service: Running) -> None:
    query = 'subscription Stream { orderEvents(after: "0") { sequence } }'
    headers = {**service.headers("partner"), "Accept": "text/event-stream"}
    for body in (hashed(query, query=query), hashed(query)):
        async with http.post(service.url, json=body, headers=headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            while not (line := await response.content.readline()).startswith(b"data"):
                assert line
            assert "orderEvents" in json.loads(line.partition(b":")[2])["data"]


def test_an_account_pushes_out_its_own_documents_only() -> None:
    documents = Automatic(of_account=10_000, of_all=25_000)
    one, two = uuid4(), uuid4()
    documents.keep(one, "kept", "x" * 1000)
    for number in range(1000):
        documents.keep(two, f"{number}", "y" * 1000)
    assert documents.find(one, "kept") == "x" * 1000
    assert documents.find(two, "999") is not None
    assert documents.find(two, "0") is None
    assert documents._size <= 20_000


def test_what_is_used_stays_and_all_accounts_together_are_bounded() -> None:
    documents = Automatic(of_account=10_000, of_all=25_000)
    account = uuid4()
    documents.keep(account, "used", "x" * 1000)
    for number in range(50):
        assert documents.find(account, "used")
        documents.keep(account, f"{number}", "y" * 1000)
        documents.keep(uuid4(), "first", "\N{GRINNING FACE}" * 2000)  # eight thousand bytes
    assert documents.find(account, "used")
    assert documents._size <= 25_000
    assert documents._size == sum(shelf.size for shelf in documents._shelves.values())
    assert len(documents._shelves) < 5


def test_a_document_beyond_the_bound_is_not_kept() -> None:
    documents = Automatic(of_account=1000, of_all=2000)
    account = uuid4()
    documents.keep(account, "large", "x" * 2000)
    assert documents.find(account, "large") is None
    assert documents._size == 0
