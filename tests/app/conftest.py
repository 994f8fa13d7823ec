"""One running service for all tests that only look at it from outside."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.app.process import Running, serving, workplace


@pytest.fixture(scope="session")
def service() -> Iterator[Running]:
    with workplace() as directory, serving(directory) as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session
