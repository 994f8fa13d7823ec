"""`python -m tests.bench.profile B2`: where the processor time of a workload's requests goes."""

import argparse
import asyncio
import json
import os
import signal
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from app.postgres import PostgresFailed
from tests.bench.children import ROOT, ChildFailed, cpu_seconds
from tests.bench.measuring import WARM_SECONDS, LoadFailed, load, tell
from tests.bench.seeding import SeedingFailed
from tests.bench.stage import stage
from tests.bench.workloads import WORKLOADS, Workload

SHOWN = 60
EVERYWHERE = 0.98
PATIENCE = 100  # tenths of a second until the samples must be there
LIBRARIES = (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib")))

# File, first line and name of a function; innermost first, and how often it was seen.
Place: TypeAlias = tuple[str, int, str]
Samples: TypeAlias = list[tuple[list[Place], int]]


async def profile(workload: Workload, seconds: float) -> str:
    """Sample the service under one load; the tables."""
    with tempfile.TemporaryDirectory(prefix="vg-profile-") as directory:
        found = Path(directory) / "samples.json"
        async with stage(found) as set_:
            await set_.set_latency(workload.latency_ms)
            pid = set_.service.pid
            await load(set_, set_.service, workload, WARM_SECONDS, 0)
            os.kill(pid, signal.SIGUSR1)
            cpu = cpu_seconds(pid)
            answer = await load(set_, set_.service, workload, seconds, 0)
            cpu = cpu_seconds(pid) - cpu
            os.kill(pid, signal.SIGUSR2)
            samples = await _samples(found)
    return render(samples, 1000 * cpu / answer["requests"], answer["requests"])


async def _samples(found: Path) -> Samples:
    for _ in range(PATIENCE):
        if await asyncio.to_thread(found.exists):
            read: Any = json.loads(await asyncio.to_thread(found.read_bytes))
            return [([(a, b, c) for a, b, c in stack], number) for stack, number in read]
        await asyncio.sleep(0.1)
    raise ChildFailed("the service wrote no samples")


def render(samples: Samples, cpu_ms: float, requests: int) -> str:
    """Own time by room, then own and cumulative time by function, in milliseconds a request."""
    rooms: Counter[str] = Counter()
    below: Counter[str] = Counter()
    own: Counter[str] = Counter()
    cumulative: Counter[str] = Counter()
    total = 0
    for stack, number in samples:
        total += number
        rooms[room(stack[0][0])] += number
        own[_named(stack[0])] += number
        _count(below, {room(place[0]) for place in stack}, number)
        _count(cumulative, {_named(place) for place in stack}, number)
    each = cpu_ms / max(total, 1)
    lines = [f"{cpu_ms:.2f} ms of CPU/request over {requests} requests, {total} samples", ""]
    lines += ["     own  cumulative  room"]
    lines += [
        f"{each * number:8.3f}    {each * below[name]:8.3f}  {name}"
        for name, number in rooms.most_common()
    ]
    # What is below every sample is the way to the loop, and says nothing.
    inner = Counter({name: n for name, n in cumulative.items() if n < EVERYWHERE * total})
    for title, counted in (("own", own), ("cumulative", inner)):
        lines += ["", f"{title:>8}  function"]
        lines += [f"{each * number:8.3f}  {name}" for name, number in counted.most_common(SHOWN)]
    return "\n".join(lines)


def _count(counted: Counter[str], names: Iterable[str], number: int) -> None:
    for name in names:
        counted[name] += number


def room(file: str) -> str:
    """Our own first folder, a library's name, or the interpreter's module."""
    path = Path(file)
    for library in LIBRARIES:
        if path.is_relative_to(library):
            return path.relative_to(library).parts[0].removesuffix(".py")
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).parts[0]
    return f"python: {path.parent.name if path.parent.name == 'asyncio' else path.stem}"


def _named(place: Place) -> str:
    file, line, name = place
    return f"{room(file)} {Path(file).name}:{line} {name}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__)
    known = {workload.name: workload for workload in WORKLOADS}
    parser.add_argument("workload", choices=sorted(known), type=str.upper)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of the load (5)")
    given = parser.parse_args()
    if not 0 < given.seconds <= 60:
        parser.error("at most 60 seconds")
    try:
        tell(asyncio.run(profile(known[given.workload], given.seconds)))
    except (ChildFailed, SeedingFailed, PostgresFailed, LoadFailed) as failure:
        sys.exit(f"no profile: {type(failure).__name__}: {failure}")


if __name__ == "__main__":
    main()
