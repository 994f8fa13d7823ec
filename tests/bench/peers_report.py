"""Tables of a run with peers: each server's medians, and what they are to some of the peers."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from statistics import median

TITLES = {"W1": "one order's status, 32 connections", "W2": "page of 50 orders, 8 connections"}
NOTES = (
    "The peers do the harness's work: one order, or 50 by id, over four JSON providers that answer"
    " at once; no authentication, limits or audit. `strawberry-plan` is `strawberry-tuned` with its"
    " schema executed by our plans, and nothing else of ours. `vouchergraph` is the whole service"
    " in sandbox mode, with authentication, limits, audit and its log line, on its own work: the"
    " newest 50 orders with the same fields, half of them open and asked for at four providers in"
    " one list request each (shared by requests at the same time), the rest and the products from"
    " PostgreSQL; one settled order from PostgreSQL; one open order with a read at its provider."
    " Its simulators are Python and take their share of the machine: CPU ms/request is the figure"
    " to compare, requests/s are of the arrangement."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One server under one load. `calls` are upstream calls of one request."""

    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    calls: float


def render(
    rows: Mapping[tuple[str, str], Sequence[Row]], against: Sequence[str], rounds: int
) -> str:
    """The report as Markdown; CPU ratios below 1 are cheaper than that peer."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [f"## {now}, beside other servers", "", NOTES, "", f"{rounds} rounds, medians.", ""]
    columns = "".join(f" | CPU over {name}" for name in against)
    for workload, title in TITLES.items():
        found = {
            name: Row(*map(median, zip(*map(astuple, runs), strict=True)))
            for (of, name), runs in rows.items()
            if of == workload
        }
        lines += [
            f"| {workload}: {title} | CPU ms/request | spread | requests/s | p50 ms | p99 ms"
            f" | upstream calls{columns} |",
            "|" + "---|" * (7 + len(against)),
        ]
        for name, row in sorted(found.items(), key=lambda pair: pair[1].cpu_ms):
            runs = [run.cpu_ms for run in rows[workload, name]]
            ratios = "".join(f" | {row.cpu_ms / found[peer].cpu_ms:.2f}" for peer in against)
            lines.append(
                f"| {name} | {row.cpu_ms:.2f} | {max(runs) / min(runs):.2f} | {row.per_second:.0f}"
                f" | {row.p50_ms:.1f} | {row.p99_ms:.1f} | {row.calls:.2f}{ratios} |"
            )
        lines.append("")
    return "\n".join(lines)
