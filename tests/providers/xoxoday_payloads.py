"""What Plum answers, as the contract describes it and as its documents contradict each other.

Every case is (name, what the provider answers, what must be read). All values are invented.
"""

from dataclasses import dataclass
from typing import Any

from domain.catalog import VoucherType
from domain.orders import OrderStatus

CODE, CODE_PIN = VoucherType.CODE, VoucherType.CODE_WITH_PIN
URL, URL_PIN = VoucherType.URL, VoucherType.URL_WITH_PIN
LINK = "https://claim.example/k/Zp91"
PENDING, PROCESSING = OrderStatus.PENDING, OrderStatus.PROCESSING
DELIVERED, PARTIAL = OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED
CANCELLED, FAILED = OrderStatus.CANCELLED, OrderStatus.FAILED


def voucher(**changes: Any) -> dict[str, Any]:
    """The contract's voucher, with fields changed; `...` removes one."""
    whole: dict[str, Any] = {
        "productId": 2207,
        "orderId": 7310442,
        "voucherCode": "KX-4410-PLM",
        "pin": "5519",
        "validity": "2028-01-31",
        "amount": 40,
        "currency": "INR",
        "country": "IN",
        "type": "codePin",
        "currencyValue": 1,
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def details(**changes: Any) -> dict[str, Any]:
    """A delivered order of one unit as getOrderDetails answers it; `...` removes a field."""
    whole: dict[str, Any] = {
        "orderId": 7310442,
        "orderTotal": 41.6,
        "rawOrderTotal": 41.6,
        "orderDiscount": "",
        "rawOrderDiscount": "",
        "discountPercent": "",
        "currencyCode": "INR",
        "currencyValue": 1,
        "amountCharged": 41.6,
        "orderStatus": "complete",
        "deliveryStatus": "delivered",
        "orderDate": "2026-03-04 17:05:09",
        "deliveryDate": "2026-03-04 17:05:31",
        "tag": "",
        "quantity": 1,
        "vouchers": [voucher()],
        "voucherDetails": [
            {
                "orderId": 7310442,
                "productId": 2207,
                "productName": "Sample Store",
                "currencyCode": "INR",
                "productStatus": "delivered",
                "denomination": 40,
                "cancelledQuantity": 0,
            }
        ],
        "shippingDetails": None,
        "orderMeta": [],
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def summary(**changes: Any) -> list[dict[str, Any]]:
    """`voucherDetails` of one product, with fields changed."""
    base: dict[str, Any] = details()["voucherDetails"][0]
    return [{k: v for k, v in (base | changes).items() if v is not ...}]


def answer(data: Any, operation: str = "getOrderDetails", status: Any = 1) -> dict[str, Any]:
    """The frame around an answer."""
    return {"data": {operation: {"status": status, "data": data}}}


@dataclass(frozen=True)
class Case:
    """What one order must be read as; None: not stated. `units` counts readable vouchers."""

    name: str
    body: dict[str, Any]
    status: OrderStatus
    final: bool
    units: int = 1
    quantity: int | None = 1
    charged: str | None = "41.60 INR"
    face: str | None = "40.00 INR"
    sku: str | None = "2207"


ORDERS = (
    Case("the contract's sample", details(), DELIVERED, True),
    Case(
        "placed, no codes yet",
        details(deliveryStatus="pending", deliveryDate="", vouchers=[]),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "pending with vouchers null",
        details(deliveryStatus="pending", vouchers=None),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "pending without a vouchers key",
        details(deliveryStatus="pending", vouchers=...),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "a code together with pending counts as delivered",
        details(deliveryStatus="pending", quantity=3),
        PARTIAL,
        False,
        quantity=3,
    ),
    Case("every code together with pending", details(deliveryStatus="pending"), DELIVERED, False),
    Case("capitals", details(orderStatus="Complete", deliveryStatus="DELIVERED"), DELIVERED, True),
    Case(
        "blanks around the words",
        details(orderStatus=" complete ", deliveryStatus=" Delivered"),
        DELIVERED,
        True,
    ),
    Case("delivered, quantity unknown", details(quantity=...), DELIVERED, True, quantity=None),
    Case("delivered, quantity empty", details(quantity=""), DELIVERED, True, quantity=None),
    Case("delivered with fewer vouchers", details(quantity=2), PARTIAL, False, quantity=2),
    Case(
        "the rest was cancelled",
        details(quantity=3, voucherDetails=summary(cancelledQuantity=2)),
        PARTIAL,
        True,
        quantity=3,
    ),
    Case(
        "the rest was cancelled, as text",
        details(quantity="3", voucherDetails=summary(cancelledQuantity="2")),
        PARTIAL,
        True,
        quantity=3,
    ),
    Case(
        "some of the rest was cancelled",
        details(quantity=3, voucherDetails=summary(cancelledQuantity=1)),
        PARTIAL,
        False,
        quantity=3,
    ),
    Case(
        "everything was cancelled, the word says delivered",
        details(vouchers=[], quantity=2, voucherDetails=summary(cancelledQuantity=2)),
        CANCELLED,
        True,
        units=0,
        quantity=2,
    ),
    Case("delivered but no code here yet", details(vouchers=[]), PROCESSING, False, units=0),
    Case(
        "canceled, American",
        details(deliveryStatus="canceled", vouchers=[]),
        CANCELLED,
        True,
        units=0,
    ),
    Case(
        "cancelled, British",
        details(deliveryStatus="Cancelled", vouchers=[]),
        CANCELLED,
        True,
        units=0,
    ),
    Case(
        "cancelled wins over the order's own word",
        details(orderStatus="processing", deliveryStatus="canceled", vouchers=[]),
        CANCELLED,
        True,
        units=0,
    ),
    Case("cancelled after a code", details(deliveryStatus="canceled"), CANCELLED, True),
    *(
        Case(
            f"order word {word}",
            details(orderStatus=word, deliveryStatus="pending", vouchers=[]),
            PENDING,
            False,
            units=0,
        )
        for word in ("pending", "PROCESSING", "Initiated")
    ),
    Case(
        "failed",
        details(orderStatus="failed", deliveryStatus="", vouchers=[]),
        FAILED,
        True,
        units=0,
    ),
    Case(
        "an order word nobody knows",
        details(orderStatus="in_review", deliveryStatus="pending", vouchers=[]),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "a delivery word nobody knows",
        details(deliveryStatus="dispatched", vouchers=[]),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "no words at all",
        details(orderStatus=None, deliveryStatus=None, vouchers=[]),
        PROCESSING,
        False,
        units=0,
    ),
    Case(
        "words of another type",
        details(orderStatus=1, deliveryStatus={"x": 1}, vouchers=[]),
        PROCESSING,
        False,
        units=0,
    ),
    Case("no order word, delivered", details(orderStatus=...), DELIVERED, True),
    Case("ids and numbers as text", details(orderId="7310442", quantity="1"), DELIVERED, True),
    Case("charged as text", details(amountCharged="41.60"), DELIVERED, True),
    Case(
        "charged with thousands as text",
        details(amountCharged="1041.6"),
        DELIVERED,
        True,
        charged="1041.60 INR",
    ),
    Case("charged empty", details(amountCharged=""), DELIVERED, True, charged=None),
    Case("charged null", details(amountCharged=None), DELIVERED, True, charged=None),
    Case("charged is no number", details(amountCharged="n/a"), DELIVERED, True, charged=None),
    Case(
        "two currencies: charged in the account's, face value in the product's",
        details(
            currencyCode="USD",
            currencyValue=0.012,
            amountCharged="0.50",
            vouchers=[voucher(currencyValue=0.012)],
        ),
        DELIVERED,
        True,
        charged="0.50 USD",
    ),
    Case(
        "a finer charge is kept",
        details(amountCharged=41.605),
        DELIVERED,
        True,
        charged="41.605 INR",
    ),
    Case("currency in lower case", details(currencyCode="inr"), DELIVERED, True),
    Case("currency empty", details(currencyCode=""), DELIVERED, True, charged=None),
    Case("currency is no code", details(currencyCode="RUPEES"), DELIVERED, True, charged=None),
    Case(
        "no summary: the vouchers tell",
        details(voucherDetails=[]),
        DELIVERED,
        True,
    ),
    Case(
        "no summary, amount as text",
        details(voucherDetails=None, vouchers=[voucher(amount="40.00")]),
        DELIVERED,
        True,
    ),
    Case(
        "neither summary nor vouchers",
        details(deliveryStatus="pending", voucherDetails=..., vouchers=...),
        PROCESSING,
        False,
        units=0,
        face=None,
        sku=None,
    ),
    Case(
        "ids in the summary as text",
        details(voucherDetails=summary(productId="2207", denomination="40")),
        DELIVERED,
        True,
    ),
    Case(
        "an inner order id that differs",
        details(vouchers=[voucher(orderId=99)], voucherDetails=summary(orderId=99)),
        DELIVERED,
        True,
    ),
    Case(
        "unknown fields everywhere",
        details(
            surprise={"deep": [1, None]},
            vouchers=[voucher(novelty=[{}], tag="x")],
            voucherDetails=summary(extra=None),
        ),
        DELIVERED,
        True,
    ),
    Case(
        "a unit without any secret is not issued yet",
        details(
            quantity=2,
            deliveryStatus="pending",
            vouchers=[voucher(), voucher(voucherCode="", pin="")],
        ),
        PARTIAL,
        False,
        quantity=2,
    ),
    Case("quantity is no number", details(quantity="many"), DELIVERED, True, quantity=None),
    Case("quantity as a decimal", details(quantity="1.0"), DELIVERED, True),
    Case("a negative quantity is none", details(quantity=-1), DELIVERED, True, quantity=None),
    Case("an order date nobody can read", details(orderDate="soon"), DELIVERED, True),
)


# Name, voucher, type, code, pin, claim url.
Unit = tuple[str, dict[str, Any], VoucherType, str | None, str | None, str | None]
VOUCHERS: tuple[Unit, ...] = (
    ("codePin", voucher(), CODE_PIN, "KX-4410-PLM", "5519", None),
    ("code", voucher(type="code", pin=""), CODE, "KX-4410-PLM", None, None),
    ("code, pin null", voucher(type="code", pin=None), CODE, "KX-4410-PLM", None, None),
    ("code, pin absent", voucher(type="code", pin=...), CODE, "KX-4410-PLM", None, None),
    (
        "code that has a pin all the same",
        voucher(type="code"),
        CODE_PIN,
        "KX-4410-PLM",
        "5519",
        None,
    ),
    ("codePin without a pin", voucher(pin=""), CODE_PIN, "KX-4410-PLM", None, None),
    ("url", voucher(type="url", voucherCode=LINK, pin=""), URL, None, None, LINK),
    ("URL", voucher(type="URL", voucherCode=LINK, pin=""), URL, None, None, LINK),
    ("urlPin", voucher(type="urlPin", voucherCode=LINK), URL_PIN, None, "5519", LINK),
    ("URL + Pin", voucher(type="URL + Pin", voucherCode=LINK), URL_PIN, None, "5519", LINK),
    ("url_pin", voucher(type="url_pin", voucherCode=LINK), URL_PIN, None, "5519", LINK),
    ("url with a pin", voucher(type="url", voucherCode=LINK), URL_PIN, None, "5519", LINK),
    (
        "url without a scheme",
        voucher(type="url", voucherCode="claim.example/k/1", pin=""),
        URL,
        None,
        None,
        "claim.example/k/1",
    ),
    ("a link called a code", voucher(type="code", voucherCode=LINK, pin=""), URL, None, None, LINK),
    ("a link called codePin", voucher(voucherCode=LINK), URL_PIN, None, "5519", LINK),
    ("no type: code", voucher(type=..., pin=""), CODE, "KX-4410-PLM", None, None),
    ("no type: code and pin", voucher(type=...), CODE_PIN, "KX-4410-PLM", "5519", None),
    ("no type: link", voucher(type=None, voucherCode=LINK, pin=None), URL, None, None, LINK),
    ("no type: link and pin", voucher(type="", voucherCode=LINK), URL_PIN, None, "5519", LINK),
    (
        "no type: link in capitals",
        voucher(type="", voucherCode=LINK.upper(), pin=""),
        URL,
        None,
        None,
        LINK.upper(),
    ),
    ("a type nobody knows", voucher(type="hologram"), CODE_PIN, "KX-4410-PLM", "5519", None),
    ("a type of another type", voucher(type=["code"]), CODE_PIN, "KX-4410-PLM", "5519", None),
    ("pin alone", voucher(voucherCode=""), CODE_PIN, None, "5519", None),
    (
        "code and pin as numbers",
        voucher(voucherCode=441012, pin=5519),
        CODE_PIN,
        "441012",
        "5519",
        None,
    ),
    ("a URL-safe key as pin", voucher(pin="aZ_9-x"), CODE_PIN, "KX-4410-PLM", "aZ_9-x", None),
)

# Name, validity, the day that was meant.
VALIDITIES: tuple[tuple[str, Any, str | None], ...] = (
    ("a day", "2028-01-31", "2028-01-31"),
    ("a leap day", "2028-02-29", "2028-02-29"),
    ("a day and a time", "2028-01-31 00:00:00", "2028-01-31"),
    ("empty", "", None),
    ("null", None, None),
    ("absent", ..., None),
    ("no day at all", "0000-00-00", None),
    ("a day that is none", "2027-02-29", None),
    ("words", "Lifetime", None),
    ("a number", 7, None),
)

AMOUNTS: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("a number", voucher(amount=40), "40.00 INR"),
    ("text", voucher(amount="40"), "40.00 INR"),
    ("text with decimals", voucher(amount="40.50"), "40.50 INR"),
    ("in yen", voucher(amount="4000", currency="JPY"), "4000 JPY"),
    ("empty", voucher(amount=""), None),
    ("null", voucher(amount=None), None),
    ("no currency", voucher(currency=""), None),
    ("a currency that is none", voucher(currency="points"), None),
    ("infinite", voucher(amount="Infinity"), None),
    ("not a number", voucher(amount="NaN"), None),
    ("true", voucher(amount=True), None),
)


def product(**changes: Any) -> dict[str, Any]:
    """One row of getVouchers, fixed denominations; `...` removes a field."""
    whole: dict[str, Any] = {
        "productId": 2207,
        "name": "Sample Store",
        "description": "<p>Gifts</p>",
        "termsAndConditionsInstructions": "<ul><li>One per visit</li></ul>",
        "expiryAndValidity": "<p>1 year</p>",
        "redemptionInstructions": "<p>Show it</p>",
        "orderQuantityLimit": 10,
        "categories": "food, home_living",
        "lastUpdateDate": "2026-02-01 10:00:00",
        "imageUrl": "https://img.example/2207.png",
        "currencyCode": "INR",
        "currencyName": "Indian Rupee",
        "countryName": "India",
        "countryCode": "IN",
        "countries": [{"code": "IN", "name": "India"}],
        "valueType": "fixed_denomination",
        "minValue": 0,
        "maxValue": 0,
        "valueDenominations": "100,250,500",
        "tatInDays": 0,
        "usageType": "online",
        "deliveryType": "realtime",
        "fee": 0,
        "discount": 4,
        "exchangeRate": 1,
        "isPhoneNumberMandatory": False,
        "isRecommended": 0,
        "is_free": 0,
        "isDummyProduct": 0,
        "variants": None,
        "productMeta": "{}",
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


# Name, row, "face price face price …" or "min..max discount%", or None where no listing comes.
PRODUCTS: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("fixed", product(), "100.00 INR=96.00 INR, 250.00 INR=240.00 INR, 500.00 INR=480.00 INR"),
    ("no discount", product(discount=0, valueDenominations="100"), "100.00 INR=100.00 INR"),
    ("discount empty", product(discount="", valueDenominations="100"), "100.00 INR=100.00 INR"),
    ("discount as text", product(discount="2.5", valueDenominations="100"), "100.00 INR=97.50 INR"),
    ("a fee", product(discount=0, fee=3, valueDenominations="100"), "100.00 INR=103.00 INR"),
    ("discount and fee", product(fee="1", valueDenominations="100"), "100.00 INR=97.00 INR"),
    ("half-even down", product(discount="2.5", valueDenominations="1"), "1.00 INR=0.98 INR"),
    ("half-even up", product(discount="0.5", valueDenominations="1"), "1.00 INR=1.00 INR"),
    (
        "blanks in the list",
        product(valueDenominations=" 100 , 250,"),
        "100.00 INR=96.00 INR, 250.00 INR=240.00 INR",
    ),
    ("one number", product(valueDenominations=100), "100.00 INR=96.00 INR"),
    ("a doubled value", product(valueDenominations="100,100"), "100.00 INR=96.00 INR"),
    ("one value that is none", product(valueDenominations="100,any"), "100.00 INR=96.00 INR"),
    ("a zero among them", product(valueDenominations="0,100"), "100.00 INR=96.00 INR"),
    ("decimals", product(valueDenominations="9.99"), "9.99 INR=9.59 INR"),
    (
        "capitals in valueType",
        product(valueType="FIXED_DENOMINATION", valueDenominations="100"),
        "100.00 INR=96.00 INR",
    ),
    ("valueType absent", product(valueType=..., valueDenominations="100"), "100.00 INR=96.00 INR"),
    (
        "open value",
        product(valueType="open_value", valueDenominations="", minValue=50, maxValue=1000),
        "50.00 INR..1000.00 INR 4%",
    ),
    (
        "open value as text",
        product(
            valueType="open_value", valueDenominations=None, minValue="50", maxValue="1000.0", fee=1
        ),
        "50.00 INR..1000.00 INR 3%",
    ),
    (
        "valueType absent, a range",
        product(valueType=None, valueDenominations="", minValue=50, maxValue=60),
        "50.00 INR..60.00 INR 4%",
    ),
    (
        "foreign, with a rate",
        product(currencyCode="USD", exchangeRate="83.105", valueDenominations="10"),
        "10.00 USD=797.81 INR",
    ),
    (
        "foreign to yen",
        product(currencyCode="JPY", exchangeRate=0.55, valueDenominations="1000"),
        "1000 JPY=528.00 INR",
    ),
    (
        "foreign range",
        product(
            currencyCode="USD",
            exchangeRate=83.1,
            valueType="open_value",
            valueDenominations="",
            minValue=5,
            maxValue=50,
        ),
        "5.00 USD..50.00 USD 4%",
    ),
    ("foreign, no rate: no price can be told", product(currencyCode="USD", exchangeRate=...), None),
    ("foreign, rate zero", product(currencyCode="USD", exchangeRate=0), None),
    ("foreign, rate empty", product(currencyCode="USD", exchangeRate=""), None),
    (
        "own currency, no rate",
        product(exchangeRate=..., valueDenominations="100"),
        "100.00 INR=96.00 INR",
    ),
    ("no currency", product(currencyCode=""), None),
    ("a currency that is none", product(currencyCode="Rs"), None),
    ("no id", product(productId=None), None),
    ("no name", product(name=""), None),
    ("no values at all", product(valueDenominations=""), None),
    ("a range upside down", product(valueType="open_value", minValue=90, maxValue=10), None),
    ("values finer than the currency", product(valueDenominations="0.001"), None),
    ("a discount above all", product(discount=120), None),
    ("an id as text", product(productId="2207", valueDenominations="100"), "100.00 INR=96.00 INR"),
    (
        "every optional field null",
        {
            "productId": 2207,
            "name": "Sample Store",
            "currencyCode": "INR",
            "valueType": "fixed_denomination",
            "valueDenominations": "100",
            **dict.fromkeys(
                (
                    "description",
                    "categories",
                    "imageUrl",
                    "countryCode",
                    "countries",
                    "discount",
                    "fee",
                    "exchangeRate",
                    "orderQuantityLimit",
                    "deliveryType",
                )
            ),
        },
        "100.00 INR=100.00 INR",
    ),
)


def history(**changes: Any) -> dict[str, Any]:
    """One row of getOrderHistory."""
    whole: dict[str, Any] = {
        "orderId": 7310442,
        "orderDate": "2026-03-04 17:05:09",
        "email": "buyer@shop.example",
        "deliveryStatus": "Delivered",
        "poNumber": "VG_AAAA1111",
        "tag": None,
        "orderTotal": 41.6,
        "rawOrderTotal": None,
        "orderDiscount": 0,
        "discountPercent": 0,
        "amountCharged": 41.6,
        "currencyValue": 1,
        "currencyCode": "INR",
        "products": [
            {
                "productId": 2207,
                "productName": "Sample Store",
                "receiverMobileNumber": "",
                "receiverEmail": "",
                "price": 40,
                "quantity": 1,
                "orderProductStatus": "Delivered",
                "currency": "INR",
            }
        ],
        "voucherDetails": [],
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


# Name, row, status, whether it is final, quantity.
HISTORY: tuple[tuple[str, dict[str, Any], OrderStatus, bool, int | None], ...] = (
    ("delivered", history(), DELIVERED, False, 1),
    ("pending", history(deliveryStatus="Pending"), PROCESSING, False, 1),
    ("canceled", history(deliveryStatus="Canceled"), CANCELLED, True, 1),
    ("cancelled", history(deliveryStatus="CANCELLED"), CANCELLED, True, 1),
    ("unknown", history(deliveryStatus="Held"), PROCESSING, False, 1),
    ("failed", history(deliveryStatus="Failed"), FAILED, True, 1),
    ("id as text", history(orderId="7310442"), DELIVERED, False, 1),
    (
        "the old page's six fields",
        {
            "orderId": 7310442,
            "orderDate": "2026-03-04 17:05:09",
            "email": "",
            "poNumber": "",
            "deliveryStatus": "Delivered",
            "tag": None,
        },
        DELIVERED,
        False,
        None,
    ),
    ("quantity as text", history(products=[{"quantity": "3"}]), DELIVERED, False, 3),
    ("no products", history(products=None), DELIVERED, False, None),
    (
        "some cancelled",
        history(products=[{"quantity": 3}], voucherDetails=summary(cancelledQuantity=1)),
        PARTIAL,
        False,
        3,
    ),
)

HOSTILE: tuple[Any, ...] = (
    [],
    {},
    7,
    "text",
    True,
    [[]],
    {"data": None},
    {"data": []},
    {"data": {"getOrderDetails": None}},
    {"data": {"getOrderDetails": []}},
    {"data": {"getOrderDetails": {"status": 1}}},
    {"data": {"getOrderDetails": {"status": 1, "data": None}}},
    {"data": {"getOrderDetails": {"status": 1, "data": []}}},
    {"data": {"getOrderDetails": {"status": 1, "data": "x"}}},
    {"data": {"getOrderDetails": {"status": {}, "data": {}}}},
    {"data": {"placeOrder": {"status": 1, "data": {}}}},
    answer(details(vouchers={"a": 1})),
    answer(details(vouchers=[None])),
    answer(details(vouchers=["x"])),
    answer(details(vouchers=[voucher(voucherCode={"a": 1})])),
    answer(details(vouchers=[voucher(pin=["1"])])),
    answer(details(voucherDetails=7)),
    answer(details(orderId=[1])),
    {"errorId": 5},
    {"errorId": None, "error": {}},
    {"errors": "x"},
    {"errors": [None]},
    {"errors": [{"message": 5}]},
)

# Name, HTTP status, body, error of an order read, its reason.
FAILURES: tuple[tuple[str, int, Any, str, str | None], ...] = (
    (
        "not found",
        404,
        {"code": 404, "errorId": "PLE10016", "errorInfo": "x", "error": "y"},
        "NotFound",
        None,
    ),
    ("not found under another status", 400, {"code": 400, "errorId": "PLE10016"}, "NotFound", None),
    ("order not found", 404, {"errorId": "PLE10021", "error": "y"}, "NotFound", None),
    ("a blank around the id", 404, {"errorId": " ple10016 "}, "NotFound", None),
    ("validation", 400, {"code": 400, "errorId": "PLE10002"}, "Unavailable", "fault"),
    (
        "a 401 that is no login problem",
        401,
        {"code": 401, "errorId": "PLE10019"},
        "Unavailable",
        "fault",
    ),
    ("user disabled", 401, {"code": 401, "errorId": "PIPE10015"}, "Unavailable", "credentials"),
    ("company disabled", 401, {"code": 401, "errorId": "PIPE10016"}, "Unavailable", "credentials"),
    ("IP refused", 401, {"code": 401, "errorId": "PIPE10017"}, "Unavailable", "credentials"),
    (
        "OAuth shape",
        401,
        {"error": "access_denied", "error_description": "no"},
        "Unavailable",
        "credentials",
    ),
    ("a bare 401", 401, "", "Unavailable", "credentials"),
    (
        "rate limit",
        429,
        {"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]},
        "Unavailable",
        "rate_limited",
    ),
    (
        "rate limit under 400",
        400,
        {"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": "60"}]},
        "Unavailable",
        "rate_limited",
    ),
    ("rate limit without a body", 429, "", "Unavailable", "rate_limited"),
    (
        "code and error only",
        500,
        {"code": 500, "error": "Internal Server Error"},
        "Unavailable",
        "fault",
    ),
    ("an id nobody knows", 502, {"code": 502, "errorId": "PLE19999"}, "Unavailable", "fault"),
    (
        "status 0",
        200,
        {"data": {"getOrderDetails": {"status": 0, "data": {}}}},
        "Unavailable",
        "fault",
    ),
    (
        "status 0 as text",
        200,
        {"data": {"getOrderDetails": {"status": "0", "data": None}}},
        "Unavailable",
        "fault",
    ),
    ("HTML", 200, "<html><body>Bad gateway</body></html>", "Unavailable", "unreadable"),
    ("HTML and 502", 502, "<html><body>Bad gateway</body></html>", "Unavailable", None),
    (
        "half a body",
        200,
        '{"data":{"getOrderDetails":{"status":1,"data":{"orderId":73',
        "Unavailable",
        "unreadable",
    ),
    ("nothing", 200, "", "Unavailable", "unreadable"),
    *((f"hostile {shape!r:.60}", 200, shape, "Unavailable", None) for shape in HOSTILE),
)
