"""Xoxoday Plum rewards API: one path for everything, and a refresh token that is used once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from domain.carts import Item, Quote, Recipient
from domain.catalog import Listing
from domain.money import Money
from domain.providers import Capability
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers import xoxoday_answers as plum
from providers import xoxoday_buying as buying
from providers import xoxoday_codes as ids
from providers import xoxoday_orders as their_orders
from providers.answers import endless
from providers.auth import Auth, BearerToken
from providers.errors import NotFound, Reason, Rejection, Unavailable
from providers.logins import RotatingRefresh
from providers.pacing import Limit
from providers.port import (
    Configuration,
    Field,
    Hint,
    OrderKey,
    Provider,
    ProviderOrder,
    Reading,
    TokenStore,
)
from providers.quotes import quoted, rejected
from providers.replies import Reply
from providers.transport import Transport
from providers.wire import INDIA, Fields, optional

PATH = "/v1/oauth/api"
CATALOG_PAGE = 100
HISTORY_PAGE = 200
LAST_PAGE = 500  # a list without a total must end some time
# An order whose age we do not know is looked for this far back.
UNDATED = timedelta(days=30)
DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)

T = TypeVar("T")


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
        Limit(50, A_MINUTE, frozenset({"catalog", "product", "quote"})),
        Limit(200, A_MINUTE, frozenset({"order", "find", "vouchers", "resend"})),
        Limit(200, A_MINUTE, frozenset({"orders"})),
        Limit(10, A_MINUTE, frozenset({"balance"})),
    )
    settling = timedelta(seconds=300)
    looks = (5, 30, 120)  # the vendor asks not to poll for delayed products
    sandbox_hosts = frozenset({"stagingaccount.xoxoday.com", "stagingstores.xoxoday.com"})

    STATUSES = their_orders.STATUSES
    REJECTIONS = ids.REJECTIONS
    DUPLICATES = ids.DUPLICATES
    NOT_ACCEPTED = ids.NOT_ACCEPTED
    UNCERTAIN = ids.UNCERTAIN
    NOT_FOUND = ids.NOT_FOUND
    NO_ORDER = ids.NO_ORDER
    REASONS = ids.REASONS

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._currency: str | None = None
        self._asking = asyncio.Lock()
        self._phone_needed: set[str] = set()

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
        code = plum.error_code(body)
        if code == plum.OAUTH and reply.status >= 500:
            return ""  # whoever failed there: our login was not refused
        if code:
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
            raise self._silent(code)
        return self.read(
            reply,
            lambda body: their_orders.order(body, self.status, asked=None, reference=reference),
        )

    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        return (await self._order("vouchers", key.provider_order_id)).vouchers or ()

    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        if len(keys) == 1:
            key = keys[0]
            return {key.provider_order_id: (await self.order(key.provider_order_id)).reading}
        if not keys:
            return {}
        ids = {key.provider_order_id for key in keys}
        rows = await self._history(
            *_days(keys), 1, lambda row: their_orders.reading(row, self.status, ids)
        )
        return {row.provider_order_id: row for row in rows}

    async def catalog(self) -> AsyncIterator[Listing]:
        account = await self._account_currency()
        seen: set[str] = set()
        for page in range(1, LAST_PAGE + 1):
            reply = await self._products("catalog", page=page, limit=CATALOG_PAGE)
            if self.refusal(reply) in self.NOT_FOUND:
                return
            found = self.read(reply, lambda body: plum.list_of(body, plum.PRODUCTS))
            read = [optional(self._offer, row, account) for row in found]
            listings = [one.listing for one in read if one is not None]
            fresh = [one for one in listings if one.sku not in seen]
            seen.update(one.sku for one in fresh)
            for listing in fresh:
                yield listing
            if len(found) < CATALOG_PAGE or not fresh:
                return

    async def product(self, sku: str) -> Listing:
        return (await self._one("product", sku, self.read)).listing

    def render(self, reference: str, item: Item, recipient: Recipient | None) -> bytes:
        """Quirk: some products demand a phone number, which the quote before has told."""
        phone = item.sku in self._phone_needed
        return buying.body(self.name, reference, item, recipient, phone=phone)

    async def place(self, reference: str, body: bytes) -> ProviderOrder:
        """Up to two minutes: a realtime product's vouchers are issued within the call."""
        reply = await self.transport.post("place", PATH, content=body, effect=True)
        return self.placed(reply, lambda told: their_orders.placed(told, self.status, reference))

    async def quote(self, item: Item) -> Quote:
        """There is no dry run: the product is read anew, with today's rate."""
        try:
            offer = await self._one("quote", item.sku, self.quoted)
        except NotFound as error:
            text = "no such product there"
            raise rejected(self.name, Rejection.PRODUCT_UNAVAILABLE, text, error.code) from None
        return quoted(self.name, item, offer.listing, offer.terms)

    async def resend(self, key: OrderKey) -> None:
        """The same question as for the order, with a flag that sends the mail."""
        if not buying.NUMBER.fullmatch(key.provider_order_id):
            raise rejected(self.name, Rejection.INVALID_INPUT, "ids are numbers there")
        wanted = {"orderId": int(key.provider_order_id), "poNumber": "", "sendMailToReceiver": 1}
        request = plum.request(plum.DETAILS, wanted)
        reply = await self.transport.post("resend", PATH, json=request, effect=True)
        code = self.refusal(reply)
        if code in self.NOT_FOUND | ids.DELIVERY_CANCELLED:
            raise rejected(self.name, Rejection.PROVIDER_REJECTED, "there is nothing to send", code)
        if code in ids.NOT_SENT_AGAIN:
            raise self._silent(code)
        self.placed(reply, lambda body: plum.answer(body, plum.DETAILS))

    async def orders(self, since: datetime) -> AsyncIterator[ProviderOrder]:
        """All pages first: in which order the history comes is not documented."""
        first, last = _day(since), _day(datetime.now(UTC) + DAY)
        second = since.replace(microsecond=0)  # theirs have no parts of it
        found: dict[str, ProviderOrder] = {}
        for page in range(1, LAST_PAGE + 1):
            rows = await self._history(
                first, last, page, lambda row: their_orders.listed(row, self.status)
            )
            known = len(found)
            found |= {row.reading.provider_order_id: row for row in rows}
            if len(rows) < HISTORY_PAGE:
                break
            if len(found) == known:  # the same page again
                raise endless(self.name)
        else:
            raise endless(self.name)
        dated = {key: row.placed_at or second for key, row in found.items()}
        for key in sorted(found, key=lambda key: dated[key], reverse=True):
            if dated[key] >= second:
                yield found[key]

    def webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        return buying.hint(self.name, self.configuration.values.get("webhook_key"), headers, body)

    async def balances(self) -> tuple[Money, ...]:
        reply = await self._ask("balance", plum.BALANCE, {})
        return (self.read(reply, plum.balance),)

    async def _order(self, purpose: str, provider_order_id: str) -> ProviderOrder:
        self._check_number(provider_order_id)
        reply = await self._details(purpose, {"orderId": int(provider_order_id), "poNumber": ""})
        return self.read(
            reply,
            lambda body: their_orders.order(
                body, self.status, asked=provider_order_id, reference=None
            ),
        )

    async def _details(self, purpose: str, wanted: Mapping[str, object]) -> Reply:
        return await self._ask(purpose, plum.DETAILS, {**wanted, "sendMailToReceiver": 0})

    async def _history(
        self, first: str, last: str, page: int, read: Callable[[Any], T | None]
    ) -> list[T]:
        """What is read of one page of the orders of some days; beyond the last there is none."""
        asked = {"startDate": first, "endDate": last, "limit": HISTORY_PAGE, "page": page}
        reply = await self._ask("orders", plum.HISTORY, asked)
        code = self.refusal(reply)
        if code in ids.NO_HISTORY:
            return []
        if code in self.NOT_FOUND:
            raise self._silent(code)
        return self.read(
            reply,
            lambda body: [
                found
                for row in plum.list_of(body, plum.HISTORY)
                if (found := read(row)) is not None
            ],
        )

    async def _one(
        self,
        purpose: str,
        sku: str,
        read: Callable[[Reply, Callable[[Any], list[plum.Offer]]], list[plum.Offer]],
    ) -> plum.Offer:
        """One product anew, with the errors of a read or of a quote."""
        self._check_number(sku)
        account = await self._account_currency()
        reply = await self._products(purpose, includeProducts=sku, page=1, limit=1)
        found = read(
            reply,
            lambda body: [self._offer(row, account) for row in plum.list_of(body, plum.PRODUCTS)],
        )
        if not found or found[0].listing.sku != sku:
            raise NotFound("no such product there", provider=self.name)
        return found[0]

    def _offer(self, row: object, account: str) -> plum.Offer:
        """A product, and whether it demands a phone number is remembered for the order."""
        offer = plum.offer(row, account)
        remember = self._phone_needed.add if offer.phone else self._phone_needed.discard
        remember(offer.listing.sku)
        return offer

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
        request = plum.request(operation, data)
        return await self.transport.post(purpose, PATH, json=request)

    async def _account_currency(self) -> str:
        """The currency we pay in: asked once, an account keeps it."""
        async with self._asking:
            if self._currency is None:
                self._currency = (await self.balances())[0].currency
            return self._currency

    def _check_number(self, text: str) -> None:
        """Ids are numbers there; 0 and a comma-separated list would ask for something else."""
        if not buying.NUMBER.fullmatch(text):
            raise NotFound("ids are numbers there", provider=self.name)

    def _silent(self, code: str | None) -> Unavailable:
        return Unavailable(
            "it did not answer what was asked",
            provider=self.name,
            reason=Reason.FAULT,
            code=code,
        )


def _days(keys: Sequence[OrderKey]) -> tuple[str, str]:
    """The days on which the orders were placed, in India, a day more on either side."""
    now = datetime.now(UTC)
    times = [key.placed_at or now - UNDATED for key in keys]
    first, last = min(times) - DAY, max(*times, *(now for key in keys if not key.placed_at)) + DAY
    return _day(first), _day(last)


def _day(at: datetime) -> str:
    return at.astimezone(INDIA).date().isoformat()
