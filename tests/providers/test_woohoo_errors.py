"""Woohoo's errors: by code, by envelope, and hostile ones."""

from typing import Any

import pytest
import structlog

from domain.orders import OrderStatus
from providers import errors
from providers.errors import NotFound, OutcomeUnknown, ProviderError, Rejected, Unavailable
from providers.port import OrderKey
from providers.woohoo import RESELLER, Woohoo
from tests.providers import woohoo_payloads as payloads
from tests.providers.local import Answer
from tests.providers.pine import (
    ORDER,
    Pair,
    reply,
    running,
)
from tests.providers.shown import ACCIDENTS
from tests.providers.woohoo_payloads import details, envelope


@pytest.mark.parametrize("case", payloads.FAILURES, ids=lambda case: case[0])
async def test_a_failed_read_is_one_of_our_errors(
    woohoo: Pair, case: tuple[str, int, Any, str, str | None]
) -> None:
    pine, adapter = woohoo
    _, status, body, error, reason = case
    pine.answers[pine.path("order", ORDER)] = Answer(body, status)
    with structlog.testing.capture_logs() as lines, pytest.raises(ProviderError) as caught:
        await adapter.order(ORDER)
    assert type(caught.value).__name__ == error
    if isinstance(caught.value, Unavailable):
        assert caught.value.reason == reason
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize("body", payloads.HOSTILE, ids=repr)
async def test_a_hostile_order_is_unreadable(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(body)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        await adapter.order(ORDER)
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize("changed", [{"orderId": []}, {"products": "x"}, {"products": [None, 3]}])
async def test_an_order_with_a_hostile_part_is_unreadable(
    woohoo: Pair, changed: dict[str, Any]
) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details(**changed))
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        await adapter.order(ORDER)
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize("text", payloads.TEXTS, ids=lambda text: text[0])
async def test_what_is_no_json_is_unreadable(woohoo: Pair, text: tuple[str, str]) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(text[1])
    with pytest.raises(Unavailable) as caught:
        await adapter.order(ORDER)
    assert caught.value.reason is errors.Reason.UNREADABLE


@pytest.mark.parametrize(
    ("body", "status", "error", "reason"),
    [
        (envelope(None, 404), 404, NotFound, None),
        (envelope(None, 404), 200, NotFound, None),
        (envelope({"code": 5320, "message": "x"}, 400), 400, NotFound, None),
        (envelope({"code": "5320"}, 400), 400, NotFound, None),
        (envelope(None, 400), 400, Unavailable, "fault"),
        (envelope(None, 401), 401, Unavailable, "credentials"),
        (envelope(None, 401), 200, Unavailable, "credentials"),
        (envelope(None, 500), 500, Unavailable, "fault"),
        (envelope(None, 429), 429, Unavailable, "rate_limited"),
        (envelope(details(), 200, status="FAILURE"), 200, Unavailable, "fault"),
        (envelope(None), 200, Unavailable, "unreadable"),
        (envelope(...), 200, Unavailable, "unreadable"),
        (envelope([]), 200, Unavailable, "unreadable"),
        (envelope("x"), 200, Unavailable, "unreadable"),
        ("<html>Forbidden</html>", 403, Unavailable, "credentials"),
        ('{"code":"0x0200","status":"SUCCESS","data":{"ord', 200, Unavailable, "unreadable"),
    ],
)
async def test_a_failed_envelope(
    body: Any, status: int, error: type[ProviderError], reason: str | None
) -> None:
    async with running(RESELLER) as (pine, adapter):
        pine.framed = lambda found: found  # type: ignore[method-assign]
        pine.answers[pine.path("order", ORDER)] = Answer(body if ... is not body else None, status)
        with pytest.raises(error) as caught:
            await adapter.order(ORDER)
        if isinstance(caught.value, Unavailable):
            assert caught.value.reason == reason


