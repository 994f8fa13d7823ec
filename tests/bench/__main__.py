"""`python -m tests.bench`: the service and its floor by turns, tables to read and to keep."""

import argparse
import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.postgres import PostgresFailed
from tests.bench.children import ChildFailed, answer_of, cpu_seconds, peak_mib, resident_mib
from tests.bench.report import render
from tests.bench.seeding import SeedingFailed
from tests.bench.stage import Side, Stage, stage
from tests.bench.workloads import WORKLOADS, Figures, Workload

RESULTS = Path(__file__).with_name("RESULTS.md")
WARM_SECONDS = 0.5
# What is written after an answer is still that answer's cost.
AFTERMATH_SECONDS = 0.2
MOST_REQUESTS = 200_000


class Differs(Exception):
    """The floor does not answer what the service answers: a comparison would mean nothing."""


class LoadFailed(Exception):
    """Some answers were not what was asked for."""


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def load(
    set_: Stage, side: Side, workload: Workload, seconds: float, length: int
) -> dict[str, Any]:
    """Send one load and wait for its end; LoadFailed when answers were wrong."""
    job = {
        "url": side.address(workload.name),
        "headers": set_.headers(workload.client),
        "body": workload.body(set_.orders),
        "connections": workload.connections,
        "seconds": seconds,
        "most": MOST_REQUESTS,
        "length": length,
    }
    answer: dict[str, Any] = await answer_of("tests.bench.load", job, set_.logs / "load.log")
    if answer["failed"] or not answer["requests"]:
        raise LoadFailed(
            f"{workload.name} {side.name}: {answer['failed']} of {answer['requests']} failed:"
            f" {answer['sample']}"
        )
    await asyncio.sleep(AFTERMATH_SECONDS)
    return answer


async def measure(
    set_: Stage, side: Side, workload: Workload, seconds: float, length: int
) -> Figures:
    """One load after a short one to warm up."""
    await load(set_, side, workload, WARM_SECONDS, length)
    calls, cpu = await set_.upstream_calls(), cpu_seconds(side.pid)
    answer = await load(set_, side, workload, seconds, length)
    cpu = cpu_seconds(side.pid) - cpu
    calls = await set_.upstream_calls() - calls
    requests = answer["requests"]
    return Figures(
        cpu_ms=1000 * cpu / requests,
        per_second=answer["per_second"],
        p50_ms=answer["p50_ms"],
        p99_ms=answer["p99_ms"],
        calls=calls / requests,
        peak_mib=peak_mib(side.pid),
        other=answer["other"] / requests,
    )


async def check_same(set_: Stage, workload: Workload) -> dict[str, int]:
    """Both sides answer the same data; the answers' lengths in bytes. Differs otherwise.

    The service's is longer by `extensions.cost`, whose numbers keep their length in a run.
    """
    answers: list[bytes] = []
    sides = (set_.service, set_.floor)
    for side in sides:
        async with set_.session.post(
            side.address(workload.name),
            json=workload.body(set_.orders),
            headers={**set_.headers(workload.client), "Accept-Encoding": "identity"},
        ) as response:
            answers.append(await response.read())
    service, floor = map(json.loads, answers)
    if "errors" in service or service.get("data") != floor.get("data"):
        raise Differs(f"{workload.name}: {_first_difference(service, floor)}")
    return {side.name: len(body) for side, body in zip(sides, answers, strict=True)}


def _first_difference(ours: Any, theirs: Any, path: str = "") -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        pairs = [(f"{path}.{key}", ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(f"{path}[{n}]", *both) for n, both in enumerate(zip(ours, theirs, strict=True))]
    else:
        return f"{path}: {str(ours)[:200]} against {str(theirs)[:200]}"
    for where, one, other in pairs:
        if one != other:
            return _first_difference(one, other, where)
    return f"{path}: no difference in the data"


async def bench(wanted: Sequence[Workload], rounds: int, seconds: float) -> str:
    """All rounds of the workloads; the report."""
    runs: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    resident: list[float] = []
    async with stage() as set_:
        for number in range(rounds):
            # By turns, so that neither side always meets the quieter machine.
            sides = (set_.service, set_.floor) if number % 2 == 0 else (set_.floor, set_.service)
            for workload in wanted:
                await set_.set_latency(workload.latency_ms)
                lengths = await check_same(set_, workload)
                for side in sides:
                    found = await measure(set_, side, workload, seconds, lengths[side.name])
                    runs[workload.name, side.name].append(found)
                    tell(
                        f"round {number + 1} {workload.name} {side.name:7} {found.cpu_ms:8.2f} ms"
                        f" CPU/request {found.per_second:8.1f} requests/s"
                        f" {found.p50_ms:8.1f} p50 {found.p99_ms:8.1f} p99"
                    )
            resident.append(resident_mib(set_.service.pid))
        return render(runs, resident, set_.postgres, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one load (3)")
    parser.add_argument("--only", default="", help="workloads, such as B1,B2; all without it")
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    given = parser.parse_args()
    names = {name.strip().upper() for name in given.only.split(",") if name.strip()}
    if unknown := names - {workload.name for workload in WORKLOADS}:
        parser.error(f"there is no workload {', '.join(sorted(unknown))}")
    if given.rounds < 1 or not 0 < given.seconds <= 60:
        parser.error("at least one round, of at most 60 seconds a load")
    wanted = [workload for workload in WORKLOADS if not names or workload.name in names]
    try:
        report = asyncio.run(bench(wanted, given.rounds, given.seconds))
    except (ChildFailed, SeedingFailed, PostgresFailed, Differs, LoadFailed) as failure:
        sys.exit(f"no figures: {type(failure).__name__}: {failure}")
    tell(f"\n{report}")
    if not given.dry:
        with RESULTS.open("a", encoding="utf-8") as kept:
            kept.write(f"\n{report}")


if __name__ == "__main__":
    main()
