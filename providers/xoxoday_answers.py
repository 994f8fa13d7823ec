"""How Plum is asked and how its answers read: its frame, vouchers, products and errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.catalog import DeliverySpeed, Denominations, Listing, VoucherType
from domain.money import Money
from domain.vouchers import Expiry, IssuedVoucher, is_url
from providers.prices import between, fixed, price_of
from providers.quotes import Terms
from providers.units import issued
from providers.wire import INDIA, Fields, Unreadable, need, optional

DETAILS, HISTORY, PRODUCTS, BALANCE, PLACE = (
    "getOrderDetails",
    "getOrderHistory",
    "getVouchers",
    "getBalance",
    "placeOrder",
)
OPERATIONS = frozenset({DETAILS, HISTORY, PRODUCTS, BALANCE, PLACE})
OAUTH = "oauth"  # our name for an answer in the OAuth shape, whatever word it carries

TYPES = {
    "code": VoucherType.CODE,
    "codepin": VoucherType.CODE_WITH_PIN,
    "url": VoucherType.URL,
    "urlpin": VoucherType.URL_WITH_PIN,
}
LINKS = frozenset({VoucherType.URL, VoucherType.URL_WITH_PIN})
WITH_PIN = frozenset({VoucherType.CODE_WITH_PIN, VoucherType.URL_WITH_PIN})
SPEEDS = {"realtime": DeliverySpeed.FAST, "delayed": DeliverySpeed.SLOW}


def deciding_word(order: str, delivery: str) -> str:
    """Which word decides: a cancelled delivery, else the order's, else both.

    `complete` only says that the order was placed. A row of the history has no word for that: a
    failed delivery is a failed order there.
    """
    order, delivery = order.upper(), delivery.upper()
    if delivery in ("CANCELED", "CANCELLED") or (delivery == "FAILED" and not order):
        return delivery
    return f"COMPLETE/{delivery}" if order in ("COMPLETE", "") else order


def unit(row: Fields) -> IssuedVoucher | None:
    """One voucher; None while it has no secret yet."""
    code, pin = row.secret("voucherCode"), row.secret("pin")
    kind = optional(row.text, "type") or ""
    stated = TYPES.get("".join(filter(str.isalpha, kind)).lower())
    link = stated in LINKS or (code is not None and is_url(code.reveal()))
    # What is there overrules a type that denies it; a type may promise a PIN that is empty.
    if stated is not None and ((stated in LINKS) != link or (pin and stated not in WITH_PIN)):
        stated = None
    return issued(
        code=None if link else code,
        claim_url=code if link else None,
        pin=pin,
        stated=stated,
        expiry=optional(row.expiry, "validity", zone=INDIA) or Expiry(),
        face_value=money(row, "amount", "currency"),
        sku=row.text("productId"),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A product, what we pay for it, and whether it demands the recipient's phone number."""

    listing: Listing
    terms: Terms
    phone: bool


def offer(value: Any, account: str) -> Offer:
    """A product; without a rate into the account's currency it has no price and is unreadable."""
    row = Fields.of(value, PRODUCTS)
    currency = need(row.text("currencyCode"), "currencyCode").upper()
    rate = Decimal(1) if currency == account else row.decimal("exchangeRate")
    if rate is None or rate <= 0:
        raise Unreadable("exchangeRate", "a rate")
    discount, fee = (row.decimal(name) or Decimal(0) for name in ("discount", "fee"))
    terms = Terms(account, discount, fee, rate)
    phone = optional(row.flag, "isPhoneNumberMandatory") or False
    return Offer(_listing(row, currency, terms), terms, phone)


def _listing(row: Fields, currency: str, terms: Terms) -> Listing:
    percent_off = terms.discount - terms.fee
    limit = optional(row.count, "orderQuantityLimit") or None
    values = str(row.raw("valueDenominations") or "").split(",")
    is_range = (row.text("valueType") or "").lower() == "open_value" or not any(values)
    name = need(row.text("name"), "name")
    denominations: Denominations = (
        between(
            row.money(currency, "minValue"), row.money(currency, "maxValue"), percent_off, limit
        )
        if is_range
        else fixed(
            filter(None, map(str.strip, values)),
            currency,
            lambda face: price_of(face, percent_off, terms.currency, terms.rate),
            limit,
        )
    )
    return Listing(
        sku=need(row.text("productId"), "productId"),
        name=name,
        brand=name,
        currency=currency,
        denominations=denominations,
        voucher_type=VoucherType.CODE_WITH_PIN,
        delivery_speed=SPEEDS.get((row.text("deliveryType") or "").lower(), DeliverySpeed.STANDARD),
        description=row.text("description"),
        categories=tuple(filter(None, map(str.strip, (row.text("categories") or "").split(",")))),
        image_url=row.text("imageUrl"),
        country=row.text("countryCode"),
        validity=row.text("expiryAndValidity"),
        terms=row.text("termsAndConditionsInstructions", "termsAndConditions"),
        how_to_redeem=row.text("redemptionInstructions"),
    )


def request(operation: str, data: Mapping[str, object]) -> dict[str, object]:
    """The frame around a question: a fixed selector, although it looks like GraphQL."""
    kind = "query" if operation == BALANCE else "mutation"
    query = f"plumProAPI.{kind}.{operation}"
    return {"query": query, "tag": "plumProAPI", "variables": {"data": data}}


def answer(body: Any, operation: str) -> Any:
    """What `data.<operation>.data` holds."""
    answers = need(Fields.of(body).fields("data"), "data")
    return need(need(answers.fields(operation), operation).raw("data"), operation)


def list_of(body: Any, operation: str) -> list[Any]:
    """The same, where it must be a list."""
    found = answer(body, operation)
    if not isinstance(found, list):
        raise Unreadable(operation, "a list")
    return found


def balance(body: Any) -> Money:
    """What is left in the account."""
    row = Fields.of(answer(body, BALANCE), BALANCE)
    return need(row.money(need(row.text("currency"), "currency").upper(), "value"), "value")


def money(row: Fields, amount: str, currency: str) -> Money | None:
    """An amount with the currency that stands beside it; None unless both can be read."""

    def stated() -> Money | None:
        code = row.text(currency)
        return row.money(code.upper(), amount) if code else None

    return optional(stated)


def error_code(body: Mapping[str, Any]) -> str | None:
    """The errorId, the rate limit's words, or that it was an OAuth error; None for none of them."""
    if isinstance(said := body.get("errorId"), str) and said.strip():
        return said.strip().upper()
    if "error_description" in body:
        return OAUTH
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first.get("message") if isinstance(first, dict) else None
    return said if isinstance(said, str) else None
