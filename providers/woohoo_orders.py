"""How Woohoo's orders read: details, status, rows of the list, and answers to a place."""

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import Any

from domain.orders import OrderStatus
from providers import woohoo_answers as wire
from providers.port import ENDED, ProviderOrder, Reading
from providers.units import there
from providers.wire import INDIA, Fields, Unreadable, need, optional
from providers.woohoo_answers import Counts

STATUSES: Mapping[str, OrderStatus] = {
    "PENDING": OrderStatus.PENDING,
    "PROCESSING": OrderStatus.PROCESSING,
    "COMPLETE": OrderStatus.DELIVERED,
    "SUCCESS": OrderStatus.DELIVERED,
    "CANCELED": OrderStatus.CANCELLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "CLOSED": OrderStatus.CANCELLED,
    "ACTIVATE ERROR": OrderStatus.FAILED,
    "FAILED": OrderStatus.FAILED,
}
Word = Callable[[str], OrderStatus]


def order(body: Any, word: Word, asked: str) -> ProviderOrder:
    """The details: counts of cards, neither codes nor the SKU."""
    row = Fields.of(wire.unwrapped(body))
    if "orderId" not in row and "status" not in row:
        raise Unreadable("the body", "an order")
    lines = row.each("products")
    units = sum(line.count("qty") or 0 for line in lines)
    return ProviderOrder(
        _reading(row, word, asked, units),
        product_name=optional(lines[0].text, "name") if lines else None,
        face_value=optional(wire.face_value, row, lines),
        charged=optional(wire.charged, row),
        placed_at=optional(row.instant, "date"),
    )


def status(body: Any, word: Word, reference: str) -> Reading:
    """The answer about our reference, which it must not contradict."""
    return _ours(_reading(Fields.of(wire.unwrapped(body)), word, None, 0), reference)


def placed(body: Any, word: Word, reference: str) -> ProviderOrder:
    """What was accepted. Cards that are not there, or not readable, are asked for by themselves."""
    row = Fields.of(wire.unwrapped(body))
    reading = _ours(_reading(row, word, None, 0), reference)
    read = optional(wire.cards, body) if row.raw("cards") not in (None, []) else None
    units = there(read[0]) if read else ()
    faces = {unit.face_value for unit in units}
    goods = row.raw("products")
    return ProviderOrder(
        replace(reading, delivered=len(units) or None),
        sku=next(iter(goods)) if isinstance(goods, dict) and len(goods) == 1 else None,
        face_value=faces.pop() if len(faces) == 1 else None,
        charged=optional(wire.charged, row),
        vouchers=units or None,
    )


def listed(body: Any, word: Word) -> tuple[list[ProviderOrder], int | None]:
    """One page of the list, and how many orders there are in all where it says so."""
    page = Fields.of(wire.unwrapped(body))
    return [_row(row, word) for row in page.each("orders")], optional(page.count, "ordersCount")


def readings(body: Any, word: Word, ids: Set[str], references: Set[str]) -> list[Reading]:
    """How the wanted orders of a page stand: known by either, and nothing else of them read."""
    return [
        _reading(row, word, None, 0)
        for row in Fields.of(wire.unwrapped(body)).each("orders")
        if need(row.text("orderId"), "orderId") in ids or row.text("refno", "refNo") in references
    ]


def cancelled(body: Any, word: Word, reference: str, http_status: int) -> bool:
    """Whether a reversal is done already; accepted ones are confirmed by a later reading."""
    told = Fields.of(wire.unwrapped(body)).fields("order") or Fields({})
    if told.text("refno", "refNo") not in (None, reference):
        raise Unreadable("refno", "what was asked for")
    said = told.text("status")
    return http_status == 200 and (said is None or word(said) is OrderStatus.CANCELLED)


def _row(row: Fields, word: Word) -> ProviderOrder:
    goods = optional(row.fields, "products")
    items = (optional(goods.each, "items") if goods else None) or []
    return ProviderOrder(
        _reading(row, word, None, 0),
        product_name=optional(items[0].text, "name") if items else None,
        charged=optional(wire.charged, row),
        placed_at=optional(row.instant, "createdAt", zone=INDIA),
    )


def _ours(reading: Reading, reference: str) -> Reading:
    if reading.reference not in (None, reference):
        raise Unreadable("refno", "what was asked for")
    return replace(reading, reference=reference)


def _reading(row: Fields, word: Word, asked: str | None, units: int) -> Reading:
    raw = optional(row.text, "status") or ""
    stated = optional(row.count, "totalQty", "totalQtyOrdered")
    quantity = stated or units or None
    counted = optional(wire.counts, row, quantity)
    status, final = _judged(raw, word(raw), counted)
    return Reading(
        need(row.text("orderId") or asked, "orderId"),
        raw,
        status,
        final,
        reference=row.text("refno", "refNo"),
        quantity=quantity,
        delivered=counted.success if counted else None,
    )


def _judged(raw: str, word: OrderStatus, counted: Counts | None) -> tuple[OrderStatus, bool]:
    """The word, and whether it is the last one: counted cards say more than it does."""
    if word is OrderStatus.PROCESSING and raw.strip().upper() not in STATUSES:
        return word, False
    if counted is None or word not in (OrderStatus.PROCESSING, OrderStatus.DELIVERED):
        return word, word in ENDED and word is not OrderStatus.DELIVERED
    said = word is OrderStatus.DELIVERED
    ended = said and counted.success + counted.failed >= counted.total
    if counted.success >= counted.total:
        return OrderStatus.DELIVERED, said
    if counted.success:
        return OrderStatus.PARTIALLY_DELIVERED, ended
    return (OrderStatus.FAILED if ended else OrderStatus.PROCESSING), ended
