"""Turns at the audit chains, so that one account's rush leaves connections for all others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

# One that has the chain, and one that has opened its transaction and waits for it.
AT_ONCE = 2


class Turns:
    """Lets so many requests of an account at its chain at once; the others wait without holding a
    connection. It only spares the pool: the order of rows is decided by the chain's own lock.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._gates: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, account: UUID) -> AsyncIterator[None]:
        gate = self._gates.get(account)
        if gate is None:
            gate = self._gates[account] = asyncio.Semaphore(self._at_once)
        async with gate:
            yield
