"""Who asks, whose data it is, and what they may do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    CATALOG_READ = "catalog:read"
    CARTS_WRITE = "carts:write"
    ORDERS_READ = "orders:read"
    ORDERS_PLACE = "orders:place"
    ORDERS_IMPORT = "orders:import"
    VOUCHERS_REVEAL = "vouchers:reveal"
    WALLET_READ = "wallet:read"
    AUDIT_READ = "audit:read"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"


# Gateways read scope directives literally, so the SDL prints what implies a scope as alternatives.
IMPLIED_BY = {
    Scope.CATALOG_READ: (Scope.CARTS_WRITE,),
    Scope.ORDERS_READ: (Scope.ORDERS_PLACE, Scope.ORDERS_IMPORT, Scope.OPERATIONS_READ),
}
# One client that could pull in any order and open it would have no second pair of eyes.
NEVER_TOGETHER = frozenset({Scope.ORDERS_IMPORT, Scope.VOUCHERS_REVEAL})


def alternatives(scope: Scope) -> tuple[tuple[Scope, ...], ...]:
    """The ways to satisfy a scope, as `@requiresScopes` prints them: an OR of ANDs."""
    return ((scope,), *((other,) for other in IMPLIED_BY.get(scope, ())))


def check_scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    """The scopes of a client, or ValueError for an unknown one or a forbidden combination."""
    known = {scope.value: scope for scope in Scope}
    wanted = set(scopes)
    if unknown := sorted(wanted - known.keys()):
        raise ValueError(f"unknown scope {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    found = frozenset(known[scope] for scope in wanted)
    if found >= NEVER_TOGETHER:
        raise ValueError("orders:import and vouchers:reveal may not be on one client")
    return found


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that holds for a client, and what is left of it until it resets."""

    name: str
    maximum: int
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """An authenticated client and the account it acts for."""

    account: UUID
    account_name: str
    client_id: UUID
    actor: str
    scopes: frozenset[Scope]
    reveals_per_order_hour: int = 60
    vouchers_per_hour: int = 10_000
    request_id: str | None = field(default=None, compare=False)
    purpose: str | None = field(default=None, compare=False)

    def asking(self, request_id: str | None, purpose: str | None) -> "Viewer":
        """The same viewer with a request of theirs; `dataclasses.replace` takes twice as long."""
        return Viewer(
            self.account,
            self.account_name,
            self.client_id,
            self.actor,
            self.scopes,
            self.reveals_per_order_hour,
            self.vouchers_per_hour,
            request_id,
            purpose,
        )

    def may(self, wanted: Iterable[Iterable[str]]) -> bool:
        """Whether one of the alternatives is held whole."""
        return any(all(scope in self.scopes for scope in together) for together in wanted)
