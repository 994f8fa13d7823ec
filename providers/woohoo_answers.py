"""How Woohoo's answers read, bare or in the reseller's envelope: orders, cards, products."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.catalog import DeliverySpeed, Denominations, Listing, VoucherType
from domain.money import Money
from domain.vouchers import Expiry, IssuedVoucher, is_url
from providers.prices import ALL, between, fixed, price_of
from providers.replies import Reply
from providers.units import issued
from providers.wire import INDIA, Fields, need, optional

RUPEES = "INR"
NUMERIC = {"356": RUPEES}
# `0x0` and an HTTP status in decimal digits; read as hexadecimal, success would be 512.
ENVELOPE = re.compile(r"0x0(\d{3})", re.ASCII)
OAUTH_PROBLEMS = ("token_rejected", "signature_invalid")
PERCENT = frozenset({"by_percent", "percent", "percentage"})
DEEPEST_TREE = 10_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Cards of one order: issued, failed, and all of them."""

    success: int
    failed: int
    total: int


def unwrapped(body: Any) -> Any:
    """The object itself: the reseller puts it under `data`."""
    return body.get("data") if _envelope(body) is not None else body


def status_of(reply: Reply) -> int:
    """The envelope's status where there is one, else the HTTP status."""
    return _envelope(reply.body) or reply.status


def refusal(reply: Reply) -> str | None:
    """None for success, else the code as text; "" when there is none.

    An envelope that holds no code of Woohoo's own counts as its own, like `0x0400`.
    """
    said = _envelope(reply.body)
    inner = unwrapped(reply.body)
    code = inner.get("code") if isinstance(inner, dict) else None
    if isinstance(code, int | str) and not isinstance(code, bool) and code not in (0, "0", ""):
        return str(code).strip()
    if said is not None:
        word = reply.body.get("status")
        succeeded = not isinstance(word, str) or word.strip().upper() == "SUCCESS"
        return None if said < 400 and succeeded else f"0x0{said}"
    if reply.status < 300:
        return None
    return next((problem for problem in OAUTH_PROBLEMS if reply.mentions(problem)), "")


def currency_of(*rows: Fields) -> str:
    """The first currency stated, as an object or a bare code; rupees where there is none."""
    for row in rows:
        held = row.raw("currency")
        if isinstance(held, dict):
            held = Fields(held).text("code", "numericCode")
        if held not in (None, []):
            text = str(held).strip().upper()
            return NUMERIC.get(text, text)
    return RUPEES


def counts(row: Fields, quantity: int | None) -> Counts | None:
    """`cards.summary`, or None where nothing is counted."""
    held = row.raw("cards")  # a list of cards in the answer to a place
    summary = Fields(held).fields("summary") if isinstance(held, dict) else None
    success = summary.count("success") if summary else None
    if summary is None or success is None:
        return None
    total = max(summary.count("totalCardsCount") or 0, quantity or 0)
    failed = summary.count("failed") or 0
    known = success + failed + (summary.count("inProgress") or 0)
    return Counts(success, failed, total) if known or summary.count("totalCardsCount") else None


def charged(row: Fields) -> Money | None:
    """The grand total, else what was paid; "", null and 0 all mean "none"."""
    currency = currency_of(row)
    paid = row.decimal("grandTotal") or sum(
        (line.decimal("amount") or Decimal(0) for line in row.each("payments")), Decimal(0)
    )
    return Money(paid, currency) if paid else None


def face_value(row: Fields, lines: list[Fields]) -> Money | None:
    """One unit's face value; None where the lines differ."""
    found = {line.money(currency_of(line, row), "price") for line in lines}
    return found.pop() if len(found) == 1 else None


def unit(row: Fields, currency: str, only_sku: str | None) -> IssuedVoucher | None:
    """One card; None while it has no secret yet. No value it holds is dropped but barcode data.

    Beside a link the activation code is what unlocks it and the card's number is a reference;
    without a link the activation code is the code where there is no number.
    """
    number, pin = row.secret("cardNumber"), row.secret("cardPin")
    activation, url = row.secret("activationCode"), row.secret("activationUrl")
    if url is None and number is not None and is_url(number.reveal()):
        number, url = None, number
    if url is not None:
        if pin is None:
            pin, activation = activation, None
        code, reference = (activation, number) if number else (None, activation)
    elif number is not None:
        code, reference = number, activation
    else:
        code, reference = activation or (None if pin else row.secret("barcode")), None
    stated = VoucherType.URL_WITH_PIN if pin else VoucherType.URL
    return issued(
        code=code,
        pin=pin,
        claim_url=url,
        reference_number=reference,
        stated=stated if url else None,
        expiry=optional(row.expiry, "validity", zone=INDIA) or Expiry(),
        face_value=optional(row.money, currency, "amount"),
        sku=row.text("sku") or only_sku,
    )


