"""Woohoo (Pine Labs): directly, with a token and a signature, or through a reseller's envelope."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from domain.carts import Item, Quote, Recipient
from domain.catalog import Listing
from domain.money import Money
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers import woohoo_answers as wire
from providers import woohoo_buying as buying
from providers import woohoo_codes as codes
from providers import woohoo_orders as their_orders
from providers.answers import endless
from providers.auth import Auth, Basic, BearerToken, Sha512Request
from providers.errors import NotFound, Reason, Rejected, Rejection, Unavailable
from providers.logins import TwoStep
from providers.port import (
    Configuration,
    Field,
    OrderKey,
    Provider,
    ProviderOrder,
    Reading,
    TokenStore,
)
from providers.quotes import Terms, quoted, rejected
from providers.replies import Reply
from providers.transport import Transport
from providers.units import there
from providers.wire import Fields
from providers.woohoo_codes import DIRECT, PATHS, RESELLER

__all__ = ["DIRECT", "PATHS", "RESELLER", "Woohoo"]

log = structlog.get_logger()

T = TypeVar("T")
Product = tuple[Listing, Decimal]  # and our discount, in percent

PAGE = 500  # the most that they give at once
ORDERS_PAGE = 100
DETAILS_AT_ONCE = 8
HEADERS = {"Content-Type": "application/json", "Accept": "*/*"}
LAST_PAGE = 200  # a list that never ends is a fault


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
        Field("org_code", required=False, login=False, pattern="[A-Z0-9]{2,8}", example="ACME"),
        *(Field(f"address_{part}", required=False, login=False) for part in buying.ADDRESS),
    )
    timeout = timedelta(seconds=40)
    rate_per_minute = 300
    settling = timedelta(seconds=120)
    sandbox_hosts = frozenset({"sandbox.woohoo.in"})

    STATUSES = their_orders.STATUSES
    REJECTIONS = codes.REJECTIONS
    DUPLICATES = codes.DUPLICATES
    NOT_ACCEPTED = codes.NOT_ACCEPTED
    UNCERTAIN = codes.UNCERTAIN
    NOT_FOUND = codes.NOT_FOUND
    NO_ORDER = codes.NO_ORDER
    REASONS = codes.REASONS

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
        return self.read(
            reply, lambda body: their_orders.order(body, self.status, provider_order_id)
        )

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
        known = self.read(reply, lambda body: their_orders.status(body, self.status, reference))
        try:
            order = await self.order(known.provider_order_id)
        except NotFound:
            return ProviderOrder(known)
        return replace(order, reading=replace(order.reading, reference=reference))

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        return there(await self._cards(key, wire.cards))

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if not keys:
            return {}
        if len(keys) == 1:
            key = keys[0]
            return {key.provider_order_id: (await self.order(key.provider_order_id)).reading}
        ids = {key.provider_order_id for key in keys}
        references = {key.reference for key in keys if key.reference}
        page = {"offset": "0", "limit": str(ORDERS_PAGE)}
        reply = await self._get("orders", "orders", None, page)
        rows = self.read(
            reply, lambda body: their_orders.readings(body, self.status, ids, references)
        )
        # The id of the path and that of the body differ here and there; our reference does not.
        by_reference = {row.reference: row for row in rows if row.reference}
        found = {row.provider_order_id: row for row in rows}
        matched = {
            key.provider_order_id: found.get(key.provider_order_id)
            or by_reference.get(key.reference or "")
            for key in keys
        }
        return {asked: row for asked, row in matched.items() if row is not None}

    @property
    def reference_prefix(self) -> str | None:
        """Woohoo wants references to begin with the organization's code."""
        return self.configuration["org_code"] or None

    def render(self, reference: str, item: Item, recipient: Recipient | None) -> bytes:
        """Quirk: the signature covers the body in its canonical form, so that is what is made."""
        parts = {part: self.configuration[f"address_{part}"] for part in buying.ADDRESS}
        return buying.body(self.name, reference, item, parts, recipient)

    async def place(self, reference: str, body: bytes) -> ProviderOrder:
        reply = await self._post("place", "place", body)
        return self.placed(reply, lambda told: their_orders.placed(told, self.status, reference))

    async def quote(self, item: Item) -> Quote:
        """Directly by a dry run; else, or where that names no total, from the product."""
        if self._profile == DIRECT:
            body = self.render(buying.trial(self.configuration["org_code"]), item, None)
            reply = await self._post("quote", "quote", body, effect=False)
            if (told := self.quoted(reply, buying.quote)) is not None:
                return told
        try:
            listing, off = await self._product("quote", item.sku, self.quoted)
        except NotFound as error:
            raise rejected(
                self.name, Rejection.PRODUCT_UNAVAILABLE, "no such product there", error.code
            ) from None
        return quoted(self.name, item, listing, Terms(listing.currency, off))

    async def cancel(self, key: OrderKey, body: bytes) -> bool:
        """Quirk: a reversal is asked for with the body of the place, and confirmed by a reading."""
        reference = buying.reference_in(body)
        if reference is None:
            raise self._refused("it was not placed from here")
        reply = await self._post("cancel", "cancel", body)
        code = self.refusal(reply)
        if code in codes.CANCELLING:
            return False
        if code in self.NOT_FOUND:
            raise self._refused("there is nothing to cancel", code)
        done = wire.status_of(reply)
        return self.placed(
            reply, lambda told: their_orders.cancelled(told, self.status, reference, done)
        )

    async def resend(self, key: OrderKey) -> None:
        """Quirk: only mailed orders are sent again, and their PINs may change then."""
        try:
            reply = await self._get("order", "order", self._id(key.provider_order_id))
            if self.read(reply, wire.delivery_mode) == "API":
                raise self._refused("an order in API mode is not sent; its cards can be read")
            cards = await self._cards(key, wire.card_ids)
        except NotFound as error:
            raise self._refused("there is no such order", error.code) from None
        if not cards:
            raise self._refused("no card is there yet")
        body = buying.again(cards)
        reply = await self._post("resend", "resend", body, key=key.provider_order_id)
        if (code := self.refusal(reply)) in self.NOT_FOUND:
            raise self._refused("there is no such order", code)
        self.placed(reply, Fields.of)

    async def orders(self, since: datetime) -> AsyncIterator[ProviderOrder]:
        """Until a page holds only older ones: the list begins with the newest."""
        second = since.replace(microsecond=0)  # theirs have no parts of it
        seen: set[str] = set()
        offset, past = 0, False
        for _ in range(LAST_PAGE):
            rows, total = await self._listed(offset)
            offset += len(rows)
            fresh = [row for row in rows if row.reading.provider_order_id not in seen]
            seen.update(row.reading.provider_order_id for row in fresh)
            young = [row for row in fresh if row.placed_at is None or row.placed_at >= second]
            for row in young:
                yield row
            past = past or len(young) < len(fresh)
            whole = not rows or (total is not None and offset >= total)
            if whole or (past and not young):
                return
            if not fresh:  # the same page again, and it does not reach back far enough
                break
        raise endless(self.name)

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
            for listing in await asyncio.gather(*map(self.listing, part)):
                if listing is not None:
                    yield listing

    async def product(self, sku: str) -> Listing:
        listing, _ = await self._product("product", sku, self.read)
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

    async def _product(
        self, purpose: str, sku: str, read: Callable[[Reply, Callable[[Any], Product]], Product]
    ) -> Product:
        """A product and our discount, with the errors of a read or of a quote."""
        if not sku.strip("."):  # a path of dots would be another path
            raise NotFound("no such product there", provider=self.name)
        reply = await self._get(purpose, "product", sku)
        listing, off = read(reply, lambda body: (wire.listing(body), wire.discount(body)))
        if listing.sku != sku:
            raise NotFound("no such product there", provider=self.name)
        return listing, off

    async def _cards(self, key: OrderKey, parse: Callable[[Any], tuple[list[T], int]]) -> list[T]:
        """Something of every card, page by page; nothing while there are none."""
        found: list[T] = []
        for _ in range(LAST_PAGE):
            page = {"offset": str(len(found)), "limit": str(PAGE)}
            reply = await self._get("vouchers", "cards", self._id(key.provider_order_id), page)
            status = wire.status_of(reply)
            if status in (codes.NOT_YET, codes.GONE):
                break
            if status == 400 and self.refusal(reply) in codes.NO_CARDS:
                raise NotFound("no such order there", provider=self.name, code="400")
            units, total = self.read(reply, parse)
            found.extend(units)
            if not units or len(found) >= total:
                break
        return found

    async def _listed(self, offset: int) -> tuple[list[ProviderOrder], int | None]:
        page = {"offset": str(offset), "limit": str(ORDERS_PAGE)}
        reply = await self._get("orders", "orders", None, page)
        return self.read(reply, lambda body: their_orders.listed(body, self.status))

    def _refused(self, text: str, code: str | None = None) -> Rejected:
        return rejected(self.name, Rejection.PROVIDER_REJECTED, text, code)

    async def _get(
        self,
        purpose: str,
        what: str,
        key: str | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        path = PATHS[self._profile][what].format(quote(key or "", safe=""))
        return await self.transport.get(purpose, path, params=params, headers=HEADERS)

    async def _post(
        self, purpose: str, what: str, body: bytes, *, key: str = "", effect: bool = True
    ) -> Reply:
        path = PATHS[self._profile][what].format(quote(key, safe=""))
        return await self.transport.post(
            purpose, path, content=body, headers=HEADERS, effect=effect
        )

    def _id(self, text: str) -> str:
        """Their ids are letters and digits; anything else would be another path."""
        if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
            raise NotFound("no such order there", provider=self.name)
        return text


def profile_of(configuration: Configuration) -> str:
    """Which of the two ways to Woohoo is configured."""
    return configuration["profile"] or DIRECT
