"""What the benchmark makes of what it found. Nothing here is measured, and no time is judged."""

from pathlib import Path

from tests.bench import counting, goals
from tests.bench.figures import Figures, Found, middle

LOG = """2026-11-21 14:00:00.000 UTC [1] LOG:  execute __asyncpg_stmt_1__:\x20
\tSELECT o.id
\t  FROM orders o
2026-11-21 14:00:00.000 UTC [1] DETAIL:  Parameters: $1 = 'LOG:  statement: not one'
2026-11-21 14:00:00.000 UTC [1] LOG:  statement: BEGIN; SET LOCAL ROLE vg_viewer
2026-11-21 14:00:00.000 UTC [1] LOG:  statement: COMMIT
2026-11-21 14:00:00.000 UTC [1] ERROR:  something else
\tthat goes on
"""


def figures(cpu: float) -> Figures:
    return Figures(cpu, 0, 100, 10, 20, 0, 50, 0)


def row(found: Found, words: str) -> str:
    return next(line for line in goals.table(found) if words in line)


def test_a_goal_is_kept_missed_or_not_measured() -> None:
    found = Found()
    assert row(found, "| B1 | CPU over").endswith("| not measured | |")
    found.runs["B1", "service"] += [figures(0.3), figures(0.4), figures(9)]
    found.runs["B1", "floor"] += [figures(0.2)]
    assert row(found, "| B1 | CPU over").endswith("| 2.00x | kept |")
    found.runs["B1", "off"] += [figures(1.2)]
    assert row(found, "| B1 | CPU without").endswith("| at least 4x | 3.00x | missed |")


def test_every_workload_of_the_report_has_a_goal() -> None:
    named = {goal.name for goal in goals.GOALS}
    assert {f"B{number}" for number in range(1, 10)} | {"E", "memory", "start"} == named


def test_the_median_is_of_each_figure() -> None:
    assert middle([figures(1), figures(5), figures(2)]).cpu_ms == 2


def test_statements_are_read_whole_and_sorted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG)
    told = counting._told(log, 0)
    assert [counting._kind(text) for text in told] == ["data", "begin", "other"]
    assert told[0].split() == ["SELECT", "o.id", "FROM", "orders", "o"]


def test_looking_up_a_client_is_no_statement_of_the_request_but_counting_its_spending_is() -> None:
    assert counting._kind("SELECT c.id FROM api_clients c JOIN accounts a ON true") == "other"
    assert counting._kind("WITH wanted AS (SELECT FROM n JOIN api_clients c ON true)") == "data"