@pytest.mark.parametrize("changes", [{"status": "success"}, {"status": ...}, {"message": ...}])
@pytest.mark.parametrize("code", ["0x0200", "0X0200", " 0x0201 "])
async def test_an_envelope_is_read_by_its_digits(changes: dict[str, Any], code: str) -> None:
    async with running(RESELLER) as (pine, adapter):
        pine.framed = lambda found: found  # type: ignore[method-assign]
        whole = envelope(details(), code=code, **changes)
        pine.answers[pine.path("order", ORDER)] = Answer(whole)
        assert (await adapter.order(ORDER)).reading.status is OrderStatus.DELIVERED


@pytest.mark.parametrize("order_id", ["", "..", "a/b", "a?b", "a b", "a%2f", "ä"])
async def test_an_id_that_would_be_another_path_is_never_asked_for(
    woohoo: Pair, order_id: str
) -> None:
    pine, adapter = woohoo
    for asked in (adapter.order(order_id), adapter.vouchers(OrderKey(order_id))):
        with pytest.raises(NotFound):
            await asked
    assert pine.calls == []


PLACED = [
    *((code, Rejected) for code in sorted(Woohoo.REJECTIONS)),
    *((code, errors.Duplicate) for code in sorted(Woohoo.DUPLICATES)),
    *((code, OutcomeUnknown) for code in sorted(Woohoo.UNCERTAIN) if code.isdigit()),
    ("77777", OutcomeUnknown),
]


@pytest.mark.parametrize(("code", "error"), PLACED)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "envelope"])
async def test_a_place_is_classified_by_its_code(
    woohoo_direct: Pair, code: str, error: type[ProviderError], wrapped: bool
) -> None:
    _, adapter = woohoo_direct
    for spelled in (int(code), code, f" {code} "):
        body: dict[str, Any] = {"code": spelled, "message": "x", "messages": []}
        answer = reply(envelope(body, 400) if wrapped else body, 400)
        with pytest.raises(error) as caught:
            adapter.placed(answer, lambda found: found)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"code": 401}, Unavailable),
        (401, None, Unavailable),
        (403, {"code": 403}, Unavailable),
        (429, None, Unavailable),
        (429, {"code": 429}, Unavailable),
        (403, None, OutcomeUnknown),
        (404, None, OutcomeUnknown),
        (500, None, OutcomeUnknown),
        (409, {"state": "PROCESSING"}, OutcomeUnknown),
        (200, None, OutcomeUnknown),
        (400, envelope(None, 400), OutcomeUnknown),
        (400, envelope({"code": 400}, 400), Rejected),
        (401, envelope(None, 401), Unavailable),
        (200, envelope(None, 401), Unavailable),
        (429, envelope(None, 429), Unavailable),
        (403, envelope(None, 403), OutcomeUnknown),
        (404, envelope(None, 404), OutcomeUnknown),
        (500, envelope(None, 500), OutcomeUnknown),
        (502, envelope(None, 502), OutcomeUnknown),
        (200, envelope({"orderId": "X"}, 200, status="FAILURE"), OutcomeUnknown),
    ],
)
async def test_a_place_without_a_code(
    woohoo_direct: Pair, status: int, body: Any, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        woohoo_direct[1].placed(reply(body, status), lambda found: found["orderId"])


def test_the_tables_do_not_contradict_each_other() -> None:
    tables = [set(Woohoo.REJECTIONS), Woohoo.DUPLICATES, Woohoo.NOT_ACCEPTED, Woohoo.UNCERTAIN]
    everything = [code for table in tables for code in table]
    assert len(everything) == len(set(everything))
    assert not Woohoo.NO_ORDER & (set(Woohoo.REJECTIONS) | Woohoo.NOT_ACCEPTED)


def test_a_definite_refusal_is_no_fault_even_with_500() -> None:
    assert not Woohoo.is_fault(reply({"code": 11135}, 500))
    assert Woohoo.is_fault(reply({"code": 500}, 500))
    assert not Woohoo.is_fault(reply({"code": 5313}, 400))
