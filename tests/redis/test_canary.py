"""The search for secrets once more, with the limits in Redis: it is searched as well."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.buying import QUICK
from tests.operations.service import Service, running
from tests.operations.test_canary import test_no_secret_is_found_where_it_does_not_belong
from tests.redis.server import RedisServer

__all__ = ["test_no_secret_is_found_where_it_does_not_belong"]


@pytest.fixture
async def service(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path, redis_server: RedisServer
) -> AsyncIterator[Service]:
    settings = {**QUICK, "REDIS_URL": redis_server.url}
    async with running(monkeypatch, postgres_dsn, tmp_path, **settings) as started:
        await started.program.parts.limiter.open()
        yield started
        assert "vg:client " in redis_server.everything()
