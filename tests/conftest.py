"""Fixtures for every area: a fresh migrated database, and an open pool on it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from app import compiled
from db.pool import Database
from tests.postgres import Server, running_postgres

# Shared machines are slow at times: a property fails for being wrong, never for being late.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--execution",
        choices=("plans", "graphql-core"),
        default="plans",
        help="what executes queries: plans made at first sight, or graphql-core alone",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end the other processes would have nothing to do."""
    items.sort(key=lambda item: "soak" not in item.path.parts)


@pytest.fixture(scope="session", autouse=True)
def execution(pytestconfig: pytest.Config) -> Iterator[None]:
    """Tests send each document once: without this hardly one of them would have a plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "SIGHTS", 1)
        if pytestconfig.getoption("--execution") == "graphql-core":
            patch.setenv("VOUCHERGRAPH_COMPILED_EXECUTION", "off")
        yield


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[Server]:
    with running_postgres() as server:
        await server.prepare()
        yield server


@pytest.fixture
async def postgres_dsn(postgres_server: Server) -> AsyncIterator[str]:
    """The DSN of a fresh migrated database; its login is a superuser."""
    async with postgres_server.database() as dsn:
        yield dsn


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    """An open pool on a fresh migrated database."""
    opened = Database(postgres_dsn, max_size=8)
    await opened.open()
    yield opened
    await opened.close()
