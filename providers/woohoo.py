"""Woohoo (Pine Labs): directly, with a token and a signature, or through a reseller's envelope."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote

import structlog

from domain.catalog import Listing
from domain.money import Money
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers import woohoo_answers as wire
from providers.auth import Auth, Basic, BearerToken, Sha512Request
from providers.errors import NotFound, Reason, Rejection, Unavailable
from providers.logins import TwoStep
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
from providers.replies import Reply
from providers.transport import Transport
from providers.units import there
from providers.wire import Fields, Unreadable, need, optional
from providers.woohoo_answers import Counts

log = structlog.get_logger()

DIRECT, RESELLER = "direct", "reseller"
# `orders` and `order` are different words there: a wrong path looks like a bad signature.
PATHS = {
    DIRECT: {
        "categories": "/rest/v3/catalog/categories",
        "products": "/rest/v3/catalog/categories/{}/products",
        "product": "/rest/v3/catalog/products/{}",
        "order": "/rest/v3/orders/{}",
        "status": "/rest/v3/order/{}/status",
        "cards": "/rest/v3/order/{}/cards/",
        "orders": "/rest/v3/orders",
    },
    RESELLER: {
        "categories": "/giftcard/categories",
        "products": "/giftcard/categories/{}/products",
        "product": "/giftcard/products/{}",
        "order": "/giftcard/order/details/{}",
        "status": "/giftcard/order/status/{}",
        "cards": "/giftcard/order/cards/{}",
        "orders": "/giftcard/orders",
        "balance": "/giftcard/balance",
    },
}
PAGE = 500  # the most that they give at once
ORDERS_PAGE = 100
DETAILS_AT_ONCE = 8
LAST_PAGE = 200  # a list that never ends is a fault
NOT_YET, GONE = 409, 410
ADDRESS = (
    "firstname",
    "email",
    "telephone",
    "line1",
    "city",
    "region",
    "country",
    "postcode",
)


def codes(*numbers: int) -> frozenset[str]:
    """Their codes are numbers, here and there as text."""
    return frozenset(map(str, numbers))


class Woohoo(Provider):
    """Quirks: nearly every business error is a 400; cards are asked by their id, not by ours."""

    name = "woohoo"
    display_name = "Woohoo"
    capabilities = frozenset(
        {
            Capability.REFERENCE_LOOKUP,
            Capability.BATCH_STATUS,
            Capability.QUOTE,
            Capability.CANCEL,
            Capability.RESEND,
        }
    )
    fields = (
        Field(
            "profile",
            required=False,
            identity=True,
            default=DIRECT,
            choices=(DIRECT, RESELLER),
        ),
        Field("username", identity=True),
        Field("password", secret=True),
        Field("client_id", identity=True, only_with=("profile", DIRECT)),
        Field("client_secret", secret=True, only_with=("profile", DIRECT)),
        Field("org_code", required=False, login=False),
        *(Field(f"address_{part}", required=False, login=False) for part in ADDRESS),
    )
    timeout = timedelta(seconds=40)
    rate_per_minute = 300
    settling = timedelta(seconds=120)
    sandbox_hosts = frozenset({"sandbox.woohoo.in"})

    STATUSES: ClassVar[Mapping[str, OrderStatus]] = {
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
    REJECTIONS: ClassVar[Mapping[str, Rejection]] = {
        "400": Rejection.INVALID_INPUT,
        **dict.fromkeys(codes(1303, 5306, 5308, 5310, 6652), Rejection.PRODUCT_UNAVAILABLE),
        **dict.fromkeys(codes(5307, 5318), Rejection.DENOMINATION_NOT_OFFERED),
        **dict.fromkeys(codes(11151, 11152, 11159), Rejection.QUANTITY_TOO_LARGE),
        **dict.fromkeys(codes(11135, 11136, 11137, 11138), Rejection.OUT_OF_STOCK),
        "5038": Rejection.PROVIDER_BALANCE_LOW,
        # Delivery mode, payment, address, combinations, reference, reversal, limits and blocks.
        **dict.fromkeys(
            codes(4201, 5035, 5036, 5080, 5311, 5312, 5315, 5316, 5317, 5321, 5322, 5326, 5328)
            | codes(5329, 5330, 5334, 5342, 5352, 11133)
            | codes(*range(10466, 10471), *range(10910, 10915), *range(11139, 11147)),
            Rejection.PROVIDER_REJECTED,
        ),
    }
    DUPLICATES = codes(5002, 5313)
    NOT_ACCEPTED = codes(401, 403, 429) | {"token_rejected", "signature_invalid"}
    # 5320 is "order not available", but one test list has it for a missing denomination.
    UNCERTAIN = codes(500, 5320, 6053, 8221)
    NOT_FOUND = codes(404, 1303, 5306, 5310, 5320, 5329, 5330, 6652, 11429)
    NO_ORDER = codes(5320)  # an archived order (11429) was placed: it is not missing
    REASONS: ClassVar[Mapping[str, Reason]] = {
        **dict.fromkeys(NOT_ACCEPTED, Reason.CREDENTIALS),
        "429": Reason.RATE_LIMITED,
    }

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._profile = profile_of(configuration)
        self._shelves: dict[str, tuple[str, ...]] = {}

    @classmethod
    def auth(cls, configuration: Configuration, store: TokenStore) -> tuple[Auth, ...]:
        username, password = configuration["username"], Secret(configuration["password"])
        if profile_of(configuration) == RESELLER:
            return (Basic(username, password),)
        secret = Secret(configuration["client_secret"])
        login = TwoStep(cls.name, configuration["client_id"], secret, username, password)
        token = BearerToken(cls.name, store, login, rejected=cls._token_refused)
        return (token, Sha512Request(secret))

    @classmethod
    def refusal(cls, reply: Reply) -> str | None:
        return wire.refusal(reply)

    @classmethod
    def _token_refused(cls, reply: Reply) -> bool:
        return reply.status == 401 and cls.refusal(reply) != "signature_invalid"

    async def order(self, provider_order_id: str) -> ProviderOrder:
        reply = await self._get("order", "order", self._id(provider_order_id))
        return self.read(reply, lambda body: self._read_order(body, provider_order_id))

    async def find(self, reference: str) -> ProviderOrder | None:
        """Status by our reference, then the details: the status alone states no line."""
        reply = await self._get("find", "status", reference)
        code = self.refusal(reply)
        if code in self.NO_ORDER:
            return None
        if code in self.NOT_FOUND:
            raise Unavailable(
                "it did not answer about the order",
                provider=self.name,
                reason=Reason.FAULT,
                code=code,
            )
        known = self.read(reply, lambda body: self._read_status(body, reference))
        try:
            order = await self.order(known.provider_order_id)
        except NotFound:
            return ProviderOrder(known)
        return replace(order, reading=replace(order.reading, reference=reference))

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        found: list[IssuedVoucher | None] = []
        for _ in range(LAST_PAGE):
            page = {"offset": str(len(found)), "limit": str(PAGE)}
            reply = await self._get("vouchers", "cards", self._id(key.provider_order_id), page)
            status = wire.status_of(reply)
            if status in (NOT_YET, GONE):
                break
            if status == 400 and self.refusal(reply) in ("400", ""):
                raise NotFound("no such order there", provider=self.name, code="400")
            units, total = self.read(reply, wire.cards)
            found.extend(units)
            if not units or len(found) >= total:
                break
        return there(found)

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if not keys:
            return {}
        if len(keys) == 1:
            key = keys[0]
            return {key.provider_order_id: (await self.order(key.provider_order_id)).reading}
        page = {"offset": "0", "limit": str(ORDERS_PAGE)}
        reply = await self._get("orders", "orders", None, page)
        rows = self.read(reply, self._read_rows)
        # The id of the path and that of the body differ here and there; our reference does not.
        by_reference = {row.reference: row for row in rows if row.reference}
        found = {row.provider_order_id: row for row in rows}
        matched = {
            key.provider_order_id: found.get(key.provider_order_id)
            or by_reference.get(key.reference or "")
            for key in keys
        }
        return {asked: row for asked, row in matched.items() if row is not None}

    async def catalog(self) -> AsyncIterator[Listing]:
        names = self.read(await self._get("catalog", "categories"), wire.categories)
        shelves: dict[str, list[str]] = {}
        for category, name in names.items():
            for sku in await self._skus(category):
                shelves.setdefault(sku, []).extend([name] if name else [])
        self._shelves = {sku: tuple(dict.fromkeys(found)) for sku, found in shelves.items()}
        skus = list(shelves)
        for start in range(0, len(skus), DETAILS_AT_ONCE):
            part = skus[start : start + DETAILS_AT_ONCE]
            for listing in await asyncio.gather(*map(self._listing, part)):
                if listing is not None:
                    yield listing

    async def product(self, sku: str) -> Listing:
        if not sku.strip("."):  # a path of dots would be another path
            raise NotFound("no such product there", provider=self.name)
        reply = await self._get("product", "product", sku)
        listing = self.read(reply, wire.listing)
        if listing.sku != sku:
            raise NotFound("no such product there", provider=self.name)
        return replace(listing, categories=self._shelves.get(sku, ()))

    async def balances(self) -> tuple[Money, ...]:
        if self._profile == DIRECT:
            return await super().balances()
        return (self.read(await self._get("balance", "balance"), wire.balance),)

    async def _skus(self, category: str) -> list[str]:
        """The SKUs of one category; none when it is gone meanwhile."""
        found: list[str] = []
        for _ in range(LAST_PAGE):
            page = {"offset": str(len(found)), "limit": str(PAGE)}
            reply = await self._get("catalog", "products", category, page)
            if self.refusal(reply) in self.NOT_FOUND:
                break
            skus, total = self.read(reply, wire.products)
            found.extend(skus)
            if not skus or len(found) >= total:
                break
        return found

    async def _listing(self, sku: str) -> Listing | None:
        """One product, or None when its own details are missing or broken."""
        try:
            return await self.product(sku)
        except NotFound:
            return None
        except Unavailable as error:
            if error.reason is not Reason.UNREADABLE:
                raise
        log.warning("provider.product_skipped", provider=self.name, sku=sku[:40])
        return None

    async def _get(
        self,
        purpose: str,
        what: str,
        key: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        path = PATHS[self._profile][what].format(quote(key or "", safe=""))
        headers = {"Content-Type": "application/json", "Accept": "*/*"}
        return await self.transport.get(purpose, path, params=params, headers=headers)

    def _id(self, text: str) -> str:
        """Their ids are letters and digits; anything else would be another path."""
        if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
            raise NotFound("no such order there", provider=self.name)
        return text

    def _read_order(self, body: Any, asked: str) -> ProviderOrder:
        row = Fields.of(wire.unwrapped(body))
        if "orderId" not in row and "status" not in row:
            raise Unreadable("the body", "an order")
        lines = row.each("products")
        units = sum(line.count("qty") or 0 for line in lines)
        return ProviderOrder(
            self._reading(row, asked, units),
            product_name=optional(lines[0].text, "name") if lines else None,
            face_value=optional(wire.face_value, row, lines),
            charged=optional(wire.charged, row),
            placed_at=optional(row.instant, "date"),
        )

    def _read_status(self, body: Any, reference: str) -> Reading:
        reading = self._reading(Fields.of(wire.unwrapped(body)), None, 0)
        if reading.reference not in (None, reference):
            raise Unreadable("refno", "what was asked for")
        return replace(reading, reference=reference)

    def _read_rows(self, body: Any) -> list[Reading]:
        rows = Fields.of(wire.unwrapped(body)).each("orders")
        return [self._reading(row, None, 0) for row in rows]

    def _reading(self, row: Fields, asked: str | None, units: int) -> Reading:
        raw = optional(row.text, "status") or ""
        stated = optional(row.count, "totalQty", "totalQtyOrdered")
        quantity = stated or units or None
        counted = optional(wire.counts, row, quantity)
        word, final = self._judged(raw, counted)
        return Reading(
            need(row.text("orderId") or asked, "orderId"),
            raw,
            word,
            final,
            reference=row.text("refno", "refNo"),
            quantity=quantity,
            delivered=counted.success if counted else None,
        )

    def _judged(self, raw: str, counted: Counts | None) -> tuple[OrderStatus, bool]:
        """The word, and whether it is the last one: counted cards say more than it does."""
        word = self.status(raw)
        if word is OrderStatus.PROCESSING and raw.strip().upper() not in self.STATUSES:
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


def profile_of(configuration: Configuration) -> str:
    """Which of the two ways to Woohoo is configured."""
    return configuration["profile"] or DIRECT
