"""An account with an order, an endpoint of its own, and whoever tells it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import events
from db.pool import Database
from domain.ids import uuid7
from domain.orders import OrderEventType, OrderStatus
from domain.secret import Secret
from domain.viewers import Viewer
from domain.webhooks import Endpoint
from notices.addresses import Rules
from notices.sender import Sender
from ordering.announcing import Announcer
from ordering.endpoints import Endpoints
from ordering.keys import Keys
from tests.db import samples
from tests.notices.receiver import Receiver, receiving
from vault import KeyRing, Vault

HERE = Rules(loopback=True)


@dataclass
class House:
    """Everything about outgoing webhooks, over one database."""

    database: Database
    vault: Vault
    keys: Keys
    endpoints: Endpoints
    account: UUID
    order: samples.Whole
    tries: list[str] = field(default_factory=list)
    open: list[Announcer] = field(default_factory=list)

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.account, "demo", uuid7(), "tester", frozenset())

    def announcer(self, *, seconds: float = 2.0) -> Announcer:
        """One process that sends."""
        made = Announcer(
            self.database,
            self.vault,
            self.keys,
            Sender(HERE, seconds=seconds),
            self.endpoints,
            count=self.tries.append,
        )
        self.open.append(made)
        return made

    async def told(self, url: str, *types: OrderEventType) -> tuple[Endpoint, Secret]:
        return await self.endpoints.create(self.viewer, url, types)

    async def happen(
        self, count: int = 1, type: OrderEventType = OrderEventType.STATUS_CHANGED
    ) -> list[int]:
        """So many events of the order; their numbers."""
        wanted = [(self.order.order.id, type, OrderStatus.DELIVERED)] * count
        async with self.database.worker() as conn:
            return await events.append(conn, self.account, wanted)

    async def due(self) -> None:
        """Everything that waits for its next try is due, and nobody is sending it."""
        async with self.database.worker() as conn:
            await conn.execute(
                "UPDATE endpoint_deliveries SET due_at = now() WHERE due_at IS NOT NULL"
            )

    async def work(self, announcer: Announcer) -> None:
        """Steps until there is nothing left to do at once."""
        while await announcer.step():
            pass

    async def rows(
        self, columns: str = "sequence, state, attempts, problem"
    ) -> list[tuple[Any, ...]]:
        async with self.database.worker() as conn:
            found = await conn.fetch(
                f"SELECT {columns} FROM endpoint_deliveries ORDER BY endpoint_id, sequence"  # noqa: S608
            )
        return [tuple(row) for row in found]

    async def endpoint(self, id: UUID) -> Endpoint:
        return await self.endpoints._known(id)

    async def failing_for(self, id: UUID, time: timedelta) -> None:
        async with self.database.worker() as conn:
            await conn.execute(
                "UPDATE webhook_endpoints SET failing_since = now() - $2::interval WHERE id = $1",
                *(id, time),
            )


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    vault = Vault(KeyRing.parse(KeyRing.generate()))
    keys = Keys(database, vault)
    account = await samples.account(database, "demo")
    order = samples.whole(account)
    await samples.stored(database, order)
    made = House(database, vault, keys, Endpoints(database, vault, keys, HERE), account, order)
    yield made
    for announcer in made.open:
        await announcer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started
