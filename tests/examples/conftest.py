"""One running sandbox for all examples, and the programs of each language."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.app.process import serving, workplace
from tests.examples.desk import Desk
from tests.examples.programs import Examples, environment
from tests.examples.wire import Wire, wired

__all__ = ["desk", "examples", "wire"]


@pytest.fixture(scope="session")
async def desk() -> AsyncIterator[Desk]:
    """The service as `make run` starts it, with its worker and simulators."""
    with workplace() as directory, serving(directory) as running:
        async with aiohttp.ClientSession() as http:
            yield Desk(running, http)


@pytest.fixture
async def wire(desk: Desk) -> AsyncIterator[Wire]:
    """A line to the service that can be cut."""
    async with wired(desk.running.url) as made:
        yield made


@pytest.fixture
def examples(
    language: tuple[str, Callable[[str], list[str]]], desk: Desk, tmp_path: Path
) -> Examples:
    """The programs of one language, in an empty directory, as the demo partner."""
    name, call = language
    known = environment(desk.running.url, **desk.credentials)
    return Examples(name, call, tmp_path, known)
