"""What Woohoo and its reseller answer, as the contract describes it and as its editions differ.

Bodies are written bare, as the direct profile sends them; `envelope` wraps one for the reseller.
All values are invented.
"""

from dataclasses import dataclass
from typing import Any

from domain.catalog import VoucherType
from domain.orders import OrderStatus

CODE, CODE_PIN = VoucherType.CODE, VoucherType.CODE_WITH_PIN
URL, URL_PIN = VoucherType.URL, VoucherType.URL_WITH_PIN
LINK = "https://claim.example/a/77Qe"
PENDING, PROCESSING = OrderStatus.PENDING, OrderStatus.PROCESSING
DELIVERED, PARTIAL = OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED
CANCELLED, FAILED = OrderStatus.CANCELLED, OrderStatus.FAILED
RUPEES = {"code": "INR", "numericCode": "356", "symbol": "₹"}


def envelope(data: Any, status: int = 200, /, **changes: Any) -> dict[str, Any]:
    """The reseller's envelope around a body."""
    word = "SUCCESS" if status < 400 else "FAILURE"
    whole = {"code": f"0x0{status}", "status": word, "message": "Card details", "data": data}
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def counts(success: Any, in_progress: Any = 0, failed: Any = 0, total: Any = ...) -> dict[str, Any]:
    """`cards` of an order: counts only."""
    if total is ...:
        total = success + in_progress + failed
    return {
        "summary": {
            "success": success,
            "inProgress": in_progress,
            "failed": failed,
            "totalCardsCount": total,
        }
    }


