"""The lines of a cart while it changes: what is wrong with a wish, told all at once, or the result.

Nothing here asks anybody: products are as recorded, prices come later.
"""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.carts import Quote, most_units, offers
from domain.catalog import DenominationRange, Product
from domain.ids import uuid7
from domain.money import Money
from domain.problems import Problem, ProblemCode, Refused
from ordering.quotes import Asking, not_offered

MOST_LINES = 100
# Where a provider tells no limit of its own: more is a mistake, or several orders.
MOST_UNITS = 10_000
LINES = ("input", "lines")
UNKNOWN_PRODUCT = "there is no such product"
UNKNOWN_LINE = "there is no such line in this cart"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line as a client asks for it; `product_id` None where the id was none of ours."""

    product_id: UUID | None
    face_value: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class Update:
    """Another quantity for a line, 0 removes it; `line_id` None where the id was none of ours."""

    line_id: UUID | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A line on its way into the cart.

    `shown` is the price last shown for exactly this quantity, as of `shown_at`; `asked_by` is
    which line of the input wants it so, None for a line that stays as it was.
    """

    id: UUID
    product: Product
    face_value: Money
    quantity: int
    shown: Quote | None = None
    shown_at: datetime | None = None
    asked_by: int | None = None

    @property
    def asking(self) -> Asking:
        return Asking(self.product, self.face_value, self.quantity, self.shown)

    @property
    def cap(self) -> int:
        """The most units that the recorded listing allows."""
        known = most_units(self.product.listing.denominations, self.face_value.amount)
        return MOST_UNITS if known is None else min(known, MOST_UNITS)

    def of(self, quantity: int, asked_by: int | None = None) -> "Draft":
        """The same line in that quantity; the price of another quantity says nothing of it."""
        if quantity == self.quantity:
            return replace(self, asked_by=asked_by)
        return replace(self, quantity=quantity, shown=None, shown_at=None, asked_by=asked_by)


def added(
    lines: Sequence[Draft], wanted: Sequence[Wanted], products: Mapping[UUID, Product]
) -> list[Draft]:
    """The lines with what is wanted beside them, the same product and face value merged.

    Refused with everything that is wrong.
    """
    _not_too_many(wanted)
    drafts = {(draft.product.id, draft.face_value.amount): draft for draft in lines}
    problems: list[Problem] = []
    for index, wish in enumerate(wanted):
        product = products.get(wish.product_id) if wish.product_id else None
        wrong = _wrong_line(index, wish, product)
        if wrong or product is None:
            problems += wrong
            continue
        key = (product.id, wish.face_value)
        draft = drafts.get(key) or Draft(uuid7(), product, _face_value(product, wish.face_value), 0)
        grown = draft.of(draft.quantity + wish.quantity, index)
        if grown.quantity > grown.cap:
            problems.append(_too_many(grown.cap, index, draft.quantity))
        drafts[key] = grown
    if problems:
        raise Refused(*problems)
    _not_too_many(drafts)
    return list(drafts.values())


def updated(lines: Sequence[Draft], updates: Sequence[Update]) -> list[Draft]:
    """The lines with their new quantities. Refused with everything that is wrong."""
    _not_too_many(updates)
    drafts = {draft.id: draft for draft in lines}
    problems: list[Problem] = []
    seen: set[UUID] = set()
    for index, update in enumerate(updates):
        draft = drafts.get(update.line_id) if update.line_id else None
        if draft is None:
            problems.append(_problem(ProblemCode.NOT_FOUND, UNKNOWN_LINE, index, "id"))
        elif draft.id in seen:
            message = "this line is named twice"
            problems.append(_problem(ProblemCode.INVALID_INPUT, message, index, "id"))
        else:
            seen.add(draft.id)
            drafts[draft.id] = draft.of(update.quantity, index)
        if update.quantity < 0:
            message = "a quantity is 0, which removes the line, or more"
            problems.append(_problem(ProblemCode.INVALID_INPUT, message, index, "quantity"))
        elif draft is not None and update.quantity > draft.cap:
            problems.append(_too_many(draft.cap, index))
    if problems:
        raise Refused(*problems)
    return [draft for draft in drafts.values() if draft.quantity]


def too_many(cap: int) -> Problem:
    """More units than a provider sells at once, naming how many it does."""
    return Problem(ProblemCode.QUANTITY_TOO_LARGE, f"at most {cap} of this in one order")


def _not_too_many(lines: Sized) -> None:
    if len(lines) > MOST_LINES:
        message = f"a cart has at most {MOST_LINES} lines"
        raise Refused(Problem(ProblemCode.INVALID_INPUT, message, LINES))


def _wrong_line(index: int, wish: Wanted, product: Product | None) -> list[Problem]:
    """What is wrong with one wanted line by itself."""
    problems = []
    if product is None:
        problems.append(_problem(ProblemCode.NOT_FOUND, UNKNOWN_PRODUCT, index, "productId"))
    elif not product.listing.available:
        message = "this product cannot be bought just now"
        problems.append(_problem(ProblemCode.PRODUCT_UNAVAILABLE, message, index, "productId"))
    if wish.face_value <= 0:
        message = "a face value is more than nothing"
        problems.append(_problem(ProblemCode.INVALID_INPUT, message, index, "faceValue"))
    elif product is not None and not _is_offered(product, wish.face_value):
        path = (*LINES, str(index), "faceValue")
        problems.append(not_offered(product.listing.denominations, path))
    if wish.quantity < 1:
        message = "a quantity is 1 or more"
        problems.append(_problem(ProblemCode.INVALID_INPUT, message, index, "quantity"))
    return problems


def _is_offered(product: Product, face_value: Decimal) -> bool:
    denominations = product.listing.denominations
    if not offers(denominations, face_value):
        return False
    # A range without a step still knows no half cents.
    return not isinstance(denominations, DenominationRange) or (
        Money(face_value, denominations.min.currency).is_exact
    )


def _face_value(product: Product, amount: Decimal) -> Money:
    """The face value with its currency, written as the listing does where it lists it."""
    denominations = product.listing.denominations
    if isinstance(denominations, DenominationRange):
        return Money(amount.normalize(), denominations.min.currency)
    return next(v.face_value for v in denominations.values if v.face_value.amount == amount)


def _too_many(cap: int, index: int, there: int = 0) -> Problem:
    problem = too_many(cap)
    if there:
        problem = replace(problem, message=f"{problem.message}; the cart has {there} already")
    return replace(problem, path=(*LINES, str(index), "quantity"))


def _problem(code: ProblemCode, message: str, index: int, field: str) -> Problem:
    return Problem(code, message, (*LINES, str(index), field))
