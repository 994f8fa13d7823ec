"""Reading what arrives: media types, JSON from strangers, bounds."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from app.errors import Refusal
from app.requests import (
    JSON,
    MAX_ITEMS,
    MAX_LEVELS,
    RESPONSE_JSON,
    answers_with,
    bound,
    decode,
    purpose,
    request_id,
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
    ],
)
def test_the_answer_has_the_type_that_was_asked_for(accept: str | None, expected: object) -> None:
    headers = {} if accept is None else {"Accept": accept}
    assert answers_with(make_mocked_request("POST", "/graphql", headers=headers)) == expected


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