def details(**changes: Any) -> dict[str, Any]:
    """A complete order of two cards as order details answer it; `...` removes a field."""
    whole: dict[str, Any] = {
        "orderId": "KLM7700012345",
        "refno": "VG_71F2A0C4",
        "status": "success",
        "statusLabel": "Complete",
        "statusImage": None,
        "statusLevel": None,
        "date": "2026-03-04T11:35:09+00:00",
        "scheduledDate": "",
        "createdBy": "buyer@shop.example",
        "grandTotal": "970.00",
        "subTotal": "1000.00",
        "baseGrandTotal": "970.00",
        "baseSubTotal": "1000.00",
        "conversionRate": "1.0000",
        "discount": 30,
        "convenienceCharge": 0,
        "tax": {"amount": "0.00", "label": "Tax"},
        "corporateDiscount": {"label": "", "amount": "", "percentage": ""},
        "handlingCharges": {"label": None, "amount": None},
        "totalQty": 2,
        "products": [
            {
                "name": "Sample Card",
                "type": "DIGITAL",
                "qty": 2,
                "price": "500.00",
                "total": "1000.00",
                "discount": "0.00",
                "image": {"small": ""},
                "currency": RUPEES,
                "mergedQty": 2,
            }
        ],
        "currency": RUPEES,
        "baseCurrency": RUPEES,
        "address": {"name": "Buyer", "line1": "1 Road", "countryCode": "IN", "gstn": None},
        "payments": [
            {
                "code": "svc",
                "name": "SVC",
                "amount": "970.00",
                "tds": None,
                "poNumber": "VG_71F2A0C401",
            }
        ],
        "orderMode": "GIFT",
        "deliveryMode": "API",
        "cardTypes": ["x"],
        "cancel": {"allowed": True, "allowedWithIn": 120},
        "delivery": {"summary": {"email": {}, "sms": {}, "totalCardsCount": 0}},
        "cards": counts(2),
        "orderHistory": [{"eventGroup": "a", "eventStatus": "b", "label": "c"}],
        "orderReceipt": "https://receipt.example/r?token=RECEIPT-SECRET",
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def line(**changes: Any) -> list[dict[str, Any]]:
    """`products` of one line, with fields changed."""
    base: dict[str, Any] = details()["products"][0]
    return [{k: v for k, v in (base | changes).items() if v is not ...}]


@dataclass(frozen=True)
class Case:
    """What one order must be read as; None: not stated."""

    name: str
    body: dict[str, Any]
    status: OrderStatus
    final: bool
    delivered: int | None = 2
    quantity: int | None = 2
    charged: str | None = "970.00 INR"
    face: str | None = "500.00 INR"


ORDERS = (
    Case("the seed's success", details(), DELIVERED, True),
    Case("COMPLETE", details(status="COMPLETE"), DELIVERED, True),
    Case("Complete, with blanks", details(status=" Complete "), DELIVERED, True),
    Case("PENDING", details(status="PENDING", cards=counts(0, 2)), PENDING, False, delivered=0),
    Case(
        "processing, none",
        details(status="PROCESSING", cards=counts(0, 2)),
        PROCESSING,
        False,
        delivered=0,
    ),
    Case(
        "processing, no summary",
        details(status="processing", cards=...),
        PROCESSING,
        False,
        delivered=None,
    ),
    Case(
        "processing, cards a list",
        details(status="PROCESSING", cards=[]),
        PROCESSING,
        False,
        delivered=None,
    ),
    Case(
        "processing, one of two",
        details(status="PROCESSING", cards=counts(1, 1)),
        PARTIAL,
        False,
        delivered=1,
    ),
    Case(
        "processing, counts as text",
        details(status="PROCESSING", cards=counts("1", "1", "0", "2")),
        PARTIAL,
        False,
        delivered=1,
    ),
    Case("processing, all there", details(status="PROCESSING"), DELIVERED, False),
    Case("complete, no summary", details(cards=...), DELIVERED, False, delivered=None),
    Case(
        "complete, summary null", details(cards={"summary": None}), DELIVERED, False, delivered=None
    ),
    Case(
        "complete, summary of zeros",
        details(cards=counts(0, 0, 0)),
        DELIVERED,
        False,
        delivered=None,
    ),
    Case("complete, none ready", details(cards=counts(0, 2)), PROCESSING, False, delivered=0),
    Case("complete, one ready", details(cards=counts(1, 1)), PARTIAL, False, delivered=1),
    Case("complete, one failed", details(cards=counts(1, 0, 1)), PARTIAL, True, delivered=1),
    Case(
        "complete, one failed, one running",
        details(cards=counts(1, 1, 1, 3), totalQty=3),
        PARTIAL,
        False,
        delivered=1,
        quantity=3,
    ),
    Case("complete, all failed", details(cards=counts(0, 0, 2)), FAILED, True, delivered=0),
    Case(
        "complete, counts that do not add up",
        details(cards=counts(1, 0, 0, 2)),
        PARTIAL,
        False,
        delivered=1,
    ),
    Case(
        "complete, nothing counted but the total",
        details(cards=counts(0, 0, 0, 2)),
        PROCESSING,
        False,
        delivered=0,
    ),
    Case(
        "complete, a count that is no number",
        details(cards=counts("x", 0, 0, 2)),
        DELIVERED,
        False,
        delivered=None,
    ),
    Case(
        "complete, no total: the quantity",
        details(cards=counts(1, 1, 0, None)),
        PARTIAL,
        False,
        delivered=1,
    ),
    Case(
        "CANCELED",
        details(status="CANCELED", cards=counts(0, 0, 0)),
        CANCELLED,
        True,
        delivered=None,
    ),
    Case("Cancelled", details(status="Cancelled", cards=...), CANCELLED, True, delivered=None),
    Case("CLOSED", details(status="CLOSED", cards=...), CANCELLED, True, delivered=None),
    Case("cancelled after cards", details(status="CANCELED"), CANCELLED, True),
    Case(
        "ACTIVATE ERROR", details(status="Activate Error", cards=...), FAILED, True, delivered=None
    ),
    Case("FAILED", details(status="FAILED", cards=counts(0, 0, 2)), FAILED, True, delivered=0),
    Case(
        "a word nobody knows",
        details(status="ON HOLD", cards=counts(0, 2)),
        PROCESSING,
        False,
        delivered=0,
    ),
    Case("no word", details(status=None), PROCESSING, False),
    Case("a word of another type", details(status=["x"]), PROCESSING, False),
    Case("quantity as text", details(totalQty="2"), DELIVERED, True),
    Case("no total quantity: the lines", details(totalQty=None), DELIVERED, True),
    Case(
        "quantity unknown",
        details(totalQty="", products=[]),
        DELIVERED,
        True,
        quantity=None,
        face=None,
    ),
    Case("quantity zero means none", details(totalQty=0), DELIVERED, True),
    Case("totals as numbers", details(grandTotal=970, products=line(price=500)), DELIVERED, True),
    Case("grand total empty: the payments", details(grandTotal=""), DELIVERED, True),
    Case("grand total zero: the payments", details(grandTotal="0.00"), DELIVERED, True),
    Case(
        "two payments",
        details(grandTotal=None, payments=[{"amount": "900"}, {"amount": 70}]),
        DELIVERED,
        True,
    ),
    Case(
        "nothing charged is told",
        details(grandTotal=None, payments=[]),
        DELIVERED,
        True,
        charged=None,
    ),
    Case("payments null", details(grandTotal=None, payments=None), DELIVERED, True, charged=None),
    Case(
        "amounts that are none",
        details(grandTotal="free", payments=[{"amount": []}], products=line(price={})),
        DELIVERED,
        True,
        charged=None,
        face=None,
    ),
    Case("currency by number only", details(currency={"numericCode": "356"}), DELIVERED, True),
    Case(
        "currency as a number", details(currency={"numericCode": 356, "code": ""}), DELIVERED, True
    ),
    Case("currency in lower case", details(currency={"code": "inr"}), DELIVERED, True),
    Case(
        "no currency: rupees", details(currency=None, products=line(currency=None)), DELIVERED, True
    ),
    Case(
        "a currency that is none",
        details(currency={"code": "Rs"}, products=line(currency=None)),
        DELIVERED,
        True,
        charged=None,
        face=None,
    ),
    Case(
        "two lines of one price",
        details(products=line(qty=1) + line(qty=1), totalQty=None),
        DELIVERED,
        True,
    ),
    Case(
        "two lines of two prices",
        details(products=line(qty=1) + line(qty=1, price="20"), totalQty=2),
        DELIVERED,
        True,
        face=None,
    ),
    Case(
        "window as text",
        details(cancel={"allowed": "true", "allowedWithIn": "120"}),
        DELIVERED,
        True,
    ),
    Case(
        "every optional field null",
        {
            "orderId": "KLM7700012345",
            "status": "COMPLETE",
            **dict.fromkeys(
                (
                    "refno",
                    "date",
                    "grandTotal",
                    "totalQty",
                    "products",
                    "currency",
                    "payments",
                    "cards",
                    "cancel",
                )
            ),
        },
        DELIVERED,
        False,
        delivered=None,
        quantity=None,
        charged=None,
        face=None,
    ),
    Case("unknown fields", details(novelty={"a": [1]}, products=line(x=1)), DELIVERED, True),
)


def card(**changes: Any) -> dict[str, Any]:
    """One card with number and PIN; `...` removes a field."""
    whole: dict[str, Any] = {
        "sku": "CNPIN",
        "productName": "Sample Card",
        "labels": {"cardNumber": "Card Number", "cardPin": "Card Pin", "activationCode": "Code"},
        "cardNumber": "6009221100000017",
        "cardPin": "448812",
        "activationCode": None,
        "activationUrl": None,
        "barcode": None,
        "formats": [{"key": "track", "value": "TRACK-SECRET"}],
        "amount": "500.00",
        "validity": "2028-01-30T18:30:00+00:00",
        "issuanceDate": "2026-03-04T11:35:12+00:00",
        "cardId": 99101,
        "sequenceNumber": "1",
        "recipientDetails": {"name": "", "email": None},
        "theme": "",
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def bare(**values: Any) -> dict[str, Any]:
    """A card with these secret fields and no others."""
    blank = dict.fromkeys(("cardNumber", "cardPin", "activationCode", "activationUrl", "barcode"))
    return card(**(blank | values))


def cards(*rows: Any, total: Any = ..., **changes: Any) -> dict[str, Any]:
    """The cards call's answer."""
    whole = {
        "products": {"CNPIN": {"sku": "CNPIN", "name": "Sample Card"}},
        "cards": list(rows),
        "currency": RUPEES,
        "deliveryMode": "API",
        "total_cards": len(rows) if total is ... else total,
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


# Name, card, type, code, pin, claim url, reference number.
Unit = tuple[str, dict[str, Any], VoucherType, str | None, str | None, str | None, str | None]
CARDS: tuple[Unit, ...] = (
    ("number and PIN", card(), CODE_PIN, "6009221100000017", "448812", None, None),
    ("number only", bare(cardNumber="60092211"), CODE, "60092211", None, None, None),
    (
        "number, the rest empty",
        bare(cardNumber="60092211", cardPin="", activationCode="", activationUrl=""),
        CODE,
        "60092211",
        None,
        None,
        None,
    ),
    (
        "number as a number",
        bare(cardNumber=60092211, cardPin=12),
        CODE_PIN,
        "60092211",
        "12",
        None,
        None,
    ),
    ("activation code only", bare(activationCode="ACT-1"), CODE, "ACT-1", None, None, None),
    (
        "activation code and PIN",
        bare(activationCode="ACT-1", cardPin="7"),
        CODE_PIN,
        "ACT-1",
        "7",
        None,
        None,
    ),
    (
        "number and activation code",
        bare(cardNumber="60", activationCode="ACT-1"),
        CODE,
        "60",
        None,
        None,
        "ACT-1",
    ),
    (
        "number, PIN and activation code",
        bare(cardNumber="60", cardPin="7", activationCode="ACT-1"),
        CODE_PIN,
        "60",
        "7",
        None,
        "ACT-1",
    ),
    ("PIN alone redeems", bare(cardPin="CLAIM-77"), CODE_PIN, None, "CLAIM-77", None, None),
    ("URL alone", bare(activationUrl=LINK), URL, None, None, LINK, None),
    ("URL with number", bare(activationUrl=LINK, cardNumber="60"), URL, None, None, LINK, "60"),
    (
        "URL with code",
        bare(activationUrl=LINK, activationCode="ACT-1"),
        URL_PIN,
        None,
        "ACT-1",
        LINK,
        None,
    ),
    ("URL with PIN", bare(activationUrl=LINK, cardPin="7"), URL_PIN, None, "7", LINK, None),
    (
        "URL, PIN and code",
        bare(activationUrl=LINK, cardPin="7", activationCode="ACT-1"),
        URL_PIN,
        None,
        "7",
        LINK,
        "ACT-1",
    ),
    (
        "URL, number and PIN",
        bare(activationUrl=LINK, cardNumber="60", cardPin="7"),
        URL_PIN,
        None,
        "7",
        LINK,
        "60",
    ),
    (
        "URL, number and code",
        bare(activationUrl=LINK, cardNumber="60", activationCode="ACT-1"),
        URL_PIN,
        None,
        "ACT-1",
        LINK,
        "60",
    ),
    (
        "everything",
        card(activationUrl=LINK, activationCode="ACT-1", barcode="B1"),
        URL_PIN,
        "ACT-1",
        "448812",
        LINK,
        "6009221100000017",
    ),
    ("number and barcode", bare(cardNumber="60", barcode="B1"), CODE, "60", None, None, None),
    ("barcode alone", bare(barcode="B1"), CODE, "B1", None, None, None),
    ("a number that is a link", bare(cardNumber=LINK), URL, None, None, LINK, None),
    (
        "labels that call the PIN a code",
        card(labels={"cardPin": "Claim Code"}),
        CODE_PIN,
        "6009221100000017",
        "448812",
        None,
        None,
    ),
    ("labels null", card(labels=None), CODE_PIN, "6009221100000017", "448812", None, None),
    ("labels a list", card(labels=[1]), CODE_PIN, "6009221100000017", "448812", None, None),
)

# Name, validity, last instant, the day that was meant.
VALIDITIES: tuple[tuple[str, Any, str | None, str | None], ...] = (
    ("midnight in India", "2028-01-30T18:30:00+00:00", "2028-01-30T18:30:00+00:00", "2028-01-31"),
    ("the same with Z", "2028-01-30T18:30:00Z", "2028-01-30T18:30:00+00:00", "2028-01-31"),
    (
        "the same written there",
        "2028-01-31T00:00:00+05:30",
        "2028-01-30T18:30:00+00:00",
        "2028-01-31",
    ),
    (
        "an instant of the day",
        "2028-01-31T10:00:00+00:00",
        "2028-01-31T10:00:00+00:00",
        "2028-01-31",
    ),
    ("the end of a day", "2028-01-31T18:29:59+00:00", "2028-01-31T18:29:59+00:00", "2028-01-31"),
    ("a day", "2028-01-31", "2028-01-31T18:29:59+00:00", "2028-01-31"),
    ("no zone: India", "2028-01-31T10:00:00", "2028-01-31T04:30:00+00:00", "2028-01-31"),
    ("empty", "", None, None),
    ("null", None, None, None),
    ("absent", ..., None, None),
    ("words", "No expiry", None, None),
    ("a number", 5, None, None),
    ("a day that is none", "2027-02-29T18:30:00+00:00", None, None),
)


def product(**changes: Any) -> dict[str, Any]:
    """Product detail; keys of `price` are given as `price_<key>`; `...` removes a field."""
    whole: dict[str, Any] = {
        "id": "41",
        "sku": "CNPIN",
        "name": "Sample Card",
        "description": "<p>Gift</p>",
        "price": {
            "price": "10-10000",
            "type": "SLAB",
            "min": "100",
            "max": "500",
            "denominations": ["100", "250", "500"],
            "currency": RUPEES,
            "cpg": [],
        },
        "type": "DIGITAL",
        "currency": "356",
        "images": {"thumbnail": "https://img.example/t.png", "base": "https://img.example/b.png"},
        "tnc": {"link": "https://terms.example", "content": "<p>Terms</p>"},
        "categories": ["330"],
        "brandName": "Sample",
        "etaMessage": "",
        "expiry": "12 months",
        "formatExpiry": None,
        "discounts": [],
        "kycEnabled": "0",
        "schedulingEnabled": True,
        "cpg": {"barcode": {}},
        "payout": None,
        "createdAt": "2024-01-01T00:00:00+00:00",
        "updatedAt": "",
    }
    price = {k[6:]: changes.pop(k) for k in list(changes) if k.startswith("price_")}
    whole["price"] = {k: v for k, v in (whole["price"] | price).items() if v is not ...}
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def discount(amount: Any = "4", type: Any = "by_percent", **changes: Any) -> list[dict[str, Any]]:
    """`discounts` with one entry."""
    return [
        {
            "startDate": "2020-01-01 00:00:00",
            "endDate": None,
            "discount": {"type": type, "amount": amount, "desc": "x"},
            "coupon": None,
            "priority": 1,
        }
        | changes
    ]


PRODUCTS: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("slab", product(), "100.00 INR=100.00 INR, 250.00 INR=250.00 INR, 500.00 INR=500.00 INR"),
    ("Slab", product(price_type="Slab", price_denominations=["100"]), "100.00 INR=100.00 INR"),
    (
        "numbers",
        product(price_denominations=[100, 250.5]),
        "100.00 INR=100.00 INR, 250.50 INR=250.50 INR",
    ),
    (
        "some that are none",
        product(price_denominations=["100", "", None, {}, "x", "0", "-5", "100"]),
        "100.00 INR=100.00 INR",
    ),
    ("range", product(price_type="RANGE"), "100.00 INR..500.00 INR 0%"),
    (
        "range in lower case, numbers",
        product(price_type="range", price_min=100, price_max=500.0, price_denominations=[]),
        "100.00 INR..500.00 INR 0%",
    ),
    (
        "no type, a list",
        product(price_type=..., price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "no type, no list",
        product(price_type=None, price_denominations=None),
        "100.00 INR..500.00 INR 0%",
    ),
    (
        "currency by number only",
        product(price_currency=None, price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "no currency: rupees",
        product(price_currency=None, currency=None, price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a percentage off",
        product(discounts=discount(), price_denominations=["100"]),
        "100.00 INR=96.00 INR",
    ),
    (
        "a percentage off a range",
        product(discounts=discount("2.5"), price_type="RANGE"),
        "100.00 INR..500.00 INR 2.5%",
    ),
    (
        "a percentage off, half-even",
        product(discounts=discount("2.5"), price_denominations=["1"]),
        "1.00 INR=0.98 INR",
    ),
    (
        "the better of two",
        product(discounts=discount() + discount("6"), price_denominations=["100"]),
        "100.00 INR=94.00 INR",
    ),
    (
        "a coupon that is none",
        product(discounts=discount(coupon={}), price_denominations=["100"]),
        "100.00 INR=96.00 INR",
    ),
    (
        "a coupon object without a code",
        product(discounts=discount(coupon={"code": "", "x": 1}), price_denominations=["100"]),
        "100.00 INR=96.00 INR",
    ),
    (
        "a coupon object with a code",
        product(discounts=discount(coupon={"code": "X1"}), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a discount that needs a coupon",
        product(discounts=discount(coupon="X1"), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a discount that is over",
        product(discounts=discount(endDate="2021-01-01 00:00:00"), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a discount to come",
        product(discounts=discount(startDate="2999-01-01"), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a discount of a kind nobody knows",
        product(discounts=discount(type="loyalty"), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "a discount above all",
        product(discounts=discount("400"), price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "discounts of another type",
        product(discounts={"a": 1}, price_denominations=["100"]),
        "100.00 INR=100.00 INR",
    ),
    (
        "every optional field null",
        {
            "sku": "CNPIN",
            "name": "Sample Card",
            "price": {"type": "SLAB", "denominations": ["100"]},
            **dict.fromkeys(
                (
                    "id",
                    "description",
                    "type",
                    "currency",
                    "images",
                    "tnc",
                    "categories",
                    "brandName",
                    "expiry",
                    "discounts",
                    "cpg",
                )
            ),
        },
        "100.00 INR=100.00 INR",
    ),
    ("no price", product(price=None), None),
    ("price a list", product(price=[]), None),
    ("no values", product(price_denominations=[]), None),
    ("a range upside down", product(price_type="RANGE", price_min="900"), None),
    ("no name", product(name=None), None),
    ("no sku", product(sku=""), None),
    ("another sku", product(sku="OTHER"), None),
    ("a currency that is none", product(price_currency={"code": "Rs"}), None),
)


def row(**changes: Any) -> dict[str, Any]:
    """One row of the order list: `refNo` with a capital N."""
    whole: dict[str, Any] = {
        "orderId": "KLM7700012345",
        "refNo": "VG_71F2A0C4",
        "status": "COMPLETE",
        "statusLabel": "Complete",
        "subTotal": "1000.00",
        "grandTotal": "970.00",
        "totalQtyOrdered": 2,
        "currency": RUPEES,
        "products": {"count": "1", "items": [{"name": "Sample Card"}]},
        "payments": [{"code": "svc"}],
        "createdAt": "2026-03-04T11:35:09+00:00",
        "discount": "0",
        "corporateDiscount": {"label": "", "amount": "", "percentage": 0},
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


# Name, row, status, whether it is final, quantity.
ROWS: tuple[tuple[str, dict[str, Any], OrderStatus, bool, int | None], ...] = (
    ("complete", row(), DELIVERED, False, 2),
    ("success", row(status="success"), DELIVERED, False, 2),
    ("processing", row(status="Processing"), PROCESSING, False, 2),
    ("pending", row(status="PENDING"), PENDING, False, 2),
    ("canceled", row(status="CANCELED"), CANCELLED, True, 2),
    ("unknown", row(status="PARKED"), PROCESSING, False, 2),
    ("quantity as text", row(totalQtyOrdered="2.0000"), DELIVERED, False, 2),
    ("quantity null", row(totalQtyOrdered=None), DELIVERED, False, None),
    ("small n", row(refNo=..., refno="VG_71F2A0C4"), DELIVERED, False, 2),
)

# Name, HTTP status, bare body, the error of an order read, its reason.
FAILURES: tuple[tuple[str, int, Any, str, str | None], ...] = (
    ("not found", 400, {"code": 5320, "message": "x", "messages": []}, "NotFound", None),
    ("not found, code as text", 400, {"code": "5320", "message": "x"}, "NotFound", None),
    ("archived", 400, {"code": 11429, "message": "x"}, "NotFound", None),
    ("invalid reference", 400, {"code": 5329, "message": "x"}, "NotFound", None),
    ("invalid data", 400, {"code": 400, "message": "decoding"}, "Unavailable", "fault"),
    ("unauthorized", 401, {"code": 401, "message": "x"}, "Unavailable", "credentials"),
    (
        "bad signature, plain text",
        401,
        "oauth_problem=signature_invalid",
        "Unavailable",
        "credentials",
    ),
    ("a bare 401", 401, "", "Unavailable", "credentials"),
    ("permission", 403, {"code": 403, "message": "x"}, "Unavailable", "credentials"),
    (
        "an edge server's page",
        403,
        "<html><body>Forbidden</body></html>",
        "Unavailable",
        "credentials",
    ),
    ("rate limit", 429, {"code": 429, "message": "x"}, "Unavailable", "rate_limited"),
    ("could not process", 400, {"code": 6053, "message": "x"}, "Unavailable", "fault"),
    ("server error", 500, {"code": 500, "message": "x"}, "Unavailable", "fault"),
    ("a code nobody knows", 400, {"code": 77777, "message": "x"}, "Unavailable", "fault"),
)

HOSTILE: tuple[Any, ...] = (
    [],
    {},
    7,
    "text",
    True,
    [[]],
    {"code": {}},
    {"orderId": None},
    {"orderId": {}},
    {"orderId": []},
    {"code": None, "status": None, "message": None, "data": None},
)
TEXTS: tuple[tuple[str, str], ...] = (
    ("HTML", "<html><body>Bad gateway</body></html>"),
    ("half a body", '{"orderId":"KLM77000123'),
    ("nothing", ""),
)
