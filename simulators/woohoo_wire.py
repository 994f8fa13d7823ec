"""Woohoo's JSON of orders and cards, the same for both profiles."""

from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.catalog import Kind
from simulators.woohoo_goods import RUPEE
from simulators.world import Order, State, Voucher

CANCEL_MINUTES = 15
WORDS = {
    State.PENDING: "PENDING",
    State.PROCESSING: "PROCESSING",
    State.PARTIALLY_DELIVERED: "COMPLETE",
    State.DELIVERED: "COMPLETE",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELED",
}


ADDRESS = {
    "name": "Asha Buyer",
    "email": "buyer@example.com",
    "telephone": "+910000000000",
    "line1": "1 Sample Street",
    "line2": "",
    "line3": "",
    "line4": "",
    "city": "Bengaluru",
    "region": "Karnataka",
    "countryCode": "IN",
    "country": "India",
    "postcode": "560001",
    "gstn": None,
}
ALWAYS_ALIKE: dict[str, Any] = {
    "statusImage": None,
    "statusLevel": None,
    "orderTypeCode": None,
    "scheduledDate": "",
    "createdBy": "buyer@example.com",
    "extCustomerId": "buyer@example.com",
    "conversionRate": "1.0000",
    "convenienceCharge": 0,
    "tax": {"amount": "0.00", "label": "Tax"},
    "corporateDiscount": {"label": "", "amount": "", "percentage": ""},
    "handlingCharges": {"label": None, "amount": None},
    "currencyConversionCharge": {"label": None, "amount": None},
    "currency": RUPEE,
    "baseCurrency": RUPEE,
    "address": ADDRESS,
    "billing": ADDRESS,
    "orderType": "giftcard",
    "orderMode": "GIFT",
    "consolidatedEmailStatus": None,
    "cardTypes": ["digital"],
    "delivery": {"summary": {"email": {}, "sms": {}, "totalCardsCount": 0}},
    "orderHistory": [{"eventGroup": "order", "eventStatus": "done", "label": "Created"}],
    "packaging": None,
    "shipments": [],
}


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def cancel_row(order: Order, now: float) -> dict[str, Any]:
    """Whether it may be reversed; the minutes are a number or a text."""
    allowed = can_reverse(order, now)
    minutes: int | str = CANCEL_MINUTES
    return {"allowed": allowed, "allowedWithIn": minutes if order.quantity % 2 else str(minutes)}


def can_reverse(order: Order, now: float) -> bool:
    """Only orders in API mode, within the window, that have not ended otherwise."""
    ended = order.at(now).state in (State.FAILED, State.CANCELLED)
    young = now < order.placed_at + CANCEL_MINUTES * 60
    return young and not ended and order.extra.get("mode", "API") == "API"


def short(order: Order, word: str) -> dict[str, Any]:
    """What a create answers while cards are not there."""
    return {
        "status": word,
        "orderId": order.order_id,
        "refno": order.reference,
        "currency": RUPEE,
        "payments": [{"code": "svc"}],
    }


def status_row(order: Order, word: str, now: float) -> dict[str, Any]:
    return {
        "status": word,
        "statusLabel": label(word),
        "orderId": order.order_id,
        "refno": order.reference,
        "cancel": cancel_row(order, now),
    }


def label(word: str) -> str:
    return "Complete" if word == "success" else word.capitalize()


def order_row(order: Order, word: str, now: float) -> dict[str, Any]:
    """The details: counts of cards, but neither codes nor the SKU."""
    return (
        ALWAYS_ALIKE
        | status_row(order, word, now)
        | _totals(order)
        | {
            "date": iso(order.placed_at),
            "totalQty": order.quantity,
            "products": [_line(order)],
            "deliveryMode": order.extra.get("mode", "API"),
            "cards": {"summary": summary(order, now)},
            "orderReceipt": f"https://receipts.example.com/r?token={order.vouchers[0].serial}",
        }
    )


def _totals(order: Order) -> dict[str, Any]:
    total, net = f"{order.price.total:.2f}", f"{order.price.payable:.2f}"
    payment = {"code": "svc", "name": "Prepaid account", "amount": net, "tds": None}
    return {
        "grandTotal": net,
        "subTotal": total,
        "baseGrandTotal": net,
        "baseSubTotal": total,
        "discount": order.price.discount,
        "payments": [payment | {"poNumber": f"{order.reference}01"}],
    }


