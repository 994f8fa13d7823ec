"""The service for every test of operations, on a fresh database with fresh simulators."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.buying import QUICK, Buyer, opened
from tests.operations.service import Service, running


@pytest.fixture
async def service(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> AsyncIterator[Service]:
    """The running service; what is unknown is looked for after a moment."""
    async with running(monkeypatch, postgres_dsn, tmp_path, **QUICK) as started:
        yield started


@pytest.fixture
async def buyer(service: Service) -> Buyer:
    """A client with money, and catalogs to buy from."""
    return await opened(service)
