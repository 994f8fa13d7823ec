"""Buying at Starship: what an order and a quote say, and webhooks that prove themselves."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NoReturn

from domain.carts import Item, Quote, offers
from domain.money import zero
from providers.errors import ProviderError, Rejected, Rejection
from providers.port import Hint, Provider
from providers.quotes import rejected
from providers.replies import decode
from providers.starship_answers import PRODUCTS
from providers.wire import Fields, Unreadable, need

FEES = ("gst_amount", "handling_fee_amount")
WEBHOOK_WINDOW_SECONDS = 300
LONGEST_DELIVERY_ID = 100


def line_of(provider: Provider, item: Item, wallet_id: str | None) -> dict[str, Any]:
    """What a quote and an order say of an item; amounts are numbers, as short as they can be."""
    amount = item.face_value.amount
    if amount <= 0 or item.quantity < 1:
        raise rejected(
            provider.name, Rejection.INVALID_INPUT, "face value and quantity are above 0"
        )
    short = int(amount) if amount == amount.to_integral_value() else amount.normalize()
    line = {"denomination": short, "quantity": item.quantity}
    return line if wallet_id is None else {**line, "wallet_id": int(wallet_id)}


def quote_of(provider: Provider, row: Fields, item: Item, wallet: str | None) -> Quote:
    """What the wallet is charged, as stated; `wallet` is the currency of the one that we named."""
    currency = _charged_in(provider, row, item.face_value.currency, wallet)
    fee = zero(currency)
    details = row.fields("charges_details") or Fields({})
    stated = [row.money(currency, name) for name in FEES]
    for part in (*stated, details.money(currency, "conversion_fee")):
        fee = fee + part if part is not None else fee
    most = row.count("max_quantity") or None
    if most is not None and item.quantity > most:
        raise rejected(provider.name, Rejection.QUANTITY_TOO_LARGE, "so many are not sold at once")
    total = need(row.money(currency, "total_payable"), "total_payable")
    if total.amount <= 0:
        raise Unreadable("total_payable", "more than nothing")
    return Quote(total, fee, most)


def _charged_in(provider: Provider, row: Fields, face: str, wallet: str | None) -> str:
    """The wallet's currency. The answer names it and the product's, and must name ours."""
    details = row.fields("charges_details") or Fields({})
    source, destination = details.text("source_currency"), details.text("destination_currency")
    named = {text.upper() for text in (source, destination) if text is not None}
    if named and face not in named:
        raise rejected(
            provider.name, Rejection.DENOMINATION_NOT_OFFERED, "it is sold in another currency"
        )
    if wallet is not None:
        if named and wallet not in named:
            raise Unreadable("charges_details", "in the wallet's currency")
        return wallet
    if len(named) < 2:
        return face
    if source is None or source.upper() == face:
        raise Unreadable("charges_details", "clear about the wallet's currency")
    return source.upper()


async def why(provider: Provider, item: Item, told: Rejection) -> Rejection:
    """A refused quote in our words: one code of theirs has several causes. As told if in doubt."""
    if told not in (Rejection.PRODUCT_UNAVAILABLE, Rejection.INVALID_INPUT):
        return told
    try:
        listing = await provider.product(item.sku)
        if not listing.available:
            return Rejection.PRODUCT_UNAVAILABLE
        if not offers(listing.denominations, item.face_value.amount):
            return Rejection.DENOMINATION_NOT_OFFERED
        path = f"{PRODUCTS}/{item.sku}/availability"
        reply = await provider.transport.post("quote", path, json=line_of(provider, item, None))
        most = provider.quoted(reply, lambda body: Fields.of(body).count("max_quantity"))
    except Rejected as refusal:
        return refusal.rejection
    except ProviderError:
        return told
    return Rejection.QUANTITY_TOO_LARGE if 0 < (most or 0) < item.quantity else told


def hint_of(
    provider: Provider, secret: str, headers: Mapping[str, str], body: bytes, now: float
) -> Hint:
    """What a webhook says once its signature over `timestamp.body` is proven and recent."""
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get("x-timestamp", "").strip(), given.get("x-signature", "").strip()
    fresh = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    if not fresh or abs(now - int(stamp)) > WEBHOOK_WINDOW_SECONDS:
        _distrust(provider, "stale")
    wanted = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    if not hmac.compare_digest(signature.lower().encode(), wanted.encode()):
        _distrust(provider, "signature")
    try:
        event = Fields.of(decode(body))
        data = event.fields("data") or Fields({})
        order_id, reference = data.text("order_id"), data.text("reference_code", "ref")
        delivery = event.text("id")
    except Unreadable:
        _distrust(provider, "unreadable")
    if order_id is None and reference is None:
        _distrust(provider, "unreadable")
    if delivery is None or len(delivery) > LONGEST_DELIVERY_ID:
        delivery = hashlib.sha256(body).hexdigest()
    return Hint(delivery, order_id, reference)


def _distrust(provider: Provider, code: str) -> NoReturn:
    signed = code == "unreadable"
    rejection = Rejection.INVALID_INPUT if signed else Rejection.PROVIDER_REJECTED
    raise rejected(provider.name, rejection, "a webhook proves or says nothing", code)


def paid_from(body: bytes, wallets: Mapping[str, str]) -> str | None:
    """The currency of the wallet that a rendered order names."""
    sent = Fields.of(decode(body)).text("wallet_id")
    return next((currency for currency, wallet in wallets.items() if wallet == sent), None)
