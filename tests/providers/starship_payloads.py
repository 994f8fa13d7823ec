"""What Starship answers: money as text or number, three shapes of error, units by halves.

All values are invented.
"""

from decimal import Decimal
from typing import Any

from domain.catalog import DeliverySpeed, VoucherType
from domain.orders import OrderStatus
from providers.errors import Reason, Rejection
from tests.providers.local import Answer

CODE, CODE_PIN = VoucherType.CODE, VoucherType.CODE_WITH_PIN
URL, URL_PIN = VoucherType.URL, VoucherType.URL_WITH_PIN
PENDING, PROCESSING = OrderStatus.PENDING, OrderStatus.PROCESSING
DELIVERED, PARTIAL = OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED
CANCELLED, FAILED = OrderStatus.CANCELLED, OrderStatus.FAILED
LINK = "https://claim.example/k/Zp91"
END = ("2027-02-03T23:59:59", "2027-02-03")


def without(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Fields changed; `...` removes one."""
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def unit(**changes: Any) -> dict[str, Any]:
    whole = {
        "card_number": "5501 7719 0042",
        "pin_code": "6613",
        "claim_url": None,
        "voucher_reference_number": "SV-81",
        "expires_at": "2027-02-03T23:59:59Z",
    }
    return without(whole, changes)


def order(**changes: Any) -> dict[str, Any]:
    """A delivered order of two units, as the answer by id holds it."""
    whole = {
        "id": 40817,
        "reference_code": "GW_71f2a0c4",
        "transaction_id": 9921,
        "amount": "48.75",
        "product_id": 3052,
        "denomination": "25.00",
        "quantity": 2,
        "discount": "1.25",
        "status": "delivered",
        "placed_at": "2026-02-03T08:15:00Z",
        "vouchers": [unit(), unit(card_number="5501 7719 0043", pin_code="0013")],
    }
    return without(whole, changes)


def listed(**changes: Any) -> dict[str, Any]:
    """A row of the order list."""
    return without(
        order(vouchers=..., discount=..., status="DELIVERED")
        | {
            "product_name": "Sample Store",
            "currency": "USD",
            "email": None,
            "mobile": {"mobile_country_code": "+1", "mobile_number": ""},
        },
        changes,
    )


def product(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": 3052,
        "name": "Sample Store",
        "category": "Shopping",
        "sub_category": "Fashion",
        "country_id": 101,
        "currency_id": 2,
        "image_url": "https://img.example/s.png",
        "delivery_type": "code_with_pin",
        "delivery_time": "instant",
        "validity": "No expiry",
        "available_denominations": [
            {"min_value": 50, "max_value": 50, "discount": 2},
            {"min_value": 25, "max_value": Decimal("25.00"), "discount": Decimal("2.5")},
        ],
    }
    return without(whole, changes)


CURRENCIES = [
    {"id": 1, "code": "INR", "is_active": True, "exchange_rate": Decimal("83.1")},
    {"id": 2, "code": "usd", "name": "US Dollar"},
    {"id": 3, "code": "JPY", "decimal_places": 0},
]

# name, changes of the order: all of them say the same
SPELLINGS: dict[str, dict[str, Any]] = {
    "seed": {},
    "numbers_for_money": {
        "amount": Decimal("48.75"),
        "denomination": 25,
        "discount": Decimal("1.25"),
    },
    "text_for_numbers": {"id": "40817", "product_id": "3052", "quantity": "2"},
    "upper_case": {"status": "DELIVERED"},
    "padded": {"status": " Delivered "},
    "created_with_ref": {"reference_code": ..., "ref": "GW_71f2a0c4"},
    "unknown_fields": {"items": [{"x": 1}], "sub_status": "COMPLETED", "new": {"a": []}},
    "null_sub_status": {"sub_status": None},
}

# name, changes -> word, final, delivered
STATUSES: dict[str, tuple[dict[str, Any], OrderStatus, bool, int | None]] = {
    "placed": ({"status": "PLACED", "vouchers": []}, PENDING, False, 0),
    "pending": ({"status": "pending", "vouchers": []}, PENDING, False, 0),
    "pending_null_units": ({"status": "PENDING", "vouchers": None}, PENDING, False, None),
    "pending_initial": (
        {"status": "PENDING", "sub_status": "INITIAL", "vouchers": []},
        PENDING,
        False,
        0,
    ),
    "pending_fetched": (
        {"status": "pending", "sub_status": "vendor_voucher_fetched", "vouchers": []},
        PROCESSING,
        False,
        0,
    ),
    "processing": ({"status": "Processing", "vouchers": []}, PROCESSING, False, 0),
    "delivered": ({}, DELIVERED, True, 2),
    "delivered_without_units": ({"vouchers": []}, DELIVERED, True, 0),
    "delivered_some": ({"quantity": 3}, PARTIAL, False, 2),
    "delivered_quantity_unknown": ({"quantity": None}, DELIVERED, True, 2),
    "partly": (
        {"status": "partially_delivered", "vouchers": [unit()]},
        PARTIAL,
        False,
        1,
    ),
    "partly_but_all": ({"status": "PARTIALLY_DELIVERED"}, DELIVERED, True, 2),
    "partly_without_units": (
        {"status": "PARTIALLY_DELIVERED", "vouchers": []},
        PARTIAL,
        False,
        0,
    ),
    "failed": ({"status": "FAILED", "vouchers": []}, FAILED, True, 0),
    "cancelled": ({"status": "cancelled", "vouchers": []}, CANCELLED, True, 0),
    "cancelled_with_units": ({"status": "cancelled"}, CANCELLED, True, 2),
    "unknown": ({"status": "VENDOR_AUDIT", "vouchers": []}, PROCESSING, False, 0),
    "empty": ({"status": "", "vouchers": []}, PROCESSING, False, 0),
    "null": ({"status": None, "vouchers": []}, PROCESSING, False, 0),
    "missing": ({"status": ..., "vouchers": []}, PROCESSING, False, 0),
    "empty_rows": (
        {"vouchers": [unit(card_number=None, pin_code=None, voucher_reference_number="SV-1")]},
        DELIVERED,
        True,
        0,
    ),
}
NOT_KNOWN = frozenset({"unknown", "empty", "null", "missing"})

# name, row -> type, code, pin, claim URL, reference number, last instant in UTC, day
VOUCHERS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "code_and_pin": (unit(), (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", *END)),
    "code": (unit(pin_code=None), (CODE, "5501 7719 0042", None, None, "SV-81", *END)),
    "code_missing_pin": (unit(pin_code=...), (CODE, "5501 7719 0042", None, None, "SV-81", *END)),
    "empty_texts": (
        unit(pin_code="", claim_url="", voucher_reference_number=""),
        (CODE, "5501 7719 0042", None, None, None, *END),
    ),
    "numbers": (
        unit(card_number=5501, pin_code=6613),
        (CODE_PIN, "5501", "6613", None, "SV-81", *END),
    ),
    "link": (
        unit(card_number=None, pin_code=None, claim_url=LINK),
        (URL, None, None, LINK, "SV-81", *END),
    ),
    "link_and_pin": (
        unit(card_number=None, claim_url=LINK),
        (URL_PIN, None, "6613", LINK, "SV-81", *END),
    ),
    "link_in_the_code": (
        unit(card_number=LINK, pin_code=None),
        (URL, None, None, LINK, "SV-81", *END),
    ),
    "code_and_link": (
        unit(pin_code=None, claim_url=LINK),
        (CODE, "5501 7719 0042", None, LINK, "SV-81", *END),
    ),
    "code_pin_and_link": (
        unit(claim_url=LINK),
        (CODE_PIN, "5501 7719 0042", "6613", LINK, "SV-81", *END),
    ),
    "no_expiry": (
        unit(expires_at=None),
        (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", None, None),
    ),
    "fractions": (
        unit(expires_at="2027-02-03T23:59:59.000000Z"),
        (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", *END),
    ),
    "offset": (
        unit(expires_at="2027-02-04T01:59:59+02:00"),
        (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", *END),
    ),
    "zone_less": (
        unit(expires_at="2027-02-03T23:59:59"),
        (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", *END),
    ),
    "day_alone": (
        unit(expires_at="2027-02-03"),
        (CODE_PIN, "5501 7719 0042", "6613", None, "SV-81", *END),
    ),
}


def flat(slug: Any) -> dict[str, Any]:
    return {"error": slug, "message": "The text is never looked at"}


def standard(code: Any) -> dict[str, Any]:
    return {"error": {"name": "Error", "code": code, "message": "x", "messages": {"a": []}}}


def idempotency(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "x", "details": {}}}


# name, answer -> reason; NotFound is None
REFUSED_READS: dict[str, tuple[Answer, Reason | None]] = {
    "flat_not_found": (Answer(flat("not_found"), 404), None),
    "standard_not_found": (Answer(standard("NOT_FOUND"), 404), None),
    "unknown_product": (Answer(standard("RESOURCE_NOT_FOUND"), 400), None),
    "lower_case_code": (Answer(standard("not_found"), 404), None),
    "flat_unauthorized": (Answer(flat("unauthorized"), 401), Reason.CREDENTIALS),
    "standard_unauthorized": (Answer(standard("E_UNAUTHORIZED_ACCESS"), 401), Reason.CREDENTIALS),
    "bare_401": (Answer("", 401), Reason.CREDENTIALS),
    "forbidden": (Answer("<html>", 403), Reason.CREDENTIALS),
    "rate": (
        Answer(standard("RATE_LIMITED"), 429, {"Retry-After": "2"}),
        Reason.RATE_LIMITED,
    ),
    "bare_429": (Answer("slow down", 429), Reason.RATE_LIMITED),
    "invalid": (Answer(standard("E_VALIDATION_FAILURE"), 400), Reason.FAULT),
    "internal": (Answer(flat("internal_error"), 500), Reason.FAULT),
    "unavailable": (Answer(standard("SERVICE_UNAVAILABLE"), 503), Reason.FAULT),
    "crash_page": (Answer("<html>", 502), Reason.FAULT),
    "page_404_proves_nothing": (Answer("<html>Not found", 404), Reason.UNREADABLE),
    "codeless_404_proves_nothing": (Answer({"message": "not_found"}, 404), Reason.FAULT),
    "error_without_code": (Answer({"error": {"message": "x"}}, 404), Reason.FAULT),
    "error_is_a_number": (Answer({"error": 404}, 404), Reason.FAULT),
    "error_is_a_list": (Answer([{"error": "not_found"}], 404), Reason.FAULT),
    "redirect": (Answer("", 301, {"Location": "/"}), Reason.UNREADABLE),
    "html": (Answer("<html>"), Reason.UNREADABLE),
    "half": (Answer('{"id":40817,"vou'), Reason.UNREADABLE),
    "empty": (Answer(""), Reason.UNREADABLE),
    "null": (Answer("null"), Reason.UNREADABLE),
    "list": (Answer([order()]), Reason.UNREADABLE),
    "no_id": (Answer(order(id=None)), Reason.UNREADABLE),
    "id_is_an_object": (Answer(order(id={})), Reason.UNREADABLE),
    "status_is_a_list": (Answer(order(status=["delivered"])), Reason.UNREADABLE),
    "product_is_a_word": (Answer(order(product_id="x")), Reason.UNREADABLE),
    "quantity_is_a_word": (Answer(order(quantity="two")), Reason.UNREADABLE),
    "amount_is_a_word": (Answer(order(amount="much")), Reason.UNREADABLE),
    "amount_is_no_number": (Answer(order(amount="NaN")), Reason.UNREADABLE),
    "amount_is_infinite": (Answer(order(amount="1e400")), Reason.UNREADABLE),
    "denomination_is_a_list": (Answer(order(denomination=[25])), Reason.UNREADABLE),
    "units_are_an_object": (Answer(order(vouchers={"0": unit()})), Reason.UNREADABLE),
    "a_unit_is_null": (Answer(order(vouchers=[None])), Reason.UNREADABLE),
    "a_pin_is_true": (Answer(order(vouchers=[unit(pin_code=True)])), Reason.UNREADABLE),
    "an_expiry_is_no_date": (
        Answer(order(vouchers=[unit(expires_at="never")])),
        Reason.UNREADABLE,
    ),
    "placed_in_words": (Answer(order(placed_at="yesterday")), Reason.UNREADABLE),
}

# name, answer -> what a place must be told
PLACES: dict[str, tuple[Answer, str, Rejection | Reason | None]] = {
    "validation": (
        Answer(standard("E_VALIDATION_FAILURE"), 400),
        "Rejected",
        Rejection.INVALID_INPUT,
    ),
    "legacy": (Answer(standard("VALIDATION_FAILURE"), 400), "Rejected", Rejection.INVALID_INPUT),
    "bad_request": (Answer(standard("BAD_REQUEST"), 400), "Rejected", Rejection.INVALID_INPUT),
    "product": (
        Answer(standard("RESOURCE_NOT_FOUND"), 400),
        "Rejected",
        Rejection.PRODUCT_UNAVAILABLE,
    ),
    "key": (
        Answer(idempotency("IDEMPOTENCY_KEY_TOO_SHORT"), 400),
        "Rejected",
        Rejection.PROVIDER_REJECTED,
    ),
    "balance": (
        Answer(standard("INSUFFICIENT_BALANCE"), 402),
        "Rejected",
        Rejection.PROVIDER_BALANCE_LOW,
    ),
    "stock": (Answer(standard("OUT_OF_STOCK"), 409), "Rejected", Rejection.OUT_OF_STOCK),
    "duplicate": (Answer(standard("DUPLICATE_REFERENCE"), 409), "Duplicate", None),
    "conflict": (Answer(idempotency("IDEMPOTENCY_KEY_CONFLICT"), 409), "Duplicate", None),
    "in_progress": (Answer(idempotency("IDEMPOTENCY_IN_PROGRESS"), 409), "Duplicate", None),
    "login": (Answer(standard("E_UNAUTHORIZED_ACCESS"), 401), "Unavailable", Reason.CREDENTIALS),
    "flat_login": (Answer(flat("unauthorized"), 401), "Unavailable", Reason.CREDENTIALS),
    "bare_401": (Answer("", 401), "Unavailable", Reason.CREDENTIALS),
    "rate": (Answer(standard("RATE_LIMITED"), 429), "Unavailable", Reason.RATE_LIMITED),
    "bare_429": (Answer("", 429), "Unavailable", Reason.RATE_LIMITED),
    "new_code_429": (Answer(standard("BRAND_NEW"), 429), "Unavailable", Reason.RATE_LIMITED),
    "new_code": (Answer(standard("BRAND_NEW"), 400), "OutcomeUnknown", None),
    "codeless_400": (Answer({"message": "bad"}, 400), "OutcomeUnknown", None),
    "page_404": (Answer("<html>", 404), "OutcomeUnknown", None),
    "internal": (Answer(flat("internal_error"), 500), "OutcomeUnknown", None),
    "unavailable": (Answer(standard("SERVICE_UNAVAILABLE"), 503), "OutcomeUnknown", None),
    "rejection_with_500": (
        Answer(standard("OUT_OF_STOCK"), 500),
        "Rejected",
        Rejection.OUT_OF_STOCK,
    ),
    "html": (Answer("<html>"), "OutcomeUnknown", None),
    "half": (Answer('{"id":408'), "OutcomeUnknown", None),
    "no_id": (Answer(order(id=None)), "OutcomeUnknown", None),
}

# name, changes of the product -> what is read
LISTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "seed": (
        {},
        {"sku": "3052", "name": "Sample Store", "brand": "Sample Store", "currency": "USD"},
    ),
    "type_code": ({"delivery_type": "code"}, {"voucher_type": CODE}),
    "type_url": ({"delivery_type": "URL"}, {"voucher_type": URL}),
    "type_url_pin": ({"delivery_type": "url_with_pin"}, {"voucher_type": URL_PIN}),
    "type_old": ({"delivery_type": "Email"}, {"voucher_type": CODE}),
    "type_missing": ({"delivery_type": ...}, {"voucher_type": CODE}),
    "fast": ({"delivery_time": "INSTANT"}, {"delivery_speed": DeliverySpeed.FAST}),
    "slow": ({"delivery_time": "delayed"}, {"delivery_speed": DeliverySpeed.SLOW}),
    "speed_unknown": ({"delivery_time": "soon"}, {"delivery_speed": DeliverySpeed.STANDARD}),
    "categories": ({"sub_category": ""}, {"categories": ("Shopping",)}),
    "no_image": ({"image_url": "", "validity": None}, {"image_url": None, "validity": None}),
    "nothing_on_sale": ({"available_denominations": []}, {"available": False}),
    "null_on_sale": ({"available_denominations": None}, {"available": False}),
    "text_ids": ({"id": "3052", "currency_id": "3"}, {"sku": "3052", "currency": "JPY"}),
}
BROKEN_PRODUCTS: dict[str, dict[str, Any]] = {
    "no_name": {"name": None},
    "no_id": {"id": None},
    "currency_unknown": {"currency_id": 77},
    "currency_missing": {"currency_id": None},
    "denominations_are_text": {"available_denominations": "25,50"},
    "denomination_without_end": {"available_denominations": [{"min_value": 1}]},
    "denomination_is_a_word": {"available_denominations": [{"min_value": "a", "max_value": "b"}]},
    "discount_is_a_list": {
        "available_denominations": [{"min_value": 1, "max_value": 1, "discount": []}]
    },
}
