"""What a run found: the figures of each side in each round, and what is measured once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from statistics import median

from tests.bench.counting import Counts

SIDES = ("service", "off", "floor")


@dataclass(frozen=True, slots=True)
class Figures:
    """One side under one load. CPU and percentiles in milliseconds, memory in MiB.

    `database_ms` is PostgreSQL's CPU, `calls` are upstream calls per request. `other` is the share
    of answers that were not the one of an idle machine: a provider's word that came too late is
    answered as recorded.
    """

    cpu_ms: float
    database_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    calls: float
    peak_mib: float
    other: float


def middle(runs: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(median(getattr(run, one.name) for run in runs) for one in fields(Figures)))


@dataclass(frozen=True, slots=True)
class Followed:
    """B9 in one round: milliseconds from commit to receipt, and kB of an idle subscriber."""

    p50_ms: float
    p99_ms: float
    floor_p50_ms: float
    floor_p99_ms: float
    idle_kb: float


@dataclass(slots=True)
class Found:
    """Everything of one run, by workload and side, an entry per round; what was left out is empty.

    `resident` is the service's memory after each round, `started` the seconds until it was ready,
    `plans` bench E's ratios by name and `execution` its table, `growth` a workload's CPU at `many`
    orders over that at `few`.
    """

    runs: dict[tuple[str, str], list[Figures]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[tuple[str, str], Counts] = field(default_factory=dict)
    resident: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    plans: dict[str, float] = field(default_factory=dict)
    execution: list[list[str]] = field(default_factory=list)
    growth: dict[str, float] = field(default_factory=dict)
    few: int = 0
    many: int = 0

    def side(self, workload: str, side: str = "service") -> Figures | None:
        """The medians of one side; None where it was not measured."""
        runs = self.runs.get((workload, side))
        return middle(runs) if runs else None

    def workloads(self) -> list[str]:
        """Those that were measured, in order."""
        return sorted({name for name, _ in self.runs})
