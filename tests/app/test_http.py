"""HTTP around GraphQL: origins, methods, headers of every answer, what is no HTTP at all."""

import json
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from app.cors import ANSWER_HEADERS, REQUEST_HEADERS, Origins, parse_origins
from app.listening import HEADER_SECONDS
from app.requests import MAX_BODY
from tests.app.conftest import LISTED
from tests.app.process import Running
from tests.app.raw import connected, exchange, post

FOREIGN = "https://evil.example"
HELLO = b'{"query":"{ __typename }"}'
WRITE = {"query": "mutation Effect { cartCreate(input: {}) { cart { id } } }"}
NO_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET /graphql HTTP/7.9\r\nHost: x\r\n\r\n",
    "an unknown method": b"NONSENSE /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "not a method": b"G(T /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in a header": b"GET /graphql HTTP/1.1\r\nHost: x\r\nX-Purpose: a\x00b\r\n\r\n",
    "a space in a header's name": b"GET /graphql HTTP/1.1\r\nHost: x\r\nX Purpose: a\r\n\r\n",
    "two lengths": post(HELLO, {"Content-Length": "26\r\nContent-Length: 27"}),
    "length and chunks": post(HELLO, {"Transfer-Encoding": "chunked"}),
    "a length below zero": post(HELLO, {"Content-Length": "-1"}),
    "a length with a sign": post(HELLO, {"Content-Length": "+26"}),
    "two transfer encodings": post(None, {"Transfer-Encoding": "chunked, chunked"}),
    "an unknown transfer encoding": post(None, {"Transfer-Encoding": "gzip"}) + b"0\r\n\r\n",
    "10,000 headers": post(HELLO, {f"X-Flood-{number}": "x" for number in range(10_000)}),
    "a header of a megabyte": post(HELLO, {"X-Flood": "x" * 1_000_000}),
    "an address of a megabyte": post(HELLO, {}, "/graphql?" + "x" * 1_000_000),
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
}


def test_origins_are_exact() -> None:
    assert parse_origins(" https://A.example:443 ,http://localhost:5173,") == (
        "https://a.example",
        "http://localhost:5173",
    )
    for wrong in (
        "*",
        "null",
        "https://*.example.com",
        "https://a.example/",
        "https://a.example/path",
        "https://user@a.example",
        "https://a.example?x",
        "https://",
        "a.example",
        "ftp://a.example",
        "https://a.example:port",
        "https://a.example:99999",
        "https://a b.example",
        "https://é.example",
    ):
        with pytest.raises(ValueError, match=r".*"):
            parse_origins(wrong)


@pytest.mark.parametrize(
    ("origin", "host", "admitted"),
    [
        (None, "api.example.com", True),
        (LISTED, "api.example.com", True),
        ("https://api.example.com", "api.example.com", True),
        ("https://api.example.com", "API.example.com:443", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("https://api.example.com.evil.example", "api.example.com", False),
        (LISTED + ".evil.example", "api.example.com", False),
        (LISTED + ":8443", "api.example.com", False),
        ("https://evil.example", "api.example.com", False),
        ("null", "", False),
        ("null", "null", False),
        ("", "", False),
        ("https://", "", False),
        ("chrome-extension://abc", "abc", False),
    ],
)
def test_who_may_ask(origin: str | None, host: str, admitted: bool) -> None:
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    request = make_mocked_request("POST", "/graphql", headers=headers)
    origins = Origins([LISTED])
    assert origins.admits(request) is admitted
    listed = origins.headers(request).get("Access-Control-Allow-Origin")
    assert listed == (LISTED if origin == LISTED else None)


async def preflight(
    http: aiohttp.ClientSession, service: Running, origin: str
) -> aiohttp.ClientResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key,x-api-secret",
    }
    async with http.options(service.url, headers=headers) as response:
        await response.read()
        return response


