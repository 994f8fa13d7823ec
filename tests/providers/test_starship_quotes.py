"""Starship's quotes: what the wallet is charged, in its own currency, or why there is none."""

from decimal import Decimal
from typing import Any

import pytest

from domain.carts import Item
from domain.money import Money
from providers.errors import ProviderError, Reason, Rejected, Rejection, Unavailable
from providers.starship import Starship
from tests.providers import starship_payloads as payloads
from tests.providers.local import Answer, Canned, opened
from tests.providers.shown import shown

PRODUCT = "/api/v1/products/3052"
CHARGES = f"{PRODUCT}/charges"
AVAILABILITY = f"{PRODUCT}/availability"


def item(face: Any = 25, quantity: int = 2, sku: str = "3052") -> Item:
    return Item(sku, Money(Decimal(face), "USD"), quantity)


def charges(**changes: Any) -> dict[str, Any]:
    usual = {
        "non_discounted_total": 50,
        "discount": Decimal("2.5"),
        "discount_amount": Decimal("1.25"),
        "total_amount": Decimal("48.75"),
        "net_amount": Decimal("48.75"),
        "gst_amount": 0,
        "handling_fee_amount": 0,
        "total_payable": Decimal("48.75"),
        "max_quantity": 10,
        "charges_details": {
            "source_currency": "USD",
            "destination_currency": "USD",
            "forex_rate": None,
            "conversion_fee": None,
        },
    }
    return payloads.without(usual, changes)


def between(source: Any, destination: Any, fee: Any = None) -> dict[str, Any]:
    return {
        "charges_details": {
            "source_currency": source,
            "destination_currency": destination,
            "conversion_fee": fee,
        }
    }


# wallets, changes of the answer -> total, fee, most units; or why not
QUOTES: dict[str, tuple[str, dict[str, Any], tuple[str, str, int | None] | Any]] = {
    "plain": ("USD=12", {}, ("48.75 USD", "0.00 USD", 10)),
    "no_wallet": ("", {}, ("48.75 USD", "0.00 USD", 10)),
    "fees": (
        "USD=12",
        {"gst_amount": "0.09", "handling_fee_amount": Decimal("0.5"), "total_payable": "49.34"},
        ("49.34 USD", "0.59 USD", 10),
    ),
    "conversion": (
        "EUR=13",
        {"total_payable": "44.85"} | between("EUR", "USD", "0.30"),
        ("44.85 EUR", "0.30 EUR", 10),
    ),
    "conversion_told_the_other_way": (
        "EUR=13",
        {"total_payable": "44.85"} | between("USD", "eur"),
        ("44.85 EUR", "0.00 EUR", 10),
    ),
    "they_chose_the_wallet": (
        "",
        {"total_payable": "44.85"} | between("EUR", "USD"),
        ("44.85 EUR", "0.00 EUR", 10),
    ),
    "nothing_told_of_currencies": (
        "EUR=13",
        {"charges_details": None},
        ("48.75 EUR", "0.00 EUR", 10),
    ),
    "finer_is_not_rounded": ("USD=12", {"total_payable": "48.755"}, ("48.755 USD", "0.00 USD", 10)),
    "no_limit": ("USD=12", {"max_quantity": None}, ("48.75 USD", "0.00 USD", None)),
    "too_many": ("USD=12", {"max_quantity": 1}, Rejection.QUANTITY_TOO_LARGE),
    "sold_in_another_currency": (
        "EUR=13",
        between("EUR", "GBP"),
        Rejection.DENOMINATION_NOT_OFFERED,
    ),
    "another_wallet": ("EUR=13", {}, Reason.UNREADABLE),
    "unclear_wallet": ("", between("USD", "EUR"), Reason.UNREADABLE),
    "no_total": ("USD=12", {"total_payable": None}, Reason.UNREADABLE),
    "nothing_to_pay": ("USD=12", {"total_payable": 0}, Reason.UNREADABLE),
    "negative": ("USD=12", {"total_payable": -1}, Reason.UNREADABLE),
    "a_word": ("USD=12", {"total_payable": "much"}, Reason.UNREADABLE),
    "fee_is_a_list": ("USD=12", {"gst_amount": [1]}, Reason.UNREADABLE),
    "details_are_text": ("USD=12", {"charges_details": "USD"}, Reason.UNREADABLE),
}


