"""What a request carries: who asks, its loaders, and what is written after the answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strawberry.types.info import Info

from db.pool import Database
from domain.providers import Provider as Face
from domain.providers import ProviderHealth
from domain.viewers import Limit, Viewer
from domain.vouchers import SecretField, Voucher
from ordering.imports import Importer
from ordering.keys import Keys
from ordering.observe import Seen, record
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