def _line(order: Order) -> dict[str, Any]:
    return {
        "name": order.product.name,
        "type": "digital",
        "qty": order.quantity,
        "price": f"{order.face_value:.2f}",
        "total": f"{order.price.total:.2f}",
        "discount": f"{order.price.discount:.2f}",
        "image": {"thumbnail": order.product.image("thumbnail")},
        "currency": RUPEE,
        "mergedQty": order.quantity,
    }


def summary(order: Order, now: float) -> dict[str, int]:
    """How many cards came, are under way, and failed."""
    step = order.at(now)
    missing = order.quantity - step.units
    under_way = step.state in (State.PENDING, State.PROCESSING) or step.word == "PROCESSING"
    failed = step.state in (State.PARTIALLY_DELIVERED, State.FAILED) and not under_way
    return {
        "success": step.units,
        "inProgress": missing if under_way else 0,
        "failed": missing if failed else 0,
        "totalCardsCount": order.quantity,
    }


def listed(order: Order, word: str) -> dict[str, Any]:
    price = order.price
    return {
        "orderId": order.order_id,
        "refNo": order.reference,
        "status": word,
        "statusLabel": label(word),
        "subTotal": f"{price.total:.2f}",
        "grandTotal": f"{price.payable:.2f}",
        "totalQtyOrdered": order.quantity,
        "currency": RUPEE,
        "products": {
            "count": "1",
            "items": [{"name": order.product.name, "qty": order.quantity}],
        },
        "payments": [{"code": "svc", "amount": f"{price.payable:.2f}"}],
        "createdBy": "buyer@example.com",
        "createdAt": iso(order.placed_at),
        "scheduledDate": "",
        "orderMode": "GIFT",
        "discount": f"{price.discount:.2f}",
        "corporateDiscount": {"label": "", "amount": "", "percentage": 0},
    }


def cards(order: Order, now: float) -> list[dict[str, Any]]:
    """The cards issued so far."""
    return [_card(order, unit, n) for n, unit in enumerate(order.issued(now), 1)]


def _card(order: Order, unit: Voucher, place: int) -> dict[str, Any]:
    product = order.product
    claim = product.habit == "claim_code"
    # The indian day of expiry begins at 18:30 UTC of the day before.
    day = unit.expires_on - timedelta(days=1) if unit.expires_on else None
    return _secrets(order, unit) | {
        "sku": product.sku,
        "productName": product.name,
        "labels": {
            "cardNumber": "Reference Number" if claim else "Card Number",
            "cardPin": "Claim Code" if claim else "Card Pin",
            "activationCode": "Activation Code",
            "validity": "Validity",
        },
        "formats": [{"key": "barcode", "value": f"*{unit.serial}*"}],
        "amount": f"{order.face_value:.2f}",
        "validity": f"{day}T18:30:00+00:00" if day else None,
        "issuanceDate": iso(order.placed_at),
        "cardId": int(unit.serial.removeprefix("SV-")),
        "sequenceNumber": str(place),
        "theme": "",
        "recipientDetails": None,
        "addToSamsungWallet": None,
    }


def _secrets(order: Order, unit: Voucher) -> dict[str, Any]:
    """Any of five fields, as different brands fill them."""
    row: dict[str, Any] = dict.fromkeys(
        ("cardNumber", "cardPin", "activationCode", "activationUrl", "barcode")
    )
    variant = order.product.number % 8 < 4
    match order.product.kind:
        case Kind.CODE:
            row["cardNumber" if variant else "activationCode"] = unit.code
        case Kind.CODE_WITH_PIN:
            row |= {"cardNumber": unit.code, "cardPin": unit.pin}
        case Kind.URL:
            row |= {"activationUrl": unit.claim_url, "cardNumber": unit.serial if variant else None}
        case Kind.URL_WITH_PIN:
            row["activationUrl"] = unit.claim_url
            row["cardPin" if variant else "activationCode"] = unit.pin
    return row