def reason_of(error: ProviderError) -> Rejection | Reason:
    if isinstance(error, Rejected):
        return error.rejection
    assert isinstance(error, Unavailable)
    return error.reason


@pytest.mark.parametrize("name", QUOTES)
async def test_a_quote_is_what_the_wallet_is_charged(server: Canned, name: str) -> None:
    wallet_ids, changes, expected = QUOTES[name]
    server.answers[CHARGES] = Answer(charges(**changes))
    async with opened(Starship, server.url, wallet_ids=wallet_ids) as starship:
        if isinstance(expected, tuple):
            quote = await starship.quote(item())
            assert (shown(quote.total), shown(quote.fee), quote.max_quantity) == expected
        else:
            with pytest.raises(ProviderError) as caught:
                await starship.quote(item())
            assert reason_of(caught.value) is expected
    sent = server.asked(CHARGES)[0].json
    wallet = {"wallet_id": int(wallet_ids.partition("=")[2])} if wallet_ids else {}
    assert sent == {"denomination": 25, "quantity": 2} | wallet


INVALID = Answer(payloads.standard("E_VALIDATION_FAILURE"), 400)
MISSING = Answer(payloads.standard("RESOURCE_NOT_FOUND"), 400)
# the refused quote, the product, the availability, item -> why not
CAUSES: dict[str, tuple[Answer, Answer, Answer | None, Item, Any]] = {
    "no_product": (MISSING, MISSING, None, item(), Rejection.PRODUCT_UNAVAILABLE),
    "not_on_sale": (
        MISSING,
        Answer(payloads.product(available_denominations=[])),
        None,
        item(),
        Rejection.PRODUCT_UNAVAILABLE,
    ),
    "no_such_value": (
        MISSING,
        Answer(payloads.product()),
        None,
        item(26),
        Rejection.DENOMINATION_NOT_OFFERED,
    ),
    "too_many": (
        INVALID,
        Answer(payloads.product()),
        Answer({"available": False, "max_quantity": 1}),
        item(),
        Rejection.QUANTITY_TOO_LARGE,
    ),
    "out_of_stock_it_turns_out": (
        INVALID,
        Answer(payloads.product()),
        Answer(payloads.standard("OUT_OF_STOCK"), 409),
        item(),
        Rejection.OUT_OF_STOCK,
    ),
    "no_reason_found": (
        INVALID,
        Answer(payloads.product()),
        Answer({"available": True, "max_quantity": 5}),
        item(),
        Rejection.INVALID_INPUT,
    ),
    "nobody_to_ask": (INVALID, Answer("<html>", 503), None, item(), Rejection.INVALID_INPUT),
    "out_of_stock": (
        Answer(payloads.standard("OUT_OF_STOCK"), 409),
        Answer("", 500),
        None,
        item(),
        Rejection.OUT_OF_STOCK,
    ),
    "not_found": (
        Answer(payloads.flat("not_found"), 404),
        MISSING,
        None,
        item(),
        Rejection.PRODUCT_UNAVAILABLE,
    ),
    "no_number": (MISSING, MISSING, None, item(sku="abc"), Rejection.PRODUCT_UNAVAILABLE),
    "login": (
        Answer(payloads.standard("E_UNAUTHORIZED_ACCESS"), 401),
        MISSING,
        None,
        item(),
        Reason.CREDENTIALS,
    ),
    "rate": (Answer("", 429), MISSING, None, item(), Reason.RATE_LIMITED),
    "crash": (Answer("<html>", 503), MISSING, None, item(), Reason.FAULT),
    "new_code": (
        Answer(payloads.standard("BRAND_NEW"), 400),
        MISSING,
        None,
        item(),
        Reason.FAULT,
    ),
}


@pytest.mark.parametrize("name", CAUSES)
async def test_a_refused_quote_says_why(starship: Starship, server: Canned, name: str) -> None:
    refused, product, availability, wanted, expected = CAUSES[name]
    server.answers |= {CHARGES: refused, PRODUCT: product}
    if availability is not None:
        server.answers[AVAILABILITY] = availability
    with pytest.raises(ProviderError) as caught:
        await starship.quote(wanted)
    assert reason_of(caught.value) is expected
