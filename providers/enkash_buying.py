"""Buying at EnKash: the body of an order, and what an item costs by its configs or by the cart."""

import asyncio
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import structlog

from domain.carts import Item, Quote
from domain.money import Money, zero
from providers.enkash_answers import CURRENCY, listing_of, many, one
from providers.errors import OutcomeUnknown, ProviderError, Reason, Rejection, Unavailable
from providers.pacing import Asker, asked_by
from providers.port import Provider
from providers.prices import ALL
from providers.quotes import check, rejected
from providers.replies import encode
from providers.wire import Fields, Unreadable, need

log = structlog.get_logger()

CART = "/api/v0/cart"
VOUCHERS = {"product": "VOUCHER"}
BROWSER = {"priority": "u=1, i"}  # a browser's header that the cart's page marks required
PAISA = Decimal("0.01")
LAST_WORDS_SECONDS = 3.0  # for what is in the cart when the program ends


@dataclass(frozen=True, slots=True)
class Offer:
    """One config of a product. `sell_rate` is None for any amount: then the percentage decides."""

    config_id: str
    mrp: Money
    sell_rate: Money | None
    percent_off: Decimal
    most: int | None

    def quote(self, item: Item) -> Quote:
        """The rate is stated and taken as it is; what a percentage leaves is rounded once."""
        if self.sell_rate is not None:
            total = self.sell_rate.times(item.quantity)
        else:
            face = item.face_value.times(item.quantity).amount
            left = face * (ALL - self.percent_off) / ALL
            total = Money(left.quantize(PAISA, ROUND_HALF_EVEN), CURRENCY)
        above = total - item.face_value.times(item.quantity)
        return Quote(total, above if above.amount > 0 else zero(CURRENCY), self.most)


def body_of(provider: str, reference: str, item: Item) -> dict[str, Any]:
    """What create-order is sent; Rejected for anything but whole rupees."""
    amount = item.face_value.amount
    if item.face_value.currency != CURRENCY or amount != amount.to_integral_value() or amount < 1:
        raise rejected(provider, Rejection.INVALID_INPUT, "only whole rupees can be ordered")
    if item.quantity < 1:
        raise rejected(provider, Rejection.INVALID_INPUT, "a quantity is at least one")
    return {
        "productCatalogId": item.sku,
        "denomination": int(amount),
        "quantity": item.quantity,
        "orderReferenceId": reference,
    }


def offer_of(provider: str, body: Any, item: Item) -> Offer:
    """The config that sells the item, as the catalog offers it; Rejected when there is none."""
    check(provider, item, listing_of(body))
    configs = one(body).each("configResponses", "productConfigs")
    custom = [config for config in configs if config.flag("customAmountEnabled")]
    fixed = [config for config in configs if not config.flag("customAmountEnabled")]
    listed = (config for config in fixed if config.decimal("mrp") == item.face_value.amount)
    return _offer(next(listed, None) or custom[0])


def _offer(config: Fields) -> Offer:
    percent = config.decimal("enkashDiscount") or Decimal(0)
    if percent > ALL:
        raise Unreadable("enkashDiscount", "at most all of the price")
    custom = bool(config.flag("customAmountEnabled"))
    return Offer(
        need(config.text("productConfigId"), "productConfigId"),
        need(config.money(CURRENCY, "mrp"), "mrp"),
        None if custom else config.money(CURRENCY, "sellRate"),
        percent,
        config.count("maxQuantity") or None,
    )


class CartPrices:
    """Prices read through the user's one cart: a unit goes in, its price comes out, the unit too.

    One visit at a time, and each goes on to its end whoever waits for it: a quantity is always set
    back. One that could not be is set back by the next visit. Nothing is ever bought from the cart.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = asyncio.Lock()
        self._visit: asyncio.Task[Offer] | None = None
        self._left: dict[str, tuple[str, int]] = {}

    async def priced(self, sku: str, offer: Offer) -> Offer:
        """The offer at the cart's price; Rejected or Unavailable as a quote."""
        await self._lock.acquire()
        self._visit = asyncio.get_running_loop().create_task(self._visited(sku, offer))
        self._visit.add_done_callback(self._done)
        return await asyncio.shield(self._visit)

    async def close(self) -> None:
        """Let a visit under way put its unit back."""
        if self._visit is not None and not self._visit.done():
            await asyncio.wait({self._visit}, timeout=LAST_WORDS_SECONDS)
            self._visit.cancel()

    def _done(self, visit: asyncio.Task[Offer]) -> None:
        self._lock.release()
        if not visit.cancelled():
            visit.exception()  # whoever waited has it, or nobody wants it any more

    async def _visited(self, sku: str, offer: Offer) -> Offer:
        for config_id, (of, quantity) in list(self._left.items()):
            await self._set(of, config_id, quantity)
        reply = await self._provider.transport.get("cart", CART, params=VOUCHERS)
        before = self._provider.read(reply, lambda body: _quantity(body, sku, offer.config_id))
        sent = _items(sku, offer.config_id, 1)
        self._left[offer.config_id] = (sku, before)
        try:
            # Adding adds up: it must never be repeated by itself, as a read would be.
            reply = await self._provider.transport.post(
                "cart", CART, params=VOUCHERS, headers=BROWSER, json=sent, effect=True
            )
            return self._provider.quoted(reply, lambda body: _in_cart(body, sku, offer))
        except OutcomeUnknown:
            pass
        finally:
            await self._set(sku, offer.config_id, before)
        name = self._provider.name
        raise Unavailable(f"{name}: no answer of the cart", provider=name, reason=Reason.TIMEOUT)

    async def _set(self, sku: str, config_id: str, quantity: int) -> None:
        """Set a quantity; noted for the next visit where that fails."""
        try:
            with asked_by(Asker.WORKER):  # whoever wanted the price may be out of time by now
                reply = await self._provider.transport.request(
                    "PATCH",
                    "cart",
                    CART,
                    params=VOUCHERS,
                    headers=BROWSER,
                    body=encode(_items(sku, config_id, quantity)),
                )
            self._provider.read(reply, many)
        except ProviderError as error:
            cause = type(error).__name__
            log.warning("provider.cart_not_set_back", provider=self._provider.name, cause=cause)
        else:
            self._left.pop(config_id, None)


def _items(sku: str, config_id: str, quantity: int) -> dict[str, Any]:
    items = {config_id: {"quantity": quantity, "description": ""}}
    return {"productCatalogId": sku, "items": items}


def _config(body: Any, sku: str, config_id: str) -> Fields | None:
    """The config among the cart's items."""
    entry = next((row for row in many(body) if row.text("productCatalogId") == sku), None)
    items = entry.fields("items") if entry is not None else None
    return items.fields(config_id) if items is not None else None


def _quantity(body: Any, sku: str, config_id: str) -> int:
    config = _config(body, sku, config_id)
    return (config.count("quantity") or 0) if config is not None else 0


def _in_cart(body: Any, sku: str, offer: Offer) -> Offer:
    """The offer at the cart's rate; any amount at the cart's percentage."""
    config = need(_config(body, sku, offer.config_id), "the item added")
    if offer.sell_rate is not None:
        return replace(offer, sell_rate=need(config.money(CURRENCY, "sellRate"), "sellRate"))
    return replace(offer, percent_off=need(config.decimal("enkashDiscount"), "enkashDiscount"))
