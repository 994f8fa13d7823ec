"""The port: what every provider can be asked, in our nouns, and what an adapter declares."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

import structlog

from domain.carts import Item, Quote, Recipient
from domain.catalog import Listing
from domain.money import Money
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.providers import Provider as Face
from domain.secret import Secret
from domain.vouchers import IssuedVoucher
from providers import answers
from providers.auth import Auth
from providers.errors import NotFound, Reason, Rejection, Unavailable, Unsupported
from providers.pacing import Limit
from providers.tokens import StoredToken, Token, TokenStore
from providers.transport import Reply, Transport, is_fault

__all__ = [
    "Configuration",
    "Field",
    "OrderKey",
    "Provider",
    "ProviderOrder",
    "Reading",
    "StoredToken",
    "Token",
    "TokenStore",
]

log = structlog.get_logger()

T = TypeVar("T")
ENDED = frozenset({OrderStatus.DELIVERED, OrderStatus.FAILED, OrderStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of an adapter: `<PROVIDER>_<NAME>` in the environment.

    `identity` marks what tells one account at the provider from another; `login`, what a login is
    made with: a change of it makes a refused login worth trying again. `only_with` names another
    field and the value it must have for this one to be required.
    """

    name: str
    secret: bool = False
    required: bool = True
    identity: bool = False
    login: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()
    only_with: tuple[str, str] | None = None
    pattern: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an adapter is given: where the provider is and how we log in there."""

    base_url: str
    values: Mapping[str, Secret]
    timeout: timedelta
    rate_per_minute: int
    settling: timedelta
    sandbox: bool = False

    def __getitem__(self, name: str) -> str:
        """A field's value in the clear, or "" when it was left out."""
        value = self.values.get(name)
        return value.reveal() if value else ""


@dataclass(frozen=True, slots=True)
class OrderKey:
    """How an order is known: their id, our reference, and about when it was placed."""

    provider_order_id: str
    reference: str | None = None
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a provider says of one order's progress; never a secret.

    `raw_status` is its own spelling; `final` that it will not change any more. `quantity` and
    `delivered` are units, None where the answer does not count them.
    """

    provider_order_id: str
    raw_status: str
    status: OrderStatus
    final: bool
    reference: str | None = None
    quantity: int | None = None
    delivered: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """One order as the provider tells it; None wherever its answer is silent.

    `face_value` is of one unit. `charged` is what the provider took from us for the whole order.
    `vouchers` is None where they need a call of their own.
    """

    reading: Reading
    sku: str | None = None
    product_name: str | None = None
    face_value: Money | None = None
    charged: Money | None = None
    placed_at: datetime | None = None
    vouchers: tuple[IssuedVoucher, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says: an order to look at. `delivery` tells repeated deliveries apart."""

    delivery: str
    provider_order_id: str | None = None
    reference: str | None = None


