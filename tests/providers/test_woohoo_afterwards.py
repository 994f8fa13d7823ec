"""Woohoo in both profiles: cancelling, sending again, the list of orders."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.carts import Item
from domain.money import Money
from providers.errors import OutcomeUnknown, ProviderError, Rejected, Unavailable
from providers.port import OrderKey
from providers.woohoo import DIRECT, RESELLER
from tests.providers.local import Answer
from tests.providers.pine import KEY, ORDER, REFERENCE, Pair, running, simulated
from tests.providers.shown import shown
from tests.providers.woohoo_payloads import (
    card,
    cards,
    details,
    envelope,
    row,
)

TWO = Item("CNPIN", Money(Decimal(500), "INR"), 2)


def error(code: Any, status: int = 400) -> Answer:
    return Answer({"code": code, "message": "x", "messages": []}, status)


# Cancelling

REVERSED = {"status": "CANCELED", "orderId": ORDER, "refno": REFERENCE}
# HTTP status, `order` of the answer, whether it is confirmed.
REVERSALS: tuple[tuple[int, Any, bool], ...] = (
    (202, REVERSED | {"status": "PROCESSING"}, False),
    (202, REVERSED, False),
    (202, ..., False),
    (200, REVERSED, True),
    (200, REVERSED | {"status": "Cancelled"}, True),
    (200, ..., True),
    (200, REVERSED | {"status": "COMPLETE"}, False),
    (200, {"orderId": "ANOTHER-ID"}, True),
)


@pytest.mark.parametrize(("status", "order", "confirmed"), REVERSALS)
async def test_a_reversal_is_accepted_or_done(
    woohoo: Pair, status: int, order: Any, confirmed: bool
) -> None:
    pine, adapter = woohoo
    body = adapter.render(REFERENCE, TWO, None)
    whole = {"code": 0, "message": "x", "messages": []}
    told = whole if order is ... else whole | {"order": order}
    pine.answers[pine.path("cancel")] = Answer(told, status)
    assert await adapter.cancel(KEY, body) is confirmed
    assert pine.sent == [(pine.path("cancel"), body)]


async def test_a_reversal_that_runs_already_is_under_way(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("cancel")] = error(8221)
    assert await adapter.cancel(KEY, adapter.render(REFERENCE, TWO, None)) is False


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        *((error(code), Rejected) for code in range(10466, 10471)),
        (error(5320), Rejected),
        (error(11429), Rejected),
        (error(6053), OutcomeUnknown),
        (error(77777), OutcomeUnknown),
        (error(429, 429), Unavailable),
        (error(403, 403), Unavailable),
        (Answer("<html>"), OutcomeUnknown),
        (Answer({"code": 0, "order": REVERSED | {"refno": "VG_OTHER"}}), OutcomeUnknown),
        (Answer({"code": 0, "order": 7}), OutcomeUnknown),
    ],
)
async def test_a_reversal_that_fails(
    woohoo: Pair, wrong: Answer, kind: type[ProviderError]
) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("cancel")] = wrong
    with pytest.raises(kind) as caught:
        await adapter.cancel(KEY, adapter.render(REFERENCE, TWO, None))
    assert type(caught.value) is kind
    assert len(pine.sent) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"refno":1}', b"x"])
async def test_what_was_not_placed_from_here_is_not_cancelled(woohoo: Pair, body: bytes) -> None:
    with pytest.raises(Rejected):
        await woohoo[1].cancel(KEY, body)
    assert woohoo[0].calls == []


# Sending again


async def test_a_mailed_order_is_sent_again(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details(deliveryMode="Email"))
    pine.answers[pine.path("cards", ORDER)] = Answer(cards(card(), card(cardId="99102")))
    pine.answers[pine.path("resend", ORDER)] = Answer({"message": "x"}, 202)
    await adapter.resend(KEY)
    body = b'{"cards":[{"id":99101},{"id":99102}]}'
    assert pine.sent == [(pine.path("resend", ORDER), body)]


async def test_an_api_order_is_never_sent(woohoo: Pair) -> None:
    """It could reset a PIN that was already handed out."""
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details(deliveryMode="api"))
    with pytest.raises(Rejected):
        await adapter.resend(KEY)
    assert (pine.sent, len(pine.calls)) == ([], 1)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (error(5352), Rejected),
        (error(5320), Rejected),
        (error(6053), OutcomeUnknown),
        (error(429, 429), Unavailable),
        (Answer("<html>"), OutcomeUnknown),
    ],
)
async def test_a_resend_that_fails(woohoo: Pair, wrong: Answer, kind: type[ProviderError]) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = Answer(details(deliveryMode="SMS"))
    pine.answers[pine.path("cards", ORDER)] = Answer(cards(card()))
    pine.answers[pine.path("resend", ORDER)] = wrong
    with pytest.raises(kind) as caught:
        await adapter.resend(KEY)
    assert type(caught.value) is kind
    assert len(pine.sent) == 1


@pytest.mark.parametrize(
    ("order", "found", "kind"),
    [
        (error(5320), Answer(cards(card())), Rejected),
        (Answer(details(deliveryMode=...)), Answer({"state": "PROCESSING"}, 409), Rejected),
        (Answer(details(deliveryMode="SMS")), Answer(cards()), Rejected),
        (Answer(details(deliveryMode="SMS")), Answer(cards(card(cardId=...))), Unavailable),
        (Answer("<html>", 502), Answer(cards(card())), Unavailable),
    ],
)
async def test_nothing_is_sent_before_all_is_known(
    woohoo: Pair, order: Answer, found: Answer, kind: type[ProviderError]
) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("order", ORDER)] = order
    pine.answers[pine.path("cards", ORDER)] = found
    with pytest.raises(kind):
        await adapter.resend(KEY)
    assert pine.sent == []


# The list

SINCE = datetime(2026, 3, 4, 11, 35, 9, 700_000, UTC)


def page(*rows: Any, total: Any = ...) -> Answer:
    whole = {"ordersCount": len(rows) if total is ... else total, "orders": list(rows)}
    return Answer({k: v for k, v in whole.items() if v is not None})


def numbered(first: int, last: int, at: str = "2026-03-05T00:00:00+00:00") -> list[Any]:
    return [row(orderId=f"K{n}", refNo=f"VG_{n}", createdAt=at) for n in range(first, last)]


OLD = "2026-03-04T11:35:08+00:00"


async def test_the_list_is_read_until_it_is_older(woohoo: Pair) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = [
        page(*numbered(0, 100), total=900),
        page(row(orderId="K99"), row(orderId="EDGE"), *numbered(200, 298, OLD), total=900),
        page(row(orderId="NODATE", createdAt=None), *numbered(300, 399, OLD), total=900),
        page(*numbered(400, 500, OLD), total=900),
        page(row(orderId="NEVER")),
    ]
    found = [order async for order in adapter.orders(SINCE)]
    ids = [order.reading.provider_order_id for order in found]
    assert ids == [*(f"K{n}" for n in range(100)), "EDGE", "NODATE"]
    assert [query["offset"] for _, query in pine.calls] == ["0", "100", "200", "300"]
    one = found[7]
    assert (one.reading.reference, one.reading.quantity) == ("VG_7", 2)
    assert (shown(one.charged), one.product_name) == ("970.00 INR", "Sample Card")
    assert (one.vouchers, one.face_value, one.sku) == (None, None, None)


@pytest.mark.parametrize(
    "answers",
    [
        [page(*numbered(0, 3))],
        [page(*numbered(0, 3), total=None), page(total=None)],
        [page(*numbered(0, 3), total=9), page(total=9)],
        [page(*numbered(0, 3), *numbered(5, 9, OLD), total=900)],  # it is the same at any offset
    ],
)
async def test_a_list_ends_somehow(woohoo: Pair, answers: list[Answer]) -> None:
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = list(answers)
    found = [order.reading.provider_order_id async for order in adapter.orders(SINCE)]
    assert found == ["K0", "K1", "K2"]


@pytest.mark.parametrize(
    "wrong",
    [
        page(*numbered(0, 3), total=900),
        page(*numbered(0, 3), total=None),
        Answer("<html>"),
        Answer({"orders": "x"}),
        error(6053),
    ],
)
async def test_a_list_that_is_not_whole_is_none(woohoo: Pair, wrong: Answer) -> None:
    """The same page at any offset does not reach back far enough."""
    pine, adapter = woohoo
    pine.answers[pine.path("orders")] = wrong
    with pytest.raises(Unavailable):
        assert [order async for order in adapter.orders(SINCE)]


# Against the simulator


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
async def test_placed_cancelled_and_listed(profile: str) -> None:
    async with simulated(profile) as (simulator, adapter):
        simulator.settings.change({"delivery_seconds": 0.05})
        item = Item("CNPIN", Money(simulator.world.products["CNPIN"].usual_value, "INR"), 1)
        body = adapter.render(REFERENCE, item, None)
        told = await adapter.place(REFERENCE, body)
        key = OrderKey(told.reading.provider_order_id, REFERENCE)
        with pytest.raises(Rejected):
            await adapter.resend(key)
        assert simulator.requests["resend"] == 0
        assert await adapter.cancel(key, body) is False
        simulator.settings.change({"clock_offset_seconds": 1})
        assert await adapter.cancel(key, body) is True
        assert (await adapter.statuses([key]))[key.provider_order_id].status.value == "CANCELLED"
        listed = [one async for one in adapter.orders(datetime.now(UTC) - timedelta(minutes=1))]
        assert [one.reading.reference for one in listed] == [REFERENCE]


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
async def test_too_late_to_cancel_at_the_simulator(profile: str) -> None:
    async with simulated(profile) as (simulator, adapter):
        item = Item("CNPIN", Money(simulator.world.products["CNPIN"].usual_value, "INR"), 1)
        body = adapter.render(REFERENCE, item, None)
        told = await adapter.place(REFERENCE, body)
        simulator.settings.change({"clock_offset_seconds": 3600})
        with pytest.raises(Rejected) as caught:
            await adapter.cancel(OrderKey(told.reading.provider_order_id), body)
        assert caught.value.code == "10467"


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
async def test_a_mailed_order_at_the_simulator(profile: str) -> None:
    async with simulated(profile) as (simulator, adapter):
        order = next(o for o in simulator.seeded_orders if o.at(simulator.settings.now()).units)
        order.extra["mode"] = "EMAIL"
        await adapter.resend(OrderKey(order.order_id))
        assert order.extra["resent"] == 1


async def test_an_envelope_of_a_reversal_without_a_body_is_unknown() -> None:
    async with running(RESELLER) as (pine, adapter):
        pine.answers[pine.path("cancel")] = Answer(json.dumps(envelope(None, 400)), 400)
        with pytest.raises(OutcomeUnknown):
            await adapter.cancel(KEY, adapter.render(REFERENCE, TWO, None))
