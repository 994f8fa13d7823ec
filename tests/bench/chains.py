"""How audit chains share a database: eight writers on one account's chain, and on one chain each.

Run it with `python -m tests.bench.chains`: it starts a PostgreSQL of its own and prints reveals
(quota, audit rows and commit of ten vouchers) a second, then what verifying costs.
"""

import asyncio
import resource
import sys
import time
from uuid import UUID

from db import accounts, audit, checkpoints, quotas
from db.migrate import migrate
from db.pool import Database
from domain.audit import Act, AuditAction
from domain.ids import uuid7
from tests.postgres import running_postgres

KEY = b"k" * 32
WRITERS = 8
REVEALS = 150
VOUCHERS = 10
BATCH = 5000


async def reveals(database: Database, account: UUID) -> None:
    """What one client does, again and again."""
    for _ in range(REVEALS):
        acts = [Act("client", AuditAction.VOUCHER_REVEALED, "v", ("code",))] * VOUCHERS
        async with database.viewer(account) as conn:
            _, head = await quotas.spend(
                conn, account, {uuid7(): 1}, per_order_hour=60, vouchers_per_hour=10**9
            )
            await audit.append(conn, account, acts, KEY, head)


async def rate(database: Database, chains: list[UUID]) -> float:
    """Reveals a second of one writer for each entry of the list."""
    started = time.perf_counter()
    await asyncio.gather(*(reveals(database, account) for account in chains))
    return len(chains) * REVEALS / (time.perf_counter() - started)


async def verified(database: Database, account: UUID, rows: int) -> str:
    """A chain of so many rows, and what walking it takes."""
    acts = [Act("client", AuditAction.VOUCHER_REVEALED, "v", ("code", "pin"), "support", "r")]
    for _ in range(rows // BATCH):
        async with database.worker() as conn:
            await audit.append(conn, account, acts * BATCH, KEY)
            await checkpoints.take(conn, KEY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    async with database.worker(read_only=True) as conn:
        await audit.snapshot(conn)
        broken = await audit.verify(conn, account, KEY) or await checkpoints.verify(conn, KEY)
    seconds = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return f"verify {rows} rows: {broken or 'holds'}, {seconds:.1f} s, peak memory +{grown:.1f} MiB"


async def measure(rows: int) -> None:
    with running_postgres() as server:
        await migrate(server.dsn())
        database = Database(server.dsn(), max_size=WRITERS)
        await database.open()
        chains = [uuid7() for _ in range(WRITERS + 1)]
        async with database.worker() as conn:
            for number, account in enumerate(chains):
                await accounts.add(conn, account, f"account {number}")
        kinds = {
            "1 writer, 1 chain": chains[:1],
            f"{WRITERS} writers, 1 chain": chains[:1] * WRITERS,
            f"{WRITERS} writers, {WRITERS} chains": chains[:-1],
        }
        lines = [
            *[f"{name}: {await rate(database, one):.0f} reveals/s" for name, one in kinds.items()],
            await verified(database, chains[-1], rows),
        ]
        await database.close()
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
