"""B8: the same reads at few and at many orders, by two services on two databases, by turns."""

from collections import defaultdict
from contextlib import AsyncExitStack
from statistics import median

from app.sandbox import DEMO
from db import accounts
from db.pool import Database
from tests.bench.many import fill
from tests.bench.measuring import measure, tell
from tests.bench.seeding import SeedingFailed
from tests.bench.stage import Stage, stage
from tests.bench.workloads import PAGE_SIZE, WORKLOADS, Workload

FEW = 10_000
PAGE_NUMBER = 200
MOST = 100  # orders in one answer
WALK = """query Walk($first: Int!, $after: String) {
  orders(first: $first, after: $after) { pageInfo { endCursor hasNextPage } } }"""
DEEP = """query Deep($after: String) {
  orders(first: 50, after: $after) { nodes { id status } pageInfo { hasNextPage } } }"""
FAR = Workload(
    "page 200",
    "page 200 of the orders",
    DEEP,
    connections=8,
    latency_ms=0,
    client="partner",
    order="far",
    variable="after",
)


async def grown(orders: int, rounds: int, seconds: float) -> dict[str, float]:
    """CPU per request at so many orders over that at few, by workload: medians of the rounds.

    PostgreSQL's is counted too: it is who has more to look through.
    """
    wanted = [workload for workload in WORKLOADS if workload.name in ("B1", "B2")]
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        stages: dict[int, Stage] = {}
        for number in (FEW, orders):
            stages[number] = await stack.enter_async_context(stage())
            await _fill(stages[number], number)
        for turn in range(rounds):
            for workload in (*wanted, FAR):
                for number in sorted(stages, reverse=bool(turn % 2)):
                    set_ = stages[number]
                    one = await measure(set_, set_.service, workload, seconds, 0)
                    found[workload.name, number].append(one.cpu_ms + one.database_ms)
                    tell(
                        f"round {turn + 1} B8 {workload.name} at {number:,} orders:"
                        f" {one.cpu_ms:.2f} ms CPU/request, PostgreSQL {one.database_ms:.2f},"
                        f" {one.p50_ms:.1f} p50 {one.p99_ms:.1f} p99"
                    )
    return {
        workload.name: median(found[workload.name, orders]) / median(found[workload.name, FEW])
        for workload in (*wanted, FAR)
    }


async def _fill(set_: Stage, number: int) -> None:
    """So many orders beside the page's, and the cursor that page 200 follows."""
    database = Database(set_.dsn, max_size=1)
    await database.open()
    async with database.worker() as conn:
        owner = await accounts.by_name(conn, DEMO["partner"][0])
    await database.close()
    if owner is None:
        raise SeedingFailed("there is no demo account")
    await fill(set_.dsn, owner.id, number, tell)
    before, cursor = (PAGE_NUMBER - 1) * PAGE_SIZE, None
    while before:
        first = min(before, MOST)
        body = {"query": WALK, "variables": {"first": first, "after": cursor}}
        headers = set_.headers("partner")
        async with set_.session.post(set_.service.url, json=body, headers=headers) as response:
            answer = await response.json()
        if "errors" in answer:
            raise SeedingFailed(str(answer["errors"])[:300])
        cursor, before = answer["data"]["orders"]["pageInfo"]["endCursor"], before - first
    set_.orders["far"] = str(cursor)
