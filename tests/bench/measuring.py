"""One load on one side, measured; and whether the sides answer the same."""

import asyncio
import json
import sys
from typing import Any

from tests.bench.children import answer_of, cpu_seconds, peak_mib
from tests.bench.figures import Figures
from tests.bench.stage import Side, Stage
from tests.bench.workloads import Workload

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
    bodies = await set_.bodies(workload, seconds)
    job = {
        "url": side.address(workload.name),
        "headers": set_.headers(workload.client),
        "bodies": bodies,
        "connections": workload.connections,
        "seconds": seconds,
        "most": len(bodies) if workload.places else MOST_REQUESTS,
        "proof": workload.proof,
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
    calls = await set_.upstream_calls()
    cpu, database = cpu_seconds(side.pid), cpu_seconds(set_.database)
    answer = await load(set_, side, workload, seconds, length)
    cpu, database = cpu_seconds(side.pid) - cpu, cpu_seconds(set_.database) - database
    calls = await set_.upstream_calls() - calls
    requests = answer["requests"]
    return Figures(
        cpu_ms=1000 * cpu / requests,
        database_ms=1000 * database / requests,
        per_second=answer["per_second"],
        p50_ms=answer["p50_ms"],
        p99_ms=answer["p99_ms"],
        calls=calls / requests,
        peak_mib=peak_mib(side.pid),
        other=answer["other"] / requests,
    )


async def check_same(set_: Stage, workload: Workload) -> dict[str, int]:
    """All sides answer the same data; the answers' lengths in bytes. Differs otherwise.

    The services' are longer by `extensions.cost`, whose numbers keep their length in a run.
    """
    answers: dict[str, bytes] = {}
    for side in set_.sides:
        async with set_.session.post(
            side.address(workload.name),
            json=(await set_.bodies(workload))[0],
            headers={**set_.headers(workload.client), "Accept-Encoding": "identity"},
        ) as response:
            answers[side.name] = await response.read()
    floor = _comparable(answers[set_.floor.name])
    for name, body in answers.items():
        found = _comparable(body)
        if "errors" in found or found.get("data") != floor.get("data"):
            raise Differs(f"{workload.name} {name}: {_first_difference(found, floor)}")
    return {name: len(body) for name, body in answers.items()}


def _comparable(body: bytes) -> Any:
    """The answer without what no two orders have in common."""
    found = json.loads(body)
    placed = (found.get("data") or {}).get("orderPlace")
    if placed and placed["order"]:
        placed["order"] |= {"id": len(placed["order"]["id"]), "reference": "its own"}
    return found


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
