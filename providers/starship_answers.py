"""What Starship's answers hold: pages, units, denominations; and its wallet setting."""

from decimal import Decimal

from domain.catalog import (
    DeliverySpeed,
    Denomination,
    DenominationRange,
    Denominations,
    FixedDenominations,
    Listing,
    VoucherType,
)
from domain.money import CURRENCY
from domain.vouchers import IssuedVoucher
from providers.prices import between, price_of
from providers.replies import Reply
from providers.units import issued, there
from providers.wire import Fields, need

PRODUCTS = "/api/v1/products"
SPEEDS = {"INSTANT": DeliverySpeed.FAST, "DELAYED": DeliverySpeed.SLOW}
TYPES = {
    "code": VoucherType.CODE,
    "codewithpin": VoucherType.CODE_WITH_PIN,
    "url": VoucherType.URL,
    "urlwithpin": VoucherType.URL_WITH_PIN,
}


def is_number(key: str) -> bool:
    """Whether that can be one of their ids: a positive integer."""
    return key.isascii() and key.isdigit() and len(key) < 20 and int(key) > 0


def wallets(text: str) -> dict[str, str]:
    """Wallet ids by currency from `USD=12,EUR=13`; ValueError says what is wrong."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        currency, _, wallet = (piece.strip() for piece in part.partition("="))
        if not CURRENCY.fullmatch(currency) or not wallet.isdigit() or currency in found:
            raise ValueError("STARSHIP_WALLET_IDS is one wallet per currency, as in USD=12,EUR=13")
        found[currency] = wallet
    return found


def more_follow(reply: Reply, page: int, *, full: bool) -> bool:
    """Whether another page follows, by whichever header there is."""
    has_more = reply.headers.get("X-Has-More", "").strip().lower()
    if has_more in ("true", "false"):
        return has_more == "true"
    total = reply.headers.get("X-Total-Pages", "").strip()
    return page < int(total) if total.isdigit() else full


def currency_of(row: Fields) -> tuple[int, str]:
    return need(row.integer("id"), "id"), need(row.text("code"), "code").upper()


def units_of(row: Fields) -> tuple[IssuedVoucher, ...]:
    return there(
        issued(
            code=unit.secret("card_number"),
            pin=unit.secret("pin_code"),
            claim_url=unit.secret("claim_url"),
            reference_number=unit.secret("voucher_reference_number"),
            expiry=unit.expiry("expires_at"),
        )
        for unit in row.each("vouchers")
    )


def listing_of(row: Fields, currency: str) -> Listing:
    name = need(row.text("name"), "name")
    kind = "".join(filter(str.isalpha, (row.text("delivery_type") or "").lower()))
    speed = SPEEDS.get((row.text("delivery_time") or "").upper(), DeliverySpeed.STANDARD)
    denominations = denominations_of(row, currency)
    categories = (row.text("category"), row.text("sub_category"))
    return Listing(
        sku=str(need(row.integer("id"), "id")),
        name=name,
        brand=name,
        currency=currency,
        denominations=denominations,
        voucher_type=TYPES.get(kind, VoucherType.CODE),
        delivery_speed=speed,
        categories=tuple(category for category in categories if category),
        image_url=row.text("image_url"),
        validity=row.text("validity"),
        available=denominations != FixedDenominations(()),
    )


def denominations_of(row: Fields, currency: str) -> Denominations:
    """Fixed where min is max. Of several ranges the widest: a product has one."""
    values: dict[Decimal, Denomination] = {}
    ranges: list[DenominationRange] = []
    for offer in row.each("available_denominations"):
        least = need(offer.money(currency, "min_value"), "min_value")
        most = need(offer.money(currency, "max_value"), "max_value")
        percent = offer.decimal("discount") or Decimal(0)
        if least.amount < most.amount:
            ranges.append(between(least, most, percent, None))
        elif least.amount > 0:
            face = Denomination(least, price_of(least, percent))
            values.setdefault(least.amount, face)
    if ranges:
        return max(ranges, key=lambda found: found.max.amount - found.min.amount)
    return FixedDenominations(tuple(values[amount] for amount in sorted(values)))
