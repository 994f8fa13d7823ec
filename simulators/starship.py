"""Starship Rewards as contracts/starship-rewards.md tells it.

Reading an order by id answers for order, status and vouchers alike and counts as `order`; there is
no look-up by reference. A product that is out of stock is not refused: the order is parked as
PENDING and nobody ever acts; only availability and quote say OUT_OF_STOCK. With the setting
`rate_limits` on, 200 calls a minute, 20 in 10 s and 60 reads of one order an hour are counted; off
by default. `signing=True` demands `X-Signature` on every call.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from aiohttp import web

from simulators.calls import Call, Route, answer
from simulators.catalog import Product, invented_goods
from simulators.history import Past, delivered, relive
from simulators.server import Simulator
from simulators.starship_account import Account, order_event
from simulators.starship_gate import (
    Gate,
    Keys,
    crashed,
    error,
    fail,
    flat,
    invalid,
    limited,
    page,
    unauthorized,
)
from simulators.starship_wire import (
    CURRENCIES,
    MARKETS,
    created_row,
    exchange_rate,
    listed_row,
    order_row,
    product_row,
    quote_row,
)
from simulators.webhooks import Post
from simulators.world import Mint, Order, Price, Purchase, State, Step, World, digits, price_of

PAST = (
    *delivered("DELIVERED"),
    Past("PLACED", State.PENDING),
    Past("PENDING", State.PENDING),
    Past("PENDING", State.PROCESSING),
    Past("PROCESSING", State.PROCESSING),
    Past("PARTIALLY_DELIVERED", State.PARTIALLY_DELIVERED, "half"),
    Past("FAILED", State.FAILED),
    Past("CANCELLED", State.CANCELLED),
    Past("PARTIALLY_DELIVERED", State.PARTIALLY_DELIVERED, "half"),
    Past("PENDING", State.PENDING),
    *delivered("DELIVERED"),
)


class Starship(Simulator):
    """The API-key vendor with wallets per currency."""

    name = "starship"
    webhook_retries = (30, 120, 600, 3600, 21600)

    def __init__(self, seed: int = 7, *, products: int = 80, signing: bool = False) -> None:
        self.signing = signing
        super().__init__(seed, products=products)

    @property
    def credentials(self) -> Mapping[str, str]:
        made = self.world.mint.digest
        signing = {"signing": "on"} if self.signing else {}
        return {
            "api_key": f"sk_test_{made('key').hex()[:20]}",
            "api_secret": made("secret").hex(),
            "wallet_ids": ",".join(f"{code}={row.wallet_id}" for code, row in CURRENCIES.items()),
            "webhook_secret": self.webhook_secret,
            **signing,
        }

    @property
    def webhook_secret(self) -> str:
        """What webhooks are signed with: the setting of that name, else one from the seed."""
        return self.settings.webhook_secret or self.world.mint.digest("webhook").hex()

    def begin(self) -> None:
        mint = Mint(
            self.name,
            self.seed,
            lambda dice: f"{digits(dice, 4)} {digits(dice, 4)} {digits(dice, 4)}",
            4,
        )
        goods = invented_goods(
            self.seed,
            self.size,
            first_brand=40,
            markets=MARKETS,
            sku=lambda i, _: str(3001 + i),
            fees=True,
        )
        funds = {code: Decimal(row.funds) for code, row in CURRENCIES.items()}
        self.world = World(goods, mint, funds)
        self._gate = Gate(self.credentials, signing=self.signing)
        self._keys = Keys()
        self._posts = 0
        self.seeded_orders = tuple(
            relive(self.world, PAST, self.settings.now(), order_id=self._order_id, price=price_of)
        )

    def _order_id(self, reference: str) -> str:
        return str(self.world.mint.number(f"order:{reference}", 12))

    def routes(self) -> Sequence[Route]:
        api, account = "/api/v1", Account(self)
        return (
            Route("GET", f"{api}/products", "catalog", self.catalog),
            Route("GET", api + "/products/{product}", "product", self.product),
            Route("POST", api + "/products/{product}/availability", "quote", self.availability),
            Route("POST", api + "/products/{product}/charges", "quote", self.quote),
            Route("POST", f"{api}/orders", "place", self.place),
            Route("GET", f"{api}/orders", "orders", self.orders),
            Route("GET", api + "/orders/{order}", "order", self.order),
            Route("GET", f"{api}/wallets", "balance", account.wallets),
            Route("GET", api + "/wallets/{wallet}", "balance", account.wallet),
            Route("GET", f"{api}/currencies", "catalog", account.currencies),
            Route("POST", f"{api}/webhooks", "webhook", account.register_webhook),
        )

    def recognize(self, call: Call) -> None:
        match call.operation:
            case "place":
                sent = call.peek()
                call.reference, call.sku = str(sent.get("ref")), str(sent.get("product_id"))
                call.holds = self._keys.hold(call.request.headers.get("Idempotency-Key", ""))
            case "order":
                call.serves = frozenset({"order", "status", "vouchers"})
                call.concerns(self.world.by_id(call.part("order")))
            case "product" | "quote":
                call.sku = call.part("product")

    def leave(self, call: Call) -> None:
        self._keys.let_go(call.holds)

    def admit(self, call: Call) -> None:
        self._gate.check(call)
        if self.settings.rate_limits:
            self._gate.count(call)

    def limited(self, call: Call, seconds: int) -> web.Response:
        return limited(call, seconds)

    def unauthorized(self, call: Call) -> web.Response:
        return unauthorized(call)

    def crashed(self, call: Call) -> web.Response:
        return crashed(call)

    def malformed(self, call: Call) -> web.Response:
        return answer(call, error("SYNTAX_ERROR", "Body is not a JSON object"), 400)

    def finish(self, call: Call, response: web.Response) -> web.Response:
        asked = call.request.headers.get("X-Request-Id")
        if asked:
            response.headers["X-Request-Id"] = asked
        return response

    # Catalog

    def catalog(self, call: Call) -> web.Response:
        goods = list(self.world.products.values())
        if call.asked("category"):
            goods = [item for item in goods if item.category == call.asked("category")]
        if call.asked("currency_id"):
            wanted = call.asked("currency_id")
            goods = [g for g in goods if str(CURRENCIES[g.currency].currency_id) == wanted]
        field, ascending = _sorting(call.asked("sort"))
        goods.sort(key=lambda g: g.name if field == "name" else g.number, reverse=not ascending)
        return page(call, goods, partial(self._row, call), 50, 10_000)

    def _row(self, call: Call, product: Product) -> dict[str, Any]:
        discount = Decimal(0) if "drifted_price" in call.twists else product.discount
        return product_row(product, discount)

    def product(self, call: Call) -> web.Response:
        product = self._product(call, call.part("product"))
        return answer(call, self._row(call, product))

    def availability(self, call: Call) -> web.Response:
        product = self._product(call, call.part("product"))
        self._need_stock(call)
        denomination, quantity = self._line(call, product, check=False)
        sold = product.available and product.sells(denomination)
        most = product.max_quantity if sold else 0
        return answer(call, {"available": quantity <= most, "max_quantity": most})

    def quote(self, call: Call) -> web.Response:
        product = self._product(call, call.part("product"))
        self._need_stock(call)
        denomination, quantity = self._line(call, product)
        price = self._price(call, product, denomination, quantity)
        return answer(call, quote_row(product, denomination, quantity, price))

    def _need_stock(self, call: Call) -> None:
        if "out_of_stock" in call.twists:
            fail(call, 409, "OUT_OF_STOCK", "Product is out of stock")

    def _product(self, call: Call, product_id: str) -> Product:
        product = self.world.products.get(product_id)
        if product is None:
            fail(call, 400, "RESOURCE_NOT_FOUND", "Product not found")
        return product

    def _line(self, call: Call, product: Product, *, check: bool = True) -> tuple[Decimal, int]:
        sent = call.body
        quantity = sent.get("quantity")
        try:
            denomination = Decimal(str(sent.get("denomination")))
        except InvalidOperation:
            invalid(call, "denomination", "number")
        if not isinstance(quantity, int) or quantity < 1:
            invalid(call, "quantity", "integer")
        if check and not (product.available and product.sells(denomination)):
            fail(call, 400, "RESOURCE_NOT_FOUND", "Denomination not found")
        if check and quantity > product.max_quantity:
            invalid(call, "quantity", "max")
        return denomination, quantity

    def _price(self, call: Call, product: Product, denomination: Decimal, quantity: int) -> Price:
        wallet_id = call.body.get("wallet_id")
        currency = next(
            (code for code, row in CURRENCIES.items() if row.wallet_id == wallet_id),
            product.currency,
        )
        if wallet_id is not None and CURRENCIES[currency].wallet_id != wallet_id:
            fail(call, 400, "INVALID_INPUT", "Wallet not found")
        return price_of(
            product,
            denomination,
            quantity,
            currency=currency,
            rate=exchange_rate(product.currency, currency),
            drifted="drifted_price" in call.twists,
        )

    # Orders

    def place(self, call: Call) -> web.Response:
        key = call.request.headers.get("Idempotency-Key", "")
        first = self._keys.replay(key, call, self.settings.idempotency_seconds)
        if first:
            return answer(call, first)
        order = self._placed(call, key)
        row = created_row(order, self._word(call, order))
        self._keys.remember(key, call, row)
        return answer(call, row)

    def _placed(self, call: Call, key: str) -> Order:
        sent = call.body
        product_id, reference = sent.get("product_id"), sent.get("ref")
        if not isinstance(product_id, int) or product_id < 1:
            invalid(call, "product_id", "integer")
        reference = f"SR-{key[:24]}" if reference is None else reference
        if not isinstance(reference, str) or not reference:
            invalid(call, "ref", "string")
        if self.world.by_reference(reference):
            fail(call, 409, "DUPLICATE_REFERENCE", "Reference is already used")
        product = self._product(call, str(product_id))
        denomination, quantity = self._line(call, product)
        price = self._price(call, product, denomination, quantity)
        if "low_balance" in call.twists or not self.world.can_pay(price):
            fail(call, 402, "INSUFFICIENT_BALANCE", "Wallet balance is too low")
        if "out_of_stock" in call.twists:
            call.twists |= {"stuck"}
        order_id = self._order_id(reference)
        extra = {"email": sent.get("email")}
        return self.accept(
            call,
            Purchase(order_id, reference, product, quantity, denomination, price, extra=extra),
        )

    def order(self, call: Call) -> web.Response:
        named = call.part("order")
        if not named.isdigit() or int(named) < 1:
            invalid(call, "id", "integer")
        order = self.world.by_id(named)
        if not order:
            return answer(call, flat("not_found", "Order not found"), 404)
        # Lower case here, upper case in lists and on create.
        return answer(call, order_row(order, self._word(call, order).lower(), call.now))

    def orders(self, call: Call) -> web.Response:
        status, product_id = call.asked("status").upper(), call.asked("product_id")
        found = [
            order
            for order in self.listed(call)
            if (not status or status == self._word(call, order))
            and product_id in ("", order.product.sku)
        ]
        return page(call, found, lambda o: listed_row(o, self._word(call, o)), 10, 100, more=False)

    def _word(self, call: Call, order: Order) -> str:
        step = order.at(call.now)
        return "VENDOR_AUDIT" if "unknown_status" in call.twists else step.word or step.state.value

    def write_post(self, order: Order, step: Step) -> Post | None:
        self._posts += 1
        now = self.settings.now()
        return order_event(order, step.state, self._posts, self.webhook_secret, now)


def _sorting(sent: str) -> tuple[str, bool]:
    """The field to sort by and whether upward, from `{field, direction}` as JSON."""
    try:
        wanted = json.loads(sent or "{}")
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        return "id", False
    return str(wanted.get("field", "id")), str(wanted.get("direction", "DESC")).upper() == "ASC"
