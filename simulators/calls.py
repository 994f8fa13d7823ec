"""One request of a client as the providers' handlers see it, and the JSON they answer with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from aiohttp import web

from simulators.world import Order

HTML = "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>{}</h1></body></html>"


class Refused(Exception):
    """The provider's answer is a refusal, ready to send."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


class Malformed(Exception):
    """The body is not the JSON object the provider expects."""


class Keyed(dict[str, Any]):
    """An object whose names are ids, not fields; no unknown field is ever slipped in."""


class Call:
    """One request of a client, and what is known of it before it is answered.

    `operation` is what it counts as, `serves` every operation whose faults may strike it: some
    providers answer several questions by one path.
    """

    def __init__(self, request: web.Request, raw: bytes, operation: str, now: float) -> None:
        self.request = request
        self.raw = raw
        self.now = now
        self.operation = operation
        self.serves = frozenset({operation})
        self.reference: str | None = None
        self.sku: str | None = None
        self.twists: frozenset[str] = frozenset()
        self.fate: str | None = None  # the fault that is this call's habit, when no other strikes
        self.holds: str | None = None  # what no other call may have until this one is through

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent, numbers as int and Decimal; Malformed if it is none."""
        try:
            found = json.loads(self.raw, parse_float=Decimal)
        except (ValueError, RecursionError) as wrong:
            raise Malformed("not JSON") from wrong
        if not isinstance(found, dict):
            raise Malformed("not an object")
        return found

    def peek(self) -> dict[str, Any]:
        """The body, or nothing at all where there is no readable one."""
        try:
            return self.body
        except Malformed:
            return {}

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.request.match_info.get(name, "")

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.query.get(name, default)

    def concerns(self, order: Order | None) -> None:
        """Note whose order it is about, for faults that match by reference or SKU."""
        if order:
            self.reference, self.sku = order.reference, order.product.sku


@dataclass(frozen=True)
class Route:
    """A path of the provider. Handlers are plain functions: their effect happens all at once."""

    method: str
    path: str
    operation: str
    handler: Callable[[Call], web.Response]


def answer(
    call: Call,
    data: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    in_order: bool = False,
) -> web.Response:
    """JSON as the providers send it, money as plain numbers; `in_order`: names sorted."""
    if "extra_fields" in call.twists:
        data = _with_extras(data)
    text = json.dumps(
        data, default=_number, ensure_ascii=False, separators=(",", ":"), sort_keys=in_order
    )
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return int(value) if value == value.to_integral_value() else float(value)


def _with_extras(data: Any) -> Any:
    if isinstance(data, list):
        return [_with_extras(item) for item in data]
    if not isinstance(data, dict):
        return data
    inner = {name: _with_extras(value) for name, value in data.items()}
    if isinstance(data, Keyed):
        return inner
    return inner | {"loyaltyTier": {"name": "gold", "points": [1, 2]}, "x_revision": 3}
