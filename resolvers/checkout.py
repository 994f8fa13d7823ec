"""Placing an order: the input as the checkout wants it."""

from collections.abc import Sequence
from decimal import Decimal

from domain.ids import Kind, row_id
from domain.money import Money
from domain.problems import invalid
from ordering.checkout import Placed, Wanted
from ordering.recipients import checked
from resolvers.context import Context


async def order_place(
    context: Context,
    cart_id: str,
    key: str,
    caps: Sequence[tuple[Decimal, str]] | None,
    recipient: tuple[str, str, str | None] | None,
) -> Placed:
    """The order of this key; Refused when there is none."""
    wanted = Wanted(
        key,
        row_id(cart_id, Kind.CART),
        None if caps is None else tuple(_cap(amount, currency) for amount, currency in caps),
        checked(*recipient) if recipient else None,
    )
    return await context.services.checkout.place(context.me, wanted)


def _cap(amount: Decimal, currency: str) -> Money:
    try:
        return Money.exact(amount, currency)
    except ValueError as error:
        raise invalid(str(error), "input", "maxTotals") from None
