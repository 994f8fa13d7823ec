"""Runs the programs of the Node project beside this file."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0


async def run(*arguments: str, directory: Path = HERE, **environment: str) -> str:
    """Run a program to its end; what it printed. Its errors fail the test that called it."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        cwd=directory,
        env=_environment(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode()
    assert process.returncode == 0, text
    return text


@dataclass
class Talking:
    """A program that prints JSON lines while it runs."""

    first: Any
    lines: list[Any] = field(default_factory=list)


@asynccontextmanager
async def talking(*arguments: str, **environment: str) -> AsyncIterator[Talking]:
    """A running program after its first line; the later ones are collected."""
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=HERE, env=_environment(environment), stdout=asyncio.subprocess.PIPE
    )
    output = process.stdout
    assert output is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await output.readline()
        assert line, "the program ended before it was ready"
        talk = Talking(json.loads(line))
        listening = asyncio.create_task(_listen(output, talk))
        yield talk
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    await listening


async def _listen(output: asyncio.StreamReader, talk: Talking) -> None:
    async for line in output:
        talk.lines.append(json.loads(line))


def _environment(more: dict[str, str]) -> dict[str, str]:
    # Of this process only what a program needs to start.
    import os  # noqa: PLC0415

    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more}
