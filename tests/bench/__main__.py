"""`python -m tests.bench`: the service, the same without plans, and the floor, by turns."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.postgres import PostgresFailed
from tests.bench.children import ChildFailed, answer_of, resident_mib
from tests.bench.counting import CountFailed, counted
from tests.bench.figures import SIDES, Found
from tests.bench.following import account, followed
from tests.bench.measuring import Differs, LoadFailed, check_same, measure, tell
from tests.bench.report import render
from tests.bench.scale import FEW, grown
from tests.bench.seeding import SeedingFailed
from tests.bench.stage import Stage, stage
from tests.bench.starting import starts
from tests.bench.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).with_name("RESULTS.md")
MANY = 1_000_000
EXECUTION_SECONDS = 600.0
ALONE = ("B8", "B9", "E", "START")  # beside the workloads: measured by themselves
FAILURES = (ChildFailed, SeedingFailed, PostgresFailed, Differs, LoadFailed, CountFailed)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured. `sides` always holds the service and the floor.

    `alone` names what is measured beside the workloads.
    """

    workloads: Sequence[Workload]
    alone: frozenset[str]
    sides: frozenset[str]
    rounds: int
    seconds: float
    counts: bool
    orders: int


async def loads(set_: Stage, asked: Asked, found: Found) -> None:
    """All rounds of the workloads, and what their requests take."""
    of = await account(set_) if "B9" in asked.alone else None
    for number in range(asked.rounds):
        # By turns, so that no side always meets the quieter machine.
        sides = set_.sides if number % 2 == 0 else set_.sides[::-1]
        for workload in asked.workloads:
            await set_.set_latency(workload.latency_ms)
            lengths = await check_same(set_, workload)
            for side in sides:
                one = await measure(set_, side, workload, asked.seconds, lengths[side.name])
                found.runs[workload.name, side.name].append(one)
                tell(
                    f"round {number + 1} {workload.name} {side.name:7} {one.cpu_ms:8.2f} ms"
                    f" CPU/request {one.per_second:8.1f} requests/s"
                    f" {one.p50_ms:8.1f} p50 {one.p99_ms:8.1f} p99"
                )
        if of is not None:
            told = await followed(set_, of)
            found.followed.append(told)
            tell(
                f"round {number + 1} B9 {told.p99_ms:.1f} ms p99, LISTEN alone"
                f" {told.floor_p99_ms:.1f}, {told.idle_kb:.1f} kB"
            )
        found.resident.append(resident_mib(set_.service.pid))
    if asked.counts:
        for workload in asked.workloads:
            for side in set_.sides:
                found.counts[workload.name, side.name] = await counted(set_, side, workload)


async def bench(asked: Asked) -> str:
    """Everything asked for; the report."""
    found = Found()
    async with stage(off="off" in asked.sides) as set_:
        await loads(set_, asked, found)
        if "START" in asked.alone:
            found.started = await starts(set_)
        if "E" in asked.alone:
            log = set_.logs / "execution.log"
            answer = await answer_of("tests.bench.executed", None, log, within=EXECUTION_SECONDS)
            found.execution, found.plans = answer
        postgres = set_.postgres
    if "B8" in asked.alone:
        found.few, found.many = FEW, asked.orders
        found.growth = await grown(asked.orders, asked.rounds, asked.seconds)
    return render(found, postgres, asked.rounds, asked.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one load (3)")
    parser.add_argument("--only", default="", help="workloads, such as B1,B2; all without it")
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    parser.add_argument("--no-off", action="store_true", help="leave out the side without plans")
    parser.add_argument(
        "--no-counts", action="store_true", help="leave out the count of statements"
    )
    parser.add_argument("--orders", type=int, default=MANY, help=f"of B8's larger part ({MANY:,})")
    given = parser.parse_args()
    names = {name.strip().upper() for name in given.only.split(",") if name.strip()}
    if unknown := names - {workload.name for workload in WORKLOADS} - set(ALONE):
        parser.error(f"there is no workload {', '.join(sorted(unknown))}")
    if given.rounds < 1 or not 0 < given.seconds <= 60:
        parser.error("at least one round, of at most 60 seconds a load")
    if given.orders <= FEW:
        parser.error(f"B8 compares more than {FEW:,} orders with {FEW:,}")
    asked = Asked(
        [workload for workload in WORKLOADS if not names or workload.name in names],
        frozenset(ALONE) & (names or set(ALONE)),
        frozenset(SIDES) - ({"off"} if given.no_off else set()),
        given.rounds,
        given.seconds,
        not given.no_counts,
        given.orders,
    )
    try:
        report = asyncio.run(bench(asked))
    except FAILURES as failure:
        sys.exit(f"no figures: {type(failure).__name__}: {failure}")
    tell(f"\n{report}")
    if not given.dry:
        with RESULTS.open("a", encoding="utf-8") as kept:
            kept.write(f"\n{report}")


if __name__ == "__main__":
    main()
