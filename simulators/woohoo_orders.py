"""Woohoo's orders: create, read, cards, reverse and resend, in either profile."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from aiohttp import web

from simulators.calls import Call, Keyed, Refused
from simulators.catalog import Product
from simulators.server import Simulator
from simulators.woohoo_answers import by_reseller, fail, rejected, say
from simulators.woohoo_goods import RUPEE
from simulators.woohoo_wire import (
    WORDS,
    can_reverse,
    cancel_row,
    cards,
    listed,
    order_row,
    short,
    status_row,
)
from simulators.world import Order, Price, Purchase, State, Step, World, price_of

SYNC_CARDS = 10
PAGE = 500
REFNO = re.compile(r"[A-Za-z0-9_]{1,55}")
FIELDS = frozenset(
    {
        "refno",
        "products",
        "payments",
        "address",
        "billing",
        "syncOnly",
        "deliveryMode",
        "orderMode",
        "orderType",
        "remarks",
        "couponCode",
        "payout",
        "otp",
    }
)


def order_id_of(simulator: Simulator, reference: str) -> str:
    return f"KLM{simulator.world.mint.number(f'order:{reference}', 12)}"


def slice_of(call: Call, usual: int) -> tuple[int, int]:
    """The offset and limit that were asked for."""
    offset, limit = call.asked("offset", "0"), call.asked("limit", str(usual))
    if not (offset.isdigit() and limit.isdigit() and 0 < int(limit) <= PAGE):
        fail(call, 400)
    return int(offset), int(limit)


class Orders:
    """The handlers of everything about orders."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    @property
    def _world(self) -> World:
        return self._simulator.world  # another one after each reset

    def place(self, call: Call) -> web.Response:
        purchase = self._purchase(call)
        sent = call.body
        order = self._simulator.accept(call, purchase)
        done = order.at(call.now).state is State.DELIVERED
        if not (sent.get("syncOnly") is True and done and order.quantity <= SYNC_CARDS):
            return say(call, short(order, self._word(call, order, "PROCESSING")), 202)
        row = short(order, self._word(call, order))
        row |= {"cancel": cancel_row(order, call.now), "cards": cards(order, call.now)}
        return say(call, row | {"products": _by_sku(order)}, 201)

    def validate(self, call: Call) -> web.Response:
        """The dry run: what the order would cost."""
        price = self._purchase(call).price
        row = {
            "subTotal": f"{price.total:.2f}",
            "discount": price.discount,
            "grandTotal": f"{price.payable:.2f}",
            "currency": RUPEE,
        }
        return say(call, row)

    def _purchase(self, call: Call) -> Purchase:
        """What a create body asks for, everything checked."""
        sent = call.body
        if set(sent) - FIELDS:
            if by_reseller(call):
                fail(call, 400)
            raise Refused(rejected(call, "signature_invalid"))
        reference = sent.get("refno")
        if not isinstance(reference, str) or not REFNO.fullmatch(reference):
            fail(call, 5329)
        if self._world.by_reference(reference):
            fail(call, 5313)
        lines = sent.get("products")
        if not isinstance(lines, list) or len(lines) != 1 or not isinstance(lines[0], dict):
            fail(call, 400)
        product, face_value, quantity = self._line(call, lines[0])
        if not isinstance(sent.get("address"), dict):
            fail(call, 5312)
        self._check_payment(call, sent.get("payments"), face_value * quantity)
        price = price_of(product, face_value, quantity, drifted="drifted_price" in call.twists)
        self._check_supply(call, price)
        extra = {"mode": sent.get("deliveryMode") or "API"}
        order_id = order_id_of(self._simulator, reference)
        return Purchase(order_id, reference, product, quantity, face_value, price, extra=extra)

    def _line(self, call: Call, line: dict[str, Any]) -> tuple[Product, Decimal, int]:
        product = self._world.products.get(str(line.get("sku")))
        if product is None:
            fail(call, 5310)
        if not product.available:
            fail(call, 5306)
        price, quantity = line.get("price"), line.get("qty")
        if not isinstance(price, int | Decimal) or not isinstance(quantity, int) or quantity < 1:
            fail(call, 400)
        if line.get("currency") not in (356, "356"):
            fail(call, 5316)
        if not product.sells(Decimal(price)):
            fail(call, 5307)
        if quantity > product.max_quantity:
            fail(call, 11152)
        return product, Decimal(price), quantity

    def _check_payment(self, call: Call, payments: Any, total: Decimal) -> None:
        if not isinstance(payments, list) or not payments or not isinstance(payments[0], dict):
            fail(call, 400)
        if payments[0].get("code") != "svc":
            fail(call, 5035)
        if payments[0].get("amount") != total:
            fail(call, 5036)

    def _check_supply(self, call: Call, price: Price) -> None:
        if "out_of_stock" in call.twists:
            fail(call, 11135)
        if "low_balance" in call.twists or not self._world.can_pay(price):
            fail(call, 5038)

    # Reading

    def details(self, call: Call) -> web.Response:
        order = self._order(call)
        return say(call, order_row(order, self._word(call, order), call.now))

    def status(self, call: Call) -> web.Response:
        order = self._simulator.found(call, call.part("refno"))
        if order is None:
            fail(call, 5320)
        return say(call, status_row(order, self._word(call, order), call.now))

    def cards(self, call: Call) -> web.Response:
        order = self._order(call)
        offset, limit = slice_of(call, 10)
        if offset % limit:
            fail(call, 400)
        step = order.at(call.now)
        if not step.units:
            ended = step.state in (State.FAILED, State.CANCELLED)
            state = "CANCELED" if ended else "PROCESSING"
            row = {"state": state, "orderId": order.order_id, "refno": order.reference}
            return say(call, row, 410 if ended else 409)
        found = cards(order, call.now)
        ready = {
            "products": _by_sku(order),
            "cards": found[offset : offset + limit],
            "currency": RUPEE,
            "deliveryMode": order.extra.get("mode", "API"),
            "delivery": {"summary": {}},
            "total_cards": len(found),
        }
        return say(call, ready)

    def list(self, call: Call) -> web.Response:
        offset, limit = slice_of(call, 20)
        found = self._simulator.listed(call)
        rows = [listed(o, self._word(call, o)) for o in found[offset : offset + limit]]
        return say(call, {"ordersCount": len(found), "orders": rows})

    def _order(self, call: Call) -> Order:
        order = self._world.by_id(call.part("order"))
        if order is None:
            fail(call, 5320)
        return order

    def _word(self, call: Call, order: Order, word: str = "") -> str:
        if "unknown_status" in call.twists:
            return "AWAITING REVIEW"
        step = order.at(call.now)
        word = word or step.word or WORDS[step.state]
        return "success" if by_reseller(call) and word == "COMPLETE" else word

    # Afterwards

    def reverse(self, call: Call) -> web.Response:
        order = self._simulator.found(call, str(call.body.get("refno")))
        if order is None:
            fail(call, 5320)
        if order.at(call.now).state is State.CANCELLED:
            return say(call, self._reversed(call, order))
        if order.extra.get("reversing"):
            fail(call, 8221)
        if not can_reverse(order, call.now):
            fail(call, 10467)
        order.extra["reversing"] = True
        wait = self._simulator.settings.delivery_seconds
        order.turn(Step(call.now + wait, State.CANCELLED))
        return say(call, self._reversed(call, order), 202)

    def _reversed(self, call: Call, order: Order) -> dict[str, Any]:
        inner = {
            "status": self._word(call, order),
            "orderId": order.order_id,
            "refno": order.reference,
        }
        return {"code": 0, "message": "Accepted", "messages": [], "order": inner}

    def resend(self, call: Call) -> web.Response:
        """Only mailed orders; their PINs are reset, as may happen there."""
        order = self._order(call)
        if order.extra.get("mode", "API") == "API":
            fail(call, 5352)
        times = order.extra["resent"] = order.extra.get("resent", 0) + 1
        number = self._world.mint.number
        order.vouchers = tuple(
            replace(unit, pin=unit.pin and str(number(f"resent:{unit.serial}:{times}", 6)))
            for unit in order.vouchers
        )
        return say(call, {"message": "Cards are sent again"}, 202)

    def balance(self, call: Call) -> web.Response:
        left = self._world.balance("INR", call.now)
        return say(call, {"balance": f"{left:.2f}", "currency": RUPEE})

    def card_balance(self, call: Call) -> web.Response:
        """What is left on one card: here always everything; 201 is its success."""
        wanted = str(call.body.get("cardNumber"))
        for order in self._simulator.listed(call):
            for unit in order.issued(call.now):
                if wanted in (unit.code, unit.serial):
                    row = {
                        "cardNumber": wanted,
                        "balance": f"{order.face_value:.2f}",
                        "expiry": str(unit.expires_on or ""),
                        "status": "Activated",
                        "currency": RUPEE,
                        "additionalTxnFields": {},
                    }
                    return say(call, row, 201)
        wrong = {"code": "6049", "message": "Card is not valid", "messages": []}
        return say(call, wrong, 400)


def _by_sku(order: Order) -> Keyed:
    product = order.product
    return Keyed({product.sku: {"sku": product.sku, "name": product.name, "currency": RUPEE}})
