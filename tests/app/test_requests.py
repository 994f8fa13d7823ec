"""Reading what arrives: media types, JSON from strangers, bounds."""

import gzip
import zlib
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from app.errors import Refusal
from app.negotiation import JSON, RESPONSE_JSON, answers_with, packing, takes_json
from app.requests import (
    MAX_BODY,
    MAX_ITEMS,
    MAX_LEVELS,
    bound,
    decode,
    purpose,
    request_id,
    unpacked,
)

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json,"
    " text/event-stream, multipart/mixed"
)
HOSTILE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"a":' + b"9" * 5000 + b"}",
    b'"\\ud800"',
    b"NaN",
    b"1e999",
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:12]))
def test_hostile_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        decode(body)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, (JSON, True)),
        ("*/*", (JSON, True)),
        ("text/html", (JSON, True)),
        (JSON, (JSON, False)),
        (RESPONSE_JSON, (RESPONSE_JSON, True)),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", (RESPONSE_JSON, True)),
        (f"{RESPONSE_JSON};q=0.5, {JSON}", (JSON, False)),
        (f"{RESPONSE_JSON};q=0, {JSON}", (JSON, False)),
        (f"{JSON};q=oops", (JSON, True)),
        (f"{JSON}, multipart/mixed", (JSON, False)),
        ("application/*", (JSON, True)),
        (f"{RESPONSE_JSON};q=0.1, */*", (JSON, True)),
        (f"{RESPONSE_JSON};q=0.1, */*;q=0.01", (RESPONSE_JSON, True)),
        (f"{JSON};q=0.5, application/*", (RESPONSE_JSON, True)),
        (f"*/*, {JSON};q=0", (RESPONSE_JSON, True)),
        (f"application/*;q=0, */*, {JSON};q=0.1", (JSON, False)),
        (f"{RESPONSE_JSON};charset=utf-8", (RESPONSE_JSON, True)),
        (f'{RESPONSE_JSON}; charset="UTF-8"; q=0.2, {JSON};q=0.1', (RESPONSE_JSON, True)),
        (f"{RESPONSE_JSON};charset=latin1, {JSON};q=0.1", (JSON, False)),
        (f"{RESPONSE_JSON.upper()} ;Q=0.3", (RESPONSE_JSON, True)),
        (f"{RESPONSE_JSON};q=nan, {JSON};q=0.1", (JSON, False)),
    ],
)
def test_the_answer_has_the_type_that_was_asked_for(accept: str | None, expected: object) -> None:
    headers = {} if accept is None else {"Accept": accept}
    request = make_mocked_request("POST", "/graphql", headers=headers)
    assert answers_with(request) == expected


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        ("*/*", True),
        ("application/*;q=0.001", True),
        (URQL, True),
        ("", True),
        ("text/html", False),
        ("text/event-stream, multipart/mixed", False),
        (f"{JSON};q=0, {RESPONSE_JSON};q=0", False),
        (f"{JSON};charset=utf-16", False),
        ("application/*;q=0, */*", False),
    ],
)
def test_who_takes_an_answer_at_all(accept: str, takes: bool) -> None:
    request = make_mocked_request("POST", "/graphql", headers={"Accept": accept})
    assert takes_json(request) is takes


def test_several_headers_are_one_list() -> None:
    headers = CIMultiDict([("Accept", f"{JSON};q=0.1"), ("Accept", RESPONSE_JSON)])
    assert answers_with(make_mocked_request("POST", "/graphql", headers=headers))[0] == (
        RESPONSE_JSON
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, None),
        ("identity", None),
        ("br", None),
        ("br, zstd, gzip, deflate", "gzip"),
        ("gzip;q=0.2, deflate", "deflate"),
        ("gzip;q=0, *;q=0.5", "deflate"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("GZIP;q=1.0", "gzip"),
        ("gzip;q=oops", None),
    ],
)
def test_the_encoding_that_a_client_likes_best(sent: str | None, expected: str | None) -> None:
    headers = {} if sent is None else {"Accept-Encoding": sent}
    assert packing(make_mocked_request("POST", "/graphql", headers=headers)) == expected


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "variables",
    [
        {"a": [0] * (MAX_ITEMS + 1)},
        {"a": nested(MAX_LEVELS + 1)},
        {"a": [[0] * 500 for _ in range(50)]},
        {str(number): number for number in range(20_001)},
    ],
)
def test_variables_are_bounded(variables: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        bound(variables)


def test_ordinary_variables_pass() -> None:
    bound({"ids": ["x"] * 100, "input": {"lines": [{"productId": "p", "quantity": 2}] * 50}})
    bound(None)


def test_a_packed_body_is_unpacked_as_far_as_it_may_be() -> None:
    whole = b"x" * MAX_BODY
    for packed in (gzip.compress(whole), zlib.compress(whole)):
        assert unpacked(packed) == whole
    with pytest.raises(Refusal) as caught:
        unpacked(gzip.compress(whole + b"x"))
    assert caught.value.status == 413
    for broken in (b"", gzip.compress(whole)[:-1], zlib.compress(b"x") + b"y", b"{}"):
        with pytest.raises(zlib.error):
            unpacked(broken)


def test_a_sane_request_id_is_kept_and_others_replaced() -> None:
    sane = make_mocked_request("GET", "/", headers={"X-Request-Id": "0af7651916cd43dd"})
    assert request_id(sane) == "0af7651916cd43dd"
    for bad in ("short", "x" * 101, "a b c d e f g", "{<script>}12"):
        made = request_id(make_mocked_request("GET", "/", headers={"X-Request-Id": bad}))
        assert made != bad
        assert len(made) == 24


def test_a_purpose_is_short_and_printable() -> None:
    assert purpose(make_mocked_request("GET", "/")) is None
    assert (
        purpose(make_mocked_request("GET", "/", headers={"X-Purpose": "Support 12"}))
        == "Support 12"
    )
    with pytest.raises(Refusal):
        purpose(make_mocked_request("GET", "/", headers={"X-Purpose": "x" * 201}))