def cards(body: Any) -> tuple[list[IssuedVoucher | None], int]:
    """One page of cards, and how many there are in all."""
    answer = Fields.of(unwrapped(body))
    products = answer.fields("products")
    skus = list(products.names()) if products else []
    currency = optional(currency_of, answer) or RUPEES
    rows = need(answer.raw("cards"), "cards") and answer.each("cards")
    units = [unit(row, currency, skus[0] if len(skus) == 1 else None) for row in rows]
    return units, answer.count("total_cards") or len(units)


def card_ids(body: Any) -> tuple[list[int], int]:
    """The ids of one page of cards, and how many cards there are in all."""
    answer = Fields.of(unwrapped(body))
    ids = [need(row.count("cardId"), "cardId") for row in answer.each("cards")]
    return ids, answer.count("total_cards") or len(ids)


def delivery_mode(body: Any) -> str:
    """How an order's cards are handed out; "" where it is not told."""
    return (Fields.of(unwrapped(body)).text("deliveryMode") or "").upper()


def categories(body: Any) -> dict[str, str]:
    """Names of all categories by id, from one tree or a list of them."""
    answer = unwrapped(body)
    waiting = [Fields.of(item) for item in (answer if isinstance(answer, list) else [answer])]
    found: dict[str, str] = {}
    while waiting and len(found) < DEEPEST_TREE:
        node = waiting.pop()
        if (key := node.text("id")) is not None and key not in found:
            found[key] = node.text("name") or ""
        waiting.extend(node.each("subcategories"))
    return found


def products(body: Any) -> tuple[list[str], int]:
    """The SKUs of one page of a category, and how many products there are in all."""
    answer = Fields.of(unwrapped(body))
    skus = [need(row.text("sku"), "sku") for row in answer.each("products")]
    return skus, answer.count("productsCount") or 0


def listing(body: Any) -> Listing:
    """A product with its details."""
    row = Fields.of(unwrapped(body))
    price = need(row.fields("price"), "price")
    currency = currency_of(price, row)
    values = price.raw("denominations")
    values = values if isinstance(values, list) else []
    off = discount(body)
    kind = (price.text("type") or "").upper()
    denominations: Denominations = (
        between(price.money(currency, "min"), price.money(currency, "max"), off, None)
        if kind == "RANGE" or (kind != "SLAB" and not values)
        else fixed(values, currency, lambda face: price_of(face, off), None)
    )
    name = need(row.text("name"), "name")
    terms = optional(row.fields, "tnc")
    images = optional(row.fields, "images")
    return Listing(
        sku=need(row.text("sku"), "sku"),
        name=name,
        brand=optional(row.text, "brandName") or name,
        currency=currency,
        denominations=denominations,
        voucher_type=VoucherType.CODE_WITH_PIN,
        delivery_speed=DeliverySpeed.FAST,
        description=optional(row.text, "description"),
        image_url=optional(images.text, "base", "mobile", "small", "thumbnail") if images else None,
        country="IN" if currency == RUPEES else None,
        validity=optional(row.text, "expiry", "formatExpiry"),
        terms=optional(terms.text, "content") if terms else None,
        available=(optional(row.text, "type") or "").upper() != "PHYSICAL",
    )


def discount(body: Any) -> Decimal:
    """The best percentage that holds now for everybody; other kinds of discount are not counted."""
    offers = Fields.of(unwrapped(body)).raw("discounts")
    found = [optional(_offer, offer) for offer in (offers if isinstance(offers, list) else [])]
    return max((percent for percent in found if percent is not None), default=Decimal(0))


def balance(body: Any) -> Money:
    """What is left in the reseller's account."""
    row = Fields.of(unwrapped(body))
    return need(row.money(currency_of(row), "balance"), "balance")


def _offer(value: Any) -> Decimal | None:
    row = Fields.of(value, "discounts")
    terms = row.fields("discount")
    if terms is None or _needs_coupon(row.raw("coupon")):
        return None
    now = datetime.now(UTC)
    start, end = row.instant("startDate", zone=INDIA), row.instant("endDate", zone=INDIA)
    if (start and start > now) or (end and end <= now):
        return None
    if (terms.text("type") or "").lower() not in PERCENT:
        return None
    percent = terms.decimal("amount")
    return percent if percent is not None and 0 <= percent <= ALL else None


def _needs_coupon(value: Any) -> bool:
    """An offer without one has null, nothing, or an object that holds no code."""
    if isinstance(value, dict):
        return Fields(value).raw("code", "couponCode") is not None
    return value not in (None, [], 0)


def _envelope(body: Any) -> int | None:
    """The HTTP status that the reseller's envelope states; None for a bare body."""
    code = body.get("code") if isinstance(body, Mapping) else None
    found = ENVELOPE.fullmatch(code.strip().lower()) if isinstance(code, str) else None
    return int(found[1]) if found else None
