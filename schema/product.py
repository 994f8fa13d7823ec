"""Products: what can be bought, from whom, in which denominations."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from domain import catalog
from domain.viewers import Scope
from resolvers import paging
from resolvers import products as resolve
from schema.faces import answer, shows, tupled
from schema.money import Money
from schema.node import Node, PageInfo
from schema.permissions import needs_or_implied
from schema.problem import Problem
from schema.provider import Provider


@shows(catalog.Denomination)
class Denomination:
    """One fixed face value and what a unit of it costs."""

    face_value: Money = answer(description="What is printed on the voucher.")
    price: Money = answer(description="What one unit costs, in the currency we are charged in.")
    max_quantity: int | None = answer(description="Units per order; null: no limit is known.")


@shows(catalog.FixedDenominations, abstract=True)
class FixedDenominations:
    """Only these face values can be bought."""

    values: list[Denomination] = answer(description="The face values, smallest first.")


@shows(catalog.DenominationRange, abstract=True)
class DenominationRange:
    """Any face value between two bounds can be bought."""

    min: Money = answer(description="The smallest face value.")
    max: Money = answer(description="The largest face value.")
    step: Decimal | None = answer(description="The distance between face values, counted from min.")
    discount_percent: Decimal = answer(description="Percent taken off the face value.")
    max_quantity: int | None = answer(description="Units per order; null: no limit is known.")


Denominations = Annotated[
    FixedDenominations | DenominationRange,
    strawberry.union("Denominations", description="Which face values can be bought."),
]


@shows(catalog.Product, keys=("id",), scopes=needs_or_implied(Scope.CATALOG_READ))
class Product(Node):
    """Something that can be bought from one provider, as last read from its catalog."""

    id: strawberry.ID = answer(resolve.global_id, "Opaque and globally unique.")
    provider: Provider = answer(resolve.provider, "Who sells it.")
    sku: str = answer(lambda root: root.listing.sku, "The provider's own product number.")
    name: str = answer(lambda root: root.listing.name, "Its name.")
    brand: str = answer(lambda root: root.listing.brand, "The brand that redeems it.")
    description: str | None = answer(lambda root: root.listing.description, "Sanitized HTML.")
    categories: list[str] = answer(
        lambda root: root.listing.categories, "The provider's categories."
    )
    image_url: str | None = answer(lambda root: root.listing.image_url, "A picture.")
    country: str | None = answer(lambda root: root.listing.country, "ISO 3166 code, two capitals.")
    currency: str = answer(lambda root: root.listing.currency, "ISO 4217 code of the face value.")
    denominations: Denominations = answer(
        lambda root: root.listing.denominations, "Which face values can be bought."
    )
    voucher_type: catalog.VoucherType = answer(
        lambda root: root.listing.voucher_type, "What is issued."
    )
    delivery_speed: catalog.DeliverySpeed = answer(
        lambda root: root.listing.delivery_speed, "How long delivery usually takes."
    )
    validity: str | None = answer(
        lambda root: root.listing.validity, "How long vouchers are valid, in words."
    )
    terms: str | None = answer(lambda root: root.listing.terms, "Sanitized HTML.")
    how_to_redeem: str | None = answer(lambda root: root.listing.how_to_redeem, "Sanitized HTML.")
    available: bool = answer(lambda root: root.listing.available, "Whether it can be bought now.")
    as_of: datetime = answer(description="When it was read from the provider.")


@shows(paging.Edge)
class ProductEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: Product = answer(description="The item.")


@shows(catalog.SourceReport)
class SourceReport:
    """How one provider took part in this answer, and how fresh its part is."""

    provider: Provider = answer(resolve.source_provider, "The provider.")
    outcome: catalog.SourceOutcome = answer(description="How it took part.")
    as_of: datetime | None = answer(description="When its part was read; null: never.")
    problem: Problem | None = answer(description="Why the last try to read it failed.")


@shows(paging.Connection)
class ProductConnection:
    edges: list[ProductEdge] = answer(description="The items with their cursors.")
    nodes: list[Product] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")
    total_count: int | None = answer(
        paging.total_count, "Items in the whole list; null above 10,000."
    )
    sources: list[SourceReport] = answer(
        resolve.sources, "Which providers took part, and how fresh they are."
    )


@strawberry.input(description="Every part that is given must hold.")
class ProductFilter:
    search: str | None = strawberry.field(
        default=None, description="Words in name, brand, categories or description."
    )
    provider: list[str] | None = strawberry.field(default=None, description="Provider names.")
    brand: list[str] | None = strawberry.field(default=None, description="Brands, exactly.")
    category: list[str] | None = strawberry.field(default=None, description="Categories, exactly.")
    country: list[str] | None = strawberry.field(default=None, description="ISO 3166 codes.")
    currency: list[str] | None = strawberry.field(default=None, description="ISO 4217 codes.")
    min_face_value: Decimal | None = strawberry.field(
        default=None, description="Some face value is at least this."
    )
    max_face_value: Decimal | None = strawberry.field(
        default=None, description="Some face value is at most this."
    )
    voucher_type: list[catalog.VoucherType] | None = strawberry.field(
        default=None, description="What is issued."
    )
    available: bool | None = strawberry.field(
        default=None, description="Whether it can be bought now."
    )

    def wanted(self) -> catalog.ProductFilter:
        return catalog.ProductFilter(
            search=self.search,
            provider=tupled(self.provider),
            brand=tupled(self.brand),
            category=tupled(self.category),
            country=tupled(self.country),
            currency=tupled(self.currency),
            min_face_value=self.min_face_value,
            max_face_value=self.max_face_value,
            voucher_type=tupled(self.voucher_type),
            available=self.available,
        )
