"""Before the act: what is wanted, what it costs now, and the cart that holds it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.catalog import DenominationRange, Denominations, Product
from domain.money import Money
from domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of one face value of one product, as a provider is asked for them."""

    sku: str
    face_value: Money
    quantity: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an item costs us in all. `total` = face value x quantity - discount + fee, exact.

    `max_quantity` is the most units of one order; None: no limit is known.
    """

    total: Money
    fee: Money
    max_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a provider is told about, where it demands one."""

    name: Secret
    email: Secret
    phone: Secret | None = None


@dataclass(frozen=True, slots=True)
class CartLine:
    """One product of a cart at the price last shown; live when the provider just confirmed it."""

    id: UUID
    product: Product
    face_value: Money
    quantity: int
    fee: Money
    total: Money
    quoted_at: datetime
    live: bool = False

    @property
    def savings(self) -> Money | None:
        """How much less than the face value; None where that is another currency."""
        if self.face_value.currency != self.total.currency:
            return None
        return self.face_value.times(self.quantity) - self.total

    @property
    def item(self) -> Item:
        return Item(self.product.listing.sku, self.face_value, self.quantity)


class CartWarningCode(StrEnum):
    PRICE_CHANGED = "PRICE_CHANGED"
    QUANTITY_CAPPED = "QUANTITY_CAPPED"
    PRODUCT_UNAVAILABLE = "PRODUCT_UNAVAILABLE"
    PRICE_NOT_CONFIRMED = "PRICE_NOT_CONFIRMED"


@dataclass(frozen=True, slots=True)
class CartWarning:
    """It worked, but something changed."""

    code: CartWarningCode
    message: str
    line_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    """What somebody means to buy. `order_id` once it was ordered: it cannot be ordered again."""

    id: UUID
    account: UUID
    lines: tuple[CartLine, ...]
    updated_at: datetime
    order_id: UUID | None = None
    warnings: tuple[CartWarning, ...] = ()


def offers(denominations: Denominations, face_value: Decimal) -> bool:
    """Whether a product is sold in that face value."""
    if isinstance(denominations, DenominationRange):
        low, high = denominations.min.amount, denominations.max.amount
        if not low <= face_value <= high:
            return False
        return not denominations.step or (face_value - low) % denominations.step == 0
    return any(value.face_value.amount == face_value for value in denominations.values)


def most_units(denominations: Denominations, face_value: Decimal) -> int | None:
    """The most units of that face value in one order; None: no limit is known."""
    if isinstance(denominations, DenominationRange):
        return denominations.max_quantity
    return next(
        (v.max_quantity for v in denominations.values if v.face_value.amount == face_value), None
    )
