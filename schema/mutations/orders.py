"""Buying: a cart becomes an order."""

from dataclasses import dataclass
from decimal import Decimal

import strawberry

from domain.orders import Order as OrderRecord
from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import checkout
from resolvers.context import Ask
from schema.faces import answer, shows
from schema.order import Order
from schema.permissions import needs
from schema.problem import Problem
from schema.scalars import IdempotencyKey


@strawberry.input(description="Whom the provider is told about, where it demands one.")
class RecipientInput:
    name: str = strawberry.field(description="Their name.")
    email: str = strawberry.field(description="Their e-mail address.")
    phone: str | None = strawberry.field(
        default=None, description="Their phone number with its country, as in +919812345678."
    )


@strawberry.input(description="The most that may be paid in one currency.")
class MaxTotal:
    amount: Decimal = strawberry.field(description='A decimal string, such as "1234.50".')
    currency: str = strawberry.field(description="ISO 4217 code.")


@strawberry.input(description="Order what is in a cart.")
class OrderPlaceInput:
    cart_id: strawberry.ID = strawberry.field(description="The cart.")
    idempotency_key: IdempotencyKey = strawberry.field(
        description="Yours, new for every order and the same for every retry of it."
    )
    max_totals: list[MaxTotal] | None = strawberry.field(
        default=None,
        description="The most to pay, by currency; without it, what the cart last showed.",
    )
    recipient: RecipientInput | None = strawberry.field(
        default=None, description="Only for providers that demand one."
    )


@dataclass(frozen=True, slots=True)
class Placed:
    order: OrderRecord | None = None
    replayed: bool = False
    problems: tuple[ProblemRecord, ...] = ()


@shows(Placed)
class OrderPlacePayload:
    """The order as it stands now, or why there is none."""

    order: Order | None = answer(description="The order; the same one for the same key.")
    replayed: bool = answer(description="Whether this key had placed it before.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _order_place(info: Ask, input: OrderPlaceInput) -> object:
    to = input.recipient
    try:
        placed = await checkout.order_place(
            info.context,
            input.cart_id,
            input.idempotency_key,
            None
            if input.max_totals is None
            else [(cap.amount, cap.currency) for cap in input.max_totals],
            (to.name, to.email, to.phone) if to else None,
        )
    except Refused as refused:
        return Placed(problems=refused.problems)
    return Placed(placed.order, placed.replayed)


@strawberry.type
class OrderMutations:
    order_place: OrderPlacePayload | None = answer(
        _order_place,
        "Order a cart, once per key, whatever is lost on the way. Answers within about two"
        " seconds with the order as it stands; what is under way goes on.",
        scopes=needs(Scope.ORDERS_PLACE),
    )
