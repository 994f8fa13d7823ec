"""What Starship says beside orders: wallets, currencies, and the webhooks it sends."""

import hmac
import json
from functools import partial
from typing import Any

from aiohttp import web

from simulators.calls import Call, answer
from simulators.server import Simulator
from simulators.starship_gate import fail, invalid, page
from simulators.starship_wire import CURRENCIES, currency_row, utc
from simulators.webhooks import Post
from simulators.world import Order, State

EVENTS = {
    State.PENDING: "order.pending",
    State.DELIVERED: "order.delivered",
    State.PARTIALLY_DELIVERED: "order.partially_delivered",
    State.CANCELLED: "order.cancelled",
    State.FAILED: "order.failed",
}


class Account:
    """The client's wallets and its webhook."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def wallets(self, call: Call) -> web.Response:
        wanted = call.asked("currency_id")
        codes = [code for code, row in CURRENCIES.items() if wanted in ("", str(row.currency_id))]
        return page(call, codes, partial(self._wallet, call), 50, 10_000)

    def wallet(self, call: Call) -> web.Response:
        named = call.part("wallet")
        code = next((c for c, row in CURRENCIES.items() if str(row.wallet_id) == named), None)
        if code is None:
            fail(call, 404, "NOT_FOUND", "Wallet not found")
        return answer(call, self._wallet(call, code))

    def _wallet(self, call: Call, code: str) -> dict[str, Any]:
        row = CURRENCIES[code]
        return {
            "id": row.wallet_id,
            "currency_id": row.currency_id,
            "amount": self._simulator.world.balance(code, call.now),
            "type": "PREPAID",
        }

    def currencies(self, call: Call) -> web.Response:
        return page(call, list(CURRENCIES), lambda code: currency_row(code, call.now), 50, 10_000)

    def register_webhook(self, call: Call) -> web.Response:
        sent = call.body
        if not isinstance(sent.get("url"), str) or not isinstance(sent.get("events"), list):
            invalid(call, "url", "url")
        self._simulator.settings.webhook_url = sent["url"]
        return answer(call, {"id": 1, "name": sent.get("name"), "url": sent["url"]})


def order_event(order: Order, state: State, number: int, secret: str, now: float) -> Post | None:
    """The signed webhook for a state; None when there is no event for it."""
    if state not in EVENTS:
        return None
    body = json.dumps(
        {
            "id": f"evt_{order.order_id}_{number}",
            "event_type": EVENTS[state],
            "data": {
                "order_id": int(order.order_id),
                "reference_code": order.reference,
                "status": state.value,
                "placed_at": utc(order.placed_at),
            },
        }
    ).encode()
    stamp = str(int(now))
    signature = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    return Post({"X-Signature": signature, "X-Timestamp": stamp}, body)
