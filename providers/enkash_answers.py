"""What EnKash's answers hold: envelope, failures told by text, units, products."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from domain.catalog import (
    DeliverySpeed,
    Denomination,
    DenominationRange,
    Denominations,
    FixedDenominations,
    Listing,
    VoucherType,
)
from domain.money import Money
from domain.orders import OrderStatus
from domain.vouchers import IssuedVoucher
from providers.port import OrderKey
from providers.prices import between, price_of
from providers.units import issued, there
from providers.wire import INDIA, Fields, need, rows

CURRENCY = "INR"  # never stated in a field

# Failures differ by text only; the first substring that occurs decides. What may mean an order was
# taken comes before what says that it was not.
TEXTS = (
    ("duplicate", "duplicate"),
    ("already exists", "duplicate"),
    ("timed out", "uncertain"),
    ("timeout", "uncertain"),
    ("something went wrong", "uncertain"),
    ("service", "uncertain"),  # "service not available" is no word about stock
    ("insufficient balance", "insufficient_balance"),
    ("out of stock", "out_of_stock"),
    ("not available", "out_of_stock"),
    ("not found", "not_found"),
    ("denomination", "denomination"),
    ("quantity", "quantity"),
    ("try again", "uncertain"),
)
# Beside them, with HTTP 400 and 422 only: "... is required", "invalid ...", "validation failed".
FIELD_TEXTS = ("required", "missing", "valid", "must be")
OTHER = "other"  # a failure whose text is in no table
# The search page marks every filter required; empty means no filter.
NO_FILTER: Mapping[str, object] = {
    "aggregator": "",
    "aggregatorOrderId": "",
    "aggregatorProductId": "",
    "companyId": "",
    "ekUserId": "",
    "email": "",
    "createdOnFrom": "",
    "createdOnTo": "",
    "orderStatus": "",
    "partnerOrderReferenceId": "",
    "amountFrom": None,
    "amountTo": None,
    "aggregatorDiscountFrom": None,
    "aggregatorDiscountTo": None,
    "enkashDiscountFrom": None,
    "enkashDiscountTo": None,
    "brand": [],
    "category": [],
}


def succeeded(body: Mapping[str, Any]) -> bool:
    """A body without any outcome is no refusal; reading it will fail."""
    outcome = body.get("response_code", body.get("code", 0))
    return str(outcome).strip() == "0"


def failure(body: Mapping[str, Any], status: int) -> str:
    """A failure's text in our own short words; only EnKash's own envelope has any."""
    if body.get("response_code", body.get("code")) is None:
        return OTHER
    said = body.get("response_message") or body.get("message") or body.get("payload")
    text = said.lower() if isinstance(said, str) else ""
    for part, code in TEXTS:
        if part in text:
            return code
    if status == 404:
        return "missing"
    if status in (400, 422) and any(part in text for part in FIELD_TEXTS):
        return "invalid_request"
    return OTHER


def payload(body: Any) -> Any:
    fields = Fields.of(body)
    need(fields.raw("response_code", "code"), "response_code")
    return need(fields.raw("payload", "paylod"), "payload")


def one(body: Any) -> Fields:
    return Fields.of(payload(body), "payload")


def many(body: Any) -> list[Fields]:
    return rows(payload(body), "payload")


def placed_between(keys: Sequence[OrderKey]) -> dict[str, str]:
    """The days the orders were placed on, a day wider on both sides; nothing if one is unknown."""
    placed = [key.placed_at for key in keys if key.placed_at is not None]
    if len(placed) < len(keys):
        return {}
    day = timedelta(days=1)
    return {
        "createdOnFrom": (min(placed) - day).astimezone(INDIA).date().isoformat(),
        "createdOnTo": (max(placed) + day).astimezone(INDIA).date().isoformat(),
    }


def day_before(since: datetime) -> str:
    """An Indian day that surely began before then, whichever zone the search counts days in."""
    return (since - timedelta(days=1)).astimezone(INDIA).date().isoformat()


def config_path(sku: str) -> str:
    return f"/api/v0/partner/search-config/{quote(sku, safe='')}"


def units_of(row: Fields) -> tuple[IssuedVoucher, ...]:
    return there(
        issued(
            code=unit.secret("cardNumber"),
            pin=unit.secret("pin"),
            expiry=unit.expiry("expiryDate", zone=INDIA),
        )
        for unit in row.each("voucherDetailsList")
    )


def counted(word: OrderStatus, units: int, quantity: int | None) -> OrderStatus:
    """What "success" means once the units are counted."""
    if units and units >= (quantity or 0):
        return OrderStatus.DELIVERED
    if units:
        return OrderStatus.PARTIALLY_DELIVERED
    return OrderStatus.PROCESSING if word is OrderStatus.DELIVERED else word


def each_of(total: Money | None, quantity: int | None) -> Money | None:
    """One unit's share of a total, when it comes out even."""
    if total is None or not quantity:
        return None
    one = Money(total.amount / quantity, total.currency)
    return one if one.is_exact and one.times(quantity) == total else None


def listing_of(body: Any) -> Listing:
    row = one(body)
    brand = need(row.text("brand"), "brand")
    days = row.count("expiryPeriod")
    images = row.fields("images", "enkashImages") or Fields({})
    category = row.text("category")
    denominations = denominations_of(row)
    orderable = denominations != FixedDenominations(())
    return Listing(
        sku=need(row.text("productCatalogId"), "productCatalogId"),
        name=brand,
        brand=brand,
        currency=CURRENCY,
        denominations=denominations,
        voucher_type=VoucherType.CODE_WITH_PIN,
        delivery_speed=DeliverySpeed.STANDARD,
        description=row.text("description"),
        categories=(category,) if category else (),
        image_url=images.text("BRAND_IMAGE", "LOGO_IMAGE", "LOGO_IMAGE_SMALL"),
        country="IN",
        validity=f"{days} days" if days else None,
        terms=row.text("termsAndCondition"),
        how_to_redeem=row.text("howToRedeem"),
        available=orderable
        and row.flag("enabled") is not False
        and row.flag("active") is not False,
    )


def denominations_of(row: Fields) -> Denominations:
    """The list of fixed amounts, else the custom one. Only whole rupees can be ordered."""
    fixed: dict[Decimal, Denomination] = {}
    custom: list[DenominationRange] = []
    for config in row.each("configResponses", "productConfigs"):
        mrp = need(config.money(CURRENCY, "mrp"), "mrp")
        percent = config.decimal("enkashDiscount") or Decimal(0)
        most = config.count("maxQuantity") or None
        if config.flag("customAmountEnabled"):
            least = Money(Decimal(1), CURRENCY)
            custom.append(replace(between(least, mrp, percent, most), step=Decimal(1)))
        elif mrp.amount == mrp.amount.to_integral_value():
            price = config.money(CURRENCY, "sellRate") or price_of(mrp, percent)
            fixed.setdefault(mrp.amount, Denomination(mrp, price, most))
    if custom and not fixed:
        return custom[0]
    return FixedDenominations(tuple(fixed[amount] for amount in sorted(fixed)))
