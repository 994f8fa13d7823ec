"""GraphQL over HTTP at the outer edge: what is accepted, how answers are packed, what is kept."""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from graphql import parse

from app.negotiation import JSON, RESPONSE_JSON
from schema import build_schema
from schema.keeping import PARTS, WHOLE, may_be_kept
from tests.app.process import Running

PRODUCTS = "{ products(first: 40) { nodes { id name description provider { name } } } }"
WRITE = "mutation { cartCreate(input: {}) { cart { id } } }"
ORDERS = "{ orders(first: 20) { nodes { id reference status } } }"
SECRETS = """{ orders(first: 50) { nodes {
    vouchers { nodes { id code pin claimUrl referenceNumber } } } } }"""


@dataclass
class Answer:
    """An answer as it came over the wire, still packed."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        encoding = self.headers.get("Content-Encoding")
        if encoding == "gzip":
            return json.loads(gzip.decompress(self.raw))
        return json.loads(zlib.decompress(self.raw) if encoding == "deflate" else self.raw)

    @property
    def code(self) -> str:
        return str(self.body["errors"][0]["extensions"]["code"])


@dataclass
class Wire:
    """Sends operations as a demo client, with any headers, and unpacks nothing by itself."""

    http: aiohttp.ClientSession
    service: Running

    async def get(self, client: str = "partner", sent: Any = None, **given: str) -> Answer:
        headers = {**self.service.headers(client), **(sent or {})}
        return await self._done(self.http.get(self.service.url, params=given, headers=headers))

    async def post(self, query: str, client: str = "partner", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {**self.service.headers(client), **named}
        body = {"query": query}
        return await self._done(self.http.post(self.service.url, json=body, headers=headers))

    @staticmethod
    async def _done(request: Any) -> Answer:
        async with request as response:
            return Answer(response.status, response.headers, await response.read())


@pytest.fixture
async def wire(service: Running) -> Any:
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        yield Wire(http, service)


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};charset=utf-16", "a, b;q=1"])
async def test_an_answer_that_nobody_takes_is_not_made(wire: Wire, accept: str) -> None:
    refused = await wire.post(WRITE, Accept=accept)
    assert (refused.status, refused.code) == (406, "BAD_REQUEST")
    assert refused.headers["Content-Type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize("accept", ["*/*", "application/*", f"text/html, {JSON};q=0.1"])
async def test_a_range_that_holds_ours_is_enough(wire: Wire, accept: str) -> None:
    answer = await wire.post("{ __typename }", Accept=accept)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"{JSON}; charset=utf-8"


async def test_what_an_answer_is_worth_in_either_type(wire: Wire) -> None:
    """Data beside errors is a success; without data it is one in plain JSON only."""
    partly = "{ viewer { actor } auditEvents { nodes { id } } }"
    for accept, status in ((JSON, 200), (RESPONSE_JSON, 400)):
        answer = await wire.post(partly, "readonly", Accept=accept)
        assert (answer.status, answer.code) == (200, "FORBIDDEN")
        assert answer.body["data"]["viewer"]["actor"]
        for wrong in (
            "{",
            "{ nothing }",
            "query ($n: Int!) { products(first: $n) { totalCount } }",
        ):
            answer = await wire.post(wrong, Accept=accept)
            assert answer.status == status
            assert "data" not in answer.body
            assert answer.headers["Content-Type"] == f"{accept}; charset=utf-8"


async def test_a_get_has_variables_and_extensions_in_its_address(wire: Wire) -> None:
    answer = await wire.get(
        query="query A($n: Int) { products(first: $n) { nodes { id } } } query B { __typename }",
        operationName="A",
        variables='{"n": 2}',
        extensions='{"some": {"thing": [1]}}',
    )
    assert len(answer.body["data"]["products"]["nodes"]) == 2


async def test_every_answer_says_what_it_depends_on(wire: Wire) -> None:
    for answer in (
        await wire.post("{ __typename }"),
        await wire.post("{"),
        await wire.post("{ __typename }", Accept="text/html"),
    ):
        assert answer.headers["Vary"] == "Accept, Accept-Encoding, Origin"
        assert answer.headers["Cache-Control"] == "no-store"


# ---------------------------------------------------------------- packed answers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_large_answers_are_packed(wire: Wire, encoding: str) -> None:
    plain = await wire.post(PRODUCTS, Accept_Encoding="identity")
    packed = await wire.post(PRODUCTS, Accept_Encoding=encoding)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == encoding
    assert int(packed.headers["Content-Length"]) == len(packed.raw) < len(plain.raw) / 2
    assert packed.body["data"] == plain.body["data"]


async def test_small_answers_are_not(wire: Wire) -> None:
    for encoding in ("gzip", "gzip, deflate, br"):
        answer = await wire.post("{ __typename }", Accept_Encoding=encoding)
        assert "Content-Encoding" not in answer.headers
    refused = await wire.post(PRODUCTS, Accept_Encoding="gzip;q=0")
    assert "Content-Encoding" not in refused.headers


async def test_an_answer_with_secrets_is_never_packed(wire: Wire) -> None:
    opened = await wire.post(SECRETS, Accept_Encoding="gzip")
    assert len(opened.raw) > 1024
    assert '"code"' in opened.raw.decode()
    assert "Content-Encoding" not in opened.headers
    assert opened.headers["Cache-Control"] == "no-store"
    without = await wire.post(SECRETS.replace("code pin claimUrl referenceNumber", "state"))
    assert len(without.raw) > 1024
    sealed = await wire.post(
        SECRETS.replace("code pin claimUrl referenceNumber", "state"), Accept_Encoding="gzip"
    )
    assert sealed.headers["Content-Encoding"] == "gzip"


# ---------------------------------------------------------------- kept answers


async def test_the_recorded_catalog_may_be_kept_for_a_minute(wire: Wire) -> None:
    first = await wire.get(query=PRODUCTS)
    assert first.headers["Cache-Control"] == "private, max-age=60"
    assert "X-API-Key" in first.headers["Vary"]
    assert "Authorization" in first.headers["Vary"]
    tag = first.headers["ETag"]
    again = await wire.get(query=PRODUCTS, sent={"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.raw) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == "private, max-age=60"
    packed = await wire.get(query=PRODUCTS, sent={"Accept-Encoding": "gzip"})
    assert (packed.headers["ETag"], packed.status) == (tag, 200)
    other = await wire.get(query=PRODUCTS, sent={"If-None-Match": '"other"'})
    assert other.status == 200


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { actor } }",
        ORDERS,
        "{ __schema { queryType { name } } }",
        "{ providers { name health { state } } }",
        "{ providers { name balances { amount } } }",
        "{ products(first: 1) { nodes { id } sources { outcome } } }",
        "{ products(first: 1) { nodes { id } } viewer { actor } }",
        "query A { products(first: 1) { nodes { id } } } query B { viewer { actor } }",
    ],
)
async def test_nothing_else_is_kept(wire: Wire, query: str) -> None:
    named = {"operationName": "A"} if " B " in query else {}
    client = "operator" if "health" in query or "balances" in query else "partner"
    answer = await wire.get(client, query=query, **named)
    assert "errors" not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


async def test_nothing_is_kept_of_a_post_nor_with_an_error(wire: Wire) -> None:
    posted = await wire.post(PRODUCTS)
    failed = await wire.get(query='{ products(first: 5, after: "nonsense") { nodes { id } } }')
    assert "errors" in failed.body
    for answer in (posted, failed):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def test_what_may_be_kept_is_a_list_of_what_there_is() -> None:
    schema = build_schema()
    types = schema._schema.type_map
    assert types.keys() >= WHOLE
    for name, fields in PARTS.items():
        assert types[name].fields.keys() >= fields  # type: ignore[attr-defined]
    for text, kept in (
        ("{ products { nodes { provider { displayName } } } }", True),
        ("{ products { nodes { provider { balances { amount } } } } }", False),
        (
            "{ product(id: 1) { ...F } } fragment F on Product { provider { health { state } } }",
            False,
        ),
        ("{ node(id: 1) { ... on Product { name } } }", False),
        ("{ _entities(representations: []) { ... on Product { name } } }", False),
    ):
        assert not may_be_kept(schema, text)  # not known to be valid
        schema.remembered.add(text, parse(text))
        assert may_be_kept(schema, text) is kept
