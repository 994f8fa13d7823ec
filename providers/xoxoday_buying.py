"""What Plum is sent to buy, and what its webhooks say."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from domain.carts import Item, Recipient
from domain.secret import Secret
from providers.auth import canonical
from providers.errors import Rejected, Rejection
from providers.port import Hint
from providers.quotes import rejected
from providers.replies import decode, encode
from providers.wire import Fields, Unreadable, need
from providers.xoxoday_answers import PLACE, request

LONGEST_REFERENCE = 100
NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
# Country codes are prefix-free: two that are one digit, those of two, all others of three.
PHONE = re.compile(
    r"\+((?>1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d\d))(\d{4,13})",
    re.ASCII,
)
KEY_HEADER = "x-api-key"
LONGEST_WORD = 40


def body(
    provider: str, reference: str, item: Item, recipient: Recipient | None, *, phone: bool
) -> bytes:
    """The whole of a place. `phone`: the product demands the recipient's number."""
    if not reference.strip() or len(reference) > LONGEST_REFERENCE:
        raise rejected(provider, Rejection.INVALID_INPUT, "a reference has 1 to 100 characters")
    if not NUMBER.fullmatch(item.sku):
        raise rejected(provider, Rejection.PRODUCT_UNAVAILABLE, "products are numbers there")
    if item.quantity < 1 or item.face_value.amount <= 0:
        raise rejected(provider, Rejection.INVALID_INPUT, "quantity and face value are above 0")
    data: dict[str, Any] = {
        "productId": int(item.sku),
        "quantity": item.quantity,
        "denomination": item.face_value.amount,
        "poNumber": reference,
        # We deliver ourselves.
        "notifyReceiverEmail": 0,
        "notifyAdminEmail": 0,
    }
    if phone:
        data["contact"] = _contact(provider, recipient.phone if recipient else None)
    return canonical(encode(request(PLACE, data)))


def hint(provider: str, key: Secret | None, headers: Mapping[str, str], raw: bytes) -> Hint:
    """What a delivery of ours says. Rejected unless it carries the key and names an order.

    There is no signature: the key is compared in constant time, and what is said is only a reason
    to ask. Without a key of ours nothing is believed.
    """
    given = next((v for name, v in headers.items() if name.lower() == KEY_HEADER), "")
    known = key.reveal() if key is not None else ""
    same = hmac.compare_digest(given.encode(errors="surrogatepass"), known.encode())
    if not known or not same:
        raise rejected(provider, Rejection.PROVIDER_REJECTED, "the webhook's key is not ours")
    try:
        return _said(decode(raw))
    except ValueError:
        pass
    raise rejected(provider, Rejection.INVALID_INPUT, "the webhook names no order")


def _said(told: Any) -> Hint:
    """Deliveries of one event are alike; its number alone might begin anew some day."""
    whole = Fields.of(told)
    data = need(whole.fields("data"), "data")
    order, reference = data.text("orderId"), data.text("poNumber")
    if order is not None and not NUMBER.fullmatch(order):
        raise Unreadable("orderId", "a number")
    if reference is not None and len(reference) > LONGEST_REFERENCE:
        raise Unreadable("poNumber", "a reference")
    need(order or reference, "orderId")
    event = (whole.text("id"), order or reference, data.text("deliveryStatus"))
    delivery = ":".join((part or "")[:LONGEST_REFERENCE] for part in event)
    return Hint(delivery, provider_order_id=order, reference=reference)


def _contact(provider: str, phone: Secret | None) -> str:
    """Their spelling: a dash behind the country code."""
    digits = re.sub(r"[\s().-]", "", phone.reveal()) if phone else ""
    found = PHONE.fullmatch(digits)
    if found is None:
        raise _phoneless(provider)
    return f"+{found[1]}-{found[2]}"


def _phoneless(provider: str) -> Rejected:
    return rejected(
        provider,
        Rejection.INVALID_INPUT,
        "the product demands the recipient's phone number with its country code",
    )
