"""Single orders that requests of one account ask for at the same moment, in one transaction.

A buyer who looks after many orders asks for each in a request of its own, and hundreds of them wait
for the same few connections. Whoever comes while a transaction of the same account is being opened
reads along: one statement for all, sent after the last of them came, so that none sees less than in
a transaction of its own. Loaders stay each request's own, and accounts never share anything.
"""

import asyncio
from collections.abc import Sequence
from contextvars import Context as Variables
from typing import NamedTuple, TypeAlias
from uuid import UUID

from db import fulfillments, orders
from db.pool import Connection, Database
from domain.orders import Fulfillment, Order

MOST = 100  # of one statement


class Found(NamedTuple):
    """An order, and its parts where they were wanted and could be read."""

    order: Order | None
    parts: Sequence[Fulfillment] | None


class Wanted(NamedTuple):
    """Whose parts are read along: those of every order, or of those that are not settled."""

    parts: bool = False
    open_parts: bool = False


Waiting: TypeAlias = list[tuple[UUID, Wanted, "asyncio.Future[Found]"]]


class Together:
    """Reads for everybody who asks; one for the whole process."""

    def __init__(self) -> None:
        self._gathering: dict[UUID, Waiting] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def order(
        self, database: Database, account: UUID, id: UUID, wanted: Wanted
    ) -> "asyncio.Future[Found]":
        """An order of the account, as it is from now on; each caller's own future.

        It fails with what the database raised, for all who read along.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Found] = loop.create_future()
        waiting = self._gathering.get(account)
        if waiting is None or len(waiting) >= MOST:
            waiting = self._gathering[account] = []
            # Nobody's own: neither the first one's end nor what is bound in its context counts.
            reading = loop.create_task(self._read(database, account, waiting), context=Variables())
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
        waiting.append((id, wanted, future))
        return future

    async def _read(self, database: Database, account: UUID, waiting: Waiting) -> None:
        found: dict[UUID, Order] | None = None
        parts: dict[UUID, list[Fulfillment]] = {}
        try:
            async with database.viewer(account) as conn:
                self._close(account, waiting)
                found = await orders.by_ids(conn, list({id: None for id, _, _ in waiting}))
                parts = await _parts(conn, found, waiting)
        except Exception as error:  # noqa: BLE001 - it is told to everybody who waits
            if found is None:
                _fail(waiting, error)
                return
            # Parts that could not be read: who wants them asks again, and says what it meets.
        except BaseException:
            for _, _, future in waiting:
                future.cancel()
            raise
        finally:
            self._close(account, waiting)
        for id, _, future in waiting:
            if not future.done():
                future.set_result(Found(found.get(id), parts.get(id)))

    def _close(self, account: UUID, waiting: Waiting) -> None:
        """Who comes from now on is not in the statement any more."""
        if self._gathering.get(account) is waiting:
            del self._gathering[account]


def _fail(waiting: Waiting, error: Exception) -> None:
    for _, _, future in waiting:
        if not future.done():
            future.set_exception(error)


async def _parts(
    conn: Connection, found: dict[UUID, Order], waiting: Waiting
) -> dict[UUID, list[Fulfillment]]:
    wanted = {
        id: None
        for id, asked, _ in waiting
        if (order := found.get(id)) and (asked.parts or (asked.open_parts and not order.settled))
    }
    return await fulfillments.by_orders(conn, list(wanted)) if wanted else {}
