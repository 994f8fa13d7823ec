"""Carts: what somebody means to buy, what it costs now, and what has changed meanwhile."""

from datetime import datetime

import strawberry

from domain import carts
from domain.viewers import Scope
from resolvers import carts as resolve
from schema.faces import answer, shows
from schema.money import Money
from schema.node import Node
from schema.order import Order
from schema.permissions import needs
from schema.product import Product


@shows(carts.CartLine)
class CartLine:
    """So many units of one face value of one product."""

    id: strawberry.ID = answer(resolve.line_id, "Opaque and globally unique.")
    product: Product = answer(description="What is meant to be bought.")
    face_value: Money = answer(description="What is printed on one unit.")
    quantity: int = answer(description="Units.")
    unit_price: Money = answer(resolve.unit_price, "Total / quantity to 6 decimals, for display.")
    fee: Money = answer(description="The part of the total that is fees.")
    total: Money = answer(description="Exact: face value x quantity - discount + fee.")
    savings: Money | None = answer(
        description="Face value less total; null where they have different currencies."
    )
    quoted_at: datetime = answer(description="When this price was stated.")
    live: bool = answer(description="Whether the provider confirmed this price in this request.")


@shows(resolve.CartTotal)
class CartTotal:
    """A cart's money in one price currency; currencies are never added."""

    price: Money = answer(description="The sum of the lines' totals.")
    fee: Money = answer(description="The part of the price that is fees.")
    face_value: Money | None = answer(
        description="What is printed on the vouchers; null where that is another currency."
    )
    savings: Money | None = answer(description="Face value less price.")


@shows(carts.CartWarning)
class CartWarning:
    """It worked, but something changed."""

    code: carts.CartWarningCode = answer(description="What changed, for programs.")
    message: str = answer(description="What changed, for people.")
    line_id: strawberry.ID | None = answer(resolve.warning_line_id, "The line that it is about.")


@shows(resolve.Shown, keys=("id",), scopes=needs(Scope.CARTS_WRITE))
class Cart(Node):
    """What somebody means to buy. Prices are confirmed by the providers as you read."""

    id: strawberry.ID = answer(resolve.global_id, "Opaque and globally unique.")
    lines: list[CartLine] = answer(resolve.lines, "What is in it.")
    total_quantity: int = answer(resolve.total_quantity, "Units of all lines.")
    totals: list[CartTotal] = answer(resolve.totals, "What it costs, one total per currency.")
    warnings: list[CartWarning] = answer(
        resolve.warnings, "What changed since it was last shown, and what could not be confirmed."
    )
    updated_at: datetime = answer(description="When its lines last changed.")
    order: Order | None = answer(resolve.order, "The order it became; it cannot be ordered again.")
