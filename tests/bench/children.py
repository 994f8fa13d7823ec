"""The processes of a run: how they are started, spoken to, measured and ended."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.02
LINE_LIMIT = 16 * 2**20
TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(Exception):
    """A process of the run ended, or did not answer in time."""


def say(answer: Any) -> None:
    """Answer the process that started us: one JSON line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def ended() -> None:
    """Wait until whoever started us closes our input, or is gone."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), end.set)
    await end.wait()
    loop.remove_reader(sys.stdin.fileno())


@asynccontextmanager
async def child(
    module: str, asked: Any, log: Path, *, within: float = START_SECONDS
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    """A module of ours running beside us, and its first answer. Ended with the block."""
    process = await _start(module, log)
    try:
        if process.stdin is None or process.stdout is None:
            raise ChildFailed(module)
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(process.stdout.readline(), within)
        if not line:
            raise ChildFailed(f"{module} ended: {last_words(log)}")
        yield process, json.loads(line)
        process.stdin.close()
    finally:
        await stop(process)


async def answer_of(module: str, asked: Any, log: Path, *, within: float = START_SECONDS) -> Any:
    """The one answer of a module that ends with it, given within so many seconds."""
    async with child(module, asked, log, within=within) as (_, answer):
        return answer


async def _start(module: str, log: Path) -> asyncio.subprocess.Process:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=descriptor,
            cwd=ROOT,
            limit=LINE_LIMIT,
        )
    finally:
        os.close(descriptor)


@asynccontextmanager
async def serving(
    environment: Mapping[str, str], ready: Path, log: Path, sampled: Path | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    """The service as its users start it, and the content of its ready file.

    `sampled`: with a sampler in it that writes to that file (see sampled.py).
    """
    program = ("app",) if sampled is None else ("tests.bench.sampled", str(sampled))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *program, "serve"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=ROOT,
            env=_plain_environment() | {"VOUCHERGRAPH_READY_FILE": str(ready)} | dict(environment),
        )
    finally:
        os.close(descriptor)
    try:
        yield process, await _readiness(process, ready, log)
    finally:
        await stop(process)


def _plain_environment() -> dict[str, str]:
    """Ours without any setting of the service, so that a run depends on nobody's shell."""
    ours = ("VOUCHERGRAPH_", "ENKASH_", "STARSHIP_", "XOXODAY_", "WOOHOO_", "DATABASE_", "REDIS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


async def _readiness(process: asyncio.subprocess.Process, ready: Path, log: Path) -> Any:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS
    while loop.time() < end and process.returncode is None:
        with suppress(FileNotFoundError, ValueError):
            return json.loads(await asyncio.to_thread(ready.read_text))
        await asyncio.sleep(LOOK_SECONDS)
    raise ChildFailed(f"the service did not become ready: {last_words(log)}")


async def stop(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and end it when it does not."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its descendants."""
    return sum(_stat(one)[1] for one in _tree(pid))


def peak_mib(pid: int) -> float:
    """The most memory that a process and its descendants ever held."""
    return sum(_memory(one, "VmHWM") for one in _tree(pid))


def resident_mib(pid: int) -> float:
    """The memory that a process and its descendants hold now."""
    return sum(_memory(one, "VmRSS") for one in _tree(pid))


def _tree(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = _stat(int(entry.name))[0]
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def _stat(pid: int) -> tuple[int, float]:
    """The parent's id, and the seconds of CPU."""
    # The name in brackets may hold anything; what follows the last bracket is numbers.
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS


def _memory(pid: int, name: str) -> float:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def last_words(log: Path) -> str:
    """The end of a log, on one line."""
    return " | ".join(log.read_text(errors="replace").splitlines()[-8:])
