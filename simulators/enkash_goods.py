"""What EnKash sells and how it shows it: products, their configs, and the buyer's one cart."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulators.calls import Keyed
from simulators.catalog import Product
from simulators.world import Mint, price_of


@dataclass(frozen=True)
class Config:
    """One way to buy a product: a fixed face value, or any up to `mrp` when `custom`."""

    config_id: str
    product: Product
    mrp: Decimal
    custom: bool


def configs_of(product: Product, mint: Mint) -> list[Config]:
    """The configs of a product: one for each face value, or one for any amount."""
    amounts = product.values or (product.maximum,)
    return [
        Config(
            f"PCN{product.number}{n}{mint.digest(f'config:{product.sku}:{n}').hex()[:4].upper()}",
            product,
            mrp,
            custom=not product.values,
        )
        for n, mrp in enumerate(amounts)
    ]


def config_row(config: Config, *, drifted: bool = False) -> dict[str, Any]:
    """A config as the config page and the cart show it."""
    price = price_of(config.product, config.mrp, 1, drifted=drifted)
    return {
        "productConfigId": config.config_id,
        "mrp": config.mrp,
        "sellRate": price.payable,
        "enkashDiscount": price.discount_percent,
        "maxQuantity": config.product.max_quantity,
        "customAmountEnabled": config.custom,
    }


def product_row(product: Product) -> dict[str, Any]:
    """A product without its configs."""
    images = {
        name: product.image(name.lower())
        for name in ("BRAND_IMAGE", "LOGO_IMAGE", "LOGO_IMAGE_SMALL")
    }
    return {
        "productCatalogId": product.sku,
        "brand": product.brand,
        "aggregator": "REWARD_STORE",
        "category": product.category,
        "images": images,
        "enkashImages": images,
        "description": product.description,
        "enabled": product.available,
        "active": product.available or product.number % 2 == 0,
        "rank": product.number,
        "termsAndCondition": product.terms,
        "howToRedeem": product.how_to_redeem,
        "expiryPeriod": product.validity_days,
        "discount": int(product.discount),
    }


def matches(product: Product, wanted: Mapping[str, Any]) -> bool:
    """Whether a search wants this product; empty texts and lists want everything."""
    brands, categories = wanted.get("brand") or (), wanted.get("category") or ()
    return (
        (not brands or product.brand in brands)
        and (not categories or product.category in categories)
        and wanted.get("aggregator") in (None, "", "REWARD_STORE")
        and str(wanted.get("searchText") or "").lower() in product.brand.lower()
    )


class Cart:
    """The one cart of the user. Adding is additive, changing sets, 0 removes."""

    def __init__(self) -> None:
        self._quantities: dict[str, int] = {}
        self._row_ids: dict[str, int] = {}

    def add(self, config: Config, quantity: int) -> None:
        self.set(config, self._quantities.get(config.config_id, 0) + quantity)

    def set(self, config: Config, quantity: int) -> None:
        self._row_ids.setdefault(config.product.sku, 5000 + len(self._row_ids))
        self._quantities[config.config_id] = quantity
        if not quantity:
            del self._quantities[config.config_id]

    def rows(self, configs: Mapping[str, list[Config]], *, drifted: bool) -> list[dict[str, Any]]:
        """One entry for each product that is in the cart."""
        entries = []
        for sku, group in configs.items():
            items = [
                _item(config, self._quantities[config.config_id], drifted)
                for config in group
                if config.config_id in self._quantities
            ]
            if items:
                entries.append(self._entry(sku, group, items, drifted))
        return entries

    def _entry(
        self, sku: str, group: list[Config], items: list[dict[str, Any]], drifted: bool
    ) -> dict[str, Any]:
        product = group[0].product
        return {
            "id": self._row_ids[sku],
            "ekUserId": "EK7004418",
            "productCatalogId": sku,
            "name": product.brand,
            "logoUrl": product.image("logo_image"),
            "items": Keyed({item["productConfigId"]: item for item in items}),
            "totalQuantity": sum(item["quantity"] for item in items),
            "totalAmount": sum(item["total"] for item in items),
            "totalSavings": sum(item["savings"] for item in items),
            "productConfigs": [config_row(config, drifted=drifted) for config in group],
            "termsAndCondition": product.terms,
            "howToRedeem": product.how_to_redeem,
        }


def _item(config: Config, quantity: int, drifted: bool) -> dict[str, Any]:
    row = config_row(config, drifted=drifted)
    return {
        "productConfigId": config.config_id,
        "mrp": row["mrp"],
        "sellRate": row["sellRate"],
        "enkashDiscount": row["enkashDiscount"],
        "savings": (row["mrp"] - row["sellRate"]) * quantity,
        "quantity": quantity,
        "total": row["sellRate"] * quantity,
    }
