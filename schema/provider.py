"""Providers: who we buy from, what they can do, how they are doing."""

from datetime import datetime

import strawberry

from domain import providers
from domain.viewers import Scope
from resolvers import providers as resolve
from schema.faces import answer, shows
from schema.money import Money
from schema.node import Node
from schema.permissions import needs


@shows(providers.ProviderHealth)
class ProviderHealth:
    """How a provider has been answering within the last minutes."""

    state: providers.ProviderState = answer(description="The sum of the rest.")
    circuit: providers.CircuitState = answer(description="Whether requests are let through.")
    paused: bool = answer(description="Whether an operator paused buying there.")
    requests: int = answer(description="Requests within the last five minutes.")
    error_rate: float = answer(description="The share of them that failed, from 0 to 1.")
    latency_p50_ms: float | None = answer(
        description="Half of the answers took at most this many milliseconds."
    )
    latency_p95_ms: float | None = answer(
        description="95 of 100 answers took at most this many milliseconds."
    )
    unknown_outcomes: int = answer(description="Fulfillments whose outcome is unknown.")
    needs_review: int = answer(description="Fulfillments that wait for a person.")
    quota_remaining: int | None = answer(
        description="Requests left before our limit towards the provider makes us wait."
    )
    last_success_at: datetime | None = answer(description="When it last answered well.")
    last_reconciled_at: datetime | None = answer(description="When orders were last compared.")


@shows(providers.Provider, keys=("id",))
class Provider(Node):
    """A company that vouchers are bought from."""

    id: strawberry.ID = answer(lambda root: root.global_id, "Opaque and globally unique.")
    name: str = answer(description='Its short name, such as "enkash".')
    display_name: str = answer(description="Its name for people.")
    capabilities: list[providers.Capability] = answer(
        lambda root: sorted(root.capabilities), "What can be done there."
    )

    health: ProviderHealth | None = answer(
        resolve.health, "How it is doing.", scopes=needs(Scope.OPERATIONS_READ)
    )
    balances: list[Money] | None = answer(
        resolve.balances,
        "What we have left there, asked live: one amount per currency.",
        scopes=needs(Scope.OPERATIONS_READ),
    )
