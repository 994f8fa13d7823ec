"""What an item costs at Woohoo: a dry run directly, the product through the reseller."""

import json
from decimal import Decimal
from typing import Any

import pytest

from domain.carts import Item
from domain.money import Money
from providers.errors import ProviderError, Rejected, Rejection, Unavailable
from providers.woohoo import DIRECT, RESELLER
from tests.providers.local import Answer
from tests.providers.pine import Pair, running
from tests.providers.shown import shown
from tests.providers.woohoo_payloads import (
    RUPEES,
    discount,
    product,
)

TWO = Item("CNPIN", Money(Decimal(500), "INR"), 2)
TRIED = {"subTotal": "1000.00", "discount": 30, "grandTotal": "970.00", "currency": RUPEES}


def error(code: Any, status: int = 400) -> Answer:
    return Answer({"code": code, "message": "x", "messages": []}, status)


@pytest.mark.parametrize(
    ("told", "total", "fee"),
    [
        (TRIED, "970.00 INR", "0.00 INR"),
        (TRIED | {"grandTotal": 970}, "970.00 INR", "0.00 INR"),
        (TRIED | {"grandTotal": "972.505"}, "972.505 INR", "0.00 INR"),
        (TRIED | {"convenienceCharge": 12.5}, "970.00 INR", "12.50 INR"),
        (
            TRIED | {"convenienceCharge": "2", "handlingCharges": {"label": None, "amount": 3}},
            "970.00 INR",
            "5.00 INR",
        ),
        (TRIED | {"handlingCharges": [], "convenienceCharge": ""}, "970.00 INR", "0.00 INR"),
    ],
)
async def test_a_dry_run_tells_the_price(
    woohoo_direct: Pair, told: Any, total: str, fee: str
) -> None:
    pine, adapter = woohoo_direct
    pine.answers[pine.path("quote")] = Answer(told)
    quote = await adapter.quote(TWO)
    assert (shown(quote.total), shown(quote.fee)) == (total, fee)
    [(path, body)] = pine.sent
    assert path == "/rest/v3/orders/validate"
    sent = json.loads(body)
    assert sent["refno"].startswith("VG_")
    assert len(sent["refno"]) <= 25
    assert sent["payments"] == [{"amount": 1000, "code": "svc"}]


async def test_each_dry_run_has_a_reference_of_its_own(woohoo_direct: Pair) -> None:
    pine, adapter = woohoo_direct
    pine.answers[pine.path("quote")] = Answer(TRIED)
    for _ in range(3):
        await adapter.quote(TWO)
    assert len({json.loads(body)["refno"] for _, body in pine.sent}) == 3


@pytest.mark.parametrize(
    ("row", "amount", "quantity", "total"),
    [
        (product(), "500", 2, "1000.00 INR"),
        (product(discounts=discount("4")), "500", 2, "960.00 INR"),
        (product(discounts=discount("2.65")), "100", 3, "292.05 INR"),
        (
            product(price_type="RANGE", price_min="1", discounts=discount("1.5")),
            "1",
            3,
            "2.96 INR",
        ),
        (product(discounts=discount("30", "flat")), "500", 2, "1000.00 INR"),
    ],
)
async def test_without_a_dry_run_the_product_tells_the_price(
    row: dict[str, Any], amount: str, quantity: int, total: str
) -> None:
    item = Item("CNPIN", Money(Decimal(amount), "INR"), quantity)
    async with running(RESELLER) as (pine, adapter):
        pine.answers[pine.path("product", "CNPIN")] = Answer(row)
        quote = await adapter.quote(item)
        assert (shown(quote.total), shown(quote.fee)) == (total, "0.00 INR")
        assert pine.sent == []
    async with running(DIRECT) as (pine, adapter):
        pine.answers[pine.path("quote")] = Answer({"message": "valid"})
        pine.answers[pine.path("product", "CNPIN")] = Answer(row)
        assert shown((await adapter.quote(item)).total) == total


@pytest.mark.parametrize(
    ("item", "rejection"),
    [
        (Item("CNPIN", Money(Decimal(99), "INR"), 1), Rejection.DENOMINATION_NOT_OFFERED),
        (Item("CNPIN", Money(Decimal(500), "USD"), 1), Rejection.DENOMINATION_NOT_OFFERED),
        (Item("CNPIN", Money(Decimal(500), "INR"), 0), Rejection.INVALID_INPUT),
        (Item("PAPER", Money(Decimal(500), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
        (Item("OTHER", Money(Decimal(500), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
        (Item("GONE", Money(Decimal(500), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
        (Item("..", Money(Decimal(500), "INR"), 1), Rejection.PRODUCT_UNAVAILABLE),
    ],
)
async def test_what_is_not_sold_so_has_no_price(item: Item, rejection: Rejection) -> None:
    async with running(RESELLER) as (pine, adapter):
        pine.answers[pine.path("product", "CNPIN")] = Answer(product())
        pine.answers[pine.path("product", "PAPER")] = Answer(product(sku="PAPER", type="PHYSICAL"))
        pine.answers[pine.path("product", "OTHER")] = Answer(product())
        pine.answers[pine.path("product", "GONE")] = error(1303)
        with pytest.raises(Rejected) as caught:
            await adapter.quote(item)
        assert caught.value.rejection is rejection


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (error(5307), Rejected),
        (error("11152"), Rejected),
        (error(5310), Rejected),
        (error(5320), Rejected),
        (error(5313), Unavailable),
        (error(6053), Unavailable),
        (error(77777), Unavailable),
        (error(429, 429), Unavailable),
        (Answer("<html>", 502), Unavailable),
        (Answer("<html>"), Unavailable),
        (Answer([]), Unavailable),
        (Answer(TRIED | {"grandTotal": "-1"}), Unavailable),
        (Answer(TRIED | {"grandTotal": "0"}), Unavailable),
        (Answer(TRIED | {"grandTotal": []}), Unavailable),
    ],
)
async def test_a_dry_run_that_fails(
    woohoo_direct: Pair, wrong: Answer, kind: type[ProviderError]
) -> None:
    pine, adapter = woohoo_direct
    pine.answers[pine.path("quote")] = wrong
    with pytest.raises(kind) as caught:
        await adapter.quote(TWO)
    assert type(caught.value) is kind
