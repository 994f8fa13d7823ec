"""What a request carries: who asks, its loaders, and what is written after the answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
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
from ordering.fulfill import Fulfiller
from ordering.imports import Importer
from ordering.keys import Keys
from ordering.observe import Seen, record
from ordering.reconcile import Reconciler
from ordering.resend import Resender
from ordering.review import Reviewer
from ordering.wallets import Wallets
from providers.port import Provider
from resolvers.live import LiveStatuses
from vault import Vault

if TYPE_CHECKING:
    from resolvers.loaders import Loaders

Health = Callable[[Provider], Awaitable[ProviderHealth]]


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
    health: Health
    limits: Callable[[Viewer], Sequence[Limit]]


@dataclass
class Context:
    """One request. `viewer` is None for the anonymous, who reach nothing that needs it.

    `check_type` raises when the viewer may not see a schema type: the schema's own table, handed
    down so that records of any type can be loaded by id.
    """

    services: Services
    viewer: Viewer | None
    check_type: Callable[[str], None]
    reveals_allowed: bool = True
    seen: list[Seen] = field(default_factory=list)
    denials: dict[UUID, set[SecretField]] = field(default_factory=dict)
    revealed_orders: set[UUID] = field(default_factory=set)
    revealed_vouchers: set[UUID] = field(default_factory=set)
    orders_live: dict[UUID, Awaitable[Any]] = field(default_factory=dict)
    carts_shown: dict[UUID, Any] = field(default_factory=dict)
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
        known = self.services.providers.get(name)
        return known.face() if known else Face(name, name, frozenset())

    @cached_property
    def operator(self) -> "Context":
        """The same request below a field of operators: it reads all accounts, and opens nothing."""
        return replace(self, operating=True)

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
                self.denials.setdefault(source.id, set()).add(SecretField(name))

    def finish(self) -> list[Awaitable[None]]:
        """What is left to do once the operation was answered."""
        return [record(self.services.database, self.seen)] if self.seen else []


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
