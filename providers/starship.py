"""Starship Rewards: an API key, bare JSON, paging in headers, no lookup by our reference.

Its order answer names no currency: that is the product's, looked up once.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

import structlog

from domain.carts import Item, Quote, Recipient
from domain.catalog import Listing
from domain.money import Money
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers.answers import endless
from providers.auth import Auth, StaticHeaders
from providers.errors import NotFound, ProviderError, Reason, Rejected, Rejection
from providers.pacing import Limit
from providers.port import (
    ENDED,
    Configuration,
    Field,
    Hint,
    OrderKey,
    Provider,
    ProviderOrder,
    Reading,
    TokenStore,
)
from providers.quotes import rejected
from providers.replies import Reply, encode
from providers.starship_answers import (
    PRODUCTS,
    currency_of,
    is_number,
    listing_of,
    more_follow,
    units_of,
    wallets,
)
from providers.starship_buying import hint_of, line_of, paid_from, quote_of, why
from providers.transport import Transport
from providers.wire import Fields, Unreadable, need, rows

log = structlog.get_logger()

T = TypeVar("T")
FETCHED = "VENDOR_VOUCHER_FETCHED"
ORDERS_PAGE = 100  # the most it gives
PRODUCTS_PAGE = 500
WALLETS_PAGE = 50
MOST_PAGES = 1_000  # a server that pages for ever is stopped


class Starship(Provider):
    """Quirks: an error is text or an object; a partly delivered order still moves."""

    name = "starship"
    display_name = "Starship Rewards"
    capabilities = frozenset(
        {
            Capability.IDEMPOTENT_PLACE,
            Capability.BATCH_STATUS,
            Capability.QUOTE,
            Capability.BALANCE,
            Capability.WEBHOOK,
        }
    )
    fields = (
        Field("api_key", secret=True, identity=True),
        Field("api_secret", secret=True),
        Field("signing", required=False, login=False, default="off", choices=("on", "off")),
        Field("webhook_secret", secret=True, required=False, login=False),
        Field("wallet_ids", required=False, login=False, example="USD=12,EUR=13"),
    )
    timeout = timedelta(seconds=30)
    rate_per_minute = 200
    limits = (Limit(200, timedelta(minutes=1)), Limit(20, timedelta(seconds=10)))
    single_reads_per_hour = 60
    settling = None
    sandbox_hosts = frozenset({"api-playground.starshiprewards.com"})

    STATUSES: ClassVar[Mapping[str, OrderStatus]] = {
        "PLACED": OrderStatus.PENDING,
        "PENDING": OrderStatus.PENDING,
        "PROCESSING": OrderStatus.PROCESSING,
        "DELIVERED": OrderStatus.DELIVERED,
        "PARTIALLY_DELIVERED": OrderStatus.PARTIALLY_DELIVERED,  # ends delivered or cancelled
        "FAILED": OrderStatus.FAILED,
        "CANCELLED": OrderStatus.CANCELLED,
    }
    REJECTIONS: ClassVar[Mapping[str, Rejection]] = {
        "E_VALIDATION_FAILURE": Rejection.INVALID_INPUT,
        "VALIDATION_FAILURE": Rejection.INVALID_INPUT,
        "INVALID_INPUT": Rejection.INVALID_INPUT,
        "INVALID_STATUS": Rejection.INVALID_INPUT,
        "BAD_REQUEST": Rejection.INVALID_INPUT,
        "SYNTAX_ERROR": Rejection.INVALID_INPUT,
        "RESOURCE_NOT_FOUND": Rejection.PRODUCT_UNAVAILABLE,
        "IDEMPOTENCY_KEY_REQUIRED": Rejection.PROVIDER_REJECTED,
        "IDEMPOTENCY_KEY_TOO_SHORT": Rejection.PROVIDER_REJECTED,
        "IDEMPOTENCY_KEY_TOO_LONG": Rejection.PROVIDER_REJECTED,
        "INSUFFICIENT_BALANCE": Rejection.PROVIDER_BALANCE_LOW,
        "OUT_OF_STOCK": Rejection.OUT_OF_STOCK,
    }
    DUPLICATES = frozenset(
        {"DUPLICATE_REFERENCE", "IDEMPOTENCY_KEY_CONFLICT", "IDEMPOTENCY_IN_PROGRESS"}
    )
    NOT_ACCEPTED = frozenset({"E_UNAUTHORIZED_ACCESS", "UNAUTHORIZED", "RATE_LIMITED"})
    UNCERTAIN = frozenset({"INTERNAL_ERROR", "SERVICE_UNAVAILABLE"})
    NOT_FOUND = frozenset({"NOT_FOUND", "RESOURCE_NOT_FOUND"})
    REASONS: ClassVar[Mapping[str, Reason]] = {
        "E_UNAUTHORIZED_ACCESS": Reason.CREDENTIALS,
        "UNAUTHORIZED": Reason.CREDENTIALS,
        "RATE_LIMITED": Reason.RATE_LIMITED,
    }

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self.wallets = wallets(configuration["wallet_ids"])
        self._currencies: dict[int, str] = {}
        self._product_currencies: dict[int, str] = {}

    @classmethod
    def auth(cls, configuration: Configuration, store: TokenStore) -> tuple[Auth, ...]:
        secret = Secret(configuration["api_secret"])
        headers = {"X-API-Key": Secret(configuration["api_key"]), "X-API-Secret": secret}
        signing = secret if configuration["signing"].lower() == "on" else None
        return (StaticHeaders(headers, signing),)

    @classmethod
    def refusal(cls, reply: Reply) -> str | None:
        """The code of all three shapes of error, in capitals."""
        if 200 <= reply.status < 300:
            return None
        error = reply.body.get("error") if isinstance(reply.body, dict) else None
        code = error.get("code") if isinstance(error, dict) else error
        return code.strip().upper() if isinstance(code, str) else ""

    async def order(self, provider_order_id: str) -> ProviderOrder:
        reply = await self._asked("order", provider_order_id)
        product_id = self.read(reply, lambda body: Fields.of(body).integer("product_id"))
        currency = await self._currency_of(product_id)
        return self.read(reply, lambda body: self._order(Fields.of(body), currency))

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        reply = await self._asked("vouchers", key.provider_order_id)
        return self.read(reply, lambda body: units_of(Fields.of(body)))

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if not keys:
            return {}
        if len(keys) == 1:
            key = keys[0].provider_order_id
            reply = await self._asked("status", key)
            return {key: self.read(reply, lambda body: self._reading(Fields.of(body)))}
        params = {"page": "1", "limit": str(ORDERS_PAGE)}
        reply = await self.transport.get("orders", "/api/v1/orders", params=params)
        wanted = {key.provider_order_id for key in keys}
        listed = self.read(
            reply,
            lambda body: [
                self._reading(row) for row in rows(body) if need(row.text("id"), "id") in wanted
            ],
        )
        return {row.provider_order_id: row for row in listed}

    async def catalog(self) -> AsyncIterator[Listing]:
        await self._read_currencies()
        pages = self._pages("catalog", PRODUCTS, PRODUCTS_PAGE, self._listed)
        async for page in pages:
            for listing in page:
                if listing is not None:
                    yield listing

    async def product(self, sku: str) -> Listing:
        path = f"{PRODUCTS}/{self._number(sku)}"
        if not self._currencies:
            await self._read_currencies()
        reply = await self.transport.get("product", path)
        return self.read(reply, lambda body: self._listing(Fields.of(body)))

    def render(self, reference: str, item: Item, recipient: Recipient | None) -> bytes:
        """With the wallet it will be paid from, when we name one."""
        if not is_number(item.sku):
            raise rejected(self.name, Rejection.INVALID_INPUT, "ids are numbers there")
        _, wallet_id = self._wallet_for(item)
        line = line_of(self, item, wallet_id)
        return encode({**line, "product_id": int(item.sku), "ref": reference})

    async def place(self, reference: str, body: bytes) -> ProviderOrder:
        """The first answer again for the same reference and body; the order may be further now."""
        headers = {"Idempotency-Key": reference}
        reply = await self.transport.post(
            "place", "/api/v1/orders", content=body, headers=headers, effect=True
        )
        return self.placed(
            reply, lambda answered: self._accepted(Fields.of(answered), reference, body)
        )

    async def quote(self, item: Item) -> Quote:
        if not is_number(item.sku):
            raise rejected(self.name, Rejection.PRODUCT_UNAVAILABLE, "ids are numbers there")
        currency, wallet_id = self._wallet_for(item)
        line = line_of(self, item, wallet_id)
        reply = await self.transport.post("quote", f"{PRODUCTS}/{item.sku}/charges", json=line)
        try:
            return self.quoted(reply, lambda body: quote_of(self, Fields.of(body), item, currency))
        except Rejected as refusal:
            rejection = await why(self, item, refusal.rejection)
            raise rejected(self.name, rejection, "it is not sold so", refusal.code) from None

    async def orders(self, since: datetime) -> AsyncIterator[ProviderOrder]:
        """Until a whole page is older; vouchers aside, as told."""
        seen: set[str] = set()
        async for page in self._pages("orders", "/api/v1/orders", ORDERS_PAGE, self._listed_order):
            recent = [order for order in page if not order.placed_at or order.placed_at >= since]
            for order in recent:
                # New orders push old ones onto the next page.
                if order.reading.provider_order_id not in seen:
                    seen.add(order.reading.provider_order_id)
                    yield order
            if not recent:
                return

    def webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Rejected's code tells why: `stale`, `signature`, or `unreadable` though well signed."""
        secret = self.configuration["webhook_secret"]
        if not secret:
            return super().webhook(headers, body)
        return hint_of(self, secret, headers, body, time.time())

    async def balances(self) -> tuple[Money, ...]:
        """Prepaid wallets; the configured ones where some are."""
        if not self._currencies:
            await self._read_currencies()
        totals: dict[str, Money] = {}
        async for page in self._pages("balance", "/api/v1/wallets", WALLETS_PAGE, self._balance):
            for money in page:
                if money is not None:
                    known = totals.get(money.currency)
                    totals[money.currency] = known + money if known else money
        return tuple(totals.values())

    async def _asked(self, operation: str, order_id: str) -> Reply:
        return await self.transport.get(operation, f"/api/v1/orders/{self._number(order_id)}")

    def _number(self, key: str) -> str:
        """Ids there are positive integers; nothing else can exist."""
        if not is_number(key):
            raise NotFound(f"{self.name}: ids are numbers there", provider=self.name)
        return key

    async def _pages(
        self, operation: str, path: str, limit: int, parse: Callable[[Fields], T]
    ) -> AsyncIterator[list[T]]:
        for page in range(1, MOST_PAGES + 1):
            params = {"page": str(page), "limit": str(limit)}
            reply = await self.transport.get(operation, path, params=params)
            found = self.read(reply, lambda body: [parse(row) for row in rows(body)])
            yield found
            if not found or not more_follow(reply, page, full=len(found) >= limit):
                return
        raise endless(self.name)

    async def _read_currencies(self) -> None:
        async for page in self._pages("catalog", "/api/v1/currencies", PRODUCTS_PAGE, currency_of):
            self._currencies.update(page)

    async def _currency_of(self, product_id: int | None) -> str | None:
        """The currency of a product, read once; None when it cannot be had now."""
        if product_id is None:
            return None
        if product_id not in self._product_currencies:
            try:
                await self.product(str(product_id))
            except ProviderError as error:
                cause = type(error).__name__
                log.info("provider.currency_unknown", provider=self.name, cause=cause)
        return self._product_currencies.get(product_id)

    def _wallet_for(self, item: Item) -> tuple[str | None, str | None]:
        """Currency and id of the wallet that we pay an item from; None: they choose."""
        currency = item.face_value.currency
        if currency not in self.wallets and len(self.wallets) == 1:
            currency = next(iter(self.wallets))
        wallet_id = self.wallets.get(currency)
        return (currency if wallet_id else None), wallet_id

    def _accepted(self, row: Fields, reference: str, body: bytes) -> ProviderOrder:
        """A create's answer; it never has the codes, so an empty list of them says nothing."""
        if row.text("ref", "reference_code") not in (None, reference):
            raise Unreadable("ref", "what was sent")
        if not units_of(row):
            row = Fields({name: row.raw(name) for name in row.names() if name != "vouchers"})
        product_id = row.integer("product_id")
        currency = None if product_id is None else self._product_currencies.get(product_id)
        told = self._order(row, currency)
        paid_in = paid_from(body, self.wallets)
        charged = row.money(paid_in, "amount") if paid_in else told.charged
        return replace(told, charged=charged)

    def _listed_order(self, row: Fields) -> ProviderOrder:
        """A row of the list, the one place that names the product's currency."""
        currency = row.text("currency")
        return self._order(row, currency and currency.upper())

    def _order(self, row: Fields, currency: str | None) -> ProviderOrder:
        return ProviderOrder(
            self._reading(row),
            sku=row.text("product_id"),
            product_name=row.text("product_name"),
            face_value=row.money(currency, "denomination") if currency else None,
            charged=self._charged(row, currency),
            placed_at=row.instant("placed_at"),
            vouchers=units_of(row) if "vouchers" in row else None,
        )

    def _charged(self, row: Fields, currency: str | None) -> Money | None:
        """The amount in the wallet's currency, where that can be told.

        A product is paid from the wallet of its own currency where we named one, else from the
        only one we named. Without wallets it is the product's currency when the amount is what the
        face value comes to: nothing was converted then.
        """
        amount = row.decimal("amount")
        if amount is None:
            return None
        if currency is not None and currency in self.wallets:
            return Money(amount, currency)
        if len(self.wallets) == 1:
            return Money(amount, next(iter(self.wallets)))
        each, quantity = row.decimal("denomination"), row.count("quantity")
        if currency is None or each is None or quantity is None:
            return None
        same = amount == each * quantity - (row.decimal("discount") or 0)
        return Money(amount, currency) if same else None

    def _reading(self, row: Fields) -> Reading:
        """The word, with the units of an answer that holds them; a row of the list does not."""
        raw = (row.text("status") or "").upper()
        quantity = row.count("quantity")
        units = len(units_of(row)) if "vouchers" in row else None
        word = self.status(raw)
        if raw == "PENDING" and (row.text("sub_status") or "").upper() == FETCHED:
            word = OrderStatus.PROCESSING
        elif raw in ("DELIVERED", "PARTIALLY_DELIVERED") and units and quantity:
            whole = units >= quantity
            word = OrderStatus.DELIVERED if whole else OrderStatus.PARTIALLY_DELIVERED
        return Reading(
            need(row.text("id"), "id"),
            raw,
            word,
            word in ENDED,
            reference=row.text("reference_code", "ref"),
            quantity=quantity,
            delivered=units,
        )

    def _listed(self, row: Fields) -> Listing | None:
        """One product of the catalog, or None when only it is broken."""
        try:
            return self._listing(row)
        except (ValueError, ArithmeticError):
            log.warning("provider.product_skipped", provider=self.name)
            return None

    def _listing(self, row: Fields) -> Listing:
        listing = listing_of(row, self._priced_in(row))
        self._product_currencies[int(listing.sku)] = listing.currency
        return listing

    def _priced_in(self, row: Fields) -> str:
        currency_id = need(row.integer("currency_id"), "currency_id")
        return need(self._currencies.get(currency_id), "the currency of that id")

    def _balance(self, row: Fields) -> Money | None:
        if (row.text("type") or "").upper() == "POSTPAID":
            return None
        if self.wallets and row.text("id") not in self.wallets.values():
            return None
        return row.money(self._priced_in(row), "amount")
