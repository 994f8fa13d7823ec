"""What a request carries: who asks, its loaders, and what is written after the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from strawberry.types.info import Info

from db.pool import Connection, Database
from domain.providers import Provider as Face
from domain.providers import ProviderHealth
from domain.viewers import Limit, Viewer
from domain.vouchers import SecretField, Voucher
from ordering.cancel import Canceller
from ordering.carts import Carts
from ordering.checkout import Checkout
from ordering.endpoints import Endpoints
from ordering.fulfill import Fulfiller
from ordering.imports import Importer
from ordering.keys import Keys
from ordering.observe import Seen, record
from ordering.reconcile import Reconciler
from ordering.resend import Resender
from ordering.review import Reviewer
from ordering.wallets import Wallets
from providers.port import Provider
from resolvers.feed import Feed
from resolvers.live import LiveStatuses, OrderLive
from resolvers.together import Together
from resolvers.turns import Turns
from vault import Vault

if TYPE_CHECKING:
    from resolvers.loaders import Loaders

Health = Callable[[Provider], Awaitable[ProviderHealth]]


class Undecided(Exception):
    """It cannot be told just now whether credentials hold."""


async def always() -> bool:
    """The credentials of a request hold until it is answered."""
    return True


class Meter(Protocol):
    """What one request may cost, and how often its caller may ask."""

    @property
    def most(self) -> int:
        """What one operation may cost."""

    async def charge(self, cost: int) -> None:
        """Take an operation's cost from the caller's budget, or refuse it."""

    async def shown(self) -> Mapping[str, int | float]:
        """What was asked for and is left, as clients see it; empty where nobody knows."""

    async def limits(self) -> Sequence[Limit]:
        """Where the caller stands with requests and cost."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the whole process shares; built once by app/."""

    database: Database
    providers: Mapping[str, Provider]
    live: LiveStatuses
    vault: Vault
    keys: Keys
    importer: Importer
    carts: Carts
    wallets: Wallets
    fulfiller: Fulfiller
    checkout: Checkout
    reviewer: Reviewer
    canceller: Canceller
    resender: Resender
    reconciler: Reconciler
    endpoints: Endpoints
    health: Health
    feed: Feed
    turns: Turns = field(default_factory=Turns)
    together: Together = field(default_factory=Together)


@dataclass
class Context:
    """One request. `viewer` is None for the anonymous, who reach nothing that needs it.

    `check_type` raises when the viewer may not see a schema type: the schema's own table, handed
    down so that records of any type can be loaded by id. `still_valid` says whether the credentials
    hold yet: a subscription asks before every event. `resume` is where the client says that a
    stream was cut, `place` the sequence of the event that is being told. `begun` is
    set when the operation was found valid and is paid for.
    """

    services: Services
    viewer: Viewer | None
    check_type: Callable[[str], None]
    meter: Meter
    reveals_allowed: bool = True
    still_valid: Callable[[], Awaitable[bool]] = always
    resume: str | None = None
    place: int | None = None
    begun: bool = False
    seen: list[Seen] = field(default_factory=list)
    # By account and voucher: the secrets that were asked for and refused.
    denials: dict[UUID, dict[UUID, set[SecretField]]] = field(default_factory=dict)
    revealed_orders: set[UUID] = field(default_factory=set)
    revealed_vouchers: set[UUID] = field(default_factory=set)
    # By order: what its providers say, or who asks them.
    orders_live: dict[UUID, OrderLive | asyncio.Future[OrderLive]] = field(default_factory=dict)
    carts_shown: dict[UUID, Any] = field(default_factory=dict)
    faces: dict[str, Face] = field(default_factory=dict)
    operating: bool = False
    operator_fields: set[str | int] = field(default_factory=set)

    @property
    def account(self) -> UUID:
        """The viewer's account. Every field below a guarded one may count on it."""
        return self.me.account

    @property
    def me(self) -> Viewer:
        if self.viewer is None:
            raise RuntimeError("an unguarded field was reached without a viewer")
        return self.viewer

    def provider(self, name: str) -> Face:
        """A provider's face; one that is no longer set up keeps its name."""
        face = self.faces.get(name)
        if face is None:
            known = self.services.providers.get(name)
            face = self.faces[name] = known.face() if known else Face(name, name, frozenset())
        return face

    @cached_property
    def operator(self) -> "Context":
        """The same request below a field of operators: it reads all accounts, and opens nothing."""
        return replace(self, operating=True)

    def fresh(self) -> "Context":
        """The same subscription at its next event: nothing loaded yet, and never a secret."""
        return replace(
            self,
            reveals_allowed=False,
            orders_live={},
            carts_shown={},
            operator_fields=set(),
        )

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that sees the viewer's account, or everything below operators' fields."""
        database = self.services.database
        return database.worker() if self.operating else database.viewer(self.account)

    @cached_property
    def loaders(self) -> "Loaders":
        """Loaders belong to the running loop and to one request: made at the first use."""
        from resolvers.loaders import Loaders  # noqa: PLC0415 - loaders are made of a context

        return Loaders(self)

    def denied(self, source: Any, type_name: str, field_name: str) -> None:
        """Remember a refused field; a refused secret of a voucher is audited at the end."""
        if self.viewer is not None and isinstance(source, Voucher) and type_name == "Voucher":
            fields = {"claimUrl": "claim_url", "referenceNumber": "reference_number"}
            name = fields.get(field_name, field_name)
            if name in set(SecretField):
                self.withheld(source.account, source.id, SecretField(name))

    def withheld(self, account: UUID, voucher_id: UUID, *fields: SecretField) -> None:
        """Remember secrets of a voucher that were not opened; audited where the voucher is."""
        self.denials.setdefault(account, {}).setdefault(voucher_id, set()).update(fields)

    def finish(self) -> list[Awaitable[None]]:
        """What is left to do once the operation, or an event of a subscription, was answered."""
        for context in (self, self.__dict__.get("operator")):
            # Loaders and what they read refer to each other: thousands of records would stay until
            # a full collection comes by.
            if context and (loaders := context.__dict__.pop("loaders", None)):
                loaders.forget()
        seen = self.seen.copy()
        self.seen.clear()
        return [record(self.services.database, seen)] if seen else []


Ask = Info[Context, None]


def operate(info: Ask) -> Context:
    """Read as an operator from this root field down; call it only where operations:* is asked."""
    info.context.operator_fields.add(info.path.key)
    return info.context.operator


def here(info: Ask) -> Context:
    """The context that holds at this place of the answer: the operator's below their fields."""
    context = info.context
    if not context.operator_fields:
        return context
    path = info.path
    while path.prev is not None:
        path = path.prev
    return context.operator if path.key in context.operator_fields else context
