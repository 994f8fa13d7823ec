"""A server for each test: some of them kill it."""

from collections.abc import Iterator

import pytest

from tests.redis.server import RedisServer, running_redis


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
