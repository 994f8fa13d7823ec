"""Our service and other GraphQL servers in one run: `python -m tests.bench.peers PATH`.

PATH holds the peers' harness (run.py, load.lua, py/), which `setup.sh` there has set up in
PEERS_TMP. Nothing of it is kept here. In every round the harness measures the peers, one of them
with our compiled plans in it, and our whole service does the like of their work on its own data.
"""

import argparse
import asyncio
import json
import os
import shlex
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.postgres import PostgresFailed
from tests.bench.children import ROOT, ChildFailed, cpu_seconds
from tests.bench.measuring import AFTERMATH_SECONDS, tell
from tests.bench.peers_report import Row, render
from tests.bench.seeding import SeedingFailed
from tests.bench.stage import Stage, stage

PEERS = ("rest", "strawberry-tuned", "yoga-jit-undici")
PLANNED = "strawberry-plan"
CONNECTIONS = {"W1": 32, "W2": 8}
SECONDS = {"W1": 2, "W2": 3}
WARM_SECONDS = 1
PATIENCE = 900.0
LOAD = """
wrk.method = "POST"
wrk.body = os.getenv("BODY")
for line in os.getenv("HEADERS"):gmatch("[^\\n]+") do
  local name, value = line:match("^(%S+): (.*)$")
  wrk.headers[name] = value
end
done = function(s, l, r)
  local failed = s.errors.connect + s.errors.read + s.errors.write + s.errors.status
    + s.errors.timeout
  io.write(string.format('RESULT {"n":%d,"us":%d,"p50":%d,"p99":%d,"err":%d}\\n', s.requests,
    s.duration, l:percentile(50), l:percentile(99), failed))
end
"""
# The fields of their page, as our schema has them.
PAGE = """query Page {
  orders(first: 50) {
    nodes {
      id status
      lines { total { amount } product { id name } }
      fulfillments { provider { name } }
      vouchers(first: 10) { nodes { maskedCode expiresAt } }
    }
  }
}"""
STATUS = "query Status($id: ID!) { order(by: {id: $id}) { status } }"


class PeersFailed(Exception):
    """The harness, or wrk, did not do its work."""


@dataclass(frozen=True, slots=True)
class Job:
    """What our service does beside a workload of theirs."""

    workload: str
    name: str
    query: str
    order: str | None = None


OURS = (
    Job("W1", "vouchergraph, settled order", STATUS, "settled"),
    Job("W1", "vouchergraph, open order", STATUS, "open"),
    Job("W2", "vouchergraph", PAGE),
)
Rows = dict[tuple[str, str], list[Row]]


async def ran(words: Sequence[str], environment: Mapping[str, str], cwd: Path) -> str:
    """The standard output of a program; PeersFailed."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, told = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode:
        raise PeersFailed(f"{words[0]}: {told.decode(errors='replace')[-500:]}")
    return out.decode()


async def theirs(path: Path, peers: Sequence[str], seconds: float, rows: Rows) -> None:
    """One round of the harness; the one with plans in it is an extra server to it."""
    temporary = Path(os.environ["PEERS_TMP"])
    server = ("env", f"PYTHONPATH={ROOT}", f"{temporary}/venv/bin/python")
    words = [*server, "-m", "tests.bench.peers_plan", f"{path}/py", "{port}"]
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        await ran(
            [
                *(sys.executable, "run.py", "--rounds", "1", "--scale", str(seconds)),
                *("--peers", ",".join([*peers, PLANNED]), "--workloads", "W1,W2"),
                *("--out", found.name),
            ],
            {"EXTRA0": f"{PLANNED}|/graphql|{' '.join(words)}"},
            path,
        )
        told = json.loads(await asyncio.to_thread(Path(found.name).read_text))
    for workload, servers in told["all"].items():
        for name, measured in servers.items():
            calls = told["info"][name][workload]["upstream"]
            for one in measured:
                if one["err"]:
                    raise PeersFailed(f"{workload} {name}: {one['err']} requests failed")
                rows[workload, name].append(
                    Row(one["cpu_ms"], one["rps"], one["p50_ms"], one["p99_ms"], calls)
                )


async def ours(set_: Stage, job: Job, scale: float, script: Path) -> Row:
    """One load of the same program on our service."""
    body = {"query": job.query}
    if job.order:
        body |= {"variables": {"id": set_.orders[job.order]}}  # type: ignore[dict-item]
    headers = {**set_.headers("partner"), "Content-Type": "application/json"}
    async with set_.session.post(set_.service.url, json=body, headers=headers) as response:
        answer = await response.json()
    if answer.get("errors") or not answer.get("data"):
        raise PeersFailed(f"{job.name}: {str(answer)[:300]}")
    given = {
        "BODY": json.dumps(body),
        "HEADERS": "\n".join(f"{name}: {value}" for name, value in headers.items()),
    }

    async def load(seconds: int) -> Any:
        words = ["wrk", "-t1", f"-c{CONNECTIONS[job.workload]}", f"-d{seconds}s"]
        words += ["--timeout", "20s", "-s", str(script), set_.service.url]
        told = json.loads((await ran(words, given, ROOT)).partition("RESULT ")[2])
        await asyncio.sleep(AFTERMATH_SECONDS)
        return told

    await load(WARM_SECONDS)
    cpu, calls = cpu_seconds(set_.service.pid), await set_.upstream_calls()
    told = await load(max(1, round(SECONDS[job.workload] * scale)))
    cpu, calls = (
        cpu_seconds(set_.service.pid) - cpu,
        await set_.upstream_calls() - calls,
    )
    if told["err"] or not told["n"]:
        raise PeersFailed(f"{job.name}: {told}")
    number = told["n"]
    return Row(
        1000 * cpu / number,
        number * 1e6 / told["us"],
        told["p50"] / 1000,
        told["p99"] / 1000,
        calls / number,
    )


async def compare(path: Path, peers: Sequence[str], rounds: int, scale: float) -> str:
    """All rounds; the report."""
    rows: Rows = defaultdict(list)
    async with stage() as set_:
        script = set_.logs / "load.lua"
        script.write_text(LOAD)
        for number in range(rounds):

            async def measure_ours() -> None:
                for job in OURS:
                    rows[job.workload, job.name].append(await ours(set_, job, scale, script))

            # By turns, so that no side always meets the quieter machine.
            if number % 2:
                await measure_ours()
            await theirs(path, peers, scale, rows)
            if number % 2 == 0:
                await measure_ours()
            tell(f"round {number + 1} of {rounds}")
    return render(rows, peers, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("path", type=Path, help="the directory of the peers' run.py")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the length of each load")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--out", type=Path, help="append the tables to this file")
    given = parser.parse_args()
    path = given.path.resolve()
    if not (path / "run.py").is_file() or "PEERS_TMP" not in os.environ:
        parser.error("PATH must hold run.py, and PEERS_TMP name where its setup.sh put things")
    if shlex.quote(str(path)) != str(path):
        parser.error("the harness wants a path without spaces")
    try:
        report = asyncio.run(compare(path, given.peers.split(","), given.rounds, given.scale))
    except (ChildFailed, SeedingFailed, PostgresFailed, PeersFailed) as failure:
        sys.exit(f"no figures: {type(failure).__name__}: {failure}")
    tell(f"\n{report}")
    if given.out:
        with given.out.open("a", encoding="utf-8") as kept:
            kept.write(f"\n{report}")


if __name__ == "__main__":
    main()
