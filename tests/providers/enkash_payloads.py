"""What EnKash answers, as the contract describes it and as its pages contradict each other.

All values are invented.
"""

from decimal import Decimal
from typing import Any

from domain.catalog import VoucherType
from domain.orders import OrderStatus
from providers.errors import Reason, Rejection
from tests.providers.local import Answer

CODE, CODE_PIN = VoucherType.CODE, VoucherType.CODE_WITH_PIN
URL, URL_PIN = VoucherType.URL, VoucherType.URL_WITH_PIN
PENDING, PROCESSING = OrderStatus.PENDING, OrderStatus.PROCESSING
DELIVERED, PARTIAL = OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED
CANCELLED, FAILED = OrderStatus.CANCELLED, OrderStatus.FAILED
LINK = "https://claim.example/k/Zp91"

TOKEN = {
    "access_token": "q7Lr0aVnXw",
    "token_type": "bearer",
    "refresh_token": "Zt4mBd1",
    "expires_in": 82800,
    "scope": "read write",
}


def without(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Fields changed; `...` removes one."""
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def unit(**changes: Any) -> dict[str, Any]:
    whole = {
        "cardNumber": "7700112233445566",
        "pin": "908172",
        "expiryDate": "2027-03-31T23:59:59",
    }
    return without(whole, changes)


def details(**changes: Any) -> dict[str, Any]:
    """A delivered order of two units, as order details answer it."""
    whole = {
        "orderId": "884120",
        "paymentStatus": "SUCCESS",
        "orderStatus": "SUCCESS",
        "totalQuantity": 2,
        "totalAmount": Decimal("1500.00"),
        "orderAmount": Decimal("1455.00"),
        "paidAmount": Decimal("1455.00"),
        "partnerOrderReferenceId": "GW_71f2a0c4",
        "voucherDetailsList": [unit(), unit(cardNumber="7700112233445567", pin="118172")],
    }
    return without(whole, changes)


def enveloped(paylod: Any, /, **changes: Any) -> dict[str, Any]:
    whole = {"paylod": paylod, "response_message": "Success", "response_code": "0"}
    return without(whole, changes)


def failed(text: str, /, **changes: Any) -> dict[str, Any]:
    return without({"payload": text, "response_message": text, "response_code": 1}, changes)


# name, envelope: all of them hold the same delivered order
ENVELOPES: dict[str, Any] = {
    "seed": enveloped(details()),
    "payload": enveloped(..., payload=details()),
    "both_prefer_payload": enveloped({"orderId": 5}, payload=details()),
    "integer_code": enveloped(details(), response_code=0),
    "padded_code": enveloped(details(), response_code=" 0 "),
    "code_and_message": enveloped(
        details(), response_code=..., response_message=..., code=0, message="Success"
    ),
    "no_message": enveloped(details(), response_message=...),
    "unknown_fields": enveloped(
        details(newField={"a": [1]}, another=None), trace="abc", response_time=3
    ),
    "numbers_as_text": enveloped(
        details(totalQuantity="2", totalAmount="1500.00", paidAmount="1455.0", orderAmount="")
    ),
    "numeric_order_id": enveloped(details(orderId=884120)),
    "mixed_case": enveloped(details(orderStatus="Success", paymentStatus="success")),
    "padded_status": enveloped(details(orderStatus=" SUCCESS ")),
    "paid_only_as_order_amount": enveloped(details(paidAmount=None)),
}

# name, changes of the details -> word, final, delivered
STATUSES: dict[str, tuple[dict[str, Any], OrderStatus, bool, int | None]] = {
    "created": ({"orderStatus": "CREATED", "voucherDetailsList": []}, PENDING, False, 0),
    "initiated": ({"orderStatus": "initiated", "voucherDetailsList": []}, PENDING, False, 0),
    "pending_unpaid": (
        {"orderStatus": "PENDING", "paymentStatus": "PENDING", "voucherDetailsList": []},
        PENDING,
        False,
        0,
    ),
    "pending_payment_unknown": (
        {"orderStatus": "PENDING", "paymentStatus": None, "voucherDetailsList": None},
        PENDING,
        False,
        None,
    ),
    "pending_paid": ({"orderStatus": "PENDING", "voucherDetailsList": []}, PROCESSING, False, 0),
    "in_progress_paid": (
        {"orderStatus": "in_progress", "voucherDetailsList": []},
        PROCESSING,
        False,
        0,
    ),
    "in_progress_unpaid": (
        {"orderStatus": "IN_PROGRESS", "paymentStatus": "FAILED", "voucherDetailsList": []},
        PENDING,
        False,
        0,
    ),
    "processing_paid": (
        {"orderStatus": "Processing", "voucherDetailsList": []},
        PROCESSING,
        False,
        0,
    ),
    "success_all": ({}, DELIVERED, True, 2),
    "success_more_than_asked": ({"totalQuantity": 1}, DELIVERED, True, 2),
    "success_quantity_unknown": ({"totalQuantity": None}, DELIVERED, True, 2),
    "success_some": ({"totalQuantity": 3}, PARTIAL, False, 2),
    "success_none": ({"voucherDetailsList": []}, PROCESSING, False, 0),
    "success_empty_rows": (
        {"voucherDetailsList": [unit(cardNumber=None, pin=""), unit(cardNumber="", pin=None)]},
        PROCESSING,
        False,
        0,
    ),
    "success_uncounted": ({"voucherDetailsList": ...}, DELIVERED, False, None),
    "partial": (
        {"orderStatus": "PARTIAL_SUCCESS", "voucherDetailsList": [unit()]},
        PARTIAL,
        True,
        1,
    ),
    "partial_that_is_whole": ({"orderStatus": "PARTIAL_SUCCESS"}, DELIVERED, True, 2),
    "failed": ({"orderStatus": "FAILED", "voucherDetailsList": []}, FAILED, True, 0),
    "failure": ({"orderStatus": "failure", "voucherDetailsList": []}, FAILED, True, 0),
    "cancelled": ({"orderStatus": "CANCELLED", "voucherDetailsList": []}, CANCELLED, True, 0),
    "refunded": ({"orderStatus": "Refunded", "voucherDetailsList": []}, CANCELLED, True, 0),
    "unknown": ({"orderStatus": "VENDOR_AUDIT", "voucherDetailsList": []}, PROCESSING, False, 0),
    "empty": ({"orderStatus": "", "voucherDetailsList": []}, PROCESSING, False, 0),
    "null": ({"orderStatus": None, "voucherDetailsList": []}, PROCESSING, False, 0),
    "missing": ({"orderStatus": ..., "voucherDetailsList": []}, PROCESSING, False, 0),
    "number": ({"orderStatus": 4, "voucherDetailsList": []}, PROCESSING, False, 0),
}

# name, row -> type, code, pin, claim URL, last instant in UTC, day
VOUCHERS: dict[str, tuple[dict[str, Any], tuple[VoucherType, Any, Any, Any, Any, Any]]] = {
    "code_and_pin": (
        unit(),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "no_pin": (
        unit(pin=""),
        (CODE, "7700112233445566", None, None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "null_pin": (
        unit(pin=None),
        (CODE, "7700112233445566", None, None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "missing_pin": (
        unit(pin=...),
        (CODE, "7700112233445566", None, None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "numbers": (
        unit(cardNumber=7700112233445566, pin=12),
        (CODE_PIN, "7700112233445566", "12", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "leading_zeros_of_text_stay": (
        unit(cardNumber="0012", pin="0001"),
        (CODE_PIN, "0012", "0001", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "link": (
        unit(cardNumber=LINK, pin=""),
        (URL, None, None, LINK, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "shouted_link": (
        unit(cardNumber="HTTP://CLAIM.EXAMPLE/K", pin=None),
        (URL, None, None, "HTTP://CLAIM.EXAMPLE/K", "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "link_and_pin": (
        unit(cardNumber=LINK),
        (URL_PIN, None, "908172", LINK, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "pin_alone": (
        unit(cardNumber=None),
        (CODE_PIN, None, "908172", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "indian_midnight_is_the_day_meant": (
        unit(expiryDate="2027-04-01T00:30:00"),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T19:00:00", "2027-04-01"),
    ),
    "space_instead_of_t": (
        unit(expiryDate="2027-03-31 23:59:59"),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "day_alone_ends_with_the_indian_day": (
        unit(expiryDate="2027-03-31"),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "with_a_zone": (
        unit(expiryDate="2027-03-31T20:00:00Z"),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T20:00:00", "2027-04-01"),
    ),
    "with_fractions": (
        unit(expiryDate="2027-03-31T23:59:59.000+05:30"),
        (CODE_PIN, "7700112233445566", "908172", None, "2027-03-31T18:29:59", "2027-03-31"),
    ),
    "no_expiry": (
        unit(expiryDate=None),
        (CODE_PIN, "7700112233445566", "908172", None, None, None),
    ),
    "empty_expiry": (
        unit(expiryDate=""),
        (CODE_PIN, "7700112233445566", "908172", None, None, None),
    ),
}

# name, answer -> reason; NotFound is None
REFUSED_READS: dict[str, tuple[Answer, Reason | None]] = {
    "not_found": (Answer(failed("Order not found")), None),
    "not_found_shouted": (Answer(failed("ORDER NOT FOUND FOR PARTNER")), None),
    "not_found_in_message": (Answer(failed("Order not found", payload=None)), None),
    "not_found_in_payload": (Answer(failed("Order not found", response_message=None)), None),
    "not_found_as_variant": (
        Answer({"code": 1, "message": "Order not found"}),
        None,
    ),
    "not_found_as_text_code": (Answer(failed("Order not found", response_code="1")), None),
    "not_found_by_status": (Answer(failed("No such order"), 404), None),
    "not_found_of_a_gateway": (Answer({"message": "Route not found"}, 404), Reason.FAULT),
    "other_failure": (Answer(failed("Partner is not active")), Reason.FAULT),
    "failure_without_text": (Answer(failed("", payload=None)), Reason.FAULT),
    "failure_with_odd_text": (
        Answer(failed("x", response_message=["x"], payload={})),
        Reason.FAULT,
    ),
    "bad_request": (Answer(failed("orderId is required"), 400), Reason.FAULT),
    "invalid": (Answer(failed("validation failed"), 422), Reason.FAULT),
    "token": (
        Answer({"error": "invalid_token", "error_description": "expired"}, 401),
        Reason.CREDENTIALS,
    ),
    "bare_401": (Answer("", 401), Reason.CREDENTIALS),
    "forbidden": (Answer("<html>", 403), Reason.CREDENTIALS),
    "rate": (Answer(failed("Too many requests"), 429, {"Retry-After": "3"}), Reason.RATE_LIMITED),
    "bare_rate": (Answer("", 429), Reason.RATE_LIMITED),
    "crash": (Answer("<html>", 503), Reason.FAULT),
    "crash_in_json": (Answer(failed("Order not found"), 500), Reason.FAULT),
    "page_not_found_proves_nothing": (Answer("<html>Not found", 404), Reason.UNREADABLE),
    "empty_404_proves_nothing": (Answer("", 404), Reason.UNREADABLE),
    "redirect": (Answer("", 302, {"Location": "/login"}), Reason.UNREADABLE),
    "html": (Answer("<!DOCTYPE html><html>Please wait"), Reason.UNREADABLE),
    "half": (Answer('{"paylod":{"orderId":"88'), Reason.UNREADABLE),
    "empty": (Answer(""), Reason.UNREADABLE),
    "null": (Answer("null"), Reason.UNREADABLE),
    "list": (Answer([details()]), Reason.UNREADABLE),
    "text": (Answer('"ok"'), Reason.UNREADABLE),
    "number": (Answer("0"), Reason.UNREADABLE),
    "no_outcome": (Answer({"paylod": details()}), Reason.UNREADABLE),
    "null_outcome": (Answer(enveloped(details(), response_code=None)), Reason.FAULT),
    "no_payload": (Answer(enveloped(None)), Reason.UNREADABLE),
    "payload_is_a_list": (Answer(enveloped([details()])), Reason.UNREADABLE),
    "payload_is_text": (Answer(enveloped("Success")), Reason.UNREADABLE),
    "no_order_id": (Answer(enveloped(details(orderId=None))), Reason.UNREADABLE),
    "order_id_is_a_list": (Answer(enveloped(details(orderId=[1]))), Reason.UNREADABLE),
    "order_id_is_true": (Answer(enveloped(details(orderId=True))), Reason.UNREADABLE),
    "status_is_an_object": (Answer(enveloped(details(orderStatus={}))), Reason.UNREADABLE),
    "quantity_is_a_word": (Answer(enveloped(details(totalQuantity="two"))), Reason.UNREADABLE),
    "quantity_is_a_half": (
        Answer(enveloped(details(totalQuantity=Decimal("1.5")))),
        Reason.UNREADABLE,
    ),
    "quantity_is_negative": (Answer(enveloped(details(totalQuantity=-1))), Reason.UNREADABLE),
    "amount_is_a_list": (Answer(enveloped(details(totalAmount=[]))), Reason.UNREADABLE),
    "amount_is_endless": (
        Answer('{"response_code":0,"payload":{"orderId":1,"totalAmount":1e999999999}}'),
        Reason.UNREADABLE,
    ),
    "amount_is_minute": (
        Answer('{"response_code":0,"payload":{"orderId":1,"paidAmount":1e-999999999}}'),
        Reason.UNREADABLE,
    ),
    "units_are_text": (Answer(enveloped(details(voucherDetailsList="none"))), Reason.UNREADABLE),
    "units_are_an_object": (Answer(enveloped(details(voucherDetailsList={}))), Reason.UNREADABLE),
    "a_unit_is_text": (Answer(enveloped(details(voucherDetailsList=["x"]))), Reason.UNREADABLE),
    "a_code_is_an_object": (
        Answer(enveloped(details(voucherDetailsList=[unit(cardNumber={"a": 1})]))),
        Reason.UNREADABLE,
    ),
    "an_expiry_is_no_date": (
        Answer(enveloped(details(voucherDetailsList=[unit(expiryDate="31/03/2027")]))),
        Reason.UNREADABLE,
    ),
    "a_day_beyond_the_calendar": (
        Answer(enveloped(details(voucherDetailsList=[unit(expiryDate="9999-12-31")]))),
        Reason.UNREADABLE,
    ),
}

# name, answer -> what a place must be told
PLACES: dict[str, tuple[Answer, str, Rejection | Reason | None]] = {
    "insufficient": (
        Answer(failed("Insufficient balance in card account")),
        "Rejected",
        Rejection.PROVIDER_BALANCE_LOW,
    ),
    "out_of_stock": (Answer(failed("Product is Out Of Stock")), "Rejected", Rejection.OUT_OF_STOCK),
    "not_available": (
        Answer(failed("Voucher not available")),
        "Rejected",
        Rejection.OUT_OF_STOCK,
    ),
    "denomination": (
        Answer(failed("Denomination is not valid")),
        "Rejected",
        Rejection.DENOMINATION_NOT_OFFERED,
    ),
    "quantity": (Answer(failed("Max quantity is 5")), "Rejected", Rejection.QUANTITY_TOO_LARGE),
    "no_product": (
        Answer(failed("Product not found")),
        "Rejected",
        Rejection.PRODUCT_UNAVAILABLE,
    ),
    "out_of_stock_for_now": (
        Answer(failed("Out of stock, try again later")),
        "Rejected",
        Rejection.OUT_OF_STOCK,
    ),
    "required": (
        Answer(failed("orderReferenceId is required"), 400),
        "Rejected",
        Rejection.INVALID_INPUT,
    ),
    "validation": (Answer(failed("Validation failed"), 422), "Rejected", Rejection.INVALID_INPUT),
    "no_product_by_status": (
        Answer(failed("Product not found"), 404),
        "Rejected",
        Rejection.PRODUCT_UNAVAILABLE,
    ),
    "other": (Answer(failed("Partner blocked")), "OutcomeUnknown", None),
    "other_without_text": (Answer(failed("")), "OutcomeUnknown", None),
    "other_with_400": (Answer(failed("bad field"), 400), "OutcomeUnknown", None),
    "other_with_422": (Answer(failed("bad field"), 422), "OutcomeUnknown", None),
    "other_with_404": (Answer(failed("No such thing"), 404), "OutcomeUnknown", None),
    "invalid_with_200": (Answer(failed("Invalid answer of vendor")), "OutcomeUnknown", None),
    "not_their_envelope": (Answer({"message": "Route not found"}, 404), "OutcomeUnknown", None),
    "forbidden": (Answer({"message": "out of stock"}, 403), "OutcomeUnknown", None),
    "service": (Answer(failed("Service is not available")), "OutcomeUnknown", None),
    "timed_out_stock": (
        Answer(failed("Timed out, may be out of stock")),
        "OutcomeUnknown",
        None,
    ),
    "duplicate": (Answer(failed("Duplicate order reference id")), "Duplicate", None),
    "exists": (Answer(failed("Order already exists")), "Duplicate", None),
    "duplicate_quantity": (Answer(failed("Duplicate: quantity differs")), "Duplicate", None),
    "token": (Answer({"error": "invalid_token"}, 401), "Unavailable", Reason.CREDENTIALS),
    "rate": (Answer("", 429), "Unavailable", Reason.RATE_LIMITED),
    "try_again": (Answer(failed("Please try again later")), "OutcomeUnknown", None),
    "timed_out": (Answer(failed("Request timed out")), "OutcomeUnknown", None),
    "crash": (Answer("<html>", 503), "OutcomeUnknown", None),
    "crash_in_json": (Answer(failed("Duplicate order"), 500), "OutcomeUnknown", None),
    "html": (Answer("<html>"), "OutcomeUnknown", None),
    "half": (Answer('{"payload":{"orderId"'), "OutcomeUnknown", None),
    "page_403": (Answer("<html>", 403), "OutcomeUnknown", None),
    "no_order_id": (Answer(enveloped(details(orderId=None))), "OutcomeUnknown", None),
    "no_outcome": (Answer({"paylod": details()}), "OutcomeUnknown", None),
}

NO_TABLE = ("other", "invalid_with_200", "not_their_envelope", "forbidden")  # told to the log


def config(**changes: Any) -> dict[str, Any]:
    whole = {
        "productConfigId": "PCN101A",
        "mrp": Decimal("500.00"),
        "sellRate": Decimal("485.00"),
        "enkashDiscount": Decimal(3),
        "maxQuantity": 10,
        "customAmountEnabled": False,
    }
    return without(whole, changes)


def product(**changes: Any) -> dict[str, Any]:
    whole = {
        "productCatalogId": "PC10Q",
        "brand": "Sample Store",
        "aggregator": "REWARD_STORE",
        "category": "Fashion",
        "images": {"BRAND_IMAGE": "https://img.example/b.png", "LOGO_IMAGE": "https://x"},
        "description": "<b>Shop</b>",
        "configResponses": [config(), config(productConfigId="PCN102A", mrp=1000, sellRate=970)],
        "enabled": True,
        "active": True,
        "rank": 3,
        "termsAndCondition": "<ul><li>One</li></ul>",
        "howToRedeem": "Show it",
        "expiryPeriod": 365,
        "discount": 3,
    }
    return without(whole, changes)
