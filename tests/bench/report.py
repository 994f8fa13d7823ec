"""Tables of a run: medians and spread of both sides, and the ratios beside their goals."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median

from tests.bench.workloads import WORKLOADS, Figures, Workload

PARTS = ("strawberry-graphql", "graphql-core", "aiohttp", "asyncpg", "msgspec", "cryptography")
SIDES = ("service", "floor")
FIELDS = ("cpu_ms", "per_second", "p50_ms", "p99_ms", "calls", "peak_mib", "other")

# By workload and side, one entry per round.
Runs = Mapping[tuple[str, str], Sequence[Figures]]


def middle(runs: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(median(getattr(run, name) for run in runs) for name in FIELDS))


def render(runs: Runs, resident: Sequence[float], postgres: str, seconds: float) -> str:
    """The whole report of one run as Markdown. `resident`: the service's MiB after each round."""
    wanted = [one for one in WORKLOADS if (one.name, "service") in runs]
    rounds = len(resident)
    parts = ", ".join(f"{name} {version(name)}" for name in PARTS)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"## {now}",
        "",
        f"vouchergraph {version('vouchergraph')}, CPython {platform.python_version()},"
        f" PostgreSQL {postgres}, {parts}; {os.cpu_count()} cores;"
        f" {rounds} rounds of {seconds:g} s.",
        "",
        "| | side | connections | CPU ms/request | spread | requests/s | spread | p50 ms | p99 ms"
        " | calls/request | peak MiB | as recorded |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for workload in wanted:
        lines += [_row(workload, side, runs[workload.name, side]) for side in SIDES]
    lines += ["", "| | figure | found | kept |", "|---|---|---|---|"]
    for workload in wanted:
        lines += _goals(workload, runs)
    lines += ["", "Memory of the service after each round: " + _memory(resident), ""]
    return "\n".join(lines)


def _row(workload: Workload, side: str, runs: Sequence[Figures]) -> str:
    found = middle(runs)
    cells = (
        workload.name,
        side,
        str(workload.connections),
        f"{found.cpu_ms:.2f}",
        _spread([run.cpu_ms for run in runs]),
        f"{found.per_second:.0f}" if found.per_second >= 100 else f"{found.per_second:.1f}",
        _spread([run.per_second for run in runs]),
        f"{found.p50_ms:.1f}",
        f"{found.p99_ms:.1f}",
        f"{found.calls:.2f}",
        f"{found.peak_mib:.0f}",
        f"{100 * max(run.other for run in runs):.1f} %",
    )
    return f"| {' | '.join(cells)} |"


def _goals(workload: Workload, runs: Runs) -> list[str]:
    service = middle(runs[workload.name, "service"])
    floor = middle(runs[workload.name, "floor"])
    rows = [f"| {workload.name} | CPU over the floor's | {service.cpu_ms / floor.cpu_ms:.2f} | |"]
    for goal in workload.goals:
        kept = "yes" if goal.is_met(service, floor) else "no"
        found = f"{goal.figure(service, floor):.2f}"
        rows.append(f"| {workload.name} | {goal.words} | {found} | {kept} |")
    return rows


def _spread(values: Sequence[float]) -> str:
    """The largest over the smallest."""
    return f"{max(values) / min(values):.2f}" if min(values) else "-"


def _memory(resident: Sequence[float]) -> str:
    shown = ", ".join(f"{value:.0f}" for value in resident)
    kept = "yes" if resident[-1] < 100 else "no"
    text = f"{shown} MiB (goal: under 100 after all workloads: {kept}"
    if len(resident) > 1:
        text += f"; growth in the last identical round {resident[-1] - resident[-2]:+.1f}, goal 5"
    return text + ")."
