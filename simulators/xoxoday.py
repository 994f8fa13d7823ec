"""Xoxoday Plum as contracts/xoxoday.md tells it: one path for all, rotating refresh tokens.

The path is served under the root and under `/chef`, with and without a trailing slash. Details
asked by `orderId` count as `order` (faults for order, status and vouchers strike), by `poNumber`
as `find`, with `sendMailToReceiver` as `resend`; one product asked by its id as `product`. With
`rate_limits` on, the published calls per minute are counted; off by default. Products that are not
available are not listed. Only the last product demands a phone number (`contact`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from aiohttp import web

from simulators.calls import Call, Malformed, Refused, Route, answer
from simulators.catalog import Product, invented_goods
from simulators.history import Past, delivered, relive
from simulators.limits import Limits
from simulators.server import Simulator
from simulators.webhooks import Post
from simulators.world import (
    Mint,
    Order,
    Price,
    Purchase,
    State,
    Step,
    World,
    capitals,
    digits,
    price_of,
)
from simulators.xoxoday_shop import PHONE_NEEDED, filters, needs_contact, vouchers
from simulators.xoxoday_tokens import Tokens
from simulators.xoxoday_wire import (
    ACCOUNT_CURRENCY,
    MARKETS,
    RATES,
    WORDS,
    created,
    details,
    error,
    fail,
    history_row,
    local,
    number,
)

PAST = (
    *delivered("complete/delivered"),
    Past("initiated/pending", State.PENDING),
    Past("pending/pending", State.PENDING),
    Past("processing/pending", State.PENDING),
    Past("complete/pending", State.PROCESSING),
    Past("complete/pending", State.PARTIALLY_DELIVERED, "half"),
    Past("complete/delivered", State.PARTIALLY_DELIVERED, "half"),
    Past("complete/canceled", State.CANCELLED),
    Past("complete/cancelled", State.CANCELLED),
    Past("failed/failed", State.FAILED),
    *delivered("complete/delivered"),
)
PER_MINUTE = {
    "getOrderDetails": 200,
    "getOrderHistory": 200,
    "placeOrder": 100,
    "getVouchers": 50,
    "getFilters": 50,
    "getBalance": 10,
}
PENALTY_SECONDS = 60


class Xoxoday(Simulator):
    """The Plum rewards API."""

    name = "xoxoday"
    webhook_retries = (1, 5)

    @property
    def credentials(self) -> Mapping[str, str]:
        made = self.world.mint.digest
        return {
            "client_id": made("client").hex()[:24],
            "client_secret": made("secret").hex()[:40],
            "refresh_token": self._tokens.first_refresh,
            "webhook_key": self.webhook_key,
        }

    @property
    def webhook_key(self) -> str:
        """What webhooks carry as `x-api-key`: the setting `webhook_secret`, else from the seed."""
        return self.settings.webhook_secret or self.world.mint.digest("webhook").hex()[:40]

    def begin(self) -> None:
        mint = Mint(self.name, self.seed, lambda dice: _code(digits(dice, 6), capitals(dice, 5)), 4)
        goods = invented_goods(
            self.seed,
            self.size,
            first_brand=80,
            markets=MARKETS,
            sku=lambda i, _: str(2201 + i),
            fees=True,
        )
        # Every voucher here has a last day.
        goods = [replace(item, validity_days=item.validity_days or 1095) for item in goods]
        goods[-1] = replace(goods[-1], habit=PHONE_NEEDED)
        self.world = World(goods, mint, {ACCOUNT_CURRENCY: Decimal(50_000_000)})
        self._limits = Limits()
        self._posts = 0
        self.seeded_orders = tuple(
            relive(self.world, PAST, self.settings.now(), order_id=self._order_id, price=_price)
        )

    def enroll(self) -> None:
        self._tokens = Tokens(self.world.mint)

    def _order_id(self, reference: str) -> str:
        return str(self.world.mint.number(f"order:{reference}", 12))

    def routes(self) -> Sequence[Route]:
        return [
            route
            for start in ("/v1/oauth", "/chef/v1/oauth")
            for end in ("", "/")
            for route in (
                Route("POST", f"{start}/token/user{end}", "token", self.refresh),
                Route("GET", f"{start}/token{end}", "token", self.validate),
                Route("POST", f"{start}/api{end}", "product", self.rpc),
            )
        ]

    def recognize(self, call: Call) -> None:
        if call.operation == "token":
            return
        name, data = _asked(call.peek())
        match name:
            case "getVouchers":
                one = str(data.get("includeProducts") or "")
                call.operation = "product" if one.isdigit() else "catalog"
                call.sku = one if one.isdigit() else None
            case "placeOrder":
                call.operation = "place"
                call.reference, call.sku = str(data.get("poNumber")), str(data.get("productId"))
            case "getOrderDetails":
                order_id = str(data.get("orderId") or "")
                by_id = order_id not in ("", "0")
                call.operation = "order" if by_id else "find"
                if data.get("sendMailToReceiver") == 1:
                    call.operation = "resend"
                call.reference = str(data.get("poNumber")) if not by_id else None
                find = self.world.by_id if by_id else self.world.by_reference
                call.concerns(find(order_id if by_id else call.reference or ""))
            case "getOrderHistory":
                call.operation = "orders"
            case "getBalance":
                call.operation = "balance"
            case _:
                call.operation = "catalog"
        call.serves = frozenset({call.operation})
        if call.operation == "order":
            call.serves |= {"status", "vouchers"}

    # Admission and failures

    def admit(self, call: Call) -> None:
        if call.operation == "token":
            return
        if not self._tokens.seconds_left(_bearer(call), call.now):
            raise Refused(self.unauthorized(call))
        if self.settings.rate_limits:
            name, _ = _asked(call.peek())
            if self._limits.wait(name, PER_MINUTE.get(name, 200), 60, call.now):
                raise Refused(self.limited(call, PENALTY_SECONDS))

    def limited(self, call: Call, seconds: int) -> web.Response:
        wrong = {"message": "auth.request_limit_exceeded", "penaltySeconds": seconds}
        return answer(call, {"errors": [wrong]}, 429, {"Retry-After": str(seconds)})

    def unauthorized(self, call: Call) -> web.Response:
        if call.operation == "token":
            return self._oauth_error(call, "invalid_grant", "Refresh token is not valid")
        return answer(call, *error("PIPE10013"))

    def crashed(self, call: Call) -> web.Response:
        if call.operation == "place":
            return answer(call, *error("PLE10025"))
        return answer(call, {"code": 500, "error": "Something failed"}, 500)

    def malformed(self, call: Call) -> web.Response:
        return answer(call, {"code": 400, "error": "Body is not valid"}, 400)

    def _oauth_error(self, call: Call, slug: str, text: str) -> web.Response:
        return answer(call, {"error": slug, "error_description": text}, 401)

    # Tokens

    def refresh(self, call: Call) -> web.Response:
        sent, known = call.body, self.credentials
        if any(sent.get(name) != known[name] for name in ("client_id", "client_secret")):
            return self._oauth_error(call, "invalid_client", "Client is not known")
        if sent.get("grant_type") != "refresh_token":
            return self._oauth_error(call, "unsupported_grant_type", "Grant type is not known")
        token = str(sent.get("refresh_token"))
        pair = self._tokens.refresh(token, call.now, self.settings.token_seconds)
        if pair is None:
            return self._oauth_error(call, "invalid_grant", "Refresh token is not valid")
        return answer(call, pair)

    def validate(self, call: Call) -> web.Response:
        token = _bearer(call)
        left = self._tokens.seconds_left(token, call.now)
        if not left:
            return self._oauth_error(call, "invalid_token", "Access token is not valid")
        found = {"access_token": token, "token_type": "bearer", "expires_in": left}
        return answer(call, found)

    # The one path

    def rpc(self, call: Call) -> web.Response:
        name, data = _asked(call.body)
        handlers: dict[str, Callable[[Call, dict[str, Any]], Any]] = {
            "getVouchers": partial(vouchers, self.world.products.values()),
            "getFilters": partial(filters, self.world.products.values()),
            "placeOrder": self.place,
            "getOrderDetails": self.details,
            "getOrderHistory": self.history,
            "getBalance": self.balance,
        }
        handler = handlers.get(name)
        if handler is None:
            raise Malformed("unknown query")
        found = handler(call, data)
        return answer(call, {"data": {name: {"status": 1, "data": found}}})

    def place(self, call: Call, data: dict[str, Any]) -> Any:
        reference = data.get("poNumber")
        quantity, denomination = number(data.get("quantity")), number(data.get("denomination"))
        if not isinstance(reference, str) or not 0 < len(reference) <= 100:
            fail(call, "PLE10001")
        if denomination is None or quantity is None or quantity < 1 or quantity % 1:
            fail(call, "PLE10001")
        if self.world.by_reference(reference):
            fail(call, "PLE10004")
        product = self.world.products.get(str(data.get("productId")))
        if product is None:
            fail(call, "PLE10017")
        if needs_contact(product) and not data.get("contact"):
            fail(call, "PLE10001")
        price = _price(product, denomination, int(quantity), "drifted_price" in call.twists)
        self._check(call, product, denomination, int(quantity), price)
        order = self.accept(
            call,
            Purchase(
                self._order_id(reference),
                reference,
                product,
                int(quantity),
                denomination,
                price,
                extra={"email": data.get("email")},
            ),
        )
        return created(order, self._words(call, order), call.now)

    def _check(
        self, call: Call, product: Product, denomination: Decimal, quantity: int, price: Price
    ) -> None:
        if not product.available:
            fail(call, "PLE10042")
        if not product.sells(denomination):
            fail(call, "PLE10018")
        if quantity > product.max_quantity:
            fail(call, "PLE10041")
        if "out_of_stock" in call.twists:
            fail(call, "PLE10024")
        if "low_balance" in call.twists or not self.world.can_pay(price):
            fail(call, "PLE10010")

    def details(self, call: Call, data: dict[str, Any]) -> Any:
        order_id, reference = str(data.get("orderId") or ""), str(data.get("poNumber") or "")
        if order_id in ("", "0") and not reference:
            fail(call, "PLE10002")
        by_id = order_id not in ("", "0")
        order = self.world.by_id(order_id) if by_id else self.found(call, reference)
        if order is None:
            fail(call, "PLE10016")
        return details(order, self._words(call, order), call.now)

    def history(self, call: Call, data: dict[str, Any]) -> Any:
        start, end = str(data.get("startDate") or ""), str(data.get("endDate") or "")
        page, limit = number(data.get("page") or 1), number(data.get("limit") or 10)
        if len(start) != 10 or len(end) != 10 or page is None or limit is None or page < 1:
            fail(call, "PLE10032")
        found = [o for o in self.listed(call) if start <= local(o.placed_at)[:10] <= end]
        first = int((page - 1) * limit)
        shown = found[first : first + int(limit)]
        if not shown:
            fail(call, "PLE10022")
        return [history_row(order, self._words(call, order)) for order in shown]

    def balance(self, call: Call, _: dict[str, Any]) -> Any:
        left = self.world.balance(ACCOUNT_CURRENCY, call.now)
        return {"value": left, "currency": ACCOUNT_CURRENCY, "points": int(left)}

    def _words(self, call: Call, order: Order) -> str:
        if "unknown_status" in call.twists:
            return "on_hold/in_review"
        step = order.at(call.now)
        return step.word or WORDS[step.state]

    def write_post(self, order: Order, step: Step) -> Post | None:
        words = {State.DELIVERED: "delivered", State.CANCELLED: "canceled"}
        if step.state not in words:
            return None
        self._posts += 1
        body = {
            "id": self._posts,
            "data": {
                "orderId": int(order.order_id),
                "poNumber": order.reference,
                "orderDate": local(order.placed_at),
                "deliveryStatus": words[step.state],
            },
            "createdAt": local(self.settings.now()),
        }
        return Post({"x-api-key": self.webhook_key}, json.dumps(body).encode())


def _price(product: Product, face_value: Decimal, quantity: int, drifted: bool = False) -> Price:
    rate = RATES[product.currency]
    return price_of(
        product, face_value, quantity, currency=ACCOUNT_CURRENCY, rate=rate, drifted=drifted
    )


def _code(figures: str, marks: str) -> str:
    return f"{marks[:2]}-{figures}-{marks[2:]}"


def _bearer(call: Call) -> str:
    return call.request.headers.get("Authorization", "").removeprefix("Bearer ")


def _asked(body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The operation and its data; "" when the frame is not the documented one."""
    variables = body.get("variables")
    data = variables.get("data", variables) if isinstance(variables, dict) else None
    parts = str(body.get("query")).split(".")
    known = len(parts) == 3 and parts[0] == "plumProAPI" and body.get("tag") == "plumProAPI"
    wanted = "query" if parts[-1] == "getBalance" else "mutation"
    right = known and parts[1] == wanted and isinstance(data, dict)
    return (parts[2], data) if right and isinstance(data, dict) else ("", {})
