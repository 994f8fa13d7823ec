"""Buying at EnKash: bodies, prices by config and by cart, what a create answers, the order list."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from domain.carts import Item
from domain.money import Money
from domain.orders import OrderStatus
from domain.secret import Secret
from providers.enkash import PAGE, EnKash
from providers.errors import (
    OutcomeUnknown,
    ProviderError,
    Reason,
    Rejected,
    Rejection,
    Unavailable,
)
from providers.pacing import Asker, asked_by
from providers.tokens import MemoryTokenStore
from simulators.enkash import EnKash as Simulator
from tests.contract.conftest import configured
from tests.providers import enkash_payloads as payloads
from tests.providers.enkash_payloads import config
from tests.providers.local import Answer, Canned
from tests.providers.shown import shown

CREATE = "/api/v0/partner/create-order"
CONFIGS = "/api/v0/partner/search-config/PC10Q"
SEARCH = "/api/v0/partner/search-order"
REFERENCE = "GW_71f2a0c4"
BODY = (
    b'{"denomination":750,"orderReferenceId":"GW_71f2a0c4","productCatalogId":"PC10Q","quantity":2}'
)


def item(face: Any = 500, quantity: int = 2, currency: str = "INR") -> Item:
    return Item("PC10Q", Money(Decimal(face), currency), quantity)


# Orders


def test_a_body_is_canonical(enkash: EnKash) -> None:
    for face in (750, "750.00", "7.5E+2"):
        assert enkash.render(REFERENCE, item(face), None) == BODY


@pytest.mark.parametrize(
    "odd", [item("10.50"), item(0), item(-5), item(10, 0), item(10, currency="USD")]
)
def test_only_whole_rupees_can_be_ordered(enkash: EnKash, odd: Item) -> None:
    with pytest.raises(Rejected) as caught:
        enkash.render(REFERENCE, odd, None)
    assert caught.value.rejection is Rejection.INVALID_INPUT


# changes of the order in the answer -> word, delivered, charged, units that came along
PLACED: dict[str, tuple[dict[str, Any], OrderStatus, int | None, str | None, int | None]] = {
    "at_once": ({}, OrderStatus.DELIVERED, 2, "1455.00 INR", 2),
    "later": (
        {"orderStatus": "PENDING", "paymentStatus": "PENDING", "voucherDetailsList": []},
        OrderStatus.PENDING,
        0,
        "1455.00 INR",
        0,
    ),
    "in_part": ({"totalQuantity": 3}, OrderStatus.PARTIALLY_DELIVERED, 2, "1455.00 INR", 2),
    "no_list": ({"voucherDetailsList": ...}, OrderStatus.DELIVERED, None, "1455.00 INR", None),
    "no_amounts": (
        {"paidAmount": None, "orderAmount": None, "totalAmount": None},
        OrderStatus.DELIVERED,
        2,
        None,
        2,
    ),
    "no_reference": ({"partnerOrderReferenceId": None}, OrderStatus.DELIVERED, 2, "1455.00 INR", 2),
    "failed": (
        {"orderStatus": "FAILED", "voucherDetailsList": []},
        OrderStatus.FAILED,
        0,
        "1455.00 INR",
        0,
    ),
    "new_word": (
        {"orderStatus": "ODD", "voucherDetailsList": []},
        OrderStatus.PROCESSING,
        0,
        "1455.00 INR",
        0,
    ),
}


@pytest.mark.parametrize("name", PLACED)
@pytest.mark.parametrize("spelled", ["payload", "paylod"])
async def test_what_a_create_answers(
    enkash: EnKash, server: Canned, name: str, spelled: str
) -> None:
    changes, word, delivered, charged, units = PLACED[name]
    answer = payloads.enveloped(..., **{spelled: payloads.details(**changes)})
    server.answers[CREATE] = Answer(answer)
    told = await enkash.place(REFERENCE, BODY)
    assert (told.reading.provider_order_id, told.reading.status) == ("884120", word)
    assert told.reading.delivered == delivered
    assert shown(told.charged) == charged
    assert (None if told.vouchers is None else len(told.vouchers)) == units
    [seen] = server.asked(CREATE)
    assert (seen.method, seen.body) == ("POST", BODY)
    assert seen.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "answer",
    [
        payloads.enveloped(..., payload=payloads.details(partnerOrderReferenceId="OTHER")),
        payloads.enveloped(..., payload=payloads.details(orderId=None)),
        payloads.enveloped(..., payload=[]),
        payloads.enveloped(..., payload="Success"),
        {},
    ],
)
async def test_an_odd_success_is_an_unknown_outcome(
    enkash: EnKash, server: Canned, answer: Any
) -> None:
    server.answers[CREATE] = Answer(answer)
    with pytest.raises(OutcomeUnknown):
        await enkash.place(REFERENCE, BODY)
    assert len(server.asked(CREATE)) == 1


async def test_orders_are_paged_until_a_short_page(enkash: EnKash, server: Canned) -> None:
    def page(ids: range) -> Answer:
        rows = [payloads.details(orderId=str(n), voucherDetailsList=...) for n in ids]
        return Answer(payloads.enveloped(..., payload=rows, totalCount=999))

    # A new order pushed the last one of the first page onto the second.
    server.answers[SEARCH] = [page(range(500, 400, -1)), page(range(401, 390, -1))]
    since = datetime(2026, 2, 3, 20, tzinfo=UTC)  # the next day in India
    found = [order async for order in enkash.orders(since)]
    assert [order.reading.provider_order_id for order in found] == [
        str(n) for n in range(500, 390, -1)
    ]
    assert {order.vouchers for order in found} == {None}
    first, second = server.asked(SEARCH)
    assert [dict(seen.query) for seen in (first, second)] == [
        {"limit": str(PAGE), "offset": "0"},
        {"limit": str(PAGE), "offset": str(PAGE)},
    ]
    sent = first.json
    assert (sent["createdOnFrom"], sent["createdOnTo"]) == ("2026-02-03", "")
    assert (sent["direction"], sent["orderStatus"]) == ("DESC", "")


async def test_a_list_without_an_end_is_not_taken_for_the_whole(
    enkash: EnKash, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.enkash.MOST_PAGES", 2)
    rows = [payloads.details(orderId=str(n), voucherDetailsList=...) for n in range(PAGE)]
    server.answers[SEARCH] = Answer(payloads.enveloped(..., payload=rows))
    with pytest.raises(Unavailable):
        [order async for order in enkash.orders(datetime(2026, 2, 3, tzinfo=UTC))]
    assert len(server.asked(SEARCH)) == 2


# Prices

CUSTOM = config(customAmountEnabled=True, mrp=5000, sellRate=4850, enkashDiscount=Decimal("2.5"))
# configs, item -> total, fee and most units; or why not
QUOTES: dict[str, tuple[list[Any], Item, tuple[str, str, int | None] | Rejection]] = {
    "rate": ([config()], item(), ("970.00 INR", "0.00 INR", 10)),
    "rate_with_paise": (
        [config(sellRate=Decimal("484.37"))],
        item(500, 3),
        ("1453.11 INR", "0.00 INR", 10),
    ),
    "rate_as_text": ([config(sellRate="485.50")], item(), ("971.00 INR", "0.00 INR", 10)),
    "finer_rate_is_not_rounded": (
        [config(sellRate=Decimal("484.375"))],
        item(500, 1),
        ("484.375 INR", "0.00 INR", 10),
    ),
    "no_rate": (
        [config(sellRate=None, enkashDiscount=Decimal("2.5"))],
        item(500, 3),
        ("1462.50 INR", "0.00 INR", 10),
    ),
    "no_rate_no_discount": (
        [config(sellRate=None, enkashDiscount=None)],
        item(),
        ("1000.00 INR", "0.00 INR", 10),
    ),
    "dearer_than_its_face": (
        [config(sellRate=510)],
        item(),
        ("1020.00 INR", "20.00 INR", 10),
    ),
    "no_limit": ([config(maxQuantity=None)], item(500, 99), ("48015.00 INR", "0.00 INR", None)),
    "zero_is_no_limit": ([config(maxQuantity=0)], item(), ("970.00 INR", "0.00 INR", None)),
    "custom_is_rounded_once_for_all": (
        [CUSTOM],
        item(103, 3),  # 100.425 each
        ("301.28 INR", "0.00 INR", 10),
    ),
    "custom_half_even": ([CUSTOM], item(1, 10), ("9.75 INR", "0.00 INR", 10)),
    "custom_at_its_end": ([CUSTOM], item(5000, 1), ("4875.00 INR", "0.00 INR", 10)),
    "custom_above_its_end": ([CUSTOM], item(5001, 1), Rejection.DENOMINATION_NOT_OFFERED),
    "custom_with_paise": ([CUSTOM], item("10.50", 1), Rejection.DENOMINATION_NOT_OFFERED),
    "custom_beside_fixed": ([config(), CUSTOM], item(103), Rejection.DENOMINATION_NOT_OFFERED),
    "fixed_beside_custom": ([CUSTOM, config()], item(), ("970.00 INR", "0.00 INR", 10)),
    "other_amount": ([config()], item(501), Rejection.DENOMINATION_NOT_OFFERED),
    "other_currency": ([config()], item(currency="USD"), Rejection.DENOMINATION_NOT_OFFERED),
    "too_many": ([config()], item(500, 11), Rejection.QUANTITY_TOO_LARGE),
    "nothing_on_sale": ([], item(), Rejection.PRODUCT_UNAVAILABLE),
}


@pytest.mark.parametrize("name", QUOTES)
async def test_a_quote_by_configs(enkash: EnKash, server: Canned, name: str) -> None:
    configs, wanted, expected = QUOTES[name]
    product = payloads.product(configResponses=configs)
    server.answers[CONFIGS] = Answer(payloads.enveloped(..., payload=product))
    if isinstance(expected, Rejection):
        with pytest.raises(Rejected) as caught:
            await enkash.quote(wanted)
        assert caught.value.rejection is expected
    else:
        quote = await enkash.quote(wanted)
        assert (shown(quote.total), shown(quote.fee), quote.max_quantity) == expected


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(payloads.failed("Product not found"), 404), Rejection.PRODUCT_UNAVAILABLE),
        (Answer(payloads.failed("No such product"), 404), Rejection.PRODUCT_UNAVAILABLE),
        (Answer(payloads.failed("Product is out of stock")), Rejection.OUT_OF_STOCK),
        (
            Answer(payloads.enveloped(..., payload=payloads.product(active=False))),
            Rejection.PRODUCT_UNAVAILABLE,
        ),
        (Answer(payloads.failed("Partner blocked")), Reason.FAULT),
        (Answer("<html>", 503), Reason.FAULT),
        (Answer("<html>"), Reason.UNREADABLE),
        (
            Answer(payloads.enveloped(..., payload=payloads.product(configResponses=["x"]))),
            Reason.UNREADABLE,
        ),
        (
            Answer(
                payloads.enveloped(
                    ..., payload=payloads.product(configResponses=[config(enkashDiscount=101)])
                )
            ),
            Reason.UNREADABLE,
        ),
    ],
)
async def test_a_quote_that_fails_says_why(
    enkash: EnKash, server: Canned, answer: Answer, why: Rejection | Reason
) -> None:
    server.answers[CONFIGS] = answer
    with pytest.raises(ProviderError) as caught:
        await enkash.quote(item())
    if isinstance(caught.value, Rejected):
        assert caught.value.rejection is why
    else:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.reason is why


# Prices through the cart


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    made = Simulator(11, products=40)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def shopper(simulator: Simulator) -> AsyncIterator[EnKash]:
    usual = configured(EnKash, simulator, 1)
    made = replace(usual, values={**usual.values, "quote": Secret("cart")})
    provider = EnKash.open(made, MemoryTokenStore())
    await provider.balances()
    yield provider
    await provider.close()


def in_cart(simulator: Simulator) -> dict[str, int]:
    rows = simulator.cart.rows(simulator.configs, drifted=False)
    return {key: entry["quantity"] for row in rows for key, entry in row["items"].items()}


def sold(simulator: Simulator, *, fixed: bool = True) -> Item:
    goods = simulator.world.products.values()
    found = next(p for p in goods if p.available and bool(p.values) is fixed and p.discount)
    face = found.usual_value if fixed else found.minimum + 3
    return Item(found.sku, Money(face, "INR"), 3)


@pytest.mark.parametrize("fixed", [True, False])
async def test_the_cart_shows_the_price_and_keeps_nothing(
    shopper: EnKash, simulator: Simulator, *, fixed: bool
) -> None:
    wanted = sold(simulator, fixed=fixed)
    of = simulator.configs[wanted.sku][0]
    simulator.cart.set(of, 4)
    before = in_cart(simulator)
    by_cart = await shopper.quote(wanted)
    order = await shopper.place(REFERENCE, shopper.render(REFERENCE, wanted, None))
    assert order.charged == by_cart.total
    strike(simulator, "cart", "drifted_price")  # only what the cart says counts
    assert (await shopper.quote(wanted)).total == wanted.face_value.times(3)
    assert in_cart(simulator) == before
    assert simulator.requests["cart"] == 6


def strike(simulator: Simulator, operation: str, fault: str, times: int | None = None) -> None:
    row = {"operation": operation, "fault": fault, "times": times}
    simulator.faults.replace({"faults": [row]})


async def test_one_visit_at_a_time(shopper: EnKash, simulator: Simulator) -> None:
    wanted = sold(simulator)
    quotes = await asyncio.gather(*(shopper.quote(wanted) for _ in range(4)))
    assert len({quote.total for quote in quotes}) == 1
    assert in_cart(simulator) == {}


@pytest.mark.parametrize("fault", ["reset_after", "timeout_after", "error_after", "garbage"])
async def test_a_lost_add_is_never_repeated_and_taken_back(
    shopper: EnKash, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    show = simulator.cart.rows

    def and_then(*args: Any, **options: Any) -> Any:
        if simulator.requests["cart"] == 1:  # the cart was read; adding comes next
            strike(simulator, "cart", fault, times=1)
        return show(*args, **options)

    monkeypatch.setattr(simulator.cart, "rows", and_then)
    with pytest.raises(Unavailable):
        await shopper.quote(sold(simulator))
    assert simulator.requests["cart"] == 3
    assert in_cart(simulator) == {}


async def test_a_caller_without_time_leaves_nothing_behind(
    shopper: EnKash, simulator: Simulator
) -> None:
    wanted = sold(simulator)
    row = {"operation": "cart", "fault": "slow", "delay_ms": 60}
    simulator.faults.replace({"faults": [row]})
    with asked_by(Asker.VIEWER, within=timedelta(seconds=5)), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.12):
            await shopper.quote(wanted)
    simulator.faults.replace({})
    await shopper.quote(wanted)  # waits for its turn
    assert in_cart(simulator) == {}


async def test_what_could_not_be_set_back_is_set_back_next_time(
    shopper: EnKash, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = sold(simulator)
    other = Item(wanted.sku, wanted.face_value, 1)

    first = iter([simulator.cart.set])

    def only_once(*args: Any) -> None:
        next(first)(*args)

    monkeypatch.setattr(simulator.cart, "set", only_once)
    with structlog.testing.capture_logs() as logs:
        await shopper.quote(wanted)
    assert "provider.cart_not_set_back" in {row["event"] for row in logs}
    assert sum(in_cart(simulator).values()) == 1
    monkeypatch.undo()
    await shopper.quote(other)
    assert in_cart(simulator) == {}
