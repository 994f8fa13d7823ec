"""B9: a thousand subscribers of one account, and events that each of them is told of."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from db import events
from db.pool import Database
from db.wakeups import CHANNEL
from domain.ids import uuid7
from domain.orders import OrderEventType, OrderStatus
from tests.bench.buying import added
from tests.bench.children import ChildFailed, child, last_words, resident_mib
from tests.bench.figures import Followed
from tests.bench.load import percentile
from tests.bench.stage import Stage, credentials

FOLLOWERS = 1000
FEW = 20
EVENTS = 3
PATIENCE = 90.0
PAUSE_SECONDS = 0.5
KIB = 1024

ORDER = """
INSERT INTO orders (id, account, reference, origin, status, settled, placed_at, updated_at)
VALUES ($1, $2, 'VG-FOLLOWED', 'IMPORTED', 'DELIVERED', true, now(), now())"""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose log is followed, by which client, and the order that things happen to."""

    id: UUID
    order: UUID
    client: Mapping[str, str]


async def account(set_: Stage) -> Account:
    """An account of its own, with one order."""
    connection = await asyncpg.connect(set_.dsn)
    try:
        id, client = await added(connection, "followed", set_.clients["other"])
        order = uuid7()
        await connection.execute(ORDER, order, id)
    finally:
        await connection.close()
    return Account(id, order, client)


async def followed(set_: Stage, of: Account) -> Followed:
    """One round: the service's subscribers, then the floor's.

    Memory is what the service's process grew by while they came, when a few had been there before.
    """
    database = Database(set_.dsn, max_size=1)
    await database.open()
    try:
        await _run(set_, database, of, FEW, "tests.bench.followers")
        await asyncio.sleep(PAUSE_SECONDS)
        idle, ours = await _run(set_, database, of, FOLLOWERS, "tests.bench.followers")
        await asyncio.sleep(PAUSE_SECONDS)
        _, floor = await _run(set_, database, of, FOLLOWERS, "tests.bench.floor_listen")
    finally:
        await database.close()
    return Followed(
        percentile(ours, 0.5),
        percentile(ours, 0.99),
        percentile(floor, 0.5),
        percentile(floor, 0.99),
        idle * KIB / FOLLOWERS,
    )


async def _run(
    set_: Stage, database: Database, of: Account, number: int, module: str
) -> tuple[float, list[float]]:
    """The MiB that the service grew by, and the milliseconds of each subscriber and event."""
    job: dict[str, Any] = {
        "url": set_.service.url.replace("http", "ws", 1),
        "headers": credentials(of.client),
        "dsn": set_.dsn,
        "channel": CHANNEL,
        "followers": number,
        "events": EVENTS,
    }
    before = resident_mib(set_.service.pid)
    late: list[float] = []
    log = set_.logs / "followers.log"
    async with child(module, job, log, within=PATIENCE) as (process, _):
        grown = resident_mib(set_.service.pid) - before
        if process.stdout is None:
            raise ChildFailed(module)
        for _ in range(EVENTS):
            await asyncio.sleep(PAUSE_SECONDS)
            committed = await _happen(database, of)
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            if not line:
                raise ChildFailed(f"{module} ended early: {last_words(log)}")
            late += [1000 * (at - committed) for at in json.loads(line)]
    return grown, late


async def _happen(database: Database, of: Account) -> float:
    """One event, and the wake-up that the service sends after such a commit; when it was done."""
    async with database.worker() as conn:
        what = (of.order, OrderEventType.STATUS_CHANGED, OrderStatus.DELIVERED)
        await events.append(conn, of.id, [what])
    committed = time.perf_counter()
    async with database.worker() as conn:
        await conn.execute(f"NOTIFY {CHANNEL}")
    return committed
