"""Xoxoday Plum rewards API: one path for everything, and a refresh token that is used once."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from domain.catalog import Listing
from domain.money import Money
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers import xoxoday_answers as plum
from providers.auth import Auth, BearerToken
from providers.errors import NotFound, Reason, Rejection, Unavailable
from providers.logins import RotatingRefresh
from providers.pacing import Limit
from providers.port import (
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
from providers.wire import INDIA, Fields, need, optional

PATH = "/v1/oauth/api"
LIMIT = "auth.request_limit_exceeded"
LOGIN = frozenset({"PIPE10013", "PIPE10015", "PIPE10016", "PIPE10017", plum.OAUTH})
CATALOG_PAGE = 100
HISTORY_PAGE = 200
LAST_PAGE = 500  # a list without a total must end some time
# An order whose age we do not know is looked for this far back.
UNDATED = timedelta(days=30)
DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)


def ple(*numbers: int) -> frozenset[str]:
    """Error ids by the number that tells them apart."""
    return frozenset(f"PLE{10_000 + number}" for number in numbers)


class Xoxoday(Provider):
    """Xoxoday Plum. Quirk: the HTTP status of an error id differs by edition, so ids decide."""

    name = "xoxoday"
    display_name = "Xoxoday Plum"
    capabilities = frozenset(
        {
            Capability.REFERENCE_LOOKUP,
            Capability.BATCH_STATUS,
            Capability.QUOTE,
            Capability.RESEND,
            Capability.BALANCE,
            Capability.WEBHOOK,
        }
    )
    fields = (
        Field("client_id", identity=True),
        Field("client_secret", secret=True),
        Field("refresh_token", secret=True, example="one from the dashboard, never used before"),
        Field("webhook_key", secret=True, required=False, login=False),
    )
    timeout = timedelta(seconds=120)
    rate_per_minute = 200
    limits = (
        Limit(100, A_MINUTE, frozenset({"place"})),
        Limit(50, A_MINUTE, frozenset({"catalog", "product"})),
        Limit(200, A_MINUTE, frozenset({"order", "find", "vouchers", "resend"})),
        Limit(200, A_MINUTE, frozenset({"orders"})),
        Limit(10, A_MINUTE, frozenset({"balance"})),
    )
    settling = timedelta(seconds=300)
    sandbox_hosts = frozenset({"stagingaccount.xoxoday.com", "stagingstores.xoxoday.com"})

    # The order's word and the delivery's word; which of them counts: `_word`.
    STATUSES: ClassVar[Mapping[str, OrderStatus]] = {
        "COMPLETE/PENDING": OrderStatus.PROCESSING,
        "COMPLETE/DELIVERED": OrderStatus.DELIVERED,
        "CANCELED": OrderStatus.CANCELLED,
        "CANCELLED": OrderStatus.CANCELLED,
        "PENDING": OrderStatus.PENDING,
        "PROCESSING": OrderStatus.PENDING,
        "INITIATED": OrderStatus.PENDING,
        "FAILED": OrderStatus.FAILED,
    }
    REJECTIONS: ClassVar[Mapping[str, Rejection]] = {
        **dict.fromkeys(ple(1, 2, 3, 31, 32, 33), Rejection.INVALID_INPUT),
        # Missing verification, an unknown or inactive product, foreign products not allowed.
        **dict.fromkeys(ple(15, 17, 19, 30, 42), Rejection.PRODUCT_UNAVAILABLE),
        **dict.fromkeys(ple(12, 24), Rejection.OUT_OF_STOCK),
        "PLE10010": Rejection.PROVIDER_BALANCE_LOW,
        "PLE10014": Rejection.PROVIDER_REJECTED,
        "PLE10018": Rejection.DENOMINATION_NOT_OFFERED,
        "PLE10041": Rejection.QUANTITY_TOO_LARGE,
    }
    DUPLICATES = ple(4)
    NOT_ACCEPTED = LOGIN | {LIMIT}
    UNCERTAIN = ple(5, 6, 7, 8, 9, 11, 13, 20, 23, 25, 26, 34, 35, 36)
    NOT_FOUND = ple(16, 17, 21, 22, 27, 28, 29, 30, 42)
    NO_ORDER = ple(16, 21)  # only these count when an order is looked for
    REASONS: ClassVar[Mapping[str, Reason]] = {
        **dict.fromkeys(LOGIN, Reason.CREDENTIALS),
        **dict.fromkeys(ple(15, 19), Reason.FAULT),  # 401 and 403, but not about our login
        LIMIT: Reason.RATE_LIMITED,
    }

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._currency: str | None = None
        self._asking = asyncio.Lock()

    @classmethod
    def auth(cls, configuration: Configuration, store: TokenStore) -> tuple[Auth, ...]:
        login = RotatingRefresh(
            cls.name,
            "/v1/oauth/token/user",
            configuration["client_id"],
            Secret(configuration["client_secret"]),
            Secret(configuration["refresh_token"]),
        )
        return (BearerToken(cls.name, store, login, rejected=cls._token_refused),)

    @classmethod
    def refusal(cls, reply: Reply) -> str | None:
        body = reply.body if isinstance(reply.body, dict) else {}
        if code := plum.error_code(body):
            return code
        if reply.status != 200:
            return ""
        answers = body.get("data")
        for operation, found in answers.items() if isinstance(answers, dict) else ():
            failed = isinstance(found, dict) and found.get("status") not in (1, "1")
            if operation in plum.OPERATIONS and failed:
                return ""
        return None

    @classmethod
    def retry_after(cls, reply: Reply) -> timedelta | None:
        def penalty() -> timedelta | None:
            first = (Fields.of(reply.body).each("errors") or [Fields({})])[0]
            seconds = first.count("penaltySeconds")
            return None if seconds is None else timedelta(seconds=min(seconds, 86_400))

        if isinstance(reply.body, dict) and (wait := optional(penalty)) is not None:
            return wait
        return reply.retry_after()

    @classmethod
    def _token_refused(cls, reply: Reply) -> bool:
        code = cls.refusal(reply)
        return code == "PIPE10013" or (reply.status == 401 and code in ("", plum.OAUTH))

    async def order(self, provider_order_id: str) -> ProviderOrder:
        return await self._order("order", provider_order_id)

    async def find(self, reference: str) -> ProviderOrder | None:
        reply = await self._details("find", {"orderId": 0, "poNumber": reference})
        code = self.refusal(reply)
        if code in self.NO_ORDER:
            return None
        if code in self.NOT_FOUND:  # no such product, no such history: nothing about an order
            raise Unavailable(
                "it did not answer about the order",
                provider=self.name,
                reason=Reason.FAULT,
                code=code,
            )
        return self.read(reply, lambda body: self._read_order(body, reference=reference))

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        return (await self._order("vouchers", key.provider_order_id)).vouchers or ()

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if len(keys) == 1:
            key = keys[0]
            return {key.provider_order_id: (await self.order(key.provider_order_id)).reading}
        if not keys:
            return {}
        first, last = _days(keys)
        reply = await self._ask(
            "orders",
            plum.HISTORY,
            {"startDate": first, "endDate": last, "limit": HISTORY_PAGE, "page": 1},
        )
        if self.refusal(reply) in self.NOT_FOUND:
            return {}
        found = self.read(
            reply, lambda body: [self._row(row) for row in plum.list_of(body, plum.HISTORY)]
        )
        by_id = {row.provider_order_id: row for row in found}
        return {
            key.provider_order_id: by_id[key.provider_order_id]
            for key in keys
            if key.provider_order_id in by_id
        }

    async def catalog(self) -> AsyncIterator[Listing]:
        account = await self._account_currency()
        seen: set[str] = set()
        for page in range(1, LAST_PAGE + 1):
            reply = await self._products("catalog", page=page, limit=CATALOG_PAGE)
            if self.refusal(reply) in self.NOT_FOUND:
                return
            found = self.read(reply, lambda body: plum.list_of(body, plum.PRODUCTS))
            listings = [optional(plum.listing, row, account) for row in found]
            fresh = [one for one in listings if one is not None and one.sku not in seen]
            seen.update(one.sku for one in fresh)
            for listing in fresh:
                yield listing
            if len(found) < CATALOG_PAGE or not fresh:
                return

    async def product(self, sku: str) -> Listing:
        self._check_number(sku)
        account = await self._account_currency()
        reply = await self._products("product", includeProducts=sku, page=1, limit=1)

        found = self.read(
            reply,
            lambda body: [plum.listing(row, account) for row in plum.list_of(body, plum.PRODUCTS)],
        )
        if not found or found[0].sku != sku:
            raise NotFound("no such product there", provider=self.name)
        return found[0]

    async def balances(self) -> tuple[Money, ...]:
        reply = await self._ask("balance", plum.BALANCE, {})
        return (self.read(reply, plum.balance),)

    async def _order(self, purpose: str, provider_order_id: str) -> ProviderOrder:
        self._check_number(provider_order_id)
        reply = await self._details(purpose, {"orderId": int(provider_order_id), "poNumber": ""})
        return self.read(reply, lambda body: self._read_order(body, asked=provider_order_id))

    async def _details(self, purpose: str, wanted: Mapping[str, object]) -> Reply:
        return await self._ask(purpose, plum.DETAILS, {**wanted, "sendMailToReceiver": 0})

    async def _products(self, purpose: str, **wanted: object) -> Reply:
        whole: dict[str, object] = {
            "includeProducts": "",
            "excludeProducts": "",
            "exchangeRate": 1,
            "sort": {"field": "", "order": ""},
            "filters": [],
        }
        return await self._ask(purpose, plum.PRODUCTS, whole | wanted)

    async def _ask(self, purpose: str, operation: str, data: Mapping[str, object]) -> Reply:
        kind = "query" if operation == plum.BALANCE else "mutation"
        query = f"plumProAPI.{kind}.{operation}"
        request = {"query": query, "tag": "plumProAPI", "variables": {"data": data}}
        return await self.transport.post(purpose, PATH, json=request)

    async def _account_currency(self) -> str:
        """The currency we pay in: asked once, an account keeps it."""
        async with self._asking:
            if self._currency is None:
                self._currency = (await self.balances())[0].currency
            return self._currency

    def _check_number(self, text: str) -> None:
        """Ids are numbers there; 0 and a comma-separated list would ask for something else."""
        if not re.fullmatch(r"[1-9]\d{0,17}", text, re.ASCII):
            raise NotFound("ids are numbers there", provider=self.name)

    def _read_order(
        self, body: Any, asked: str | None = None, reference: str | None = None
    ) -> ProviderOrder:
        row = Fields.of(plum.answer(body, plum.DETAILS), plum.DETAILS)
        units = there(map(plum.unit, row.each("vouchers")))
        summary = row.each("voucherDetails")
        first = summary[0] if summary else Fields({})
        unit = units[0] if units else None
        return ProviderOrder(
            self._reading(row, asked, reference, delivered=len(units)),
            sku=first.text("productId") or (unit.sku if unit else None),
            product_name=first.text("productName"),
            face_value=plum.money(first, "denomination", "currencyCode")
            or (unit.face_value if unit else None),
            charged=plum.money(row, "amountCharged", "currencyCode"),
            placed_at=optional(row.instant, "orderDate", zone=INDIA),
            vouchers=units,
        )

    def _row(self, value: Any) -> Reading:
        """A row of the history: the delivery's word alone, and no codes."""
        row = Fields.of(value, plum.HISTORY)
        counts = [optional(line.count, "quantity") for line in row.each("products")]
        return self._reading(row, None, None, quantity=sum(filter(None, counts)) or None)

    def _reading(
        self,
        row: Fields,
        asked: str | None,
        reference: str | None,
        *,
        quantity: int | None = None,
        delivered: int | None = None,
    ) -> Reading:
        words = [optional(row.text, n) or "" for n in ("orderStatus", "deliveryStatus")]
        quantity = quantity or optional(row.count, "quantity") or None
        cancelled = sum(line.count("cancelledQuantity") or 0 for line in row.each("voucherDetails"))
        word, final = self._judge(plum.deciding_word(*words), quantity, delivered, cancelled)
        return Reading(
            need(row.text("orderId") or asked, "orderId"),
            "/".join(filter(None, words)),
            word,
            final,
            reference=row.text("poNumber") or reference,
            quantity=quantity,
            delivered=delivered,
        )

    def _judge(
        self, raw: str, quantity: int | None, delivered: int | None, cancelled: int
    ) -> tuple[OrderStatus, bool]:
        """The word and whether it is the last one: units count more than what is said."""
        word = self.status(raw)
        if raw not in self.STATUSES or word is OrderStatus.PENDING:
            return word, False
        if word in (OrderStatus.CANCELLED, OrderStatus.FAILED):
            return word, True
        said = word is OrderStatus.DELIVERED
        if delivered is None:  # a row of the list
            partly = said and cancelled > 0
            return (OrderStatus.PARTIALLY_DELIVERED if partly else word), False
        if delivered and (said if quantity is None else delivered >= quantity):
            return OrderStatus.DELIVERED, said
        ended = said and quantity is not None and delivered + cancelled >= quantity
        if delivered:
            return OrderStatus.PARTIALLY_DELIVERED, ended
        return (OrderStatus.CANCELLED if ended else OrderStatus.PROCESSING), ended


def _days(keys: Sequence[OrderKey]) -> tuple[str, str]:
    """The days on which the orders were placed, in India, a day more on either side."""
    now = datetime.now(UTC)
    times = [key.placed_at or now - UNDATED for key in keys]
    first, last = min(times) - DAY, max(*times, *(now for key in keys if not key.placed_at)) + DAY
    return first.astimezone(INDIA).date().isoformat(), last.astimezone(INDIA).date().isoformat()
