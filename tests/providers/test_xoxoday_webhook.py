"""Xoxoday's webhooks: a shared key, no signature, and a hint."""

import json
from typing import Any

import pytest

from providers.errors import (
    Rejected,
    Rejection,
)
from providers.port import Hint
from providers.tokens import MemoryTokenStore
from providers.xoxoday import Xoxoday
from tests.providers.local import configuration
from tests.providers.plum import ORDER

REFERENCE = "VG_K7QJ2M4XW5PZ3TND"
HOOK_KEY = "abcDEF0123456789"


@pytest.fixture
def hooked() -> Xoxoday:
    settings = configuration(Xoxoday, "http://127.0.0.1:9", webhook_key=HOOK_KEY)
    return Xoxoday.open(settings, MemoryTokenStore())


def hook(**changes: Any) -> bytes:
    data: dict[str, Any] = {
        "orderId": 7310442,
        "poNumber": REFERENCE,
        "orderDate": "2026-03-04 17:05:09",
        "deliveryStatus": "delivered",
    }
    changed = {k: v for k, v in (data | changes).items() if v is not ...}
    whole = {"id": 77, "data": changed, "createdAt": "2026-03-04 17:06:00"}
    return json.dumps(whole).encode()


@pytest.mark.parametrize("name", ["x-api-key", "X-API-Key", "X-Api-Key"])
def test_a_webhook_is_a_hint(hooked: Xoxoday, name: str) -> None:
    found = hooked.webhook({"Host": "x", name: HOOK_KEY}, hook())
    assert found == Hint("77:7310442:delivered", provider_order_id=ORDER, reference=REFERENCE)


@pytest.mark.parametrize(
    ("body", "order", "reference"),
    [
        (hook(orderId="7310442"), ORDER, REFERENCE),
        (hook(orderId=...), None, REFERENCE),
        (hook(orderId=None), None, REFERENCE),
        (hook(poNumber=""), ORDER, None),
        (hook(deliveryStatus=...), ORDER, REFERENCE),
        (hook().replace(b'"id": 77, ', b""), ORDER, REFERENCE),
    ],
)
def test_what_a_webhook_may_leave_out(
    hooked: Xoxoday, body: bytes, order: str | None, reference: str | None
) -> None:
    found = hooked.webhook({"x-api-key": HOOK_KEY}, body)
    assert (found.provider_order_id, found.reference) == (order, reference)
    assert found.delivery


def test_deliveries_of_one_event_are_alike_and_others_are_not(hooked: Xoxoday) -> None:
    bodies = [hook(), hook(), hook(deliveryStatus="canceled"), hook(orderId=8)]
    found = [hooked.webhook({"x-api-key": HOOK_KEY}, body).delivery for body in bodies]
    assert found[0] == found[1]
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": HOOK_KEY[:-1]},
        {"x-api-key": HOOK_KEY.lower()},
        {"x-api-key": f" {HOOK_KEY}"},
        {"x-api-key": "ü"},
        {"x-api-key": "\udcff"},
        {"Authorization": HOOK_KEY},
    ],
)
def test_a_wrong_key_is_refused(hooked: Xoxoday, headers: dict[str, str]) -> None:
    with pytest.raises(Rejected) as caught:
        hooked.webhook(headers, hook())
    assert caught.value.rejection is Rejection.PROVIDER_REJECTED
    assert HOOK_KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["", HOOK_KEY])
def test_without_a_key_of_ours_nothing_is_believed(xoxoday: Xoxoday, key: str) -> None:
    with pytest.raises(Rejected):
        xoxoday.webhook({"x-api-key": key}, hook())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b'{"id":1,"data":',
        b'{"id":1,"data":[]}',
        b'{"id":1,"data":7}',
        b"[" * 5000,
        hook(orderId=..., poNumber=...),
        hook(orderId=0, poNumber=""),
        hook(orderId=-1),
        hook(orderId="1,2"),
        hook(orderId=[1]),
        hook(orderId=7.5),
        hook(poNumber={"a": 1}),
        hook(poNumber="V" * 101),
    ],
)
def test_a_body_that_names_no_order_is_refused(hooked: Xoxoday, body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        hooked.webhook({"x-api-key": HOOK_KEY}, body)
    assert caught.value.rejection is Rejection.INVALID_INPUT
