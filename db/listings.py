"""Listings to and from their columns, and the words they are found by."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from db.pool import Record
from domain.catalog import (
    DeliverySpeed,
    Denomination,
    DenominationRange,
    Denominations,
    FixedDenominations,
    Listing,
    Product,
    VoucherType,
)
from domain.money import Money

COLUMNS = """p.id, p.provider, p.sku, p.name, p.brand, p.description, p.categories, p.image_url,
    p.country, p.currency, p.denominations, p.voucher_type, p.delivery_speed, p.validity, p.terms,
    p.how_to_redeem, p.available, p.as_of"""

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 20
LONGEST_WORD = 100
# PostgreSQL refuses a search vector of a megabyte; the start of a description is enough to find it.
MOST_TEXT = 20_000
# A word that stands everywhere needs no more places than this to be ranked.
MOST_PLACES = 16


def folded(text: str) -> str:
    """Text as it is compared: without accents, without case."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\0", ""))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def vector(listing: Listing) -> str:
    """The words of a listing as a tsvector: name and brand weigh most, then categories, then text.

    Made here and not by PostgreSQL, whose own cutting of text depends on the database's locale and
    would differ from that of the question.
    """
    places: dict[str, list[str]] = {}
    position = 0
    for text, weight in (
        (listing.name, "A"),
        (listing.brand, "A"),
        (" ".join(listing.categories), "B"),
        (listing.description or "", "D"),
    ):
        for word in _words(text[:MOST_TEXT]):
            position += 1
            found = places.setdefault(word, [])
            if len(found) < MOST_PLACES:
                found.append(f"{min(position, 16383)}{weight}")
    return " ".join(f"'{word}':{','.join(found)}" for word, found in places.items())


def question(search: str) -> str | None:
    """What was typed as a tsquery: every word must begin some word; None when there is no word."""
    found = _words(search[:500])[:MOST_WORDS]
    return " & ".join(f"'{word}':*" for word in found) or None


def columns(id: UUID, listing: Listing) -> dict[str, Any]:
    """A listing as one object for jsonb_to_recordset; texts without NUL, which it cannot hold."""
    denominations, bounds = _denominations(listing.denominations)
    return {
        "id": str(id),
        "sku": listing.sku,
        "name": _clean(listing.name),
        "name_key": folded(listing.name),
        "brand": _clean(listing.brand),
        "brand_key": folded(listing.brand),
        "description": _clean(listing.description),
        "categories": [_clean(category) for category in listing.categories],
        "category_keys": [folded(category) for category in listing.categories],
        "image_url": _clean(listing.image_url),
        "country": _clean(listing.country),
        "currency": listing.currency,
        "denominations": denominations,
        **bounds,
        "discount": _discount(listing.denominations),
        "voucher_type": listing.voucher_type.value,
        "delivery_speed": listing.delivery_speed.value,
        "validity": _clean(listing.validity),
        "terms": _clean(listing.terms),
        "how_to_redeem": _clean(listing.how_to_redeem),
        "available": listing.available,
        "search": vector(listing),
    }


def product(row: Record) -> Product:
    """A row of COLUMNS as a record."""
    return Product(
        id=row["id"],
        provider_name=row["provider"],
        listing=Listing(
            sku=row["sku"],
            name=row["name"],
            brand=row["brand"],
            currency=row["currency"],
            denominations=_read(msgspec.json.decode(row["denominations"])),
            voucher_type=VoucherType(row["voucher_type"]),
            delivery_speed=DeliverySpeed(row["delivery_speed"]),
            description=row["description"],
            categories=tuple(row["categories"]),
            image_url=row["image_url"],
            country=row["country"],
            validity=row["validity"],
            terms=row["terms"],
            how_to_redeem=row["how_to_redeem"],
            available=row["available"],
        ),
        as_of=row["as_of"],
    )


def _words(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in WORD.findall(folded(text))]


def _clean(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "")


def _discount(offered: Denominations) -> Decimal:
    """The best discount in percent, for sorting; 0 where the price has another currency."""
    if isinstance(offered, DenominationRange):
        return offered.discount_percent
    return max(
        (
            100 * (1 - value.price.amount / value.face_value.amount)
            for value in offered.values
            if value.price.currency == value.face_value.currency and value.face_value.amount
        ),
        default=Decimal(0),
    ).quantize(Decimal("0.0001"))


def _denominations(offered: Denominations) -> tuple[dict[str, Any], dict[str, Any]]:
    """The jsonb value, and the columns that filters by face value need."""
    if isinstance(offered, FixedDenominations):
        faces = [value.face_value.amount for value in offered.values] or [Decimal(0)]
        values = [[*_money(v.face_value), *_money(v.price), v.max_quantity] for v in offered.values]
        return {"values": values}, {
            "face_values": faces,
            "min_face": min(faces),
            "max_face": max(faces),
            "step": None,
        }
    return {
        "min": _money(offered.min),
        "max": _money(offered.max),
        "discount": str(offered.discount_percent),
        "step": None if offered.step is None else str(offered.step),
        "max_quantity": offered.max_quantity,
    }, {
        "face_values": None,
        "min_face": offered.min.amount,
        "max_face": offered.max.amount,
        "step": offered.step,
    }


def _money(money: Money) -> list[str]:
    return [str(money.amount), money.currency]


def _read(stored: Mapping[str, Any]) -> Denominations:
    if "values" in stored:
        return FixedDenominations(
            tuple(
                Denomination(_read_money(value[0:2]), _read_money(value[2:4]), value[4])
                for value in stored["values"]
            )
        )
    return DenominationRange(
        min=_read_money(stored["min"]),
        max=_read_money(stored["max"]),
        discount_percent=Decimal(stored["discount"]),
        step=None if stored["step"] is None else Decimal(stored["step"]),
        max_quantity=stored["max_quantity"],
    )


def _read_money(pair: list[str]) -> Money:
    return Money(Decimal(pair[0]), pair[1])
