"""What one request takes: the statements that PostgreSQL saw, and what providers were asked.

PostgreSQL writes down every statement for the short while of a count, so nothing is counted while
anything is measured. Requests come one by one here: nobody shares a call with a neighbor.
"""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import asyncpg

from db import fulfillments
from tests.bench.stage import Side, Stage
from tests.bench.workloads import Workload
from tests.operations.service import BOOKKEEPING

WARM = 3  # a plan is made at the second sight of a document
REQUESTS = 10
SETTLED_SECONDS = 0.3  # for what is written after an answer, and for the server's own log
CLIENT = re.compile(r"FROM api_clients\b")
# Behind the time, the zone and the process of an entry.
STATEMENT = re.compile(r"\S+ \S+ \S+ \[\d+\] LOG:  (?:statement|execute [^:]*): (.*)")


class CountFailed(Exception):
    """A request that was to be counted was not answered as it should be."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one request: data statements up to the answer, what is written after it, transactions.

    Not among them: BEGIN and COMMIT, and the client of the key, which is known for some seconds.
    `calls` are requests to each provider.
    """

    statements: float
    written_after: float
    transactions: float
    calls: dict[str, float]

    @property
    def most_calls(self) -> float:
        """Of the provider that was asked most often."""
        return max(self.calls.values(), default=0)


async def counted(set_: Stage, side: Side, workload: Workload) -> Counts:
    """Count one side's requests of a workload. The database must be otherwise idle."""
    await set_.set_latency(0)
    bodies = await set_.bodies(workload, 1)
    bodies *= 1 if workload.places else WARM + REQUESTS
    await _send(set_, side, workload, bodies[:WARM])
    connection = await asyncpg.connect(set_.dsn)
    try:
        await _write_down(connection, "all")
        begun, calls = _size(set_.postgres_log), await set_.calls_by_provider()
        await _send(set_, side, workload, bodies[WARM : WARM + REQUESTS])
        told = await asyncio.to_thread(_told, set_.postgres_log, begun)
        after = await set_.calls_by_provider()
    finally:
        await _write_down(connection, "none")
        await connection.close()
    asked = {name: (after[name] - calls[name]) / REQUESTS for name in after}
    return _counts(told, {name: number for name, number in asked.items() if number})


async def _write_down(connection: "asyncpg.Connection[asyncpg.Record]", what: str) -> None:
    await connection.execute(f"ALTER SYSTEM SET log_statement = '{what}'")
    await connection.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(SETTLED_SECONDS)


async def _send(set_: Stage, side: Side, workload: Workload, bodies: list[Any]) -> None:
    for body in bodies:
        async with set_.session.post(
            side.address(workload.name),
            json=body,
            headers=set_.headers(workload.client),
        ) as response:
            answer = await response.read()
            if response.status != HTTPStatus.OK or not answer.startswith(b'{"data":'):
                raise CountFailed(f"{workload.name} {side.name}: {answer[:300]!r}")
    await asyncio.sleep(SETTLED_SECONDS)


def _size(log: Path) -> int:
    return log.stat().st_size


def _told(log: Path, begun: int) -> list[str]:
    """Every statement in the log from there on, on one line each."""
    with log.open("rb") as file:
        file.seek(begun)
        lines = file.read().decode(errors="replace").splitlines()
    found: list[str] = []
    ours = False
    for line in lines:
        if line.startswith("\t"):  # what follows of a text of several lines
            if ours:
                found[-1] += " " + line.strip()
            continue
        statement = STATEMENT.match(line)
        ours = statement is not None
        if statement is not None:
            found.append(statement[1].strip())
    return found


def _counts(told: list[str], calls: dict[str, float]) -> Counts:
    kinds = Counter(_kind(text) for text in told)
    return Counts(
        kinds["data"] / REQUESTS, kinds["after"] / REQUESTS, kinds["begin"] / REQUESTS, calls
    )


def _kind(text: str) -> str:
    if text.upper().startswith("BEGIN"):
        return "begin"
    if BOOKKEEPING.match(text) or CLIENT.search(text) or "ALTER SYSTEM" in text:
        return "other"
    return "after" if _plain(text) == _plain(fulfillments.OBSERVE) else "data"


def _plain(text: str) -> str:
    return " ".join(text.split())