class Provider(ABC):
    """One provider behind our verbs. An adapter is tables and a few verbs.

    The answer to a place is classified by the provider's code first, from four tables: REJECTIONS
    (definite), DUPLICATES, NOT_ACCEPTED (retry freely) and UNCERTAIN. NOT_FOUND are the codes that
    mean "no such order or product". REASONS are codes that say why, where the HTTP status misleads.
    """

    name: ClassVar[str]
    display_name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    fields: ClassVar[tuple[Field, ...]]
    timeout: ClassVar[timedelta]
    rate_per_minute: ClassVar[int]
    limits: ClassVar[tuple[Limit, ...]] = ()
    settling: ClassVar[timedelta | None]  # None: "not found" there never proves anything
    # Reads of one single order that it allows in an hour; None: it names no such limit.
    single_reads_per_hour: ClassVar[int | None] = None
    # Its own waits between looks at an accepted order, in seconds; empty: the usual ones.
    looks: ClassVar[tuple[int, ...]] = ()
    sandbox_hosts: ClassVar[frozenset[str]] = frozenset()

    STATUSES: ClassVar[Mapping[str, OrderStatus]]
    FINAL: ClassVar[frozenset[OrderStatus]] = ENDED
    REJECTIONS: ClassVar[Mapping[str, Rejection]]
    DUPLICATES: ClassVar[frozenset[str]]
    NOT_ACCEPTED: ClassVar[frozenset[str]]
    UNCERTAIN: ClassVar[frozenset[str]]
    NOT_FOUND: ClassVar[frozenset[str]] = frozenset()
    REASONS: ClassVar[Mapping[str, Reason]] = {}

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        self.configuration = configuration
        self.transport = transport

    @classmethod
    def open(cls, configuration: Configuration, store: TokenStore) -> Self:
        """The adapter with a transport of its own; connections are made when first needed."""
        transport = Transport(
            cls.name,
            configuration.base_url,
            timeout=configuration.timeout,
            rate_per_minute=configuration.rate_per_minute,
            limits=cls.limits,
            limits_factor=configuration.rate_per_minute / cls.rate_per_minute,
            auth=cls.auth(configuration, store),
            faulty=cls.is_fault,
        )
        return cls(configuration, transport)

    async def close(self) -> None:
        """Close the connections and stop a renewal under way."""
        await self.transport.close()

    @classmethod
    @abstractmethod
    def auth(cls, configuration: Configuration, store: TokenStore) -> tuple[Auth, ...]:
        """How requests are authenticated; the outermost scheme first."""

    @classmethod
    @abstractmethod
    def refusal(cls, reply: Reply) -> str | None:
        """None for success, else the provider's own code; "" when the refusal carries none."""

    @classmethod
    def retry_after(cls, reply: Reply) -> timedelta | None:
        """How long the provider wants to be left alone."""
        return reply.retry_after()

    @classmethod
    def is_fault(cls, reply: Reply) -> bool:
        """Whether an answer is a fault; a known business code is not, whatever its HTTP status."""
        return is_fault(reply) and (cls.refusal(reply) or "") not in {
            *cls.NOT_FOUND,
            *cls.REJECTIONS,
            *cls.DUPLICATES,
        }

    def read(self, reply: Reply, parse: Callable[[Any], T]) -> T:
        """What a read answered. NotFound on the provider's code for it, Unavailable otherwise."""
        return answers.read(self, reply, parse)

    def placed(self, reply: Reply, parse: Callable[[Any], T]) -> T:
        """What a place answered: Rejected, Duplicate, Unavailable or OutcomeUnknown if refused."""
        return answers.placed(self, reply, parse)

    def quoted(self, reply: Reply, parse: Callable[[Any], T]) -> T:
        """What a quote answered: Rejected when the item is not sold so, else as of a read."""
        return answers.quoted(self, reply, parse)

    @classmethod
    def face(cls) -> Face:
        return Face(cls.name, cls.display_name, cls.capabilities)

    @cached_property
    def credential(self) -> str:
        """Which account of ours at the provider this is: a digest of the identifying fields."""
        identity = [self.configuration[f.name] for f in self.fields if f.identity]
        return _digest(self.name, *identity)[:16]

    @property
    def reference_prefix(self) -> str | None:
        """The prefix that the provider wants on our references; None: the installation's."""
        return None

    @classmethod
    def login_digest(cls, configuration: Configuration) -> str:
        """The key of the credential's TokenStore: another host or login is another one."""
        login = [configuration[f.name] for f in cls.fields if f.login]
        return _digest(cls.name, configuration.base_url.rstrip("/"), *login)

    @classmethod
    def status(cls, raw: str) -> OrderStatus:
        """A raw status in our words; one that the contract does not know is PROCESSING."""
        known = cls.STATUSES.get(raw.strip().upper())
        if known is None:
            log.warning("provider.unknown_status", provider=cls.name, status=raw[:40])
        return known or OrderStatus.PROCESSING

    @abstractmethod
    async def order(self, provider_order_id: str) -> ProviderOrder:
        """One order by the provider's id; NotFound when the provider says so."""

    async def find(self, reference: str) -> ProviderOrder | None:
        """The order that carries our reference; None on the provider's own code for "not found"."""
        raise Unsupported("this provider has no lookup by our reference", provider=self.name)

    @abstractmethod
    async def vouchers(self, key: OrderKey) -> tuple[IssuedVoucher, ...]:
        """The units issued so far, in the provider's order."""

    @abstractmethod
    async def statuses(self, keys: Sequence[OrderKey]) -> Mapping[str, Reading]:
        """Readings by provider order id: one key, one read; several, exactly one list request.

        Orders that the newest page of the list does not hold are left out.
        """

    @abstractmethod
    def catalog(self) -> AsyncIterator[Listing]:
        """Every product whose details could be read."""

    @abstractmethod
    async def product(self, sku: str) -> Listing:
        """One product with its details; NotFound when the provider says so."""

    async def listing(self, sku: str) -> Listing | None:
        """One product of a catalog, or None when its own details are missing or broken."""
        try:
            return await self.product(sku)
        except NotFound:
            return None
        except Unavailable as error:
            if error.reason is not Reason.UNREADABLE:
                raise
        log.warning("provider.product_skipped", provider=self.name, sku=sku[:40])
        return None

    def render(self, reference: str, item: Item, recipient: Recipient | None) -> bytes:
        """The body of a place, as JSON: made once, stored, and sent byte for byte ever after.

        Rejected(INVALID_INPUT) when the item or the recipient cannot be expressed.
        """
        raise Unsupported("this provider cannot be bought from", provider=self.name)

    async def place(self, reference: str, body: bytes) -> ProviderOrder:
        """Buy once: what was accepted, with its vouchers when they came along.

        Raises Rejected, Duplicate, Unavailable (nothing was accepted) or OutcomeUnknown.
        """
        raise Unsupported("this provider cannot be bought from", provider=self.name)

    async def quote(self, item: Item) -> Quote:
        """What the item costs us now. Rejected when it is not sold so; Unavailable as for reads."""
        raise Unsupported("this provider cannot be bought from", provider=self.name)

    async def cancel(self, key: OrderKey, body: bytes) -> bool:
        """Ask for an order to be cancelled; whether that is confirmed already.

        `body` is what it was placed with. Rejected when it is too late or not possible.
        """
        raise Unsupported("this provider cannot cancel", provider=self.name)

    async def resend(self, key: OrderKey) -> None:
        """Ask the provider to send the vouchers again. Rejected when it will not."""
        raise Unsupported("this provider cannot send again", provider=self.name)

    def orders(self, since: datetime) -> AsyncIterator[ProviderOrder]:
        """Every order of ours there since then, newest first, without vouchers."""
        raise Unsupported("this provider does not list orders", provider=self.name)

    def webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """A verified hint; Rejected when signature or key are wrong, or the body says nothing."""
        raise Unsupported("this provider sends no webhooks", provider=self.name)

    async def balances(self) -> tuple[Money, ...]:
        """What we have left at the provider, one amount per currency."""
        raise Unsupported("this provider does not tell a balance", provider=self.name)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
