"""Starship's webhooks: a hint once proven, nothing at all otherwise."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from providers.errors import Rejected, Unsupported
from providers.port import Hint
from providers.starship import Starship
from simulators.starship import Starship as Simulator
from tests.providers import starship_payloads as payloads
from tests.providers.local import Canned, opened

REFERENCE = "GW_71f2a0c4"
SECRET = "whsec-of-the-dashboard"
EVENT = {
    "id": "evt_1",
    "event_type": "order.delivered",
    "data": {"order_id": 40817, "reference_code": REFERENCE, "status": "DELIVERED"},
}


def signed(body: bytes, *, age: float = 0, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    digest = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    return {"X-Signature": digest, "X-Timestamp": stamp}


def hear(starship: Starship, event: Any, headers: Any = None) -> Hint:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return starship.webhook(signed(body) if headers is None else headers, body)


async def test_a_signed_webhook_is_a_hint(server: Canned) -> None:
    async with opened(Starship, server.url, webhook_secret=SECRET) as starship:
        assert hear(starship, EVENT) == Hint("evt_1", "40817", REFERENCE)
        body = json.dumps(EVENT).encode()
        shouted = {name.upper(): value.upper() for name, value in signed(body).items()}
        assert hear(starship, body, shouted).delivery == "evt_1"
        for age in (290, -290):
            assert hear(starship, body, signed(body, age=age)).delivery == "evt_1"
        assert hear(starship, EVENT | {"data": {"order_id": "7"}}) == Hint("evt_1", "7")
        assert hear(starship, EVENT | {"data": {"reference_code": "R"}}).reference == "R"
    assert server.seen == []


async def test_what_the_simulator_posts_is_a_hint(server: Canned) -> None:
    simulator = Simulator(11, products=40)
    secret = simulator.webhook_secret
    async with opened(Starship, server.url, webhook_secret=secret) as starship:
        for order in simulator.seeded_orders:
            post = simulator.write_post(order, order.course[0])
            if post is not None:
                hint = starship.webhook(post.headers, post.body)
                assert (hint.provider_order_id, hint.reference) == (order.order_id, order.reference)


async def test_a_delivery_without_an_id_is_known_by_what_it_says(server: Canned) -> None:
    async with opened(Starship, server.url, webhook_secret=SECRET) as starship:
        bare = payloads.without(EVENT, {"id": ...})
        first = hear(starship, bare).delivery
        assert hear(starship, bare).delivery == first
        assert len(first) == 64
        other = bare | {"data": {"order_id": 40817, "status": "CANCELLED"}}
        assert hear(starship, other).delivery != first
        assert len(hear(starship, EVENT | {"id": "x" * 5000}).delivery) == 64


BYTES = json.dumps(EVENT).encode()
# headers, body -> the code of the refusal
FORGED: dict[str, tuple[Callable[[], dict[str, str]], bytes, str]] = {
    "no_headers": (dict, BYTES, "stale"),
    "no_signature": (lambda: {"X-Timestamp": signed(BYTES)["X-Timestamp"]}, BYTES, "signature"),
    "other_secret": (lambda: signed(BYTES, secret="other"), BYTES, "signature"),
    "other_body": (lambda: signed(BYTES), BYTES.replace(b"40817", b"40818"), "signature"),
    "other_time": (
        lambda: signed(BYTES) | {"X-Timestamp": str(int(time.time()) - 7)},
        BYTES,
        "signature",
    ),
    "too_old": (lambda: signed(BYTES, age=310), BYTES, "stale"),
    "of_the_future": (lambda: signed(BYTES, age=-310), BYTES, "stale"),
    "time_in_words": (lambda: signed(BYTES) | {"X-Timestamp": "now"}, BYTES, "stale"),
    "endless_time": (lambda: signed(BYTES) | {"X-Timestamp": "9" * 5000}, BYTES, "stale"),
    "odd_digits": (lambda: signed(BYTES) | {"X-Timestamp": "²"}, BYTES, "stale"),
    "odd_signature": (lambda: signed(BYTES) | {"X-Signature": "é" * 64}, BYTES, "signature"),
    "not_json": (lambda: signed(b"<html>"), b"<html>", "unreadable"),
    "a_list": (lambda: signed(b"[]"), b"[]", "unreadable"),
    "no_order": (lambda: signed(b'{"id":"e"}'), b'{"id":"e"}', "unreadable"),
    "data_is_text": (lambda: signed(b'{"data":"x"}'), b'{"data":"x"}', "unreadable"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_or_silent_webhook_is_rejected(server: Canned, name: str) -> None:
    headers, body, code = FORGED[name]
    async with opened(Starship, server.url, webhook_secret=SECRET) as starship:
        with pytest.raises(Rejected) as caught:
            starship.webhook(headers(), body)
    assert caught.value.code == code
    assert SECRET not in repr(vars(caught.value))


def test_without_a_secret_there_are_no_webhooks(starship: Starship) -> None:
    with pytest.raises(Unsupported):
        hear(starship, EVENT)
