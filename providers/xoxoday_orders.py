"""How Plum's orders read: as answered to a place, to a question about one, and in the history."""

from collections.abc import Callable, Mapping, Set
from typing import Any

from domain.orders import OrderStatus
from domain.vouchers import IssuedVoucher
from providers import xoxoday_answers as plum
from providers.port import ProviderOrder, Reading
from providers.units import there
from providers.wire import INDIA, Fields, need, optional

# The order's word and the delivery's word; which of them counts: `deciding_word`.
STATUSES: Mapping[str, OrderStatus] = {
    "COMPLETE/PENDING": OrderStatus.PROCESSING,
    "COMPLETE/DELIVERED": OrderStatus.DELIVERED,
    "CANCELED": OrderStatus.CANCELLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "PENDING": OrderStatus.PENDING,
    "PROCESSING": OrderStatus.PENDING,
    "INITIATED": OrderStatus.PENDING,
    "FAILED": OrderStatus.FAILED,
}
Word = Callable[[str], OrderStatus]


def order(body: Any, word: Word, *, asked: str | None, reference: str | None) -> ProviderOrder:
    """An order with its vouchers; one voucher that cannot be read makes it unreadable."""
    row = Fields.of(plum.answer(body, plum.DETAILS), plum.DETAILS)
    return _order(row, word, there(map(plum.unit, row.each("vouchers"))), asked, reference)


def placed(body: Any, word: Word, reference: str) -> ProviderOrder:
    """What was accepted; vouchers that cannot be read are asked for again, the order stands."""
    row = Fields.of(plum.answer(body, plum.PLACE), plum.PLACE)
    units = optional(lambda: there(map(plum.unit, row.each("vouchers"))))
    return _order(row, word, units, None, reference)


def listed(value: Any, word: Word) -> ProviderOrder:
    """A row of the history: the delivery's word alone, and no codes."""
    row = Fields.of(value, plum.HISTORY)
    lines, summary = row.each("products"), row.each("voucherDetails")
    first = lines[0] if lines else Fields({})
    told = summary[0] if summary else Fields({})
    return ProviderOrder(
        _reading(row, word, None, None, quantity=_units(lines)),
        sku=optional(first.text, "productId") or optional(told.text, "productId"),
        product_name=optional(first.text, "productName"),
        face_value=plum.money(told, "denomination", "currencyCode"),
        charged=plum.money(row, "amountCharged", "currencyCode"),
        placed_at=optional(row.instant, "orderDate", zone=INDIA),
    )


def reading(value: Any, word: Word, ids: Set[str]) -> Reading | None:
    """How an order of the history stands, where it is one of these; nothing else of it is read."""
    row = Fields.of(value, plum.HISTORY)
    if need(row.text("orderId"), "orderId") not in ids:
        return None
    return _reading(row, word, None, None, quantity=_units(row.each("products")))


def _units(lines: list[Fields]) -> int | None:
    return sum(filter(None, (optional(line.count, "quantity") for line in lines))) or None


def _order(
    row: Fields,
    word: Word,
    units: tuple[IssuedVoucher, ...] | None,
    asked: str | None,
    reference: str | None,
) -> ProviderOrder:
    summary = row.each("voucherDetails")
    first = summary[0] if summary else Fields({})
    unit = units[0] if units else None
    count = None if units is None else len(units)
    return ProviderOrder(
        _reading(row, word, asked, reference, delivered=count),
        sku=first.text("productId") or (unit.sku if unit else None),
        product_name=first.text("productName"),
        face_value=plum.money(first, "denomination", "currencyCode")
        or (unit.face_value if unit else None),
        charged=plum.money(row, "amountCharged", "currencyCode"),
        placed_at=optional(row.instant, "orderDate", zone=INDIA),
        vouchers=units,
    )


def _reading(
    row: Fields,
    word: Word,
    asked: str | None,
    reference: str | None,
    *,
    quantity: int | None = None,
    delivered: int | None = None,
) -> Reading:
    words = [optional(row.text, name) or "" for name in ("orderStatus", "deliveryStatus")]
    quantity = quantity or optional(row.count, "quantity") or None
    cancelled = sum(line.count("cancelledQuantity") or 0 for line in row.each("voucherDetails"))
    deciding = plum.deciding_word(*words)
    status, final = _judge(deciding, word(deciding), quantity, delivered, cancelled)
    return Reading(
        need(row.text("orderId") or asked, "orderId"),
        "/".join(filter(None, words)),
        status,
        final,
        reference=row.text("poNumber") or reference,
        quantity=quantity,
        delivered=delivered,
    )


def _judge(
    raw: str, word: OrderStatus, quantity: int | None, delivered: int | None, cancelled: int
) -> tuple[OrderStatus, bool]:
    """The word and whether it is the last one: units count more than what is said."""
    if raw not in STATUSES or word is OrderStatus.PENDING:
        return word, False
    if word in (OrderStatus.CANCELLED, OrderStatus.FAILED):
        return word, True
    said = word is OrderStatus.DELIVERED
    if delivered is None:  # nothing is counted: a row of the list, or units that were not readable
        partly = said and cancelled > 0
        return (OrderStatus.PARTIALLY_DELIVERED if partly else word), False
    if delivered and (said if quantity is None else delivered >= quantity):
        return OrderStatus.DELIVERED, said
    ended = said and quantity is not None and delivered + cancelled >= quantity
    if delivered:
        return OrderStatus.PARTIALLY_DELIVERED, ended
    return (OrderStatus.CANCELLED if ended else OrderStatus.PROCESSING), ended
