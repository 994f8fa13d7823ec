"""The running program from outside: ready file, hostile bodies, headers, health."""

import gzip
import io
import json
import re
import socket
import stat
from typing import Any

import aiohttp
import pytest

from app.console import DIST
from tests.app.process import Running

HELLO = b'{"query":"{ __typename }"}'
HOSTILE: dict[str, bytes] = {
    "null": b"null",
    "number": b"3",
    "string": b'"x"',
    "true": b"true",
    "not UTF-8": b"\xff\xfe",
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"query":' * 100_000,
    "integer of 5000 digits": b'{"query":"{__typename}","variables":{"a":' + b"9" * 5000 + b"}}",
    "batch of nulls": b"[null,null]",
    "empty batch": b"[]",
    "empty object": b"{}",
    "nothing": b"",
    "query of another type": b'{"query":5}',
    "variables of another type": b'{"query":"{__typename}","variables":[]}',
    "name of another type": b'{"query":"{__typename}","operationName":3}',
    "extensions of another type": b'{"query":"{__typename}","extensions":3}',
    "lone surrogate": b'{"query":"\\ud800"}',
    "NUL in the document": b'{"query":"{ a\\u0000 }"}',
    "two operations, none named": b'{"query":"query A{__typename} query B{__typename}"}',
    "no such operation": b'{"query":"{__typename}","operationName":"X"}',
    "not a document": b'{"query":"{"}',
    "not in the schema": b'{"query":"{ nope }"}',
    "subscription": b'{"query":"subscription { orderEvents { id } }"}',
    "doubling fragments": json.dumps(
        {
            "query": "{...F0}"
            + "".join(f"fragment F{i} on Query{{...F{i + 1} ...F{i + 1}}}" for i in range(200))
        }
    ).encode(),
    "10,000 aliases": json.dumps(
        {"query": "{" + " ".join(f"a{i}: __typename" for i in range(10_000)) + "}"}
    ).encode(),
}


async def post(
    http: aiohttp.ClientSession, service: Running, body: bytes, **headers: str
) -> tuple[int, Any, Any]:
    sent = {"Content-Type": "application/json", **service.headers("partner")}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.post(service.url, data=io.BytesIO(body), headers=sent) as response:
        return response.status, await response.json(content_type=None), response.headers


def test_the_ready_file_has_what_scripts_need_and_is_ours_alone(service: Running) -> None:
    ready = service.ready
    # The console's address stands there where somebody has built it.
    names = {"graphql", "graphiql", "metrics", "pid", "simulators", "clients"}
    assert set(ready) - {"console"} == names
    assert ("console" in ready) == (DIST / "index.html").is_file()
    assert ready["pid"] == service.process.pid
    assert set(ready["clients"]) == {"partner", "readonly", "operator", "other"}
    assert all(set(one) == {"key", "secret"} for one in ready["clients"].values())
    assert set(ready["simulators"]) <= {"enkash", "starship", "xoxoday", "woohoo"}
    assert stat.S_IMODE(service.ready_file.stat().st_mode) == 0o600


