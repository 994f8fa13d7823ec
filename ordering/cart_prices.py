"""From prices to cart lines: what is shown, what is warned of, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from db.carts import CartRow
from domain.carts import CartLine, CartWarning, CartWarningCode, Quote
from domain.catalog import Product
from domain.problems import Problem, ProblemCode, Refused
from ordering.cart_lines import LINES, Draft, too_many
from ordering.quotes import Priced, as_recorded

Prices = Mapping[tuple[UUID, Decimal, int], Priced]


def key(draft: Draft) -> tuple[UUID, Decimal, int]:
    """What a price is for."""
    return (draft.product.id, draft.face_value.amount, draft.quantity)


def drafts_of(row: CartRow, products: Mapping[UUID, Product]) -> list[Draft]:
    """The lines of a recorded cart."""
    return [
        Draft(
            line.id,
            products[line.product_id],
            line.face_value,
            line.quantity,
            Quote(line.total, line.fee),
            line.quoted_at,
        )
        for line in row.lines
    ]


def draft_of(line: CartLine) -> Draft:
    shown = Quote(line.total, line.fee)
    return Draft(line.id, line.product, line.face_value, line.quantity, shown, line.quoted_at)


def as_shown(drafts: Sequence[Draft]) -> tuple[CartLine, ...]:
    """The lines at the prices last shown."""
    prices = {key(draft): Priced(draft.shown) for draft in drafts if draft.shown}
    return priced(drafts, prices)[0]


def priced(
    drafts: Sequence[Draft], prices: Prices
) -> tuple[tuple[CartLine, ...], tuple[CartWarning, ...]]:
    """Lines with their prices, and what is to be said of them.

    A line that nobody asked about, since it came in between, is priced as recorded.
    """
    lines: list[CartLine] = []
    warnings: list[CartWarning] = []
    now = datetime.now(UTC)
    for draft in drafts:
        price = prices.get(key(draft)) or as_recorded(draft.asking)
        quote = price.quote
        recorded_at = draft.shown_at if quote == draft.shown else None
        lines.append(
            CartLine(
                id=draft.id,
                product=draft.product,
                face_value=draft.face_value,
                quantity=draft.quantity,
                fee=quote.fee,
                total=quote.total,
                quoted_at=now if price.live else recorded_at or draft.product.as_of,
                live=price.live,
            )
        )
        if (warning := _warning(draft, price)) is not None:
            warnings.append(warning)
    return tuple(lines), tuple(warnings)


def why_not(draft: Draft, prices: Prices) -> Problem | None:
    """Why a line cannot be bought so; None when it can, as far as is known."""
    price = prices[key(draft)]
    if price.refusal is not None:
        return price.refusal
    most = lower(draft, prices)
    return too_many(most) if most < draft.quantity else None


def refuse(drafts: Sequence[Draft], prices: Prices, field: str) -> None:
    """Raise Refused with every line that the input asked for and that cannot be bought so.

    `field` is what names the product in the input: "productId" or "id".
    """
    place = {
        ProblemCode.QUANTITY_TOO_LARGE: "quantity",
        ProblemCode.DENOMINATION_NOT_OFFERED: "faceValue" if field == "productId" else field,
    }
    problems = [
        replace(problem, path=(*LINES, str(draft.asked_by), place.get(problem.code, field)))
        for draft in drafts
        if draft.asked_by is not None and (problem := why_not(draft, prices)) is not None
    ]
    if problems:
        raise Refused(*problems)


def lower(draft: Draft, prices: Prices) -> int:
    """The line's quantity, or the most that may be bought at once when that is less."""
    most = prices[key(draft)].quote.max_quantity
    return min(draft.quantity, draft.cap, most or draft.quantity)


def caps(before: Sequence[Draft], after: Sequence[Draft]) -> tuple[CartWarning, ...]:
    """A warning for each quantity that was lowered."""
    return tuple(
        CartWarning(
            CartWarningCode.QUANTITY_CAPPED,
            f"{was.product.listing.name}: at most {now.quantity} can be bought at once,"
            f" so {was.quantity} became {now.quantity}",
            now.id,
        )
        for was, now in zip(before, after, strict=True)
        if now.quantity != was.quantity
    )


def _warning(draft: Draft, price: Priced) -> CartWarning | None:
    name, now, was = draft.product.listing.name, price.quote.total, draft.shown
    if price.refusal is not None:
        code = CartWarningCode.PRODUCT_UNAVAILABLE
        message = f"{name}: {price.refusal.message}"
    elif not price.confirmed:
        code = CartWarningCode.PRICE_NOT_CONFIRMED
        message = f"{name}: the provider did not confirm the price in time"
    elif was is not None and was.total != now:
        code = CartWarningCode.PRICE_CHANGED
        before = f"{was.total} {was.total.currency}"
        message = f"{name}: the price was {before} and is now {now} {now.currency}"
    else:
        return None
    return CartWarning(code, message, draft.id)
