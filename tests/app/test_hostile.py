"""What strangers send to break it: refused, memory as before, and the next query is answered."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from app.requests import BODY_SECONDS, MAX_BODY
from tests.app.process import Running
from tests.app.raw import Answer, Wire, connected, exchange, post

# What a process of this size may keep after hundreds of refused requests: remembered documents,
# and what the allocator does not give back.
MOST_GROWTH = 80 * 1024 * 1024
HELLO = b'{"query":"{ __typename }"}'
REFUSED = {400, 408, 413, 415}


def query(text: str, **more: object) -> bytes:
    return json.dumps({"query": text, **more}).encode()


def variables(raw: str) -> bytes:
    asking = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    return b'{"query": ' + json.dumps(asking).encode() + b', "variables": ' + raw.encode() + b"}"


def nested(levels: int) -> str:
    return "{ a" * levels + "}" * levels


def many(count: int, what: str) -> str:
    return "{" + " ".join(what.replace("#", str(number)) for number in range(count)) + "}"


DOCUMENTS = {
    "nested 10,000 deep": query(nested(10_000)),
    "nested 100 deep": query(nested(100)),
    "unclosed braces": query("{" * 50_000),
    "10,000 aliases": query(many(10_000, "a#: __typename")),
    "10,000 aliases of a guarded field": query(many(10_000, 'a#: voucher(id: "x") { code }')),
    "300 aliases": query(many(300, "a#: viewer { account }")),
    "the same field 10,000 times": query(many(10_000, "viewer { account }")),
    "a fragment that spreads itself": query("{ ...F } fragment F on Query { ...F }"),
    "fragments in a circle": query(
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C }"
        " fragment C on Query { viewer { account } ...A }"
    ),
    "doubling fragments": query(
        "{ ...F0 }"
        + "".join(
            f" fragment F{i} on Query {{ a: node(id: 1) {{ ...F{i + 1} }}"
            f" b: node(id: 1) {{ ...F{i + 1} }} }}"
            for i in range(15)
        )
        + " fragment F15 on Query { __typename }"
    ),
    "the same directive 1,000 times": query("{ __typename" + " @skip(if: false)" * 1000 + " }"),
    "the same directive twice": query("{ __typename @skip(if: false) @skip(if: false) }"),
    "an unknown directive 90 times": query("{ __typename" + " @nope" * 90 + " }"),
    "1,000 operations": query(" ".join(f"query Q{i} {{ __typename }}" for i in range(1000))),
    "1,000 fragments": query(
        "{ __typename }" + "".join(f" fragment F{i} on Query {{ __typename }}" for i in range(1000))
    ),
    "1,000 variables": query(
        f"query ({' '.join(f'$v{i}: Int' for i in range(1000))}) {{ __typename }}"
    ),
    "a list of 10,000": query('{ nodes(ids: ["x"' + ' "x"' * 10_000 + "]) { id } }"),
    "lists 1,000 deep": query("{ nodes(ids: " + "[" * 1000 + "]" * 1000 + ") { id } }"),
    "objects 1,000 deep": query("{ products(filter: " + "{a: " * 1000 + "1" + "}" * 1000 + ") }"),
    "types 1,000 deep": query("query ($a: " + "[" * 1000 + "Int" + "]" * 1000 + ") { __typename }"),
    "100,000 comments": query("#\n" * 100_000 + "{ __typename }"),
    "500,000 commas": query("{ __typename" + "," * 500_000 + " }"),
    "a name of 500,000 letters": query("{ " + "a" * 500_000 + " }"),
    "a string of 500,000 letters": query('{ product(id: "' + "a" * 500_000 + '") { id } }'),
    "an integer of 50,000 digits": query(
        "{ products(first: " + "9" * 50_000 + ") { totalCount } }"
    ),
    "a float of 50,000 digits": query(
        "{ products(filter: {minFaceValue: 1." + "9" * 50_000 + "}) { totalCount } }"
    ),
    "a float beyond all bounds": query(
        "{ products(filter: {minFaceValue: 1e999999999}) { totalCount } }"
    ),
    "NUL": query("{ __typename \u0000 }"),
    "a lone surrogate": b'{"query":"{ __typename } # \\ud800"}',
    "escapes that are none": query('{ product(id: "\\uD800\\u{110000}") { id } }'),
    "spaces that are none": query("{\u00a0__typename\u2028}"),
    "a schema": query("schema { query: Query }"),
    "an extension of a type": query("{ __typename } extend type Query { a: Int }"),
}
BODIES = {
    "a batch of 1,000": json.dumps([{"query": "{ __typename }"}] * 1000).encode(),
    "a batch in a batch": b'[[{"query":"{ __typename }"}]]',
    "arrays 500,000 deep": b"[" * 500_000,
    "variables 1,000 deep": variables('{"ids": ' + "[" * 1000 + "]" * 1000 + "}"),
    "variables 200,000 deep": variables('{"ids": ' + "[" * 200_000 + "]" * 200_000 + "}"),
    "objects 50,000 deep": variables('{"a": ' * 50_000 + "1" + "}" * 50_000),
    "100,000 values": variables(json.dumps({"ids": [["x"] * 1000] * 100})),
    "30,000 variables": variables(json.dumps({f"v{number}": 1 for number in range(30_000)})),
    "10,000 ids": variables(json.dumps({"ids": ["x"] * 10_000})),
    "an id of 900,000 letters": variables(json.dumps({"ids": "x" * 900_000}))[:-1],
    "a number beyond all bounds": variables('{"ids": 1e999}'),
    "a number of 100,000 digits": variables('{"ids": ' + "9" * 100_000 + "}"),
    "a number that is none": variables('{"ids": NaN}'),
    "extensions 1,000 deep": b'{"query":"{ a }","extensions":'
    + b'{"a":' * 1000
    + b"1"
    + b"}" * 1001,
    "invalid UTF-8": b'{"query":"{ __typename } #\xff\xfe"}',
    "overlong UTF-8": b'{"query":"{ __typename } #\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"query":"{ __typename } #\xed\xa0\x80"}',
    "UTF-16": HELLO.decode().encode("utf-16"),
    "NUL before": b"\x00" + HELLO,
    "NUL only": b"\x00" * 100_000,
    "a body and more": HELLO * 2,
}
ALL = {**DOCUMENTS, **BODIES}


def bomb(window: int) -> bytes:
    """A gigabyte of zeros in a megabyte: one packed block, a thousand times."""
    packing = zlib.compressobj(9, wbits=window)
    head = packing.compress(b"\0" * 1024) + packing.flush(zlib.Z_FULL_FLUSH)
    block = packing.compress(b"\0" * 1024 * 1024) + packing.flush(zlib.Z_FULL_FLUSH)
    return head + block * (min(1000, (MAX_BODY - len(head)) // len(block)))


async def next_query(service: Running) -> None:
    """The next ordinary query is answered."""
    answer = await exchange(service.base, post(HELLO, service.headers("partner")))
    assert (answer.status, json.loads(answer.body)["data"]) == (200, {"__typename": "Query"})


@pytest.fixture(scope="module")
def before(roomy: Running) -> Iterator[int]:
    """The memory of the process before; it is about the same afterwards."""
    process = psutil.Process(roomy.process.pid)
    held = process.memory_info().rss
    yield held
    grown = process.memory_info().rss - held
    assert grown < MOST_GROWTH, f"{grown / 1e6:.0f} MB more than before"


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("name", ALL)
async def test_it_is_refused_and_nothing_is_executed(
    http: aiohttp.ClientSession, roomy: Running, name: str
) -> None:
    headers = {"Content-Type": "application/json", **roomy.headers("partner")}
    async with http.post(roomy.url, data=ALL[name], headers=headers) as response:
        shown = await response.json()
        assert response.status in REFUSED
        assert response.headers["X-Request-Id"]
    assert "data" not in shown
    assert len(json.dumps(shown)) < 4000
    codes = {error["extensions"]["code"] for error in shown["errors"]}
    assert codes <= {
        "BAD_REQUEST",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "INVALID_INPUT",
    }
    await next_query(roomy)


@pytest.mark.usefixtures("before")
async def test_all_of_them_at_once_keep_nobody_out(roomy: Running) -> None:
    headers = roomy.headers("partner")
    flood = [exchange(roomy.base, post(body, headers)) for body in ALL.values()]
    answers = asyncio.gather(*flood)
    for _ in range(5):
        await next_query(roomy)
    assert {answer.status for answer in await answers} <= REFUSED


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("told", [True, False])
async def test_fifty_megabytes_are_not_taken(roomy: Running, told: bool) -> None:
    headers = roomy.headers("partner")
    piece = b" " * 500_000
    if told:
        sent = [post(None, {**headers, "Content-Length": 50_000_000}), *[piece] * 100]
    else:
        chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
        sent = [post(None, {**headers, "Transfer-Encoding": "chunked"}), *[chunk] * 100]
    answer = await exchange(roomy.base, *sent)
    assert (answer.status, answer.code) == (413, "BAD_REQUEST")
    await next_query(roomy)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", bomb(31), 413),
        ("deflate", bomb(15), 413),
        ("br", bomb(31), 415),
        ("zstd", bomb(31), 415),
        ("gzip, gzip", bomb(31), 415),
        ("GZIP", b"\x1f\x8b broken", 400),
        ("gzip", b"", 400),
        ("deflate", bomb(-15)[:1000], 400),
    ],
)
async def test_what_is_packed_is_unpacked_up_to_a_megabyte(
    roomy: Running, encoding: str, body: bytes, status: int
) -> None:
    packed = post(body, {**roomy.headers("partner"), "Content-Encoding": encoding})
    answers = asyncio.gather(*(exchange(roomy.base, packed) for _ in range(10)))
    await next_query(roomy)
    for answer in await answers:
        assert (answer.status, answer.code) == (status, "BAD_REQUEST")


@pytest.mark.usefixtures("before")
async def test_a_bomb_that_nobody_wants_is_not_unpacked(roomy: Running) -> None:
    """The rest of a refused body is read for a moment; that must cost no more than reading."""
    process = psutil.Process(roomy.process.pid)
    packed = {"Content-Encoding": "gzip"}
    wanted = {"/nope": 404, "/healthz": 405, "/webhooks/starship": 413, "/graphql": 401}
    for path, status in wanted.items():
        used = process.cpu_times()
        nobody = {**packed, "X-API-Key": "vgtest_nobody", "X-API-Secret": "nothing"}
        async with connected(roomy.base) as wire:
            await wire.send(post(bomb(31), nobody, path))
            assert (await wire.answer()).status == status
            await wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert await wire.closed()
        now = process.cpu_times()
        # Unpacking takes all of the second that may be spent on the rest.
        assert now.user + now.system - used.user - used.system < 0.5
    await next_query(roomy)


@asynccontextmanager
async def crowd(service: Running, count: int, *pieces: bytes) -> AsyncIterator[list[Wire]]:
    """Connections that have all sent the same and wait."""
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(service.base)) for _ in range(count)]
        for wire in wires:
            await wire.send(*pieces)
        yield wires


@pytest.mark.usefixtures("before")
async def test_slow_and_silent_connections_keep_nobody_out_and_are_cut(roomy: Running) -> None:
    headers: Mapping[str, object] = roomy.headers("partner")
    slow = post(None, {**headers, "Content-Length": len(HELLO)}) + HELLO[:5]
    endless = post(None, {**headers, "Transfer-Encoding": "chunked"}) + b"1\r\n \r\n"
    half = b"POST /graphql HTTP/1.1\r\nHost: x\r\n"
    async with (
        crowd(roomy, 500) as idle,
        crowd(roomy, 200, slow) as slows,
        crowd(roomy, 50, endless) as endlesses,
        crowd(roomy, 50, half) as halves,
    ):
        for wire in endlesses:
            await wire.send(b"1\r\n \r\n" * 100)
        for _ in range(5):
            await next_query(roomy)
        answers: list[Answer] = await asyncio.gather(*(one.answer() for one in slows + endlesses))
        assert {(answer.status, answer.code) for answer in answers} == {(408, "BAD_REQUEST")}
        everybody = idle + slows + endlesses + halves
        assert all(await asyncio.gather(*(wire.closed() for wire in everybody)))
    assert BODY_SECONDS <= 10
    await next_query(roomy)


@pytest.mark.usefixtures("before")
async def test_a_body_that_trickles_is_cut_off(roomy: Running) -> None:
    """Each byte in time, all of them never."""
    async with connected(roomy.base) as wire:
        await wire.send(post(None, {**roomy.headers("partner"), "Content-Length": 100_000}))

        async def trickle() -> None:
            while True:
                await wire.send(b" ")
                await asyncio.sleep(0.2)

        trickling = asyncio.ensure_future(trickle())
        answer = await wire.answer()
        trickling.cancel()
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    await next_query(roomy)


@pytest.mark.usefixtures("before")
async def test_thousands_of_requests_ahead_on_one_connection(roomy: Running) -> None:
    """Whoever sends without reading waits; the others do not."""
    one = post(HELLO, roomy.headers("partner"))
    async with connected(roomy.base) as wire:
        sending = asyncio.ensure_future(wire.send(*[one * 50] * 100))
        await next_query(roomy)
        for _ in range(100):
            assert (await wire.answer()).status == 200
        sending.cancel()
    await next_query(roomy)
