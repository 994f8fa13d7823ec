"""What Xoxoday sells: getVouchers and getFilters over the invented goods."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from simulators.calls import Call
from simulators.catalog import Product
from simulators.xoxoday_wire import RATES, fail, number

ALWAYS_ALIKE = {
    "isCommon": "",
    "filterGroupCode": "",
    "redemptionFeeType": "",
    "variants": None,
    "loyaltyName": None,
    "loyaltyConversion": None,
    "metaData": None,
    "parentProductId": None,
    "productMeta": "{}",
}
PHONE_NEEDED = "phone"  # the habit of a product that demands `contact`


def needs_contact(product: Product) -> bool:
    return product.habit == PHONE_NEEDED


def vouchers(goods: Collection[Product], call: Call, data: dict[str, Any]) -> list[dict[str, Any]]:
    """One page of what is on sale; PLE10030 beyond the end."""
    page, limit = number(data.get("page") or 1), number(data.get("limit") or 10)
    if page is None or limit is None or page < 1 or limit < 1:
        fail(call, "PLE10033")
    wanted, unwanted = _ids(data.get("includeProducts")), _ids(data.get("excludeProducts"))
    found = [
        item
        for item in goods
        if item.available
        and (not wanted or item.sku in wanted)
        and item.sku not in unwanted
        and _matches(item, data.get("filters") or ())
    ]
    first = int((page - 1) * limit)
    shown = found[first : first + int(limit)]
    if not shown:
        fail(call, "PLE10030")
    rates = str(data.get("exchangeRate") or 0) == "1"
    drifted = "drifted_price" in call.twists
    return [_row(item, rates, Decimal(0) if drifted else item.discount) for item in shown]


def filters(goods: Collection[Product], call: Call, data: dict[str, Any]) -> list[dict[str, Any]]:
    """The filter groups there are, or the one that was asked for."""
    code = str(data.get("filterGroupCode") or "").lower()
    found = [group for group in _groups(goods) if code in ("", group["filterGroupCode"])]
    if not found:
        fail(call, "PLE10029")
    return found


def _ids(listed: Any) -> frozenset[str]:
    return frozenset(part.strip() for part in str(listed or "").split(",") if part.strip())


def _row(product: Product, rates: bool, discount: Decimal) -> dict[str, Any]:
    row: dict[str, Any] = {
        "productId": int(product.sku),
        "name": product.name,
        "description": product.description,
        "termsAndConditionsInstructions": product.terms,
        "expiryAndValidity": f"<p>Valid for {product.validity_days} days.</p>",
        "redemptionInstructions": product.how_to_redeem,
        "orderQuantityLimit": product.max_quantity,
        "categories": f"{product.category},{product.sub_category}",
        "lastUpdateDate": "2026-01-05 03:00:00",
        "imageUrl": product.image("card") if product.number % 15 else "",
        "currencyCode": product.currency,
        "currencyName": product.market.currency_name,
        "countryName": product.market.country_name,
        "countryCode": product.market.country,
        "countries": [{"code": product.market.country, "name": product.market.country_name}],
        "valueType": "fixed_denomination" if product.values else "open_value",
        "minValue": 0 if product.values else product.minimum,
        "maxValue": 0 if product.values else product.maximum,
        "valueDenominations": ",".join(str(value) for value in product.values),
        "tatInDays": "7" if product.delayed else 0,
        "usageType": ("online", "offline", "both", "")[product.number % 4],
        "deliveryType": "delayed" if product.delayed else "realtime",
        "fee": product.fee,
        "discount": discount,
        "isPhoneNumberMandatory": needs_contact(product),
        "isRecommended": product.number % 2,
        "is_free": 0,
        "isDummyProduct": 0,
        "showDiscountPercent": 1,
        **ALWAYS_ALIKE,
    }
    if rates:
        rate = RATES[product.currency]
        row["exchangeRate"] = str(rate) if product.number % 2 else rate
    return row


def _groups(goods: Collection[Product]) -> list[dict[str, Any]]:
    """The filters there are: by country, category and currency."""
    groups = {
        "country": sorted({(p.market.country_name, p.market.country) for p in goods}),
        "voucher_category": sorted({(p.category, p.category) for p in goods}),
        "currency": sorted({(p.market.currency_name, p.currency) for p in goods}),
    }
    return [
        {
            "filterGroupName": code.replace("_", " ").title(),
            "filterGroupDescription": "",
            "filterGroupCode": code,
            "filters": [
                {"filterValue": text, "isoCode": value, "filterValueCode": value}
                for text, value in values
            ],
        }
        for code, values in groups.items()
    ]


def _matches(product: Product, filters: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a product passes every filter; prices without a currency are ignored."""
    wanted = {str(each.get("key")): str(each.get("value") or "").lower() for each in filters}
    priced = "currencyCode" in wanted
    low, high = number(wanted.get("minPrice")), number(wanted.get("maxPrice"))
    return (
        wanted.get("productName", "") in product.name.lower()
        and wanted.get("country", "") in ("", product.market.country_name.lower())
        and wanted.get("currencyCode", "") in ("", product.currency.lower())
        and wanted.get("voucher_category", "") in ("", product.category.lower())
        and wanted.get("deliveryType", "") in ("", "delayed" if product.delayed else "realtime")
        and not (priced and low is not None and product.maximum < low)
        and not (priced and high is not None and product.minimum > high)
    )
