"""Tables of a run: medians and spread of every side, what a request takes, and the goals."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from tests.bench import goals
from tests.bench.figures import SIDES, Figures, Found, middle
from tests.bench.workloads import WORKLOADS, Workload

PARTS = ("strawberry-graphql", "graphql-core", "aiohttp", "asyncpg", "msgspec", "cryptography")
SHOWN = {"service": "service", "off": "plans off", "floor": "floor"}
LOADS = (
    "| | side | connections | CPU ms/request | spread | over the floor | PostgreSQL ms"
    " | requests/s | spread | p50 ms | p99 ms | calls/request | peak MiB | as recorded |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
)
TAKEN = (
    "| | side | SQL statements | written after the answer | transactions | upstream requests |",
    "|---|---|---|---|---|---|",
)

EXECUTION = ("| E | graphql-core ms | plan ms | ratio | goal |", "|---|---|---|---|---|")


def render(found: Found, postgres: str, rounds: int, seconds: float) -> str:
    """The whole report of one run as Markdown."""
    parts = ", ".join(f"{name} {version(name)}" for name in PARTS)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"## {now}",
        "",
        f"vouchergraph {version('vouchergraph')}, CPython {platform.python_version()},"
        f" PostgreSQL {postgres}, {parts}; {os.cpu_count()} cores;"
        f" {rounds} rounds of {seconds:g} s.",
        "",
        *goals.table(found),
        "",
    ]
    if found.runs:
        lines += [*LOADS, *(row for one in WORKLOADS for row in _rows(one, found)), ""]
    if found.counts:
        lines += [*TAKEN, *(_taken(*key, found) for key in found.counts), ""]
    if found.execution:
        lines += [*EXECUTION, *(f"| {' | '.join(row)} |" for row in found.execution), ""]
    lines += _once(found)
    return "\n".join(lines)


def _rows(workload: Workload, found: Found) -> list[str]:
    floor = found.side(workload.name, "floor")
    return [
        _row(workload, side, runs, floor)
        for side in SIDES
        if (runs := found.runs.get((workload.name, side)))
    ]


def _row(workload: Workload, side: str, runs: Sequence[Figures], floor: Figures | None) -> str:
    found = middle(runs)
    over = f"{found.cpu_ms / floor.cpu_ms:.2f}" if floor and floor.cpu_ms else "-"
    cells = (
        workload.name,
        SHOWN[side],
        str(workload.connections),
        f"{found.cpu_ms:.2f}",
        _spread([run.cpu_ms for run in runs]),
        "" if side == "floor" else over,
        f"{found.database_ms:.2f}",
        f"{found.per_second:.0f}" if found.per_second >= 100 else f"{found.per_second:.1f}",
        _spread([run.per_second for run in runs]),
        f"{found.p50_ms:.1f}",
        f"{found.p99_ms:.1f}",
        f"{found.calls:.2f}",
        f"{found.peak_mib:.0f}",
        f"{100 * max(run.other for run in runs):.1f} %",
    )
    return f"| {' | '.join(cells)} |"


def _taken(workload: str, side: str, found: Found) -> str:
    counts = found.counts[workload, side]
    calls = ", ".join(f"{name} {number:g}" for name, number in counts.calls.items()) or "none"
    numbers = (counts.statements, counts.written_after, counts.transactions)
    shown = " | ".join(f"{number:g}" for number in numbers)
    return f"| {workload} | {SHOWN[side]} | {shown} | {calls} |"


def _spread(values: Sequence[float]) -> str:
    """The largest over the smallest."""
    return f"{max(values) / min(values):.2f}" if min(values) else "-"


def _once(found: Found) -> list[str]:
    """What is not under a load of its own."""
    lines = []
    for one in found.followed:
        lines += [
            f"B9: events reached subscribers in {one.p50_ms:.1f} ms (p50), {one.p99_ms:.1f} (p99);"
            f" LISTEN alone {one.floor_p50_ms:.1f}, {one.floor_p99_ms:.1f};"
            f" {one.idle_kb:.1f} kB per idle subscriber.",
            "",
        ]
    if found.growth:
        shown = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in found.growth.items())
        lines += [
            f"B8: CPU, PostgreSQL's included, at {found.many:,} orders over that at"
            f" {found.few:,}: {shown}.",
            "",
        ]
    if found.resident:
        shown = ", ".join(f"{value:.1f}" for value in found.resident)
        lines += [f"Memory of the service after each round: {shown} MiB.", ""]
    if found.started:
        shown = ", ".join(f"{value:.2f}" for value in found.started)
        lines += [f"Seconds until the service was ready, PostgreSQL up: {shown}.", ""]
    return lines
