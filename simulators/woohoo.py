"""Woohoo as contracts/woohoo.md tells it, both profiles over one world.

Direct: `/oauth2` and `/rest/v3`, signed. Reseller: `/giftcard`, Basic and an envelope. Status by
our reference counts as `status`, and faults for `find` strike it too. A direct path that does not
exist answers as a bad signature. A create is answered with cards only when `syncOnly` was sent and
the order is done at once and has at most ten; else 202 PROCESSING.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from aiohttp import web

from simulators.calls import Call, Refused, Route, answer
from simulators.history import Past, delivered, relive
from simulators.server import Simulator
from simulators.woohoo_answers import by_reseller, error, fail, limited, rejected, say
from simulators.woohoo_gate import Gate, Problem
from simulators.woohoo_goods import Shelves, detail, woohoo_goods
from simulators.woohoo_orders import Orders, order_id_of, slice_of
from simulators.world import Mint, State, World, digits, price_of

DIRECT, RESELLER = "/rest/v3", "/giftcard"
PAST = (
    *delivered("COMPLETE"),
    Past("PENDING", State.PENDING),
    Past("PROCESSING", State.PROCESSING),
    Past("PROCESSING", State.PARTIALLY_DELIVERED, "half"),
    Past("COMPLETE", State.PROCESSING),
    Past("COMPLETE", State.PARTIALLY_DELIVERED, "half"),
    Past("COMPLETE", State.FAILED),
    Past("CANCELED", State.CANCELLED),
    Past("CANCELLED", State.CANCELLED),
    Past("CLOSED", State.CANCELLED),
    Past("ACTIVATE ERROR", State.FAILED),
    Past("FAILED", State.FAILED),
    *delivered("SUCCESS"),
)


class Woohoo(Simulator):
    """The Woohoo platform, directly and through its reseller."""

    name = "woohoo"

    @property
    def credentials(self) -> Mapping[str, str]:
        made = self.world.mint.digest
        return {
            "username": "reseller@example.com",
            "password": made("password").hex()[:24],
            "client_id": made("client").hex()[:32],
            "client_secret": made("secret").hex()[:32],
            "org_code": "VGWH",
        }

    def begin(self) -> None:
        mint = Mint(self.name, self.seed, lambda dice: digits(dice, 16), 6)
        goods = woohoo_goods(self.seed, self.size)
        self.world = World(goods, mint, {"INR": Decimal(50_000_000)})
        self._shelves = Shelves(goods)
        self.seeded_orders = tuple(
            relive(
                self.world,
                PAST,
                self.settings.now(),
                order_id=partial(order_id_of, self),
                price=price_of,
            )
        )

    def enroll(self) -> None:
        self._gate = Gate(self.credentials, self.world.mint)

    def routes(self) -> Sequence[Route]:
        orders = Orders(self)
        # The direct path, the reseller's; None: not there.
        twins = (
            ("GET", "/catalog/categories", "/categories", "catalog", self.categories),
            (
                "GET",
                "/catalog/categories/{category}",
                "/categories/{category}",
                "catalog",
                self.category,
            ),
            (
                "GET",
                "/catalog/categories/{category}/products",
                "/categories/{category}/products",
                "catalog",
                self.category_products,
            ),
            ("GET", "/catalog/products/{sku}", "/products/{sku}", "product", self.product),
            ("POST", "/orders/validate", None, "quote", orders.validate),
            ("POST", "/orders/reverse", "/order/reverse", "cancel", orders.reverse),
            ("POST", "/orders", "/order", "place", orders.place),
            ("GET", "/orders", "/orders", "orders", orders.list),
            ("GET", "/orders/{order}", "/order/details/{order}", "order", orders.details),
            ("GET", "/order/{refno}/status", "/order/status/{refno}", "status", orders.status),
            ("GET", "/order/{order}/cards/", "/order/cards/{order}", "vouchers", orders.cards),
            ("GET", "/order/{order}/cards", None, "vouchers", orders.cards),
            ("POST", "/orders/{order}/resend", "/order/resend/{order}", "resend", orders.resend),
            ("POST", "/balance", None, "balance", orders.card_balance),
            ("GET", None, "/balance", "balance", orders.balance),
        )
        return (
            Route("POST", "/oauth2/verify", "token", self.verify),
            Route("POST", "/oauth2/token", "token", self.token),
            *(
                Route(method, start + path, operation, handler)
                for method, direct, reseller, operation, handler in twins
                for start, path in ((DIRECT, direct), (RESELLER, reseller))
                if path is not None
            ),
            Route("*", DIRECT + "/{nowhere:.*}", "unknown", self.nowhere),
        )

    def recognize(self, call: Call) -> None:
        match call.operation:
            case "place" | "quote" | "cancel":
                sent = call.peek()
                lines = sent.get("products")
                line = lines[0] if isinstance(lines, list) and lines else None
                call.reference = str(sent.get("refno"))
                call.sku = str(line.get("sku")) if isinstance(line, dict) else None
                if call.operation == "place":
                    self._recall_habit(call)
            case "product":
                call.sku = call.part("sku")
            case "status":
                call.serves = frozenset({"status", "find"})
                call.reference = call.part("refno")
                call.concerns(self.world.by_reference(call.reference))
            case "order" | "vouchers" | "resend":
                call.concerns(self.world.by_id(call.part("order")))

    def _recall_habit(self, call: Call) -> None:
        product = self.world.products.get(call.sku or "")
        match product.habit if product else "":
            case "processing" | "out_of_stock" as habit:
                call.twists |= {habit}
            case "timeout_fail":
                call.twists |= {"fail_later"}
                call.fate = "timeout_after"
            case "timeout_success":
                call.fate = "timeout_after"

    # Admission and answers

    def admit(self, call: Call) -> None:
        if call.operation == "token":
            return
        try:
            if by_reseller(call):
                self._gate.check_basic(call)
            else:
                self._gate.check_direct(call)
        except Problem as problem:
            if problem.word == "dateAtClient":
                fail(call, 400)
            raise Refused(rejected(call, problem.word)) from problem

    def limited(self, call: Call, seconds: int) -> web.Response:
        return limited(call, seconds)

    def unauthorized(self, call: Call) -> web.Response:
        return rejected(call, "token_rejected")

    def crashed(self, call: Call) -> web.Response:
        return say(call, error(6053 if call.operation == "place" else 500), 500)

    def malformed(self, call: Call) -> web.Response:
        return say(call, error(400), 400)

    def finish(self, call: Call, response: web.Response) -> web.Response:
        if call.operation != "token" and not by_reseller(call):
            self._gate.sign(call, response)
        return response

    def nowhere(self, call: Call) -> web.Response:
        return rejected(call, "signature_invalid")

    def verify(self, call: Call) -> web.Response:
        return self._granted(call, lambda: self._gate.verify(call.body))

    def token(self, call: Call) -> web.Response:
        life = self.settings.token_seconds
        return self._granted(call, lambda: self._gate.token(call.body, call.now, life))

    def _granted(self, call: Call, grant: Callable[[], dict[str, Any]]) -> web.Response:
        try:
            return answer(call, grant())
        except Problem as problem:
            return rejected(call, problem.word)

    # Catalog

    def categories(self, call: Call) -> web.Response:
        return say(call, self._shelves.categories())

    def category(self, call: Call) -> web.Response:
        return say(call, self._shelves.category(self._category(call)))

    def category_products(self, call: Call) -> web.Response:
        offset, limit = slice_of(call, 20)
        return say(call, self._shelves.page(self._category(call), offset, limit))

    def _category(self, call: Call) -> str:
        if call.part("category") not in self._shelves.by_id:
            fail(call, 6652)
        return call.part("category")

    def product(self, call: Call) -> web.Response:
        product = self.world.products.get(call.part("sku"))
        if product is None:
            fail(call, 1303)
        drifted = "drifted_price" in call.twists
        return say(call, detail(product, Decimal(0) if drifted else product.discount))
