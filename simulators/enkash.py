"""EnKash as contracts/enkash.md tells it: password login, HTTP 200 failures, `paylod`, a cart.

Order details are one path for several questions: asked by our reference it counts as `find`, by
EnKash's id as `order`; faults for order, status and vouchers strike both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NoReturn

from aiohttp import web

from simulators.calls import HTML, Call, Refused, Route, answer
from simulators.catalog import INDIA, Product, invented_goods
from simulators.enkash_goods import Cart, Config, config_row, configs_of, matches, product_row
from simulators.enkash_login import Login, LoginRefused
from simulators.history import Past, delivered, relive
from simulators.server import Simulator
from simulators.world import Mint, Order, Price, Purchase, State, World, capitals, digits, price_of

INDIAN_TIME = timezone(timedelta(hours=5, minutes=30))
TOKEN_SECONDS = 86399  # the sample's, not the five minutes of the text

WORDS = {
    State.PENDING: "PENDING",
    State.PROCESSING: "PROCESSING",
    State.PARTIALLY_DELIVERED: "PARTIAL_SUCCESS",
    State.DELIVERED: "SUCCESS",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELLED",
}
PAYMENTS = {
    State.PENDING: "PENDING",
    State.FAILED: "FAILED",
    State.CANCELLED: "REFUNDED",
}
PAST = (
    *delivered("SUCCESS"),
    Past("CREATED", State.PENDING),
    Past("INITIATED", State.PENDING),
    Past("PENDING", State.PENDING),
    Past("PENDING", State.PROCESSING),
    Past("IN_PROGRESS", State.PROCESSING),
    Past("PROCESSING", State.PROCESSING),
    Past("SUCCESS", State.PROCESSING),
    Past("SUCCESS", State.PARTIALLY_DELIVERED, "half"),
    Past("PARTIAL_SUCCESS", State.PARTIALLY_DELIVERED, "half"),
    Past("FAILED", State.FAILED),
    Past("FAILURE", State.FAILED),
    Past("CANCELLED", State.CANCELLED),
    Past("REFUNDED", State.CANCELLED),
    *delivered("SUCCESS"),
)


class EnKash(Simulator):
    """The voucher marketplace of EnKash."""

    name = "enkash"

    @property
    def credentials(self) -> Mapping[str, str]:
        def made(what: str) -> str:
            return f"{what}-{self.world.mint.digest(what).hex()[:16]}"

        return {
            "client_id": made("client"),
            "client_secret": made("secret"),
            "username": "buyer@example.com",
            "password": made("password"),
        }

    def begin(self) -> None:
        mint = Mint(self.name, self.seed, lambda dice: digits(dice, 16), 6)
        goods = invented_goods(
            self.seed,
            self.size,
            first_brand=0,
            markets=(INDIA,),
            sku=lambda i, dice: f"PC{1000 + i}{capitals(dice, 3)}",
        )
        # Every EnKash voucher states an expiry.
        goods = [replace(item, validity_days=item.validity_days or 1095) for item in goods]
        self.world = World(goods, mint, {"INR": Decimal(50_000_000)})
        self.configs = {item.sku: configs_of(item, mint) for item in goods}
        self.by_config = {c.config_id: c for group in self.configs.values() for c in group}
        self.cart = Cart()
        self.seeded_orders = tuple(
            relive(
                self.world,
                PAST,
                self.settings.now(),
                order_id=self._order_id,
                price=price_of,
            )
        )

    def enroll(self) -> None:
        self._login = Login(self.credentials)

    def reset(self, *, seeded: bool = True) -> None:
        super().reset(seeded=seeded)
        self._login.unlock()

    def _order_id(self, reference: str) -> str:
        return str(self.world.mint.number(f"order:{reference}", 12))

    def routes(self) -> Sequence[Route]:
        partner = "/api/v0/partner"
        return (
            Route("POST", "/oauth/token", "token", self.token),
            Route("POST", f"{partner}/search-catalog", "catalog", self.catalog),
            Route("GET", partner + "/search-catalog/{product}", "product", self.product),
            Route("GET", partner + "/search-config/{product}", "product", self.product_configs),
            Route("GET", "/api/v0/cart", "cart", self.read_cart),
            Route("POST", "/api/v0/cart", "cart", self.add_to_cart),
            Route("PATCH", "/api/v0/cart", "cart", self.change_cart),
            Route("POST", f"{partner}/create-order", "place", self.place),
            Route("POST", f"{partner}/search-order", "orders", self.orders),
            Route("POST", "/api/v0/order/orderDetails", "order", self.order),
            Route("GET", partner + "/fetch-order-details/{order}", "order", self.order_by_path),
            Route("GET", f"{partner}/points/balance", "balance", self.balance),
        )

    def recognize(self, call: Call) -> None:
        sent = call.peek()
        match call.operation:
            case "place":
                call.reference = str(sent.get("orderReferenceId"))
                call.sku = str(sent.get("productCatalogId"))
            case "product":
                call.sku = call.part("product")
            case "cart":
                call.sku = str(sent.get("productCatalogId"))
            case "order":
                named = call.part("order") or str(sent.get("orderId"))
                call.serves = frozenset({"order", "status", "vouchers"})
                order = self.world.by_id(named)
                if not order:
                    call.operation = "find"
                    call.serves |= {"find"}
                    call.reference = named
                call.concerns(order or self.world.by_reference(named))

    # Failures

    def admit(self, call: Call) -> None:
        if call.operation == "token":
            return
        if not self._login.good(call.request.headers.get("Authorization", ""), call.now):
            raise Refused(self.unauthorized(call))

    def limited(self, call: Call, seconds: int) -> web.Response:
        return answer(call, _failure("Too many requests"), 429, {"Retry-After": str(seconds)})

    def unauthorized(self, call: Call) -> web.Response:
        if call.operation == "token":
            return _oauth_error(call, "invalid_grant", "Bad credentials")
        return _oauth_error(call, "invalid_token", "Access token missing or expired")

    def crashed(self, call: Call) -> web.Response:
        page = HTML.format("503 Service Unavailable")
        return web.Response(text=page, status=503, content_type="text/html")

    def malformed(self, call: Call) -> web.Response:
        return answer(call, _failure("Request body is not valid"), 400)

    def _fail(self, call: Call, text: str, status: int = 200) -> NoReturn:
        raise Refused(answer(call, _failure(text), status))

    def token(self, call: Call) -> web.Response:
        life = self.settings.token_seconds
        seconds = TOKEN_SECONDS if life is None else int(life)
        sent = call.request.headers.get("Authorization", "")
        try:
            return answer(call, self._login.grant(sent, call.raw, call.now, seconds))
        except LoginRefused as refused:
            return _oauth_error(call, refused.error, refused.description)

    # Catalog

    def catalog(self, call: Call) -> web.Response:
        limit, offset = self._slice(call)
        wanted = call.body
        goods = [item for item in self.world.products.values() if matches(item, wanted)]
        rows = [product_row(item) for item in goods[offset : offset + limit]]
        return answer(call, _success(rows) | {"totalCount": len(goods)})

    def product(self, call: Call) -> web.Response:
        return answer(call, _success(product_row(self._product(call, call.part("product"), 404))))

    def product_configs(self, call: Call) -> web.Response:
        product = self._product(call, call.part("product"), 404)
        rows = [config_row(c, drifted=_drifted(call)) for c in self.configs[product.sku]]
        return answer(call, _success(product_row(product) | {"configResponses": rows}))

    def _product(self, call: Call, sku: str, status: int = 200) -> Product:
        return self.world.products.get(sku) or self._fail(call, "Product not found", status)

    def _slice(self, call: Call) -> tuple[int, int]:
        limit, offset = call.asked("limit"), call.asked("offset")
        if not (limit.isdigit() and offset.isdigit() and int(limit)):
            self._fail(call, "limit and offset are required", 400)
        return int(limit), int(offset)

    # Cart

    def read_cart(self, call: Call) -> web.Response:
        self._need_voucher_cart(call)
        return answer(call, _success(self.cart.rows(self.configs, drifted=_drifted(call)), 0))

    def add_to_cart(self, call: Call) -> web.Response:
        return self._fill_cart(call, self.cart.add)

    def change_cart(self, call: Call) -> web.Response:
        return self._fill_cart(call, self.cart.set)

    def _fill_cart(self, call: Call, fill: Callable[[Config, int], None]) -> web.Response:
        self._need_voucher_cart(call)
        sent = call.body
        product = self._product(call, str(sent.get("productCatalogId")))
        items = sent.get("items")
        if not isinstance(items, dict) or not items:
            self._fail(call, "items is required", 400)
        for config_id, item in items.items():
            config = self.by_config.get(config_id)
            quantity = item.get("quantity") if isinstance(item, dict) else None
            if config is None or config.product is not product:
                self._fail(call, "Product config not found")
            if not isinstance(quantity, int) or quantity < 0:
                self._fail(call, "quantity is not valid", 422)
            fill(config, quantity)
        return answer(call, _success(self.cart.rows(self.configs, drifted=_drifted(call)), 0))

    def _need_voucher_cart(self, call: Call) -> None:
        if call.asked("product") != "VOUCHER":
            self._fail(call, "product is required", 400)

    # Orders

    def place(self, call: Call) -> web.Response:
        sent = call.body
        reference, quantity = sent.get("orderReferenceId"), sent.get("quantity")
        denomination = sent.get("denomination")
        if not isinstance(reference, str) or not reference:
            self._fail(call, "orderReferenceId is required", 400)
        if not isinstance(quantity, int) or not isinstance(denomination, int) or quantity < 1:
            self._fail(call, "denomination and quantity must be whole numbers", 400)
        if self.world.by_reference(reference):
            self._fail(call, "Duplicate order reference id")
        product = self._product(call, str(sent.get("productCatalogId")))
        face_value = Decimal(denomination)
        price = price_of(product, face_value, quantity, drifted=_drifted(call))
        self._check(call, product, face_value, quantity, price)
        order_id = self._order_id(reference)
        order = self.accept(
            call, Purchase(order_id, reference, product, quantity, face_value, price)
        )
        return answer(call, _success(self._order(call, order), 0))

    def _check(
        self, call: Call, product: Product, face_value: Decimal, quantity: int, price: Price
    ) -> None:
        if not product.available:
            self._fail(call, "Product is not available")
        # A custom config states its largest amount only: the smallest is 1.
        any_amount = not product.values and 1 <= face_value <= product.maximum
        if not (any_amount or product.sells(face_value)):
            self._fail(call, "Invalid denomination for this product")
        if quantity > product.max_quantity:
            self._fail(call, "Quantity exceeds the maximum quantity")
        if "out_of_stock" in call.twists:
            self._fail(call, "Product is out of stock")
        if "low_balance" in call.twists or not self.world.can_pay(price):
            self._fail(call, "Insufficient balance in card account")

    def order(self, call: Call) -> web.Response:
        return self._details(call, str(call.body.get("orderId")), 200)

    def order_by_path(self, call: Call) -> web.Response:
        return self._details(call, call.part("order"), 404)

    def _details(self, call: Call, named: str, missing: int) -> web.Response:
        order = self.world.by_id(named) or self.found(call, named)
        if not order:
            text = "Order details not found"
            failed = {"paylod": text, "response_message": text, "response_code": "1"}
            return answer(call, failed, missing)
        shown = self._order(call, order)
        return answer(call, {"paylod": shown, "response_message": "Success", "response_code": "0"})

    def orders(self, call: Call) -> web.Response:
        limit, offset = self._slice(call)
        wanted = call.body
        found = [order for order in self.listed(call) if self._wanted(call, order, wanted)]
        if wanted.get("direction") == "ASC":
            found.reverse()
        rows = [self._order(call, order) for order in found[offset : offset + limit]]
        for row in rows:
            del row["voucherDetailsList"]
        return answer(call, _success(rows) | {"totalCount": len(found)})

    def _wanted(self, call: Call, order: Order, wanted: Mapping[str, Any]) -> bool:
        since, until = wanted.get("createdOnFrom"), wanted.get("createdOnTo")
        day = _local(order.placed_at)[:10] if since or until else ""
        return (
            matches(order.product, wanted)
            and wanted.get("partnerOrderReferenceId") in (None, "", order.reference)
            and wanted.get("orderStatus") in (None, "", self._word(call, order))
            and (not since or since <= day)
            and (not until or day <= until)
            and (wanted.get("amountFrom") or 0) <= order.price.total
            and order.price.total <= (wanted.get("amountTo") or order.price.total)
        )

    def _word(self, call: Call, order: Order) -> str:
        if "unknown_status" in call.twists:
            return "UNDER_REVIEW"
        step = order.at(call.now)
        return step.word or WORDS[step.state]

    def _order(self, call: Call, order: Order) -> dict[str, Any]:
        state = order.at(call.now).state
        return {
            "orderId": order.order_id,
            "paymentStatus": PAYMENTS.get(state, "SUCCESS"),
            "orderStatus": self._word(call, order),
            "totalQuantity": order.quantity,
            "totalAmount": order.price.total,
            "orderAmount": order.price.payable,
            "paidAmount": order.price.payable,
            "partnerOrderReferenceId": order.reference,
            "voucherDetailsList": [
                {
                    "cardNumber": unit.code or unit.claim_url,
                    "pin": unit.pin or "",
                    "expiryDate": f"{unit.expires_on}T23:59:59",
                }
                for unit in order.issued(call.now)
            ],
        }

    def balance(self, call: Call) -> web.Response:
        left = self.world.balance("INR", call.now)
        return answer(call, _success({"otbBalance": left}))


def _drifted(call: Call) -> bool:
    return "drifted_price" in call.twists


def _success(payload: Any, code: str | int = "0") -> dict[str, Any]:
    return {"payload": payload, "response_message": "Success", "response_code": code}


def _failure(text: str) -> dict[str, Any]:
    return {"payload": text, "response_message": text, "response_code": 1}


def _oauth_error(call: Call, error: str, description: str) -> web.Response:
    return answer(call, {"error": error, "error_description": description}, 401)


def _local(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(INDIAN_TIME).isoformat(timespec="seconds")