async def test_a_listed_origin_may_ask_first(http: aiohttp.ClientSession, roomy: Running) -> None:
    response = await preflight(http, roomy, LISTED)
    assert response.status == 204
    told = response.headers
    assert told["Access-Control-Allow-Origin"] == LISTED
    assert told["Access-Control-Allow-Methods"] == "GET, POST"
    assert set(told["Access-Control-Allow-Headers"].split(", ")) == set(REQUEST_HEADERS)
    assert int(told["Access-Control-Max-Age"]) > 0
    assert told["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in told


@pytest.mark.parametrize("origin", [FOREIGN, "null", LISTED + ".evil.example"])
async def test_another_origin_is_refused_and_told_nothing(
    http: aiohttp.ClientSession, roomy: Running, origin: str
) -> None:
    first = await preflight(http, roomy, origin)
    own = {**roomy.headers("partner"), "Origin": origin, "X-Request-Id": "foreign-effect"}
    async with http.post(roomy.url, json=WRITE, headers=own) as sent:
        assert (await sent.json())["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with http.get(roomy.url, params={"query": "{ __typename }"}, headers=own) as read:
        await read.read()
    for response in (first, sent, read):
        assert response.status == 403
        assert "Origin" in response.headers["Vary"].split(", ")
        assert not any(name.startswith("Access-Control") for name in response.headers)
    lines = [json.loads(line) for line in roomy.log().splitlines() if "foreign-effect" in line]
    assert lines
    assert not any(line["client"] or line["operation"] for line in lines)


async def test_errors_can_be_read_by_a_listed_origin_too(
    http: aiohttp.ClientSession, roomy: Running
) -> None:
    wrong = {"X-API-Key": "vgtest_nobody", "X-API-Secret": "nothing"}
    known = roomy.headers("partner")
    asked: list[tuple[dict[str, str], dict[str, Any], int]] = [
        (wrong, {"json": WRITE}, 401),
        (known, {"json": {"query": "{"}}, 400),
        (known, {"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        (known, {"json": {"query": "{ __typename }"}}, 200),
    ]
    for credentials, more, status in asked:
        headers = {**credentials, **more.pop("headers", {}), "Origin": LISTED}
        async with http.post(roomy.url, headers=headers, **more) as response:
            assert response.status == status
            assert response.headers["Access-Control-Allow-Origin"] == LISTED
            assert response.headers["Access-Control-Expose-Headers"] == ", ".join(ANSWER_HEADERS)
            if status == 200:
                sent = {name for name in response.headers if name.startswith("RateLimit")}
                assert sent <= set(ANSWER_HEADERS)
    async with http.put(roomy.url, headers={"Origin": LISTED}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == LISTED


async def test_our_own_page_needs_no_list(http: aiohttp.ClientSession, service: Running) -> None:
    own = {**service.headers("partner"), "Origin": service.base}
    async with http.post(service.url, json={"query": "{ __typename }"}, headers=own) as response:
        assert response.status == 200
        assert not any(name.startswith("Access-Control") for name in response.headers)
    async with http.options(service.url) as response:
        assert (response.status, response.headers["Allow"]) == (204, "GET, POST, OPTIONS")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "text/plain; application/json"},
    ],
)
async def test_what_a_page_can_send_without_asking_has_no_effect(
    http: aiohttp.ClientSession, roomy: Running, headers: dict[str, str]
) -> None:
    """Even with credentials, which no page can add to such a request."""
    number = "simple-request"
    sent = {**headers, **roomy.headers("partner"), "X-Request-Id": number}
    async with http.post(roomy.url, data=json.dumps(WRITE), headers=sent) as response:
        assert response.status == 415
    async with http.get(roomy.url, params=WRITE, headers=sent) as response:
        assert response.status == 405
    lines = [json.loads(line) for line in roomy.log().splitlines() if number in line]
    assert {line["status"] for line in lines} <= {415, 405}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
async def test_other_methods_are_refused(service: Running, method: str) -> None:
    head = f"{method} /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with connected(service.base) as wire:
        await wire.send(head.encode())
        answer = (await wire.reader.readuntil(b"\r\n\r\n")).decode()
    assert " 405 " in answer
    assert "Allow: GET, POST, OPTIONS" in answer


async def test_headers_that_keep_browsers_careful(
    http: aiohttp.ClientSession, service: Running
) -> None:
    for path in ("/graphql", "/healthz", "/nope", "/webhooks/nope", "/metrics"):
        async with http.get(service.base + path) as response:
            told = response.headers
        assert told["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
        assert told["Cross-Origin-Opener-Policy"] == "same-origin"
        assert told["Cross-Origin-Resource-Policy"] == "same-origin"
        assert told["Referrer-Policy"] == "no-referrer"
        assert len(told["X-Request-Id"]) == 24


@pytest.mark.parametrize("name", NO_HTTP)
async def test_what_is_not_http_is_answered_in_our_words(service: Running, name: str) -> None:
    answer = await exchange(service.base, NO_HTTP[name])
    assert answer.status == 400
    assert answer.code == "BAD_REQUEST"
    assert len(answer.headers["x-request-id"]) == 24
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.body) < 200
    everything = "\n".join([*answer.headers.values(), answer.body.decode()]).lower()
    assert not any(word in everything for word in ("aiohttp", "python", "flood", "b'"))
    (line,) = [one for one in service.log().splitlines() if answer.headers["x-request-id"] in one]
    assert json.loads(line)["event"] == "request.malformed"


async def test_several_requests_on_one_connection_are_all_answered(service: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with connected(service.base) as wire:
        await wire.send(one * 200)
        answers = [await wire.answer() for _ in range(200)]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 200


async def test_what_follows_a_refused_body_is_not_taken_for_a_request(service: Running) -> None:
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with connected(service.base) as wire:
        await wire.send(post(None, {"Content-Length": MAX_BODY + 1}) + hidden)
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert await wire.closed()


async def test_a_body_is_asked_for_only_where_it_is_wanted(service: Running) -> None:
    asking = {**service.headers("partner"), "Expect": "100-continue"}
    async with connected(service.base) as wire:
        await wire.send(post(None, {**asking, "Content-Length": len(HELLO)}))
        assert (await wire.answer()).status == 100
        await wire.send(HELLO)
        assert (await wire.answer()).status == 200
    large = await exchange(service.base, post(None, {**asking, "Content-Length": 50_000_000}))
    assert large.status == 413
    other = await exchange(service.base, post(HELLO, {**asking, "Expect": "wonders"}))
    assert other.status == 200
    nowhere = b"GET /nope HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n"
    answer = await exchange(service.base, nowhere)
    assert answer.status == 417
    assert len(answer.headers["x-request-id"]) == 24


async def test_a_connection_that_sends_no_request_is_cut(service: Running) -> None:
    assert HEADER_SECONDS <= 10
    async with connected(service.base) as wire:
        await wire.send(b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await wire.closed()


INTROSPECTING = {
    "schema": "{ __schema { types { name } } }",
    "type": '{ __type(name: "Query") { name } }',
    "service": "{ _service { sdl } }",
    "aliased": "{ a: __schema { queryType { name } } }",
    "in a fragment": "{ ...F } fragment F on Query { __schema { types { name } } }",
    "in an inline fragment": "{ ... on Query { ... { _service { sdl } } } }",
    "skipped": "{ __typename __schema @skip(if: true) { types { name } } }",
    "in an operation that is not run": "query A { __typename } query B { __schema { __typename } }",
    "in a fragment that is not used": "{ __typename } fragment F on Query { _service { sdl } }",
}


@pytest.mark.parametrize("name", INTROSPECTING)
@pytest.mark.parametrize("client", ["partner", "operator"])
async def test_the_schema_is_not_told_where_that_is_off(
    http: aiohttp.ClientSession, roomy: Running, name: str, client: str
) -> None:
    asked = {"query": INTROSPECTING[name]}
    if "query A" in asked["query"]:
        asked["operationName"] = "A"
    headers = roomy.headers(client)
    for request in (
        http.post(roomy.url, json=asked, headers=headers),
        http.get(roomy.url, params=asked, headers=headers),
    ):
        async with request as response:
            assert response.status == 400
            (error,) = (await response.json())["errors"]
        assert error["extensions"] == {"code": "INTROSPECTION_DISABLED"}


NEAR = {
    "a field": ("{ vouchr { id } }", None),
    "an argument": ("{ products(frist: 3) { totalCount } }", None),
    "a type": ("{ ... on Queri { __typename } }", None),
    "an enum's value": ("{ products(sort: NAM) { totalCount } }", None),
    "an enum's value in a variable": (
        "query ($s: ProductSort) { products(sort: $s) { totalCount } }",
        {"s": "NAM"},
    ),
    "an input's field": ("{ products(filter: {serch: 1}) { totalCount } }", None),
    "an input's field in a variable": (
        "query ($f: ProductFilter) { products(filter: $f) { totalCount } }",
        {"f": {"serch": "x"}},
    ),
    "a directive's argument": ("{ __typename @skip(iff: true) }", None),
    "no selection": ("{ viewer }", None),
}


@pytest.mark.parametrize("name", NEAR)
async def test_names_are_suggested_only_where_the_schema_is_told(
    http: aiohttp.ClientSession, service: Running, roomy: Running, name: str
) -> None:
    query, variables = NEAR[name]
    messages = []
    for one in (roomy, service):
        body = {"query": query, "variables": variables}
        async with http.post(one.url, json=body, headers=one.headers("partner")) as response:
            messages.append(str((await response.json())["errors"]))
    assert "Did you mean" not in messages[0]
    assert "Did you mean" in messages[1]


async def test_what_was_found_is_named_also_where_the_schema_is_not_told(
    http: aiohttp.ClientSession, roomy: Running
) -> None:
    body = {"query": "{ __typename viewer { __typename } }"}
    async with http.post(roomy.url, json=body, headers=roomy.headers("partner")) as response:
        data = (await response.json())["data"]
    assert data == {"__typename": "Query", "viewer": {"__typename": "Viewer"}}
    async with http.get(roomy.url, headers={"Accept": "text/html"}) as page:
        assert page.status == 200
