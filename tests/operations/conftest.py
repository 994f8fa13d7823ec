"""The service for every test of operations, on a fresh database with fresh simulators."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.service import Service, running


@pytest.fixture
async def service(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> AsyncIterator[Service]:
    async with running(monkeypatch, postgres_dsn, tmp_path) as started:
        yield started
