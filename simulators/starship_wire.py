"""Starship's JSON: products, quotes, orders, wallets, and its currency table."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from simulators.catalog import (
    AMERICA,
    BRITAIN,
    EMIRATES,
    GERMANY,
    INDIA,
    JAPAN,
    SINGAPORE,
    Kind,
    Product,
)
from simulators.world import Order, Price, State, rounded

MARKETS = (INDIA, AMERICA, GERMANY, BRITAIN, EMIRATES, SINGAPORE, JAPAN)


@dataclass(frozen=True)
class Currency:
    """A currency, the wallet we hold in it, and how many of it one US dollar buys."""

    currency_id: int
    wallet_id: int
    per_dollar: Decimal
    symbol: str
    funds: int


CURRENCIES: dict[str, Currency] = {
    "INR": Currency(1, 11, Decimal("84.00"), "₹", 50_000_000),
    "USD": Currency(2, 12, Decimal(1), "$", 1_000_000),
    "EUR": Currency(3, 13, Decimal("0.92"), "€", 1_000_000),
    "GBP": Currency(4, 14, Decimal("0.79"), "£", 1_000_000),
    "AED": Currency(5, 15, Decimal("3.6725"), "AED", 2_000_000),
    "SGD": Currency(6, 16, Decimal("1.35"), "S$", 1_000_000),
    "JPY": Currency(7, 17, Decimal(150), "¥", 100_000_000),
}
COUNTRY_IDS = {market.country: 100 + n for n, market in enumerate(MARKETS)}
DELIVERY_TYPES = {
    Kind.CODE: "code",
    Kind.CODE_WITH_PIN: "code_with_pin",
    Kind.URL: "url",
    Kind.URL_WITH_PIN: "url_with_pin",
}
SUB_STATUSES = {
    State.PENDING: "INITIAL",
    State.PROCESSING: "VENDOR_ORDER_PENDING",
    State.PARTIALLY_DELIVERED: "PARTIAL",
    State.DELIVERED: "COMPLETED",
    State.FAILED: "VENDOR_ORDER_FAILED",
    State.CANCELLED: "VENDOR_ORDER_FAILED",
}


def exchange_rate(source: str, target: str) -> Decimal:
    """How many of `target` one `source` costs."""
    return CURRENCIES[target].per_dollar / CURRENCIES[source].per_dollar


def utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def product_row(product: Product, discount: Decimal) -> dict[str, Any]:
    amounts = [(value, value) for value in product.values] or [(product.minimum, product.maximum)]
    return {
        "id": int(product.sku),
        "name": product.name,
        "category": product.category,
        "sub_category": product.sub_category,
        "country_id": COUNTRY_IDS[product.market.country],
        "currency_id": CURRENCIES[product.currency].currency_id,
        "image_url": product.image("card"),
        "delivery_type": DELIVERY_TYPES[product.kind],
        "delivery_time": "DELAYED" if product.delayed else "instant",
        "validity": f"{product.validity_days} days" if product.validity_days else "No expiry",
        "available_denominations": [
            {"min_value": low, "max_value": high, "discount": discount}
            for low, high in (amounts if product.available else ())
        ],
    }


def quote_row(
    product: Product, denomination: Decimal, quantity: int, price: Price
) -> dict[str, Any]:
    net = price.total - price.discount
    foreign = price.currency != product.currency
    return {
        "non_discounted_total": denomination * quantity,
        "discount": price.discount_percent,
        "discount_amount": price.discount,
        "total_amount": net,
        "net_amount": net,
        "gst_amount": 0,
        "handling_fee_amount": price.fee,
        "total_payable": price.payable,
        "max_quantity": product.max_quantity,
        "charges_details": {
            "source_currency": price.currency,
            "destination_currency": product.currency,
            "forex_rate": rounded_rate(price.rate) if foreign else None,
            "conversion_fee": None,
        },
    }


def created_row(order: Order, word: str) -> dict[str, Any]:
    """The answer to a create: `ref`, numbers, and never a voucher."""
    return {
        "id": int(order.order_id),
        "ref": order.reference,
        "transaction_id": transaction_id(order),
        "amount": order.price.payable,
        "product_id": int(order.product.sku),
        "denomination": order.face_value,
        "quantity": order.quantity,
        "discount": order.price.discount,
        "vouchers": [],
        "status": word,
        "placed_at": utc(order.placed_at),
    }


def order_row(order: Order, word: str, now: float) -> dict[str, Any]:
    """An order by id: `reference_code`, texts for money, and the vouchers."""
    state = order.at(now).state
    vendor_has_it = word == "pending" and state is State.PROCESSING
    row = created_row(order, word)
    del row["ref"]
    return row | {
        "reference_code": order.reference,
        "amount": f"{order.price.payable:.2f}",
        "denomination": f"{order.face_value:.2f}",
        "discount": f"{order.price.discount:.2f}",
        "sub_status": "VENDOR_VOUCHER_FETCHED" if vendor_has_it else SUB_STATUSES[state],
        "vouchers": [
            {
                "card_number": unit.code,
                "pin_code": unit.pin,
                "claim_url": unit.claim_url,
                "voucher_reference_number": unit.serial if order.product.number % 2 else None,
                "expires_at": f"{unit.expires_on}T23:59:59Z" if unit.expires_on else None,
            }
            for unit in order.issued(now)
        ],
    }


def listed_row(order: Order, word: str) -> dict[str, Any]:
    return {
        "id": int(order.order_id),
        "product_name": order.product.name,
        "currency": order.product.currency,
        "reference_code": order.reference,
        "transaction_id": transaction_id(order),
        "product_id": int(order.product.sku),
        "denomination": f"{order.face_value:.2f}",
        "quantity": order.quantity,
        "amount": f"{order.price.payable:.2f}",
        "status": word,
        "email": order.extra.get("email"),
        "mobile": {"mobile_country_code": None, "mobile_number": None},
        "placed_at": utc(order.placed_at),
    }


def transaction_id(order: Order) -> int:
    return int(order.order_id) % 10_000_000


def currency_row(code: str, now: float) -> dict[str, Any]:
    row = CURRENCIES[code]
    return {
        "id": row.currency_id,
        "code": code,
        "name": next(m.currency_name for m in MARKETS if m.currency == code),
        "symbol": row.symbol,
        "decimal_places": 0 if rounded(Decimal(1), code).as_tuple().exponent == 0 else 2,
        "exchange_rate": row.per_dollar,
        "base_currency": "USD",
        "is_active": True,
        "last_updated": utc(now),
    }


def rounded_rate(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("0.000001"))
