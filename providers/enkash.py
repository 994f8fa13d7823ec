"""EnKash redemption: rupees, failures with HTTP 200 told apart by their text, no cart bought from.

Order details are asked by our reference in a field called orderId; EnKash's own id is tried there
when we do not know the reference.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from domain.carts import Item, Quote, Recipient
from domain.catalog import Listing
from domain.money import Money
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers.answers import endless
from providers.auth import Auth, BearerToken, basic
from providers.enkash_answers import (
    CURRENCY,
    NO_FILTER,
    config_path,
    counted,
    day_before,
    each_of,
    failure,
    listing_of,
    many,
    one,
    placed_between,
    succeeded,
    units_of,
)
from providers.enkash_buying import CartPrices, body_of, offer_of
from providers.errors import NotFound, Reason, Rejection
from providers.logins import PasswordGrant
from providers.port import (
    ENDED,
    Configuration,
    Field,
    OrderKey,
    Provider,
    ProviderOrder,
    Reading,
    TokenStore,
)
from providers.replies import Reply, encode
from providers.transport import Transport
from providers.wire import Fields, Unreadable, need

log = structlog.get_logger()

PAGE = 100
MOST_PAGES = 1_000  # a server that pages for ever is stopped
DETAILS_AT_ONCE = 8
MOVING = frozenset({"PENDING", "IN_PROGRESS", "PROCESSING"})


class EnKash(Provider):
    """Quirks: paylod for payload, response_code as text or number, one id in three names."""

    name = "enkash"
    display_name = "EnKash"
    capabilities = frozenset(
        {
            Capability.REFERENCE_LOOKUP,
            Capability.BATCH_STATUS,
            Capability.QUOTE,
            Capability.BALANCE,
        }
    )
    fields = (
        Field("client_id", identity=True),
        Field("client_secret", secret=True),
        Field("username", identity=True),
        Field("password", secret=True),
        Field("quote", required=False, login=False, default="configs", choices=("configs", "cart")),
    )
    timeout = timedelta(seconds=30)
    rate_per_minute = 300
    settling = timedelta(seconds=120)
    sandbox_hosts = frozenset({"marketplace-uat.enkash.in"})

    STATUSES: ClassVar[Mapping[str, OrderStatus]] = {
        "CREATED": OrderStatus.PENDING,
        "INITIATED": OrderStatus.PENDING,
        **dict.fromkeys(MOVING, OrderStatus.PENDING),  # until paid
        "SUCCESS": OrderStatus.DELIVERED,  # as far as units are there
        "PARTIAL_SUCCESS": OrderStatus.PARTIALLY_DELIVERED,
        "FAILED": OrderStatus.FAILED,
        "FAILURE": OrderStatus.FAILED,
        "CANCELLED": OrderStatus.CANCELLED,
        "REFUNDED": OrderStatus.CANCELLED,
    }
    REJECTIONS: ClassVar[Mapping[str, Rejection]] = {
        "invalid_request": Rejection.INVALID_INPUT,
        "not_found": Rejection.PRODUCT_UNAVAILABLE,
        "out_of_stock": Rejection.OUT_OF_STOCK,
        "insufficient_balance": Rejection.PROVIDER_BALANCE_LOW,
        "denomination": Rejection.DENOMINATION_NOT_OFFERED,
        "quantity": Rejection.QUANTITY_TOO_LARGE,
    }
    DUPLICATES = frozenset({"duplicate"})
    NOT_ACCEPTED = frozenset({"unauthorized", "rate_limited"})
    UNCERTAIN = frozenset({"uncertain"})
    NOT_FOUND = frozenset({"not_found", "missing"})
    REASONS: ClassVar[Mapping[str, Reason]] = {
        "unauthorized": Reason.CREDENTIALS,
        "rate_limited": Reason.RATE_LIMITED,
    }

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._cart = CartPrices(self)

    async def close(self) -> None:
        await self._cart.close()
        await super().close()

    @classmethod
    def auth(cls, configuration: Configuration, store: TokenStore) -> tuple[Auth, ...]:
        client_id = configuration["client_id"]
        login = PasswordGrant(
            cls.name,
            "/oauth/token",
            client_id,
            basic(client_id, Secret(configuration["client_secret"])),
            configuration["username"],
            Secret(configuration["password"]),
        )
        return (BearerToken(cls.name, store, login),)

    @classmethod
    def refusal(cls, reply: Reply) -> str | None:
        """By status where that is plain, else by the failure's text in our own short words."""
        if reply.status == 401:
            return "unauthorized"
        if reply.status == 429:
            return "rate_limited"
        body = reply.body
        if not isinstance(body, dict):
            return None if reply.status == 200 else ""
        if reply.status >= 500 or 300 <= reply.status < 400:
            return ""
        if reply.status < 300 and succeeded(body):
            return None
        return failure(body, reply.status)

    async def order(self, provider_order_id: str) -> ProviderOrder:
        return await self._details("order", provider_order_id)

    async def find(self, reference: str) -> ProviderOrder | None:
        try:
            return await self._details("find", reference, reference)
        except NotFound:
            return None

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        order = await self._details("vouchers", key.reference or key.provider_order_id)
        return order.vouchers or ()

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if not keys:
            return {}
        if len(keys) == 1:
            key = keys[0]
            order = await self._details("status", key.reference or key.provider_order_id)
            return {key.provider_order_id: order.reading}
        reply = await self.transport.post(
            "orders",
            "/api/v0/partner/search-order",
            params={"limit": str(PAGE), "offset": "0"},
            json={**NO_FILTER, "direction": "DESC", **placed_between(keys)},
        )
        wanted = {key.provider_order_id for key in keys}
        listed = self.read(
            reply,
            lambda body: [
                self._reading(row)
                for row in many(body)
                if need(row.text("orderId"), "orderId") in wanted
            ],
        )
        return {row.provider_order_id: row for row in listed}

    async def catalog(self) -> AsyncIterator[Listing]:
        seen: set[str] = set()
        offset = 0
        while True:
            reply = await self.transport.post(
                "catalog",
                "/api/v0/partner/search-catalog",
                params={"limit": str(PAGE), "offset": str(offset)},
                json={"brand": [], "category": [], "aggregator": "", "searchText": ""},
            )
            skus = self.read(
                reply, lambda body: [row.text("productCatalogId") for row in many(body)]
            )
            fresh = [sku for sku in dict.fromkeys(skus) if sku and sku not in seen]
            seen.update(fresh)
            offset += len(skus)
            for start in range(0, len(fresh), DETAILS_AT_ONCE):
                part = fresh[start : start + DETAILS_AT_ONCE]
                for listing in await asyncio.gather(*(self.listing(sku) for sku in part)):
                    if listing is not None:
                        yield listing
            if len(skus) < PAGE or not fresh:
                return

    async def product(self, sku: str) -> Listing:
        return self.read(await self.transport.get("product", config_path(sku)), listing_of)

    def render(self, reference: str, item: Item, recipient: Recipient | None) -> bytes:
        return encode(body_of(self.name, reference, item))

    async def place(self, reference: str, body: bytes) -> ProviderOrder:
        reply = await self.transport.post(
            "place", "/api/v0/partner/create-order", content=body, effect=True
        )
        return self.placed(reply, lambda answered: self._order(one(answered), reference))

    async def quote(self, item: Item) -> Quote:
        """By the product's config, or at the price that the cart shows for that config."""
        reply = await self.transport.get("quote", config_path(item.sku))
        offer = self.quoted(reply, lambda body: offer_of(self.name, body, item))
        if self.configuration["quote"] == "cart":
            offer = await self._cart.priced(item.sku, offer)
        return offer.quote(item)

    async def orders(self, since: datetime) -> AsyncIterator[ProviderOrder]:
        """Rows tell no time: those of the day before may be among them. Vouchers aside, as told."""
        seen: set[str] = set()
        filters = {**NO_FILTER, "direction": "DESC", "createdOnFrom": day_before(since)}
        for page in range(MOST_PAGES):
            reply = await self.transport.post(
                "orders",
                "/api/v0/partner/search-order",
                params={"limit": str(PAGE), "offset": str(page * PAGE)},
                json=filters,
            )
            rows = self.read(reply, lambda body: [self._order(row, None) for row in many(body)])
            for row in rows:
                # New orders push old ones onto the next page.
                if row.reading.provider_order_id not in seen:
                    seen.add(row.reading.provider_order_id)
                    yield row
            if len(rows) < PAGE:
                return
        raise endless(self.name)

    async def balances(self) -> tuple[Money, ...]:
        reply = await self.transport.get("balance", "/api/v0/partner/points/balance")
        balance = self.read(
            reply, lambda body: need(one(body).money(CURRENCY, "otbBalance"), "otbBalance")
        )
        return (balance,)

    async def _details(
        self, operation: str, asked: str, reference: str | None = None
    ) -> ProviderOrder:
        reply = await self.transport.post(
            operation, "/api/v0/order/orderDetails", json={"orderId": asked}
        )
        return self.read(reply, lambda body: self._order(one(body), reference))

    def _order(self, row: Fields, reference: str | None) -> ProviderOrder:
        reading = self._reading(row)
        if reference is not None and reading.reference not in (None, reference):
            raise Unreadable("partnerOrderReferenceId", "what was asked for")
        total = row.money(CURRENCY, "totalAmount")
        return ProviderOrder(
            reading,
            face_value=each_of(total, reading.quantity),
            charged=row.money(CURRENCY, "paidAmount", "orderAmount"),
            vouchers=units_of(row) if "voucherDetailsList" in row else None,
        )

    def _reading(self, row: Fields) -> Reading:
        """Units count before the word; a row of the list does not count them."""
        raw = (row.text("orderStatus") or "").upper()
        quantity = row.count("totalQuantity")
        units = len(units_of(row)) if "voucherDetailsList" in row else None
        word = self.status(raw)
        if raw in MOVING and (row.text("paymentStatus") or "").upper() == "SUCCESS":
            word = OrderStatus.PROCESSING
        elif raw in ("SUCCESS", "PARTIAL_SUCCESS") and units is not None:
            word = counted(word, units, quantity)
        final = word in ENDED
        if units is None:
            final = final and word is not OrderStatus.DELIVERED
        elif word is OrderStatus.PARTIALLY_DELIVERED:
            final = raw == "PARTIAL_SUCCESS"
        return Reading(
            need(row.text("orderId"), "orderId"),
            raw,
            word,
            final,
            reference=row.text("partnerOrderReferenceId"),
            quantity=quantity,
            delivered=units,
        )
