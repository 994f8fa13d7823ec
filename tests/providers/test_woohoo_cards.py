"""Woohoo's cards: which of five fields is what, and when one ends."""

from datetime import date, datetime
from typing import Any

import pytest
import structlog

from providers.errors import NotFound, Unavailable
from tests.providers import woohoo_payloads as payloads
from tests.providers.local import Answer
from tests.providers.pine import (
    KEY,
    ORDER,
    REFERENCE,
    Pair,
)
from tests.providers.shown import ACCIDENTS, revealed, shown
from tests.providers.woohoo_payloads import card, cards


@pytest.mark.parametrize("unit", payloads.CARDS, ids=lambda unit: unit[0])
async def test_a_card_is_read(woohoo: Pair, unit: payloads.Unit) -> None:
    pine, adapter = woohoo
    _, body, kind, code, pin, url, reference_number = unit
    pine.answers[pine.path("cards", ORDER)] = Answer(cards(body))
    (found,) = await adapter.vouchers(KEY)
    assert found.type is kind
    assert (revealed(found.code), revealed(found.pin)) == (code, pin)
    assert (revealed(found.claim_url), revealed(found.reference_number)) == (url, reference_number)
    assert (found.sku, shown(found.face_value)) == ("CNPIN", "500.00 INR")
    assert found.identity() is not None


@pytest.mark.parametrize("case", payloads.VALIDITIES, ids=lambda case: case[0])
async def test_validity_is_told_in_india(
    woohoo: Pair, case: tuple[str, Any, str | None, str | None]
) -> None:
    pine, adapter = woohoo
    _, validity, at, day = case
    pine.answers[pine.path("cards", ORDER)] = Answer(cards(card(validity=validity)))
    (found,) = await adapter.vouchers(KEY)
    assert found.expiry.at == (at and datetime.fromisoformat(at))
    assert found.expiry.on == (day and date.fromisoformat(day))


@pytest.mark.parametrize(
    ("answer", "sku", "face"),
    [
        (cards(card(sku=None)), "CNPIN", "500.00 INR"),
        (cards(card(sku="X-1")), "X-1", "500.00 INR"),
        (cards(card(sku=None), products={"A": {}, "B": {}}), None, "500.00 INR"),
        (cards(card(sku=...), products=[]), None, "500.00 INR"),
        (cards(card(amount=500)), "CNPIN", "500.00 INR"),
        (cards(card(amount=""), currency=None), "CNPIN", None),
        (cards(card(amount="x")), "CNPIN", None),
        (cards(card(), currency={"numericCode": 356}), "CNPIN", "500.00 INR"),
        (cards(card(), currency={"code": "Rs"}), "CNPIN", None),
        (cards(card(), total="1"), "CNPIN", "500.00 INR"),
        (cards(card(), total=None), "CNPIN", "500.00 INR"),
    ],
)
async def test_what_a_card_says_beside_its_secrets(
    woohoo: Pair, answer: Any, sku: str | None, face: str | None
) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("cards", ORDER)] = Answer(answer)
    (found,) = await adapter.vouchers(KEY)
    assert (found.sku, shown(found.face_value)) == (sku, face)


@pytest.mark.parametrize("status", [409, 410])
async def test_cards_that_are_not_there_are_none(woohoo: Pair, status: int) -> None:
    pine, adapter = woohoo
    state = {"state": "PROCESSING", "orderId": ORDER, "refno": REFERENCE}
    pine.answers[pine.path("cards", ORDER)] = Answer(state, status)
    assert await adapter.vouchers(KEY) == ()


@pytest.mark.parametrize("body", [{"code": 400, "message": "not valid"}, {"code": "5320"}])
async def test_cards_of_no_order(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("cards", ORDER)] = Answer(body, 400)
    with pytest.raises(NotFound):
        await adapter.vouchers(KEY)


@pytest.mark.parametrize("at_once", [500, 10, 7])
async def test_cards_are_read_page_by_page(woohoo: Pair, at_once: int) -> None:
    pine, adapter = woohoo
    rows = [card(cardNumber=f"N{n}") for n in range(25)]
    pages = [rows[n : n + at_once] for n in range(0, 25, at_once)]
    pine.answers[pine.path("cards", ORDER)] = [Answer(cards(*page, total=25)) for page in pages]
    found = await adapter.vouchers(KEY)
    assert [revealed(one.code) for one in found] == [f"N{n}" for n in range(25)]
    offsets = [int(query["offset"]) for _, query in pine.calls]
    assert offsets == list(range(0, 25, at_once))


async def test_an_unissued_card_is_not_counted_as_one(woohoo: Pair) -> None:
    pine, adapter = woohoo
    rows = [card(), payloads.bare()]
    pine.answers[pine.path("cards", ORDER)] = Answer(cards(*rows))
    assert len(await adapter.vouchers(KEY)) == 1
    assert len(pine.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        *payloads.HOSTILE,
        cards(total=3) | {"cards": None},
        {"cards": {"a": 1}},
        {"cards": [None]},
        {"cards": ["x"]},
        cards(card(cardNumber={"n": 1})),
        cards(card(cardPin=["448812"])),
        cards(card(), products="x"),
        cards(card(), total="many"),
    ],
    ids=lambda body: repr(body)[:40],
)
async def test_hostile_cards_are_unreadable(woohoo: Pair, body: Any) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("cards", ORDER)] = Answer(body)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable) as caught:
        await adapter.vouchers(KEY)
    assert not {line.get("field") for line in lines} & ACCIDENTS
    assert "448812" not in f"{lines} {caught.value!r}"
