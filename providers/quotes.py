"""What an item costs us, reckoned from what a provider says of its product."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from domain.carts import Item, Quote, most_units, offers
from domain.catalog import Listing
from domain.money import MINOR_DIGITS, Money
from providers.errors import Rejected, Rejection
from providers.prices import ALL


@dataclass(frozen=True, slots=True)
class Terms:
    """What we pay for a face value: less a discount, plus a fee, both in percent of it.

    `rate` turns the face value's currency into `currency`, the one we pay in.
    """

    currency: str
    discount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    rate: Decimal = Decimal(1)


def quoted(provider: str, item: Item, listing: Listing, terms: Terms) -> Quote:
    """The line's total, rounded half-even once. Rejected when the item is not sold so."""
    check(provider, item, listing)
    whole = item.face_value.amount * item.quantity * terms.rate
    return Quote(
        total=_rounded(whole * (ALL - terms.discount + terms.fee) / ALL, terms.currency),
        fee=_rounded(whole * terms.fee / ALL, terms.currency),
        max_quantity=most_units(listing.denominations, item.face_value.amount),
    )


def check(provider: str, item: Item, listing: Listing) -> None:
    """Rejected unless the product is sold in that face value and that many at once."""
    face = item.face_value
    most = most_units(listing.denominations, face.amount)
    if not listing.available:
        raise rejected(provider, Rejection.PRODUCT_UNAVAILABLE, "the product is not on sale")
    if face.currency != listing.currency or not offers(listing.denominations, face.amount):
        raise rejected(
            provider, Rejection.DENOMINATION_NOT_OFFERED, "it is not sold in that face value"
        )
    if item.quantity < 1:
        raise rejected(provider, Rejection.INVALID_INPUT, "a quantity is at least one")
    if most is not None and item.quantity > most:
        raise rejected(provider, Rejection.QUANTITY_TOO_LARGE, "so many are not sold at once")


def rejected(provider: str, rejection: Rejection, text: str, code: str | None = None) -> Rejected:
    """A refusal that we word ourselves; `code` is the provider's, where it gave one."""
    return Rejected(f"{provider}: {text}", provider=provider, rejection=rejection, code=code)


def _rounded(exact: Decimal, currency: str) -> Money:
    smallest = Decimal(1).scaleb(-MINOR_DIGITS.get(currency, 2))
    return Money(exact.quantize(smallest, ROUND_HALF_EVEN), currency)
