"""Xoxoday's JSON: products, filters, orders with two currencies, and its error ids."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from simulators.calls import Call, Refused, answer
from simulators.catalog import AMERICA, BRITAIN, EMIRATES, GERMANY, INDIA, SINGAPORE, Kind
from simulators.world import Order, State, Voucher

MARKETS = (INDIA, AMERICA, INDIA, GERMANY, EMIRATES, INDIA, BRITAIN, SINGAPORE)
ACCOUNT_CURRENCY = "INR"
# How many rupees one unit costs.
RATES = {
    "INR": Decimal(1),
    "USD": Decimal("84.25"),
    "EUR": Decimal("91.3"),
    "AED": Decimal("22.9"),
    "GBP": Decimal("106.5"),
    "SGD": Decimal("62.4"),
}
INDIAN_TIME = timezone(timedelta(hours=5, minutes=30))

TYPES = {
    Kind.CODE: "code",
    Kind.CODE_WITH_PIN: "codePin",
    Kind.URL: "url",
    Kind.URL_WITH_PIN: "urlPin",
}
# orderStatus / deliveryStatus
WORDS = {
    State.PENDING: "pending/pending",
    State.PROCESSING: "complete/pending",
    State.PARTIALLY_DELIVERED: "complete/delivered",
    State.DELIVERED: "complete/delivered",
    State.FAILED: "failed/failed",
    State.CANCELLED: "complete/canceled",
}
ERRORS = {
    "PLE10001": (400, "Validation of the order failed"),
    "PLE10002": (400, "Validation of the order details failed"),
    "PLE10004": (422, "Validation of the external order id failed"),
    "PLE10010": (422, "Points could not be deducted"),
    "PLE10016": (404, "Order details not found"),
    "PLE10017": (404, "Product not found"),
    "PLE10018": (400, "Denomination is not valid"),
    "PLE10022": (404, "Order history not found"),
    "PLE10024": (502, "Product is out of stock"),
    "PLE10025": (502, "Order could not be placed"),
    "PLE10029": (404, "Filter group not found"),
    "PLE10030": (404, "Vouchers not found"),
    "PLE10032": (400, "Validation of the history failed"),
    "PLE10033": (400, "Validation of the vouchers failed"),
    "PLE10041": (409, "Quantity is above the limit"),
    "PLE10042": (404, "Product is not activated for the client"),
    "PIPE10013": (401, "Invalid authorization header"),
}


def error(error_id: str) -> tuple[dict[str, Any], int]:
    """The body and the HTTP status of an error id."""
    status, text = ERRORS[error_id]
    return {"code": status, "errorId": error_id, "errorInfo": text, "error": text}, status


def fail(call: Call, error_id: str) -> NoReturn:
    raise Refused(answer(call, *error(error_id)))


def local(at: float) -> str:
    """19 characters of Indian time, without a zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(INDIAN_TIME).strftime("%Y-%m-%d %H:%M:%S")


def number(value: object) -> Decimal | None:
    """A number, sent as one or in quotes."""
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def created(order: Order, words: str, now: float) -> dict[str, Any]:
    """The data of a placeOrder answer."""
    order_status, delivery_status = words.split("/")
    price = order.price
    return {
        "orderId": int(order.order_id),
        "orderTotal": price.total + price.fee,
        "rawOrderTotal": order.face_value
        * order.quantity
        * price.rate
        * (100 + order.product.fee)
        / 100,
        "orderDiscount": f"{price.discount:.2f}" if price.discount else "",
        "rawOrderDiscount": f"{price.discount:.2f}" if price.discount else "",
        "discountPercent": str(price.discount_percent) if price.discount_percent else "",
        "currencyCode": price.currency,
        "currencyValue": price.rate,
        "amountCharged": price.payable,
        "orderStatus": order_status,
        "deliveryStatus": delivery_status,
        "tag": "",
        "quantity": order.quantity,
        "vouchers": [_voucher(order, unit) for unit in order.issued(now)],
        "voucherDetails": [_summary(order, delivery_status)],
    }


def details(order: Order, words: str, now: float) -> dict[str, Any]:
    """The data of a getOrderDetails answer: dates beside it, no `poNumber`, some without `type`."""
    row = created(order, words, now)
    for unit in row["vouchers"]:
        unit["amount"] = f"{order.face_value:.2f}"
        unit["country"] = order.product.market.country_name
        if order.product.number % 2 == 0:
            del unit["type"]
    step = order.at(now)
    done = step.state in (State.DELIVERED, State.PARTIALLY_DELIVERED)
    missing = order.quantity - step.units if done else 0
    row["voucherDetails"][0]["cancelledQuantity"] = missing
    return row | {
        "orderDate": local(order.placed_at),
        "deliveryDate": local(step.at) if done else "",
        "shippingDetails": None,
        "orderMeta": None,
    }


def history_row(order: Order, words: str) -> dict[str, Any]:
    delivery_status = words.split("/")[1]
    price = order.price
    return {
        "orderId": int(order.order_id),
        "orderDate": local(order.placed_at),
        "email": order.extra.get("email") or "",
        "deliveryStatus": delivery_status.capitalize(),
        "poNumber": order.reference,
        "tag": None,
        "orderTotal": price.total + price.fee,
        "rawOrderTotal": None,
        "orderDiscount": price.discount,
        "discountPercent": price.discount_percent,
        "amountCharged": price.payable,
        "currencyValue": price.rate,
        "currencyCode": price.currency,
        "products": [
            {
                "productId": int(order.product.sku),
                "productName": order.product.name,
                "receiverMobileNumber": "",
                "receiverEmail": "",
                "price": order.face_value,
                "quantity": order.quantity,
                "orderProductStatus": delivery_status.capitalize(),
                "currency": order.product.currency,
            }
        ],
        "voucherDetails": [_summary(order, delivery_status)],
    }


def _voucher(order: Order, unit: Voucher) -> dict[str, Any]:
    return {
        "productId": int(order.product.sku),
        "orderId": int(order.order_id) + 1,  # an inner id of its own, as in the vendor's sample
        "voucherCode": unit.code or unit.claim_url,
        "pin": unit.pin or "",
        "validity": str(unit.expires_on),
        "amount": order.face_value,
        "currency": order.product.currency,
        "country": order.product.market.country,
        "type": TYPES[order.product.kind],
        "currencyValue": order.price.rate,
    }


def _summary(order: Order, delivery_status: str) -> dict[str, Any]:
    return {
        "orderId": int(order.order_id),
        "productId": int(order.product.sku),
        "productName": order.product.name,
        "currencyCode": order.product.currency,
        "productStatus": delivery_status,
        "denomination": order.face_value,
    }
