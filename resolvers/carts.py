"""Carts: the recorded one at once, its lines at confirmed prices when they are asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from strawberry import ID, Parent

from domain.carts import Cart, CartLine, CartWarning
from domain.ids import Kind, row_id
from domain.ids import global_id as make_id
from domain.money import Money, zero
from domain.orders import Order
from ordering.cart_lines import Update, Wanted
from resolvers import orders
from resolvers.context import Ask, Context


@dataclass(frozen=True, slots=True)
class CartTotal:
    """A cart's money in one price currency. None where a face value has another currency."""

    price: Money
    fee: Money
    face_value: Money | None
    savings: Money | None


class Shown:
    """A cart as a client meets it: providers are asked when the first line is, and only once."""

    def __init__(
        self,
        id: UUID,
        updated_at: datetime,
        order_id: UUID | None,
        read: Callable[[], Awaitable[Cart]],
    ) -> None:
        self.id = id
        self.updated_at = updated_at
        self.order_id = order_id
        self._read = read
        self._whole: asyncio.Future[Cart] | None = None

    @classmethod
    def of(cls, cart: Cart) -> "Shown":
        """One whose lines are there already."""

        async def known() -> Cart:
            return cart

        return cls(cart.id, cart.updated_at, cart.order_id, known)

    def whole(self) -> Awaitable[Cart]:
        if self._whole is None:
            self._whole = asyncio.ensure_future(self._read())
        return asyncio.shield(self._whole)  # a neighbor that fails cancels one field alone


# ------------------------------------------------------------------ finding and changing


async def by_id(context: Context, global_id: str) -> Shown | None:
    id = row_id(global_id, Kind.CART)
    row = await context.loaders.cart.load(id) if id else None
    if row is None:
        return None
    known = context.carts_shown.get(row.id)
    if known is None:
        known = Shown(
            row.id, row.updated_at, row.order_id, lambda: context.services.carts.show(row)
        )
        context.carts_shown[row.id] = known
    return known


def wanted(product_id: str, face_value: Decimal, quantity: int) -> Wanted:
    """A line of an input; a malformed product id is one that there is not."""
    return Wanted(row_id(product_id, Kind.PRODUCT), face_value, quantity)


def update(line_id: str, quantity: int) -> Update:
    """A changed line of an input; a malformed line id is one that there is not."""
    return Update(row_id(line_id, Kind.CART_LINE), quantity)


async def create(context: Context, lines: Sequence[Wanted]) -> Shown:
    return Shown.of(await context.services.carts.create(context.account, lines))


async def add_lines(context: Context, cart_id: str, lines: Sequence[Wanted]) -> Shown:
    id = row_id(cart_id, Kind.CART)
    return Shown.of(await context.services.carts.add_lines(context.account, id, lines))


async def update_lines(context: Context, cart_id: str, lines: Sequence[Update]) -> Shown:
    id = row_id(cart_id, Kind.CART)
    return Shown.of(await context.services.carts.update_lines(context.account, id, lines))


# ------------------------------------------------------------------ Cart


def global_id(root: Parent[Shown]) -> ID:
    return ID(make_id(Kind.CART, root.id))


async def lines(root: Parent[Shown]) -> Sequence[CartLine]:
    return (await root.whole()).lines


async def total_quantity(root: Parent[Shown]) -> int:
    return sum(line.quantity for line in (await root.whole()).lines)


async def totals(root: Parent[Shown]) -> list[CartTotal]:
    """One total per price currency; amounts of different currencies are never added."""
    found = (await root.whole()).lines
    currencies = dict.fromkeys(line.total.currency for line in found)
    return [_total([x for x in found if x.total.currency == c], c) for c in currencies]


def _total(found: Sequence[CartLine], currency: str) -> CartTotal:
    price = _sum((line.total for line in found), currency)
    fee = _sum((line.fee for line in found), currency)
    if any(line.face_value.currency != currency for line in found):
        return CartTotal(price, fee, None, None)
    face_value = _sum((line.face_value.times(line.quantity) for line in found), currency)
    return CartTotal(price, fee, face_value, face_value - price)


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, zero(currency))


async def warnings(root: Parent[Shown]) -> Sequence[CartWarning]:
    return (await root.whole()).warnings


async def order(root: Parent[Shown], info: Ask) -> Order | None:
    return await info.context.loaders.order.load(root.order_id) if root.order_id else None


# ------------------------------------------------------------------ CartLine, CartWarning


def line_id(root: Parent[CartLine]) -> ID:
    return ID(make_id(Kind.CART_LINE, root.id))


def unit_price(root: Parent[CartLine]) -> Money:
    return orders.shared(root.total, root.quantity)


def warning_line_id(root: Parent[CartWarning]) -> ID | None:
    return ID(make_id(Kind.CART_LINE, root.line_id)) if root.line_id else None
