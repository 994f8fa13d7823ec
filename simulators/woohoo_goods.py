"""What Woohoo sells: the invented goods, the sandbox SKUs, and their JSON by category."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulators.catalog import CATEGORIES, INDIA, Kind, Product, invented_goods
from simulators.world import capitals

SANDBOX = "Sandbox"
# Test SKUs and what they always do; "" is nothing unusual.
TEST_SKUS: dict[str, tuple[Kind, str]] = {
    "CNPIN": (Kind.CODE_WITH_PIN, ""),
    "VOUCHERCODE": (Kind.CODE, ""),
    "CLAIMCODE": (Kind.CODE_WITH_PIN, "claim_code"),
    "UBEFLOW": (Kind.URL, ""),
    "PROCESSINGSTS": (Kind.CODE_WITH_PIN, "processing"),
    "DISABLEDSTS": (Kind.CODE_WITH_PIN, "disabled"),
    "INVFAILURE": (Kind.CODE_WITH_PIN, "out_of_stock"),
    "APITESTTIMFAIL": (Kind.CODE_WITH_PIN, "timeout_fail"),
    "testsuccess001": (Kind.CODE_WITH_PIN, "timeout_success"),
}
RUPEE = {"code": "INR", "symbol": "₹", "numericCode": "356"}


def woohoo_goods(seed: int, count: int) -> list[Product]:
    """The catalog, sandbox SKUs last. Every second product has no discount."""
    goods = invented_goods(
        seed,
        count,
        first_brand=120,
        markets=(INDIA,),
        sku=lambda i, dice: f"EGV{capitals(dice, 5)}{i:03d}",
    )
    goods = [replace(item, discount=Decimal(0)) if item.number % 2 else item for item in goods]
    plain = replace(
        next(item for item in goods if item.values),
        category=SANDBOX,
        sub_category=SANDBOX,
        available=True,
        delayed=False,
        discount=Decimal(0),
    )
    return goods + [
        replace(
            plain,
            sku=sku,
            number=count + n,
            name=f"Sandbox {sku}",
            brand="Sandbox",
            kind=kind,
            habit=habit or "none",
            available=habit != "disabled",
        )
        for n, (sku, (kind, habit)) in enumerate(TEST_SKUS.items(), 1)
    ]


class Shelves:
    """Products by category. A subcategory repeats some of its parent's."""

    def __init__(self, goods: Iterable[Product]) -> None:
        goods = list(goods)
        self.by_id: dict[str, tuple[str, list[Product]]] = {}
        self._parents: dict[str, list[str]] = {}
        for n, name in enumerate([*CATEGORIES, SANDBOX]):
            own = [item for item in goods if item.category == name]
            if not own:
                continue
            parent, child = str(120 + n * 10), str(121 + n * 10)
            self.by_id[parent] = (name, own)
            self.by_id[child] = (own[0].sub_category, own[::2])
            self._parents[parent] = [child]

    def categories(self) -> list[dict[str, Any]]:
        return [self.category(parent) for parent in self._parents]

    def category(self, category_id: str) -> dict[str, Any]:
        name, _ = self.by_id[category_id]
        children = self._parents.get(category_id, [])
        return {
            "id": category_id,
            "name": name,
            "url": name.lower().replace(" & ", "-").replace(" ", "-"),
            "description": None,
            "images": {"image": None, "thumbnail": None},
            "subcategoriesCount": len(children),
            "subcategories": [
                self.category(child) | {"colorCode": "#204060", "offerDescription": "<b>New</b>"}
                for child in children
            ],
        }

    def page(self, category_id: str, offset: int, limit: int) -> dict[str, Any]:
        _, goods = self.by_id[category_id]
        return self.category(category_id) | {
            "productsCount": len(goods),
            "products": [_listed(item) for item in goods[offset : offset + limit]],
        }


def _listed(product: Product) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "name": product.name,
        "url": product.sku.lower(),
        "currency": RUPEE,
        "minPrice": str(product.minimum),
        "maxPrice": str(product.maximum),
        "images": _images(product),
        "createdAt": "2025-04-01T06:30:00+00:00",
        "updatedAt": "" if product.number % 4 else "2026-01-05T06:30:00+00:00",
        "corporateDiscounts": {"discount": []},
    }


def detail(product: Product, discount: Decimal) -> dict[str, Any]:
    """A product with its price rule."""
    return {
        "id": str(product.number),
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price": {
            "type": "SLAB" if product.values else "RANGE",
            "min": str(product.minimum),
            "max": str(product.maximum),
            "denominations": [str(value) for value in product.values],
            "currency": RUPEE,
            "cpg": [],
        },
        "type": "DIGITAL",
        "currency": "356",
        "images": _images(product),
        "tnc": {"link": "https://terms.example.com/" + product.sku, "content": product.terms},
        "categories": [],
        "brandName": product.brand,
        "etaMessage": "within 24 hours" if product.delayed else "instant",
        "expiry": f"{product.validity_days} days" if product.validity_days else None,
        "formatExpiry": None,
        "discounts": _discounts(discount),
        "kycEnabled": "0",
        "schedulingEnabled": False,
        "customThemesAvailable": False,
        "reloadCardNumber": False,
        "cpg": [],
        "payout": {},
        "convenience_charge": {},
        "allowed_fulfillments": [],
        "createdAt": "2025-04-01T06:30:00+00:00",
        "updatedAt": "2026-01-05T06:30:00+00:00",
    }


def _discounts(percent: Decimal) -> Sequence[dict[str, Any]]:
    if not percent:
        return []
    return [
        {
            "startDate": "2025-01-01 00:00:00",
            "endDate": None,
            "discount": {"type": "by_percent", "amount": percent, "desc": f"{percent}% off"},
            "coupon": {},
            "priority": 1,
        }
    ]


def _images(product: Product) -> dict[str, str]:
    return {size: product.image(size) for size in ("thumbnail", "mobile", "base", "small")}
