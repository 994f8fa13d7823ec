"""What can be bought: products with their denominations, and how they are searched."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.money import Money
from domain.problems import Problem


class VoucherType(StrEnum):
    CODE = "CODE"
    CODE_WITH_PIN = "CODE_WITH_PIN"
    URL = "URL"
    URL_WITH_PIN = "URL_WITH_PIN"


class DeliverySpeed(StrEnum):
    """How long delivery usually takes: 2-5, 5-10 or 10-30 minutes."""

    FAST = "FAST"
    STANDARD = "STANDARD"
    SLOW = "SLOW"


@dataclass(frozen=True, slots=True)
class Denomination:
    """One fixed face value and what one unit of it costs us."""

    face_value: Money
    price: Money
    max_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class FixedDenominations:
    values: tuple[Denomination, ...]


@dataclass(frozen=True, slots=True)
class DenominationRange:
    """Any face value from min to max, both included, in steps from min when there is a step."""

    min: Money
    max: Money
    discount_percent: Decimal
    step: Decimal | None = None
    max_quantity: int | None = None


Denominations = FixedDenominations | DenominationRange


@dataclass(frozen=True, slots=True)
class Listing:
    """A product as a provider describes it. HTML texts are raw; they are sanitized when recorded.

    `currency` is that of the face value. `discount_percent` is the best the provider states.
    """

    sku: str
    name: str
    brand: str
    currency: str
    denominations: Denominations
    voucher_type: VoucherType
    delivery_speed: DeliverySpeed
    description: str | None = None
    categories: tuple[str, ...] = ()
    image_url: str | None = None
    country: str | None = None
    validity: str | None = None
    terms: str | None = None
    how_to_redeem: str | None = None
    available: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """A listing as we recorded it: with an identity, its provider and when it was read."""

    id: UUID
    provider_name: str
    listing: Listing
    as_of: datetime


class ProductSort(StrEnum):
    RELEVANCE = "RELEVANCE"
    NAME = "NAME"
    BRAND = "BRAND"
    DISCOUNT = "DISCOUNT"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Every part that is not None must hold; a list holds when one of its values matches."""

    search: str | None = None
    provider: tuple[str, ...] | None = None
    brand: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    currency: tuple[str, ...] | None = None
    min_face_value: Decimal | None = None
    max_face_value: Decimal | None = None
    voucher_type: tuple[VoucherType, ...] | None = None
    available: bool | None = None


class SourceOutcome(StrEnum):
    """How a provider took part in an answer."""

    LIVE = "LIVE"
    RECORDED = "RECORDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How a provider's catalog took part: `as_of` is when its recorded products were last read."""

    provider_name: str
    outcome: SourceOutcome
    as_of: datetime | None = None
    problem: Problem | None = None
