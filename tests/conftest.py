"""Fixtures for every area: a fresh migrated database, and an open pool on it."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from db.pool import Database
from tests.postgres import Server, running_postgres

# Shared machines are slow at times: a property fails for being wrong, never for being late.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


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
