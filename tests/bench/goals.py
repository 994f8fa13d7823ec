"""The goals of every workload, each with the figure that is held against it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.bench.figures import Found

Judge = Callable[[Found], float | None]
BATCHING = 4  # every provider takes a list
RELATIONS = 4  # of B2's page: fulfillments, lines, products, vouchers


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for a figure; the figure is None where it was not measured."""

    name: str
    words: str
    figure: Judge
    bound: float
    at_least: bool = False
    unit: str = "x"

    def row(self, found: Found) -> str:
        """One line of the table."""
        figure = self.figure(found)
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"
        if figure is None:
            return f"| {self.name} | {self.words} | {bound} | not measured | |"
        kept = figure >= self.bound if self.at_least else figure <= self.bound
        shown = f"{figure:.2f}{self.unit}"
        return (
            f"| {self.name} | {self.words} | {bound} | {shown} | {'kept' if kept else 'missed'} |"
        )


def table(found: Found) -> list[str]:
    """All goals and figures, side by side."""
    head = ["| | figure | goal | found | |", "|---|---|---|---|---|"]
    return [*head, *(goal.row(found) for goal in GOALS)]


def _ratio(workload: str, name: str) -> Judge:
    """A figure of the service over the floor's."""

    def figure(found: Found) -> float | None:
        ours, theirs = found.side(workload), found.side(workload, "floor")
        if ours is None or theirs is None:
            return None
        return float(getattr(ours, name) / getattr(theirs, name))

    return figure


def _gained(workload: str) -> Judge:
    """The CPU without compiled execution over that with it."""

    def figure(found: Found) -> float | None:
        ours, without = found.side(workload), found.side(workload, "off")
        return without.cpu_ms / ours.cpu_ms if ours and without else None

    return figure


def _own(workload: str, name: str, over: float = 1) -> Judge:
    def figure(found: Found) -> float | None:
        ours = found.side(workload)
        return None if ours is None else float(getattr(ours, name) / over)

    return figure


def _counted(workload: str, name: str) -> Judge:
    def figure(found: Found) -> float | None:
        counts = found.counts.get((workload, "service"))
        return None if counts is None else float(getattr(counts, name))

    return figure


def _plan(name: str) -> Judge:
    return lambda found: found.plans.get(name)


def _grown(found: Found) -> float | None:
    return max(found.growth.values(), default=None)


def _behind(found: Found) -> float | None:
    late = [one.p99_ms - one.floor_p99_ms for one in found.followed]
    return median(late) if late else None


def _idle(found: Found) -> float | None:
    # Later rounds find the memory of earlier ones.
    return found.followed[0].idle_kb if found.followed else None


def _resident(found: Found) -> float | None:
    return found.resident[-1] if found.resident else None


def _growth(found: Found) -> float | None:
    return found.resident[-1] - found.resident[-2] if len(found.resident) > 1 else None


def _started(found: Found) -> float | None:
    return median(found.started) if found.started else None


FLOOR = "CPU over the hand-written handler's"
OFF = "CPU without compiled execution over that with it"

GOALS = (
    Goal("E", "graphql-core's CPU over the plan's, B2's document", _plan("B2"), 8, at_least=True),
    Goal("E", "the same, B4's document", _plan("B4"), 12, at_least=True),
    Goal("E", "first sight over parse + validate, B2's document", _plan("B2 sight"), 1.3),
    Goal("E", "the same, B4's document", _plan("B4 sight"), 1.3),
    Goal("E", "a document that is not taken, over graphql-core alone", _plan("left"), 1.1),
    Goal("B1", FLOOR, _ratio("B1", "cpu_ms"), 2),
    Goal("B1", OFF, _gained("B1"), 4, at_least=True),
    Goal("B2", FLOOR, _ratio("B2", "cpu_ms"), 1.6),
    Goal("B2", OFF, _gained("B2"), 3, at_least=True),
    Goal("B2", "SQL statements", _counted("B2", "statements"), 2 + RELATIONS, unit=""),
    Goal("B2", "requests to one provider", _counted("B2", "most_calls"), 1, unit=""),
    Goal("B3", "p50 over 50 ms", _own("B3", "p50_ms", 50), 1.05),
    Goal("B3", "p50 over the handler's", _ratio("B3", "p50_ms"), 1.05),
    Goal("B3", "upstream calls a page", _own("B3", "calls"), BATCHING, unit=""),
    Goal("B4", FLOOR, _ratio("B4", "cpu_ms"), 1.5),
    Goal("B5", "requests/s over the handler's", _ratio("B5", "per_second"), 0.85, at_least=True),
    Goal("B5", "requests/s over 200 / 50 ms", _own("B5", "per_second", 4000), 0.85, at_least=True),
    Goal("B5", "p99", _own("B5", "p99_ms"), 180, unit=" ms"),
    Goal("B6", FLOOR, _ratio("B6", "cpu_ms"), 2),
    Goal("B7", "orders/s over the handler's", _ratio("B7", "per_second"), 0.5, at_least=True),
    Goal("B8", "CPU, PostgreSQL's too, at many orders over few; the worst", _grown, 1.3),
    Goal("B9", "p99 behind that of LISTEN alone", _behind, 50, unit=" ms"),
    Goal("B9", "an idle subscriber", _idle, 30, unit=" kB"),
    Goal("memory", "of the API process after all workloads", _resident, 100, unit=" MiB"),
    Goal("memory", "growth in the last identical round", _growth, 5, unit=" MiB"),
    Goal("start", "until ready, with PostgreSQL up", _started, 2, unit=" s"),
)
