"""What Xoxoday asks for an item, sending again, and the list of all orders."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.carts import Item
from domain.money import Money
from providers.errors import (
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Rejection,
    Unavailable,
)
from providers.port import OrderKey
from providers.xoxoday import Xoxoday
from tests.providers.local import Answer
from tests.providers.plum import KEY, ORDER, Plum
from tests.providers.shown import shown
from tests.providers.xoxoday_payloads import answer, details, history, product

HUNDRED = Item("2207", Money(Decimal("100.00"), "INR"), 2)


def error(code: str, status: int = 422) -> Answer:
    return Answer({"code": status, "errorId": code, "errorInfo": "x", "error": "x"}, status)


# Quotes. Row, face value, currency, quantity, total, fee.
QUOTES: tuple[tuple[dict[str, Any], str, str, int, str, str], ...] = (
    (product(), "100", "INR", 2, "192.00 INR", "0.00 INR"),
    (product(discount=0), "100", "INR", 1, "100.00 INR", "0.00 INR"),
    (product(discount="", fee=3), "250", "INR", 2, "515.00 INR", "15.00 INR"),
    (product(discount="4", fee="1.5"), "100", "INR", 3, "292.50 INR", "4.50 INR"),
    # Three units of 0.985 are 2.955, not three times 0.98 or 0.99.
    (product(discount="1.5", valueDenominations="1"), "1", "INR", 3, "2.96 INR", "0.00 INR"),
    (product(discount="2.5", valueDenominations="1"), "1", "INR", 1, "0.98 INR", "0.00 INR"),
    (
        product(currencyCode="USD", exchangeRate="84.25", discount=4),
        "100",
        "USD",
        2,
        "16176.00 INR",
        "0.00 INR",
    ),
    (
        product(valueType="open_value", minValue=10, maxValue=500, valueDenominations=""),
        "12.50",
        "INR",
        1,
        "12.00 INR",
        "0.00 INR",
    ),
)


@pytest.mark.parametrize("case", QUOTES, ids=lambda case: f"{case[1]}x{case[3]}")
async def test_a_quote_is_rounded_once(
    plum: Plum, xoxoday: Xoxoday, case: tuple[dict[str, Any], str, str, int, str, str]
) -> None:
    row, amount, currency, quantity, total, fee = case
    plum.answers["getVouchers"] = Answer(answer([row], "getVouchers"))
    found = await xoxoday.quote(Item("2207", Money(Decimal(amount), currency), quantity))
    assert (shown(found.total), shown(found.fee)) == (total, fee)
    assert found.max_quantity == 10
    [asked] = plum.asked("getVouchers")
    assert (asked["includeProducts"], asked["exchangeRate"]) == ("2207", 1)


@pytest.mark.parametrize(
    ("item", "rejection"),
    [
        (Item("2207", Money(Decimal(99), "INR"), 1), Rejection.DENOMINATION_NOT_OFFERED),
        (Item("2207", Money(Decimal(100), "USD"), 1), Rejection.DENOMINATION_NOT_OFFERED),
        (Item("2207", Money(Decimal(100), "INR"), 11), Rejection.QUANTITY_TOO_LARGE),
        (Item("2207", Money(Decimal(100), "INR"), 0), Rejection.INVALID_INPUT),
        (Item("2208", Money(Decimal(100), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
        (Item("x", Money(Decimal(100), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
    ],
)
async def test_what_is_not_sold_so_has_no_price(
    plum: Plum, xoxoday: Xoxoday, item: Item, rejection: Rejection
) -> None:
    plum.answers["getVouchers"] = Answer(answer([product()], "getVouchers"))
    with pytest.raises(Rejected) as caught:
        await xoxoday.quote(item)
    assert caught.value.rejection is rejection


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (error("PLE10030", 404), Rejected),
        (error("PLE10042", 404), Rejected),
        (error("PLE10019", 401), Rejected),
        (error("PLE10006", 502), Unavailable),
        (Answer({"errors": [{"message": "auth.request_limit_exceeded"}]}, 429), Unavailable),
        (Answer("<html>", 502), Unavailable),
        (
            Answer(answer([product(currencyCode="USD", exchangeRate="")], "getVouchers")),
            Unavailable,
        ),
    ],
)
async def test_a_quote_that_fails(
    plum: Plum, xoxoday: Xoxoday, wrong: Answer, kind: type[ProviderError]
) -> None:
    plum.answers["getVouchers"] = wrong
    with pytest.raises(kind):
        await xoxoday.quote(HUNDRED)


# Sending again


async def test_resending_asks_for_the_mail(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getOrderDetails"] = Answer(answer(details()))
    await xoxoday.resend(KEY)
    [asked] = plum.asked("getOrderDetails")
    assert asked == {"orderId": int(ORDER), "poNumber": "", "sendMailToReceiver": 1}


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (error("PLE10016", 404), Rejected),
        (error("PLE10036", 404), Rejected),
        (error("PLE10002", 400), Rejected),
        (error("PLE10034", 502), Unavailable),
        (Answer({"errors": [{"message": "auth.request_limit_exceeded"}]}, 429), Unavailable),
        (Answer({"code": 500, "error": "x"}, 500), OutcomeUnknown),
        (Answer("<html>"), OutcomeUnknown),
        (Answer({}), OutcomeUnknown),
    ],
)
async def test_a_resend_that_fails(
    plum: Plum, xoxoday: Xoxoday, wrong: Answer, kind: type[ProviderError]
) -> None:
    plum.answers["getOrderDetails"] = wrong
    with pytest.raises(kind) as caught:
        await xoxoday.resend(KEY)
    assert type(caught.value) is kind
    assert len(plum.asked("getOrderDetails")) == 1


async def test_an_id_that_is_no_number_is_never_sent(plum: Plum, xoxoday: Xoxoday) -> None:
    for order_id in ("", "0", "1,2", "x"):
        with pytest.raises(Rejected):
            await xoxoday.resend(OrderKey(order_id))
    assert plum.calls == []


# The list

SINCE = datetime(2026, 3, 4, 11, 35, 9, 700_000, UTC)  # 17:05:09.7 in India


async def test_the_history_is_read_page_by_page(plum: Plum, xoxoday: Xoxoday) -> None:
    def day(number: int) -> str:
        return f"2026-03-{4 + number % 20:02d} 17:05:09"

    first = [history(orderId=n, poNumber=f"VG_{n}", orderDate=day(n)) for n in range(1, 201)]
    second = [
        history(orderId=201, orderDate="2026-03-04 17:05:08"),
        history(orderId=202, orderDate="2026-04-01 00:00:00", voucherDetails=None),
        history(orderId=5, orderDate=day(5)),
    ]
    plum.answers["getOrderHistory"] = [
        Answer(answer(first, "getOrderHistory")),
        Answer(answer(second, "getOrderHistory")),
    ]
    found = [order async for order in xoxoday.orders(SINCE)]
    ids = [order.reading.provider_order_id for order in found]
    assert (len(ids), len(set(ids)), ids[0]) == (201, 201, "202")
    assert "201" not in ids  # a second too old
    times = [order.placed_at for order in found if order.placed_at]
    assert times == sorted(times, reverse=True)
    [one] = [order for order in found if order.reading.provider_order_id == "7"]
    assert (one.reading.reference, one.sku, one.reading.quantity) == ("VG_7", "2207", 1)
    assert (shown(one.charged), one.product_name) == ("41.60 INR", "Sample Store")
    assert all(order.vouchers is None for order in found)
    asked = plum.asked("getOrderHistory")
    assert [row["page"] for row in asked] == [1, 2]
    assert asked[0]["startDate"] == "2026-03-04"
    assert asked[0]["endDate"] > datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize("code", ["PLE10022", "PLE10027"])
async def test_an_empty_history_is_told_as_an_error(
    plum: Plum, xoxoday: Xoxoday, code: str
) -> None:
    plum.answers["getOrderHistory"] = error(code, 404)
    assert [order async for order in xoxoday.orders(SINCE)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        error("PLE10016", 404),
        error("PLE10032", 400),
        Answer("", 404),
        Answer("<html>"),
        Answer(answer({}, "getOrderHistory")),
        Answer(answer([history()] * 200, "getOrderHistory")),
        Answer(answer([history(orderId=n) for n in range(1, 201)], "getOrderHistory")),
    ],
)
async def test_a_history_that_is_not_whole_is_none(
    plum: Plum, xoxoday: Xoxoday, wrong: Answer
) -> None:
    plum.answers["getOrderHistory"] = wrong
    with pytest.raises(Unavailable):
        assert [order async for order in xoxoday.orders(SINCE)]
