"""What can be bought and what it costs us, from face values and percentages a provider states."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from domain.catalog import Denomination, DenominationRange, FixedDenominations
from domain.money import MINOR_DIGITS, Money
from providers.wire import Unreadable, number, optional

ALL = Decimal(100)  # percent


def price_of(
    face: Money, percent_off: Decimal, currency: str | None = None, rate: Decimal = Decimal(1)
) -> Money:
    """One unit's price, rounded half-even once; a negative percentage is a fee.

    `rate` turns the face value's currency into `currency`; only the provider's own rate will do.
    """
    paid_in = currency or face.currency
    exact = face.amount * rate * (ALL - percent_off) / ALL
    if exact < 0:
        raise Unreadable("discount", "at most all of the price")
    smallest = Decimal(1).scaleb(-MINOR_DIGITS.get(paid_in, 2))
    return Money(exact.quantize(smallest, ROUND_HALF_EVEN), paid_in)


def fixed(
    values: Iterable[Any], currency: str, price: Callable[[Money], Money], limit: int | None
) -> FixedDenominations:
    """The face values on sale, each once; those that are no amounts of money are left out."""
    faces = dict.fromkeys(optional(_face, value, currency) for value in values)
    found = tuple(Denomination(face, price(face), limit) for face in faces if face is not None)
    if not found:
        raise Unreadable("the denominations", "a list of amounts")
    return FixedDenominations(found)


def between(
    low: Money | None, high: Money | None, percent_off: Decimal, limit: int | None
) -> DenominationRange:
    """Any face value from the one to the other."""
    if low is None or high is None or not 0 < low.amount <= high.amount:
        raise Unreadable("the denominations", "a range of amounts")
    if percent_off > ALL:
        raise Unreadable("discount", "at most all of the price")
    return DenominationRange(low, high, percent_off, max_quantity=limit)


def _face(value: Any, currency: str) -> Money:
    face = Money.exact(number(value, "a denomination"), currency)
    if face.amount <= 0:
        raise Unreadable("a denomination", "more than nothing")
    return face
