"""What Woohoo is sent to buy, and what it says an order would cost."""

import re
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.carts import Item, Quote, Recipient
from domain.money import Money
from domain.secret import Secret
from providers import woohoo_answers as wire
from providers.auth import canonical
from providers.errors import Rejection
from providers.quotes import rejected
from providers.replies import decode, encode
from providers.wire import Fields, Unreadable, optional

# What an order's address is made of; each part is a setting of its own.
ADDRESS = (
    "firstname",
    "email",
    "telephone",
    "line1",
    "city",
    "region",
    "country",
    "postcode",
)
RUPEES = 356
MOST_AT_ONCE = 10  # cards that come within the call
REFERENCE = re.compile(r"[A-Za-z0-9_]{1,55}", re.ASCII)
# The vendor's own samples encode these five differently in the signature.
AVOIDED = str.maketrans(dict.fromkeys("!'()*", " "))


def body(
    provider: str, reference: str, item: Item, settings: Mapping[str, str], who: Recipient | None
) -> bytes:
    """The whole of a place, in the form that is signed; `settings` are the address's parts."""
    if not REFERENCE.fullmatch(reference):
        raise rejected(
            provider, Rejection.INVALID_INPUT, "a reference is 1 to 55 letters, digits, underscores"
        )
    if item.face_value.currency != wire.RUPEES:
        raise rejected(
            provider, Rejection.DENOMINATION_NOT_OFFERED, "face values are in rupees there"
        )
    if item.quantity < 1 or item.face_value.amount <= 0:
        raise rejected(provider, Rejection.INVALID_INPUT, "quantity and face value are above 0")
    face = item.face_value
    line = {"sku": item.sku, "price": face.amount, "qty": item.quantity, "currency": RUPEES}
    order: dict[str, Any] = {
        "refno": reference,
        "products": [line],
        "payments": [{"code": "svc", "amount": face.times(item.quantity).amount}],
        "address": address(settings, who),
        "syncOnly": item.quantity <= MOST_AT_ONCE,
        "deliveryMode": "API",
    }
    return canonical(encode(order))


def trial(prefix: str) -> str:
    """A reference for a dry run, never used for an order."""
    return f"{prefix or 'VG'}_{secrets.token_hex(8).upper()}"


def address(settings: Mapping[str, str], who: Recipient | None) -> dict[str, Any]:
    """The settings' address; the recipient stands in only for parts that they leave out."""
    found = {part: _plain(settings[part]) for part in ADDRESS if settings.get(part)}
    if who is not None:
        if "firstname" not in found:
            first, _, last = _plain(who.name.reveal()).rpartition(" ")
            found |= {"firstname": first or last} | ({"lastname": last} if first else {})
        found.setdefault("email", who.email.reveal().strip())
        if who.phone is not None:
            found.setdefault("telephone", _digits(who.phone))
    return {**found, "billToThis": True}


def again(cards: Sequence[int]) -> bytes:
    """The request to send those cards once more, to whom they went."""
    return canonical(encode({"cards": [{"id": card} for card in cards]}))


def reference_in(rendered: bytes) -> str | None:
    """The reference that an order was placed with; None when that is no body of ours."""
    sent = decode(rendered)
    found = sent.get("refno") if isinstance(sent, dict) else None
    return found if isinstance(found, str) else None


def quote(told: Any) -> Quote | None:
    """What a dry run says that we would pay; None when it names no total."""
    row = Fields.of(wire.unwrapped(told))
    currency = wire.currency_of(row)
    total = row.money(currency, "grandTotal")
    if total is None:
        return None
    if total.amount <= 0:
        raise Unreadable("grandTotal", "more than nothing")
    extra = optional(row.fields, "handlingCharges") or Fields({})
    parts = (optional(row.decimal, "convenienceCharge"), optional(extra.decimal, "amount"))
    return Quote(total, Money(sum(filter(None, parts), Decimal(0)), currency))


def _plain(text: str) -> str:
    return " ".join(text.translate(AVOIDED).split())


def _digits(phone: Secret) -> str:
    return re.sub(r"[\s().-]", "", phone.reveal())
