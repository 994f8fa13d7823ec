"""Runs the programs of docs/examples: processes with an environment, arguments and a directory."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.app.process import ROOT

EXAMPLES = ROOT / "docs" / "examples"
PATIENCE = 120.0


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE
    while not await wanted():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Ended:
    """What a program left."""

    code: int
    printed: str
    said: str

    @property
    def rows(self) -> list[list[str]]:
        """The columns of each line."""
        return [line.split("\t") for line in self.printed.splitlines()]


@dataclass
class Started:
    """A program that runs, and what it has printed until now."""

    process: asyncio.subprocess.Process
    lines: list[list[str]] = field(default_factory=list)

    async def until(self, wanted: Callable[[list[list[str]]], bool]) -> None:
        """Wait until its lines are as wanted."""

        async def found() -> bool:
            ended = self.process.returncode
            if wanted(self.lines):
                return True
            assert ended is None, (ended, self.lines)
            return False

        await until(found)

    def kill(self) -> None:
        """End it at once, with the programs that it started."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Examples:
    """The programs of one language: how to call one, and what they all find around them."""

    language: str
    call: Callable[[str], list[str]]
    directory: Path
    environment: dict[str, str] = field(repr=False)

    def told(self, **environment: str) -> "Examples":
        """The same with other values in the environment."""
        merged = {**self.environment, **environment}
        return Examples(self.language, self.call, self.directory, merged)

    async def run(self, name: str, *arguments: str, stdin: bytes = b"") -> Ended:
        """Run one to its end."""
        process = await self._process(name, *arguments, piped=True)
        try:
            async with asyncio.timeout(PATIENCE):
                printed, said = await process.communicate(stdin)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode is not None
        ended = Ended(process.returncode, printed.decode(), said.decode())
        assert self.environment["VOUCHERGRAPH_SECRET"] not in ended.printed + ended.said
        return ended

    async def rows(self, name: str, *arguments: str) -> list[list[str]]:
        """What one prints that must succeed and has nothing to say."""
        ended = await self.run(name, *arguments)
        assert (ended.code, ended.said) == (0, ""), ended.said
        return ended.rows

    @asynccontextmanager
    async def started(self, name: str, *arguments: str) -> AsyncIterator[Started]:
        """One that runs for as long as it is looked at."""
        process = await self._process(name, *arguments, piped=False)
        started = Started(process)
        assert process.stdout is not None
        reading = asyncio.create_task(_read(process.stdout, started.lines))
        try:
            yield started
        finally:
            started.kill()
            await process.wait()
            await reading

    async def _process(self, name: str, *arguments: str, piped: bool) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.call(name),
            *arguments,
            cwd=self.directory,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if piped else None,
            start_new_session=True,
        )


async def _read(output: asyncio.StreamReader, lines: list[list[str]]) -> None:
    while line := await output.readline():
        lines.append(line.decode().rstrip("\n").split("\t"))


def environment(url: str, key: str, secret: str) -> dict[str, str]:
    """What a program finds, with our interpreter as its python3."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONWARNINGS": "error",
        "VOUCHERGRAPH_URL": url,
        "VOUCHERGRAPH_KEY": key,
        "VOUCHERGRAPH_SECRET": secret,
    }


def python(name: str) -> list[str]:
    return [sys.executable, str(EXAMPLES / "python" / f"{name.replace('-', '_')}.py")]


def curl(name: str) -> list[str]:
    return [str(EXAMPLES / "curl" / f"{name}.sh")]
