"""Reading what an adapter read: money and secrets as text, denominations in one line."""

from domain.catalog import DenominationRange, Listing
from domain.money import Money
from domain.secret import Secret
from domain.vouchers import IssuedVoucher

# Our mistakes: a hostile shape is met by a check of ours, never by one of these.
ACCIDENTS = {"AttributeError", "KeyError", "TypeError", "IndexError"}


def shown(money: Money | None) -> str | None:
    return f"{money} {money.currency}" if money else None


def revealed(secret: Secret | None) -> str | None:
    return secret and secret.reveal()


def secrets_of(unit: IssuedVoucher) -> tuple[str | None, ...]:
    """Code, PIN and claim URL, as a simulator's ledger has them."""
    return tuple(revealed(value) for value in (unit.code, unit.pin, unit.claim_url))


def sold(listing: Listing) -> str:
    """Denominations as the payload tables write them."""
    goods = listing.denominations
    if isinstance(goods, DenominationRange):
        return f"{shown(goods.min)}..{shown(goods.max)} {goods.discount_percent:f}%"
    return ", ".join(f"{shown(one.face_value)}={shown(one.price)}" for one in goods.values)