def test_what_the_sandbox_keeps_is_for_us_alone(service: Running) -> None:
    data = service.directory / "data"
    kept = json.loads((data / "sandbox.json").read_text())
    assert kept["clients"] == service.ready["clients"]
    assert stat.S_IMODE((data / "sandbox.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "keys" / "key-ring").stat().st_mode) == 0o600


def test_the_banner_says_where_to_look(service: Running) -> None:
    output = service.output()
    assert service.ready["graphiql"] in output
    assert str(service.directory / "data" / "sandbox.json") in output
    assert "vgs_" not in output


async def test_demo_clients_have_the_scopes_they_are_for(
    http: aiohttp.ClientSession, service: Running
) -> None:
    scopes, accounts = {}, {}
    for name in service.ready["clients"]:
        async with http.post(
            service.url,
            json={"query": "{ viewer { accountName account scopes } }"},
            headers=service.headers(name),
        ) as response:
            viewer = (await response.json())["data"]["viewer"]
        scopes[name], accounts[name] = set(viewer["scopes"]), viewer["accountName"]
    assert accounts == {"partner": "demo", "readonly": "demo", "operator": "demo", "other": "other"}
    assert scopes["readonly"] == {"catalog:read", "orders:read"}
    assert scopes["partner"] == scopes["other"]
    assert {"orders:place", "vouchers:reveal", "wallet:read", "audit:read"} <= scopes["partner"]
    assert {"orders:import", "operations:read", "operations:write"} <= scopes["operator"]
    assert not any({"orders:import", "vouchers:reveal"} <= found for found in scopes.values())


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_a_bad_request(
    http: aiohttp.ClientSession, service: Running, name: str
) -> None:
    status, body, _ = await post(http, service, HOSTILE[name])
    assert status == 400, body
    assert "data" not in body
    (error,) = body["errors"][:1]
    assert error["extensions"]["code"] in {
        "BAD_REQUEST",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
    }
    assert len(json.dumps(body)) < 4000


async def test_encodings_of_a_body(http: aiohttp.ClientSession, service: Running) -> None:
    assert (await post(http, service, HELLO, Content_Encoding="gzip"))[0] == 400
    assert (await post(http, service, gzip.compress(HELLO), Content_Encoding="gzip"))[0] == 200
    bomb = gzip.compress(b'{"query":"' + b" " * 20_000_000 + b'"}')
    assert (await post(http, service, bomb, Content_Encoding="gzip"))[0] == 413
    assert (await post(http, service, b" " * 2_000_000))[0] == 413


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
async def test_what_a_foreign_form_could_send_is_not_read(
    http: aiohttp.ClientSession, service: Running, content_type: str
) -> None:
    status, body, _ = await post(http, service, HELLO, Content_Type=content_type)
    assert (status, body["errors"][0]["extensions"]["code"]) == (415, "BAD_REQUEST")


async def test_get_is_for_queries(http: aiohttp.ClientSession, service: Running) -> None:
    headers = service.headers("partner")
    for query, status in (("{ __typename }", 200), ("mutation { __typename }", 405), ("", 400)):
        async with http.get(service.url, params={"query": query}, headers=headers) as response:
            assert response.status == status
            if status == 405:
                assert response.headers["Allow"] == "POST"
    async with http.put(service.url) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, POST, OPTIONS")


async def test_media_types_of_graphql_over_http(
    http: aiohttp.ClientSession, service: Running
) -> None:
    new, old = "application/graphql-response+json", "application/json"
    wrong = b'{"query":"{ nope }"}'
    status, _, headers = await post(http, service, wrong, Accept=new)
    assert (status, headers["Content-Type"].split(";")[0]) == (400, new)
    status, _, headers = await post(http, service, wrong, Accept=old)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, old)
    answer = (await post(http, service, HELLO, Accept=new))[1]
    assert (answer["data"], list(answer)) == ({"__typename": "Query"}, ["data", "extensions"])


async def test_headers_of_every_answer(http: aiohttp.ClientSession, service: Running) -> None:
    for path in ("/graphql", "/healthz", "/readyz", "/nope", "/static/graphiql/graphiql.css"):
        async with http.get(
            service.base + path, headers={"X-Request-Id": "request-1234"}
        ) as answer:
            assert "Server" not in answer.headers
            assert answer.headers["X-Request-Id"] == "request-1234"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            stored = "no-cache" if path.startswith("/static") else "no-store"
            assert answer.headers["Cache-Control"] == stored


async def test_alive_and_ready(http: aiohttp.ClientSession, service: Running) -> None:
    for path, said in (("/healthz", "alive"), ("/readyz", "ready")):
        async with http.get(service.base + path) as response:
            assert (response.status, await response.json()) == (200, {"status": said})


async def test_counters(http: aiohttp.ClientSession, service: Running) -> None:
    await post(http, service, HELLO)
    async with http.get(service.ready["metrics"]) as response:
        text = await response.text()
    assert re.search(r'vouchergraph_requests_total\{status="200"\} [1-9]', text)


def test_what_is_not_http_learns_no_versions(service: Running) -> None:
    host, port = service.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = raw.recv(4000)
    assert answer.startswith(b"HTTP/1.")
    assert b"aiohttp" not in answer.lower()
    assert b"python" not in answer.lower()


async def test_nothing_of_a_request_but_its_name_is_logged(
    http: aiohttp.ClientSession, service: Running
) -> None:
    query = 'query NamedHere { a: __typename b: product(id: "canary-1") { name } }'
    body = json.dumps(
        {"query": query, "operationName": "NamedHere", "variables": {"v": "canary-2"}}
    )
    marks = {"X_Request_Id": "request-of-the-log", "X_Purpose": "canary-3"}
    await post(http, service, body.encode(), **marks)
    (line,) = [line for line in service.log().splitlines() if "request-of-the-log" in line]
    logged = json.loads(line)
    assert (logged["operation"], logged["status"]) == ("NamedHere", 200)
    assert logged["client"] == service.ready["clients"]["partner"]["key"]
    assert "canary" not in service.log()
    assert "vgs_" not in service.log()
