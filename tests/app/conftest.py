"""One running service for all tests that only look at it from outside."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from db.pool import Database
from tests.app.desk import Desk
from tests.app.issuer import NOW, LocalIssuer, local_issuer
from tests.app.process import Running, serving, workplace


@pytest.fixture(scope="session")
def service() -> Iterator[Running]:
    with workplace() as directory, serving(directory) as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


LISTED = "https://console.example.com"


@pytest.fixture(scope="session")
def roomy() -> Iterator[Running]:
    """A service for thousands of requests that lists one origin and tells nothing of its schema."""
    with (
        workplace() as directory,
        serving(
            directory,
            VOUCHERGRAPH_RATE_PER_MINUTE="100000000",
            VOUCHERGRAPH_RATE_PER_10_SECONDS="100000000",
            VOUCHERGRAPH_COST_BUDGET="1000000000",
            VOUCHERGRAPH_CORS_ORIGINS=LISTED,
            VOUCHERGRAPH_INTROSPECTION="off",
        ) as running,
    ):
        yield running


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as found:
        yield found


@pytest.fixture
async def issued(database: Database, issuer: LocalIssuer) -> Desk:
    """An authenticator that takes the issuer's tokens, and an account for them."""
    desk = Desk(database, issuer=issuer.config(), wall=NOW)
    await desk.open_account()
    return desk
