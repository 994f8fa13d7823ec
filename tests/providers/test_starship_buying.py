"""Buying at Starship: bodies and wallets, what a create answers, the list."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.carts import Item
from domain.money import Money
from domain.orders import OrderStatus
from providers.errors import (
    Duplicate,
    OutcomeUnknown,
    Rejected,
    Rejection,
    Unavailable,
)
from providers.starship import ORDERS_PAGE, Starship
from tests.providers import starship_payloads as payloads
from tests.providers.local import Answer, Canned, opened
from tests.providers.shown import shown

ORDERS = "/api/v1/orders"
REFERENCE = "GW_71f2a0c4"
BODY = b'{"denomination":25,"product_id":3052,"quantity":2,"ref":"GW_71f2a0c4"}'
WITH_WALLET = (
    b'{"denomination":25,"product_id":3052,"quantity":2,"ref":"GW_71f2a0c4","wallet_id":12}'
)


def item(face: Any = 25, quantity: int = 2, currency: str = "USD", sku: str = "3052") -> Item:
    return Item(sku, Money(Decimal(face), currency), quantity)


# Bodies


@pytest.mark.parametrize(
    ("wallet_ids", "wanted", "wallet_id"),
    [
        ("", item(), None),
        ("USD=12", item(), 12),
        ("EUR=13,USD=12", item(), 12),
        ("EUR=13", item(), 13),  # the only one: what it is paid from
        ("EUR=13,GBP=14", item(), None),  # none of them: they choose
    ],
)
async def test_a_body_names_the_wallet_it_is_paid_from(
    server: Canned, wallet_ids: str, wanted: Item, wallet_id: int | None
) -> None:
    async with opened(Starship, server.url, wallet_ids=wallet_ids) as starship:
        sent = json.loads(starship.render(REFERENCE, wanted, None))
    assert sent.get("wallet_id") == wallet_id
    assert ("wallet_id" in sent) is (wallet_id is not None)


@pytest.mark.parametrize(
    ("face", "number"),
    [(25, b"25"), ("25.00", b"25"), ("2.5E+1", b"25"), ("25.50", b"25.5"), ("0.05", b"0.05")],
)
def test_a_body_is_canonical(starship: Starship, face: Any, number: bytes) -> None:
    body = starship.render(REFERENCE, item(face), None)
    assert body == BODY.replace(b":25,", b":" + number + b",", 1)


@pytest.mark.parametrize("odd", [item(0), item(-1), item(5, 0), item(sku="PC1"), item(sku="0")])
def test_what_cannot_be_said_is_rejected(starship: Starship, odd: Item) -> None:
    with pytest.raises(Rejected) as caught:
        starship.render(REFERENCE, odd, None)
    assert caught.value.rejection is Rejection.INVALID_INPUT


# Placing


def created(**changes: Any) -> dict[str, Any]:
    """What a create answers: `ref`, numbers, no vouchers."""
    usual = payloads.order(
        reference_code=...,
        ref=REFERENCE,
        amount=Decimal("48.75"),
        denomination=Decimal("25.0"),
        discount=Decimal("1.25"),
        status="PENDING",
        vouchers=[],
    )
    return payloads.without(usual, changes)


# changes of the answer -> word, final, units counted, units that came along
PLACED: dict[str, tuple[dict[str, Any], OrderStatus, bool, int | None, int | None]] = {
    "parked": ({}, OrderStatus.PENDING, False, None, None),
    "delivered_without_codes": ({"status": "DELIVERED"}, OrderStatus.DELIVERED, True, None, None),
    "no_list": ({"status": "DELIVERED", "vouchers": ...}, OrderStatus.DELIVERED, True, None, None),
    "null_list": (
        {"status": "delivered", "vouchers": None},
        OrderStatus.DELIVERED,
        True,
        None,
        None,
    ),
    "empty_units": (
        {"status": "DELIVERED", "vouchers": [payloads.unit(card_number=None, pin_code=None)]},
        OrderStatus.DELIVERED,
        True,
        None,
        None,
    ),
    "with_codes_after_all": (
        {"status": "DELIVERED", "vouchers": [payloads.unit(), payloads.unit(card_number="2")]},
        OrderStatus.DELIVERED,
        True,
        2,
        2,
    ),
    "with_reference_code": (
        {"ref": ..., "reference_code": REFERENCE},
        OrderStatus.PENDING,
        False,
        None,
        None,
    ),
    "no_reference": ({"ref": None}, OrderStatus.PENDING, False, None, None),
    "text_for_numbers": (
        {"id": "40817", "amount": "48.75", "quantity": "2"},
        OrderStatus.PENDING,
        False,
        None,
        None,
    ),
}


@pytest.mark.parametrize("name", PLACED)
async def test_what_a_create_answers(server: Canned, name: str) -> None:
    changes, word, final, counted, units = PLACED[name]
    server.answers[ORDERS] = Answer(created(**changes))
    async with opened(Starship, server.url, wallet_ids="USD=12,EUR=13") as starship:
        told = await starship.place(REFERENCE, WITH_WALLET)
    assert (told.reading.provider_order_id, told.reading.quantity) == ("40817", 2)
    assert (told.reading.status, told.reading.final) == (word, final)
    assert told.reading.delivered == counted
    assert (None if told.vouchers is None else len(told.vouchers)) == units
    assert (told.sku, shown(told.charged), told.face_value) == ("3052", "48.75 USD", None)
    [seen] = server.seen  # nothing else is asked between sending and telling
    assert (seen.path, seen.body) == (ORDERS, WITH_WALLET)
    assert seen.headers["Idempotency-Key"] == REFERENCE


async def test_what_is_known_of_a_product_is_told_with_the_order(
    starship: Starship, server: Canned
) -> None:
    await starship.product("3052")
    server.answers[ORDERS] = Answer(created())
    told = await starship.place(REFERENCE, BODY)
    assert (shown(told.face_value), shown(told.charged)) == ("25.00 USD", "48.75 USD")


@pytest.mark.parametrize(
    "changes", [{"ref": "OTHER"}, {"id": None}, {"vouchers": ["x"]}, {"quantity": "two"}]
)
async def test_an_odd_success_is_an_unknown_outcome(
    starship: Starship, server: Canned, changes: dict[str, Any]
) -> None:
    server.answers[ORDERS] = Answer(created(**changes))
    with pytest.raises(OutcomeUnknown):
        await starship.place(REFERENCE, BODY)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "code", ["DUPLICATE_REFERENCE", "IDEMPOTENCY_KEY_CONFLICT", "IDEMPOTENCY_IN_PROGRESS"]
)
async def test_a_duplicate_tells_its_code(starship: Starship, server: Canned, code: str) -> None:
    server.answers[ORDERS] = Answer(payloads.idempotency(code), 409)
    with pytest.raises(Duplicate) as caught:
        await starship.place(REFERENCE, BODY)
    assert caught.value.code == code


# The list


def listed(number: int, day: int, **changes: Any) -> dict[str, Any]:
    at = f"2026-02-{day:02}T08:15:00Z"
    usual = {"id": number, "reference_code": f"R{number}", "placed_at": at}
    return payloads.listed(**usual | changes)


async def test_orders_are_listed_until_a_page_is_older(starship: Starship, server: Canned) -> None:
    pages = [
        [listed(9, 9), listed(8, 8, currency="jpy"), listed(7, 7)],
        [listed(7, 7), listed(5, 2), listed(6, 6, placed_at=None)],  # not quite in order
        [listed(4, 2), listed(3, 2)],
        [listed(2, 1)],
    ]
    headers = {"X-Total-Pages": "4"}
    server.answers[ORDERS] = [Answer(page, headers=headers) for page in pages]
    since = datetime(2026, 2, 3, tzinfo=UTC)
    found = [order async for order in starship.orders(since)]
    assert [order.reading.provider_order_id for order in found] == ["9", "8", "7", "6"]
    assert {(order.vouchers, order.reading.delivered) for order in found} == {(None, None)}
    assert [shown(order.face_value) for order in found[:2]] == ["25.00 USD", "25 JPY"]
    assert found[0].reading.reference == "R9"
    asked = [dict(seen.query) for seen in server.asked(ORDERS)]
    assert asked == [{"limit": str(ORDERS_PAGE), "page": str(n)} for n in (1, 2, 3)]


async def test_a_list_without_an_end_is_not_taken_for_the_whole(
    starship: Starship, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.starship.MOST_PAGES", 2)
    server.answers[ORDERS] = Answer([listed(9, 9)], headers={"X-Total-Pages": "99"})
    with pytest.raises(Unavailable):
        [order async for order in starship.orders(datetime(2026, 2, 3, tzinfo=UTC))]
    assert len(server.seen) == 2
